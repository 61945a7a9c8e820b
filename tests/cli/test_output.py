"""Where the output goes may be gone or full."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

COMMAND = [sys.executable, "-m", "edge", "board", "list"]


def run_into(stdout):
    return subprocess.run(
        COMMAND, cwd=Path(__file__).parents[2], stdout=stdout, stderr=subprocess.PIPE,
        text=True, check=False, timeout=60,
    )  # fmt: skip


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
def test_a_full_disk_under_the_output_is_one_line():
    with Path("/dev/full").open("w") as full:
        done = run_into(full)
    assert done.returncode == 1
    assert done.stderr == "ostiary: no space left where the output goes; free some\n"


def test_a_reader_that_has_gone_is_no_traceback():
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = run_into(writing)
    finally:
        os.close(writing)
    assert done.returncode != 0
    assert done.stderr == ""
