from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from edge.app import search_bench
from edge.app.search_bench import enroll, measure_search, require_room
from edge.app.search_process import MODEL
from edge.errors import StoreFull, WorkerDied
from edge.store import face_rows
from edge.store.database import open_database


class Bars:
    """What was told, in place of a terminal."""

    def __init__(self) -> None:
        self.told: dict[str, tuple[int, int]] = {}

    @contextmanager
    def __call__(self, what: str) -> Iterator[Callable[[int, int], None]]:
        def progress(done: int, of: int) -> None:
            self.told[what] = (done, of)

        self.told[what] = (0, 0)
        yield progress


def test_a_small_and_a_large_gallery_are_measured(tmp_path: Path) -> None:
    bars = Bars()
    found = measure_search(tmp_path, [21_000, 200], bars, queries=30)
    assert list(found) == [200, 21_000]
    for figures in found.values():
        assert figures.top1_agreement == 1.0
        assert 0 < figures.p50_ms <= figures.p95_ms
        assert 0 < figures.ready_s < 60
        assert 20 < figures.rss_mb < 2_000
        assert min(figures.people_p50_ms, figures.add_ms, figures.remove_ms, figures.build_s) > 0
    assert {what: done for what, (done, of) in bars.told.items() if done == of and of} == {
        "Enrolling 200 faces": 200,
        "Enrolling 21,000 faces": 21_000,
        "Comparing all floats": 21_000,
    }
    assert (tmp_path / "ostiary.db-index").exists(), "the large one was started from its snapshot"


@pytest.mark.parametrize("faces", [100, 101, 102])
def test_exactly_so_many_faces_are_enrolled(tmp_path: Path, faces: int) -> None:
    with open_database(tmp_path / "ostiary.db", durable=False) as database:
        enroll(database, 0, faces, lambda done, of: None)
        enroll(database, faces, faces + 7, lambda done, of: None)
        assert face_rows.count(database, MODEL) == faces + 7
        (_, people, vectors), *rest = face_rows.blocks(database, MODEL)
    assert rest == []
    similarities = vectors @ vectors.T
    same = np.array(people)[:, np.newaxis] == np.array(people)
    np.fill_diagonal(same, False)
    assert similarities[same].mean() == pytest.approx(0.67, abs=0.02)
    assert abs(similarities[~same & ~np.eye(len(people), dtype=bool)].mean()) < 0.02


def test_a_disk_that_is_too_small_is_refused_before_the_work(tmp_path: Path) -> None:
    with pytest.raises(StoreFull, match="TMPDIR"):
        require_room(tmp_path, 10**12)


def test_a_process_that_fails_is_told(tmp_path: Path) -> None:
    with pytest.raises(WorkerDied, match="the measuring process ended"):
        search_bench._process(tmp_path, "search", "Searching", Bars())
