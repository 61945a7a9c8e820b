from __future__ import annotations

import time

import pytest
from gpiozero.pins.mock import MockFactory

from edge.door.indicator import GpioIndicator
from edge.door.lock import GpioLock
from edge.door.simulated import RELAY, SimulatedDoor
from edge.errors import PinUnavailable


def test_a_lamp_blinks_and_goes_out():
    factory = MockFactory()
    lamp = GpioIndicator(20, factory)
    lamp.blink(0.5)
    pin = factory.pin(20)
    deadline = time.monotonic() + 10.0
    while len(pin.states) < 3 and time.monotonic() < deadline:
        time.sleep(0.01)
    lamp.close()
    assert [state.state for state in pin.states][:3] == [False, True, False]


def test_a_lamp_on_the_line_of_the_lock_never_moves_it():
    door = SimulatedDoor()
    door.lock.start()
    with pytest.raises(PinUnavailable, match="led_pin"):
        GpioIndicator(RELAY, door.factory).blink(1.0)
    assert door.edges == ()
    assert isinstance(door.lock, GpioLock)
