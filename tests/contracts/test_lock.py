"""What every `Lock` has to do: on the simulated door, on real lines, and on a kernel's simulated chip."""

import pytest

from edge.core.decision import DecisionId, Receipt
from edge.door.lines import open_lines
from edge.door.lock import GpioLock
from edge.door.simulated import SimulatedDoor
from edge.errors import PinUnavailable
from tests.contracts.gpio_chip import a_board, a_chip
from tests.door.fake_lgpio import FakeLgpio

RECEIPT = Receipt(DecisionId("d1"))


@pytest.fixture(params=["simulated", "lines", "kernel"])
def lock(request):
    match request.param:
        case "simulated":
            made = SimulatedDoor().lock
            yield made
            made.close()
        case "lines":
            with open_lines(a_board("chip"), FakeLgpio(["chip"])) as factory:
                yield GpioLock(17, "strike", True, factory)
        case "kernel":
            with open_lines(a_board(a_chip())) as factory:
                yield GpioLock(17, "strike", True, factory)


def test_a_lock_may_be_closed_before_it_is_started(lock):
    lock.close()


def test_unlocking_before_the_start_is_refused(lock):
    with pytest.raises(PinUnavailable):
        lock.unlock(RECEIPT)


def test_locking_before_the_start_is_harmless(lock):
    lock.lock()


def test_it_can_be_started_again_after_close(lock):
    for _ in range(2):
        lock.start()
        lock.unlock(RECEIPT)
        lock.lock()
        lock.close()
        lock.close()


def test_after_close_it_does_not_unlock(lock):
    lock.start()
    lock.close()
    with pytest.raises(PinUnavailable):
        lock.unlock(RECEIPT)


def test_starting_twice_keeps_the_line(lock):
    lock.start()
    lock.start()
    lock.unlock(RECEIPT)
    lock.lock()
