import math
import queue
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.door.inputs import Debouncer, GpioInputs, InputPin
from edge.door.simulated import SWITCHES, SimulatedDoor
from edge.errors import PinUnavailable

SETTLE = 0.05


def steady_levels(steps, settle_s):
    """What a debouncer has to report for a line that moves at each step (seconds since the last, level)."""
    reported, level, since, out = None, None, 0.0, []
    for pause, next_level in [*steps, (math.inf, None)]:
        if level is not None and level != reported and pause >= settle_s:
            reported = level
            out.append((level, since))
        since += pause if math.isfinite(pause) else 0.0
        level = next_level
    return out


@given(
    st.lists(
        st.tuples(st.one_of(st.floats(0.001, 0.049), st.floats(0.051, 1.0)), st.booleans()),
        min_size=1,
        max_size=30,
    )
)
def test_exactly_the_steady_levels_are_reported_each_once(steps):
    line, now, level, out = None, 0.0, None, []

    def sample(at):
        since = line.settle(level, at)
        if since is not None:
            out.append((level, since))

    for pause, next_level in steps:
        if line is None:
            now, level = now + pause, next_level
            line = Debouncer(SETTLE, started_at=now)
            continue
        if line.due is not None and line.due <= now + pause:
            sample(line.due)
        now += pause
        level = next_level
        line.edge(now)
        sample(now)
    sample(line.due)
    assert [found for found, _ in out] == [wanted for wanted, _ in steady_levels(steps, SETTLE)]
    assert [since for _, since in out] == pytest.approx([at for _, at in steady_levels(steps, SETTLE)])


def test_the_first_level_is_reported_once_it_is_steady():
    line = Debouncer(SETTLE, started_at=10.0)
    assert line.settle(True, 10.0499) is None
    assert line.settle(True, 10.05) == 10.0
    assert line.due is None


def test_an_edge_the_kernel_lost_is_found_by_reading():
    line = Debouncer(SETTLE, started_at=0.0)
    line.settle(False, 1.0)
    assert line.settle(True, 2.0) is None
    assert line.settle(True, 2.05) == 2.0


class Readings:
    def __init__(self):
        self._queue = queue.Queue()

    def __call__(self, reading):
        self._queue.put(reading)

    def next(self):
        return self._queue.get(timeout=5.0)

    def none_within(self, seconds):
        with pytest.raises(queue.Empty):
            self._queue.get(timeout=seconds)
        return True


@pytest.fixture
def door():
    made = SimulatedDoor(debounce_s=0.03)
    yield made
    made.inputs.close()


@pytest.fixture
def readings(door):
    heard = Readings()
    door.inputs.start(heard)
    for _ in SWITCHES:
        heard.next()
    return heard


def test_every_input_reports_its_present_level_once_at_the_start(door):
    heard = Readings()
    door.move("tamper", active=True)
    door.inputs.start(heard)
    first = {reading.name: reading.active for reading in (heard.next() for _ in SWITCHES)}
    assert first == {"contact": False, "rex": False, "tamper": True, "fire": False}
    assert heard.none_within(0.1)


@pytest.mark.parametrize("name", SWITCHES)
def test_a_switch_that_moves_is_reported_with_the_time_it_moved(door, readings, name):
    before = time.monotonic()
    door.move(name, active=True)
    reading = readings.next()
    assert (reading.name, reading.active) == (name, True)
    assert before <= reading.at <= time.monotonic() - 0.03
    door.move(name, active=False)
    assert readings.next().active is False


def test_a_bounce_is_not_reported(door, readings):
    door.open_leaf()
    door.close_leaf()
    assert readings.none_within(0.15)


def test_a_bouncing_switch_is_reported_once_with_its_last_level(door, readings):
    for _ in range(5):
        door.open_leaf()
        door.close_leaf()
    door.open_leaf()
    assert readings.next().active is True
    assert readings.none_within(0.1)


def test_nothing_is_reported_after_close_and_start_reports_again(door, readings):
    door.inputs.close()
    door.inputs.close()
    door.open_leaf()
    assert readings.none_within(0.1)
    door.inputs.start(readings)
    assert {readings.next().name for _ in SWITCHES} == set(SWITCHES)


def test_an_input_on_a_line_already_taken_is_refused_and_the_others_are_released():
    door = SimulatedDoor()
    twice = [InputPin("contact", 5, True), InputPin("rex", 5, True)]
    with pytest.raises(PinUnavailable, match="GPIO 5 for the input rex"):
        GpioInputs(twice, door.factory).start(lambda reading: None)
    single = GpioInputs(twice[:1], door.factory)
    single.start(lambda reading: None)
    single.close()
