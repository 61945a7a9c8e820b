from __future__ import annotations

import threading
from pathlib import Path

import pytest

from edge.app import following
from edge.app.following import GalleryFollower
from edge.core.face import PersonId
from edge.core.person import Person
from edge.store.database import open_database
from edge.store.gallery import Gallery
from edge.store.index import GalleryIndex
from tests.factories import MODEL, NOON, a_template

ADA = PersonId("ada")


def test_the_door_knows_somebody_new_without_a_restart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "FOLLOW_S", 0.01)
    stop, seen = threading.Event(), threading.Event()
    with open_database(tmp_path / "ostiary.db", durable=False) as database:
        index = GalleryIndex(database, MODEL)
        follower = GalleryFollower(index)

        def beat() -> None:
            if index.matcher.match(a_template(1)) is not None:
                seen.set()

        thread = threading.Thread(target=follower.run, args=(stop, beat))
        thread.start()
        try:
            with open_database(tmp_path / "ostiary.db", durable=False) as command_line:
                gallery = Gallery(command_line)
                gallery.add_person(Person(ADA, "", NOON))
                gallery.add_face(ADA, a_template(1), quality=0.9, source="a.jpg", at=NOON)
            assert seen.wait(10)
        finally:
            stop.set()
            thread.join(10)
        assert not thread.is_alive()
        assert follower.trouble is None
