"""Where the output goes may be gone or full."""

from __future__ import annotations

import io
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


@pytest.mark.parametrize(
    "words",
    [("person", "list", "--offset", "many", "--json"), ("face", "compare", "--json"),
     ("group", "list", "--json", "--nonsense"), ("bench", "--frames", "1", "--json")],
)  # fmt: skip
def test_words_that_are_not_known_are_an_error_in_json(tmp_path, words):
    done = ostiary("--store", tmp_path, *words)
    error = json.loads(done.out)["error"]
    assert (error["code"], error["number"]) == ("InvalidParameter.InvalidParameter", 21)
    assert error["message"]
    assert done.code == 2


def test_a_question_nobody_answers_is_an_error_in_json(tmp_path, monkeypatch):
    ostiary("--store", tmp_path, "group", "create", "staff")
    monkeypatch.setattr("sys.stdin", io.StringIO())
    done = ostiary("--store", tmp_path, "group", "delete", "staff", "--json")
    assert done.code == 1
    assert "--yes" in json.loads(done.out)["error"]["message"]


def test_figures_are_printed_when_json_names_no_file(tmp_path):
    done = ostiary("bench", "--search", "200", "--json", "--only-search")
    assert done.code == 0, done.err
    assert list(json.loads(done.out)["search"]) == ["200"]
    assert "p50" in done.err
    file = tmp_path / "bench.json"
    assert "p50" in ostiary("bench", "--search", "200", "--only-search", "--json", file).out
    assert list(json.loads(file.read_text())["search"]) == ["200"]


def test_an_error_is_no_json_where_none_was_asked_for(tmp_path):
    ostiary("--store", tmp_path, "person", "list", "--json")
    assert ostiary("--store", tmp_path, "person", "show", "nobody").out == ""


def test_a_result_with_refusals_is_one_json_document(tmp_path):
    (tmp_path / "bad.jpg").write_bytes(b"no picture")
    done = ostiary("--store", tmp_path, "person", "add", "ada", tmp_path / "bad.jpg", "--json")
    assert done.is_one_line_error
    assert [one["source"] for one in json.loads(done.out)["refused"]] == ["bad.jpg"]
