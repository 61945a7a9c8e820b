from __future__ import annotations

from pathlib import Path

import pytest

from edge.app.daemon_bench import VISITOR, fill_store, measure_daemon
from edge.demo.scenes import enrolment_pictures, frames
from edge.store.database import open_database
from edge.store.gallery import Gallery


def test_store_holds_the_visitor_and_the_made_up_people(tmp_path: Path) -> None:
    fill_store(tmp_path / "store", enrolment_pictures(), people=30)
    with open_database(tmp_path / "store" / "ostiary.db", durable=False) as database:
        gallery = Gallery(database)
        assert gallery.count() == 31
        assert len(gallery.faces(VISITOR)) == 3
        assert list(gallery.models().values()) == [33]


@pytest.mark.nightly
def test_daemon_lets_the_visitor_in_and_rests_without_one(tmp_path: Path) -> None:
    visitor, empty = list(frames("enrolled_walks_up"))[-18:], list(frames("mqtt_unlock"))
    figures = measure_daemon(tmp_path, visitor, empty, enrolment_pictures(), people=1000)
    assert figures.startup_s > 0
    assert figures.rss_mb > 30
    assert 0 < figures.idle_cpu_percent < 200
