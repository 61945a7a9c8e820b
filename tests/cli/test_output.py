"""Where the output goes may be gone or full."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.command import ostiary

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


def test_an_error_is_json_where_json_was_asked_for(tmp_path):
    done = ostiary("--store", tmp_path, "person", "show", "nobody", "--json")
    error = json.loads(done.out)["error"]
    assert (error["code"], error["number"]) == ("InvalidParameterValue.PersonIdNotExist", -1303)
    assert done.err == f"ostiary: {error['message']}\n"
    assert done.code == 7


def test_an_error_is_no_json_where_none_was_asked_for(tmp_path):
    ostiary("--store", tmp_path, "person", "list", "--json")
    assert ostiary("--store", tmp_path, "person", "show", "nobody").out == ""


def test_a_result_with_refusals_is_one_json_document(tmp_path):
    (tmp_path / "bad.jpg").write_bytes(b"no picture")
    done = ostiary("--store", tmp_path, "person", "add", "ada", tmp_path / "bad.jpg", "--json")
    assert done.is_one_line_error
    assert [one["source"] for one in json.loads(done.out)["refused"]] == ["bad.jpg"]
