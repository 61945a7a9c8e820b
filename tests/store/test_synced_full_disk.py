"""A disk that fills while a gallery arrives: the door keeps the rest of it."""

from __future__ import annotations

import pytest

from edge.core.face import PersonId
from edge.core.gallery_snapshot import chunk_count
from edge.errors import StoreFull
from edge.store.database import open_database
from edge.store.spare import SPARE_BYTES
from edge.store.synced import SyncedGallery
from tests.small_hub import SmallHub, opens
from tests.store.builders import decision, event
from tests.store.processes import small_disk
from tests.store.stores import journal_of


@pytest.fixture
def disk(tmp_path):
    with small_disk(tmp_path, "24m"):
        yield tmp_path


def nearly_fill(folder):
    """Leave less than is left to the door, and more than a gallery of a few needs."""
    ballast = folder / "ballast"
    with ballast.open("wb") as file:
        file.write(bytes((24 << 20) - sum(one.stat().st_size for one in folder.iterdir()) - SPARE_BYTES))
    return ballast


def test_a_gallery_leaves_the_last_of_the_disk_to_the_door(disk):
    hub = SmallHub()
    with open_database(disk / "ostiary.db", durable=True) as database:
        copy = SyncedGallery(database, "main", opens)
        ref = hub.snapshot()
        assert copy.stage(ref, 0, hub.chunks(ref)[0]) == chunk_count(ref.bytes)
        copy.replace(hub.target(ref))
        while copy.step() is not None:
            pass
        copy.apply(hub.enroll("ada", "bob"))
        ballast = nearly_fill(disk)
        delta, ref = hub.enroll("eve"), hub.snapshot()
        with pytest.raises(StoreFull, match="left to the door"):
            copy.apply(delta)
        with pytest.raises(StoreFull, match="left to the door"):
            copy.stage(ref, 0, hub.chunks(ref)[0])
        # Who is refused is refused, and the door decides.
        assert copy.revoke(PersonId("ada"), delta.mark, contained=False)
        journal = journal_of(database)
        for number in range(200):
            journal.commit(decision(number), [event(number)])
        ballast.unlink()
        copy.apply(delta)
        assert copy.have().root == hub.root
