from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from edge.host.clock import ClockState, ClockWatch, clock_state, kernel_is_synced


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


def test_this_machine_answers_without_raising() -> None:
    assert clock_state() in ClockState


@pytest.mark.skipif(shutil.which("adjtimex") is None, reason="the adjtimex command is not installed")
def test_the_kernel_says_to_us_what_it_says_to_the_adjtimex_command() -> None:
    said = subprocess.run(["adjtimex", "--print"], capture_output=True, text=True, check=True).stdout
    status = int(next(line.split(":")[1] for line in said.splitlines() if "status" in line))
    assert kernel_is_synced() is not bool(status & 0x40)
