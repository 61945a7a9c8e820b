"""What every `Inputs` has to do: on the simulated door, on real lines, and on a kernel's simulated chip."""

import pytest

from edge.door.inputs import GpioInputs, InputPin
from edge.door.lines import open_lines
from edge.door.simulated import SimulatedDoor
from tests.contracts.gpio_chip import a_board, a_chip
from tests.door.fake_lgpio import FakeLgpio
from tests.door.test_inputs import Readings

NAMES = ("contact", "rex", "tamper", "fire")
PINS = [InputPin(name, 5 + n, True, "up", 0.01) for n, name in enumerate(NAMES)]


@pytest.fixture(params=["simulated", "lines", "kernel"])
def inputs(request):
    match request.param:
        case "simulated":
            made = SimulatedDoor(debounce_s=0.01).inputs
            yield made
            made.close()
        case "lines":
            with open_lines(a_board("chip"), FakeLgpio(["chip"])) as factory:
                made = GpioInputs(PINS, factory)
                yield made
                made.close()
        case "kernel":
            with open_lines(a_board(a_chip())) as factory:
                made = GpioInputs(PINS, factory)
                yield made
                made.close()


def test_every_input_is_reported_once_at_the_start(inputs):
    heard = Readings()
    inputs.start(heard)
    assert sorted(heard.next().name for _ in NAMES) == sorted(NAMES)
    assert heard.none_within(0.05)


def test_close_is_harmless_before_the_start_and_twice(inputs):
    inputs.close()
    inputs.start(Readings())
    inputs.close()
    inputs.close()


def test_a_second_start_reports_everything_again(inputs):
    inputs.start(Readings())
    inputs.close()
    heard = Readings()
    inputs.start(heard)
    assert sorted(heard.next().name for _ in NAMES) == sorted(NAMES)
