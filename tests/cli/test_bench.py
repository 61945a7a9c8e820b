from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.command import ostiary


def test_the_search_is_timed_alone(tmp_path: Path) -> None:
    done = ostiary("bench", "--search", "300", "--only-search", "--json", tmp_path / "bench.json")
    assert done.code == 0, done.err
    figures = json.loads((tmp_path / "bench.json").read_text())
    assert set(figures) == {"search", "machine"}
    assert set(figures["search"]) == {"300"}
    assert {"p50_ms", "top1_agreement", "rss_mb", "ready_s"} <= set(figures["search"]["300"])
    assert figures["search"]["300"]["top1_agreement"] == 1.0
    assert "300" in done.out


@pytest.mark.parametrize("sizes", ["", "many", "10,", "99", "1000,-5", "99999999999", "1e6"])
def test_what_is_no_list_of_sizes_is_refused(sizes: str) -> None:
    done = ostiary("bench", "--search", sizes)
    assert (done.code, done.is_one_line_error) == (2, True)
    assert "10000,1000000" in done.err


def test_only_search_needs_something_to_search() -> None:
    done = ostiary("bench", "--only-search")
    assert (done.code, done.is_one_line_error) == (2, True)
    assert "--search" in done.err
