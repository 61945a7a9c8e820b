from __future__ import annotations

from dataclasses import dataclass

import pytest

from edge.app.stopwatch import Spread, Stopwatch, Timed


class Hands:
    """A clock that is set by hand, seconds."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Network:
    invoke_total_s: float = 0.0


@dataclass
class Adapter:
    clock: Hands
    network: Network
    name: str = "adapter"

    def work(self, seconds: float, *, in_network: float = 0.0) -> str:
        self.clock.now += seconds
        self.network.invoke_total_s += in_network
        return "done"


@pytest.fixture
def clock() -> Hands:
    return Hands()


@pytest.fixture
def adapter(clock: Hands) -> Adapter:
    return Adapter(clock, Network(5.0))


def test_time_around_and_in_the_network_is_summed_by_stage(clock: Hands, adapter: Adapter) -> None:
    watch = Stopwatch(clock)
    work = watch.timed("embed", adapter.work, [adapter.network])
    assert work(2.0, in_network=1.5) == "done"
    work(1.0, in_network=0.5)
    lap = watch.lap()
    assert lap.around == {"embed": 3.0}
    assert lap.bare == {"embed": 2.0}
    assert lap.bare_s == 2.0


def test_lap_begins_anew(clock: Hands, adapter: Adapter) -> None:
    watch = Stopwatch(clock)
    watch.timed("embed", adapter.work)(2.0)
    watch.lap()
    assert watch.lap().around == {}


def test_stage_that_raises_is_timed_too(clock: Hands) -> None:
    def fail() -> None:
        clock.now += 4.0
        raise ValueError("no")

    watch = Stopwatch(clock)
    with pytest.raises(ValueError, match="no"):
        watch.timed("detect", fail)()
    assert watch.lap().around == {"detect": 4.0}


def test_stand_in_times_one_method_and_passes_the_rest_on(clock: Hands, adapter: Adapter) -> None:
    watch = Stopwatch(clock)
    stand_in = Timed(adapter, "work", watch.timed("work", adapter.work))
    stand_in.work(1.0)
    assert stand_in.name == "adapter"
    assert watch.lap().around == {"work": 1.0}


def test_spread_is_in_milliseconds() -> None:
    spread = Spread.of(n / 1000 for n in range(101))
    assert spread.p50_ms == pytest.approx(50.0)
    assert spread.p95_ms == pytest.approx(95.0)
