from __future__ import annotations

import ctypes
import os
import struct
from pathlib import Path

import pytest

from edge.core.clock_state import ClockState
from edge.host.clock import HOLDOVER_S, ClockWatch, clock_state, kernel_is_synced, kernel_offset_ms


def watch(*kernel: bool | None, mark: Path = Path("/nonexistent/mark")) -> list[ClockState]:
    answers = iter(kernel)
    clock = ClockWatch(lambda: next(answers), mark)
    return [clock.state() for _ in kernel]


def test_a_clock_nobody_set_is_unsynced() -> None:
    assert watch(False, False) == [ClockState.UNSYNCED, ClockState.UNSYNCED]


def test_a_kernel_that_does_not_say_counts_as_unsynced() -> None:
    assert watch(None) == [ClockState.UNSYNCED]


def test_a_clock_that_loses_its_source_is_in_holdover_until_it_is_set_again() -> None:
    assert watch(True, False, None, True) == [
        ClockState.SYNCED,
        ClockState.HOLDOVER,
        ClockState.HOLDOVER,
        ClockState.SYNCED,
    ]


def test_the_mark_of_timesyncd_survives_our_own_restart(tmp_path: Path) -> None:
    mark = tmp_path / "synchronized"
    mark.touch()
    assert watch(False, mark=mark) == [ClockState.HOLDOVER]
    assert watch(None, mark=mark) == [ClockState.HOLDOVER]


def test_a_holdover_ends_after_a_day() -> None:
    now, answers = [0.0], iter([True, False, False, True, False])
    clock = ClockWatch(lambda: next(answers), Path("/nonexistent/mark"), monotonic=lambda: now[0])
    clock.state()
    now[0] = HOLDOVER_S
    assert clock.state() is ClockState.HOLDOVER
    now[0] += 1
    assert clock.state() is ClockState.UNSYNCED
    assert clock.state() is ClockState.SYNCED
    assert clock.state() is ClockState.HOLDOVER


def test_an_old_mark_is_no_holdover_until_it_is_made_anew(tmp_path: Path) -> None:
    mark = tmp_path / "synchronized"
    mark.touch()
    set_at = 1_800_000_000
    os.utime(mark, (set_at, set_at))
    clock = ClockWatch(lambda: None, mark, monotonic=lambda: 50.0, wall=lambda: set_at + HOLDOVER_S + 1)
    assert clock.state() is ClockState.UNSYNCED
    os.utime(mark, (set_at + HOLDOVER_S, set_at + HOLDOVER_S))
    assert clock.state() is ClockState.HOLDOVER


def test_a_clock_set_back_does_not_keep_the_holdover_alive(tmp_path: Path) -> None:
    mark = tmp_path / "synchronized"
    mark.touch()
    now = [0.0]
    clock = ClockWatch(lambda: False, mark, monotonic=lambda: now[0], wall=lambda: 0.0)
    assert clock.state() is ClockState.HOLDOVER
    now[0] = HOLDOVER_S + 1
    assert clock.state() is ClockState.UNSYNCED


def test_this_machine_answers_without_raising() -> None:
    assert clock_state() in ClockState


@pytest.mark.skipif(struct.calcsize("l") != 8, reason="the layout below is that of 64-bit machines")
def test_the_kernel_is_understood() -> None:
    """struct timex read a second way: the status lies 40 bytes in, behind five longs."""
    raw = ctypes.create_string_buffer(512)
    state = ctypes.CDLL(None).adjtimex(raw)
    if state < 0:
        pytest.skip("this machine does not let us ask the kernel")
    (status,) = struct.unpack_from("i", raw.raw, 40)
    assert kernel_is_synced() is (state != 5 and not status & 0x40)


def test_only_a_clock_that_somebody_keeps_has_an_offset() -> None:
    offset_ms = kernel_offset_ms()
    if not kernel_is_synced():
        assert offset_ms is None
    else:
        assert offset_ms is not None
        # The kernel slews at most half a second.
        assert abs(offset_ms) <= 500.0
