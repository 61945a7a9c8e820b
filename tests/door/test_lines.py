import sys

import pytest
from gpiozero import DigitalOutputDevice
from gpiozero.exc import PinInvalidFunction

from edge.core.decision import DecisionId, Receipt
from edge.door.board import Board, BoardLock
from edge.door.inputs import GpioInputs, InputPin
from edge.door.lines import open_lines
from edge.door.lock import GpioLock
from edge.errors import PinUnavailable
from tests.door.fake_lgpio import FakeLgpio
from tests.door.test_inputs import Readings

BOARD = Board(
    name="a-board",
    title="A board",
    chip="pinctrl-rp1",
    compatible=(),
    boot="config.txt",
    lock=BoardLock(pin=26, header=37, active_high=False),
    inputs=(InputPin("contact", 5, True, "up", 0.01),),
)
RECEIPT = Receipt(DecisionId("d1"))


@pytest.fixture
def lgpio():
    return FakeLgpio(["gpio-brcmstb", "pinctrl-rp1"])


@pytest.fixture
def factory(lgpio):
    with open_lines(BOARD, lgpio) as opened:
        yield opened


def test_the_chip_is_found_by_its_label_and_the_others_are_closed(lgpio):
    factory = open_lines(BOARD, lgpio)
    assert lgpio.open == {1}
    factory.close()
    factory.close()
    assert lgpio.open == set()


def test_a_machine_without_the_chip_is_told_what_it_has():
    with pytest.raises(PinUnavailable, match=r"'pinctrl-rp1'.*tegra234-gpio"):
        open_lines(BOARD, FakeLgpio(["tegra234-gpio"]))
    with pytest.raises(PinUnavailable, match="none"):
        open_lines(BOARD, FakeLgpio([]))


def test_a_machine_without_lgpio_is_told_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "lgpio", None)
    with pytest.raises(PinUnavailable, match=r"install ostiary\[pi\]"):
        open_lines(BOARD)


@pytest.mark.parametrize("lock_type", ["strike", "maglock"])
@pytest.mark.parametrize("active_high", [True, False], ids=["high", "low"])
def test_the_lock_line_is_an_output_at_its_locked_level_from_the_first_moment(
    factory, lgpio, lock_type, active_high
):
    lock = GpioLock(26, lock_type, active_high, factory)
    locked = int(active_high == (lock_type == "maglock"))
    for _ in range(2):
        lock.start()
        lock.close()
    assert set(lgpio.history[26]) == {locked}
    lock.start()
    lock.unlock(RECEIPT)
    lock.lock()
    lock.close()
    assert lgpio.history[26][2:] == [locked, 1 - locked, locked]
    assert 26 not in lgpio.driven


def test_a_line_cannot_be_made_an_output_without_its_level(factory, lgpio):
    with pytest.raises(PinInvalidFunction, match="together with its level"):
        DigitalOutputDevice(26, initial_value=None, pin_factory=factory)
    assert lgpio.history == {}


def test_a_busy_line_is_refused_with_its_number(lgpio):
    lgpio.busy.add(26)
    with open_lines(BOARD, lgpio) as factory, pytest.raises(PinUnavailable, match="line 26"):
        GpioLock(26, "strike", True, factory).start()


def test_a_relay_that_cannot_be_written_is_reported(factory, lgpio):
    lock = GpioLock(26, "strike", True, factory)
    lock.start()
    lgpio.open.clear()
    with pytest.raises(PinUnavailable, match="line 26"):
        lock.unlock(RECEIPT)
    lgpio.open.add(1)


@pytest.mark.parametrize(("pull", "flag"), [("up", 32), ("down", 64), ("none", 128)])
def test_an_input_has_the_pull_it_was_given(factory, lgpio, pull, flag):
    inputs = GpioInputs([InputPin("contact", 5, True, pull, 0.01)], factory)
    inputs.start(lambda reading: None)
    assert lgpio.pulls[5] == flag
    inputs.close()
    assert 5 not in lgpio.watchers
    assert 5 not in lgpio.driven


def test_an_input_reports_what_the_line_does(factory, lgpio):
    heard = Readings()
    lgpio.levels[5] = 0
    inputs = GpioInputs(BOARD.inputs, factory)
    inputs.start(heard)
    assert heard.next().active is False
    lgpio.put(5, 1)
    assert heard.next().active is True
    inputs.close()


def test_inputs_that_cannot_be_read_are_in_trouble_until_they_can(factory, lgpio):
    heard = Readings()
    lgpio.levels[5] = 0
    inputs = GpioInputs(BOARD.inputs, factory)
    inputs.start(heard)
    heard.next()
    assert inputs.trouble is None
    lgpio.open.clear()
    lgpio.put(5, 1)
    assert heard.none_within(0.1)
    assert "cannot be read" in inputs.trouble
    lgpio.open.add(1)
    assert heard.next().active is True
    assert inputs.trouble is None
    inputs.close()
    assert inputs.trouble is None
