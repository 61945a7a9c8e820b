"""A large gallery's file: used when it is right, made anew when not, and never what the answer depends on."""

import os
import stat
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from edge.core.face import PersonId
from edge.core.person import FaceId
from edge.store import face_rows, index, snapshot
from edge.store.database import open_database
from edge.store.face_changes import position
from edge.store.gallery import Gallery
from edge.store.index import GalleryIndex
from edge.store.quantized import Columns
from edge.store.snapshot import SnapshotUnusable
from edge.store.strangers import add_strangers
from tests.store.builders import MODEL_A, MODEL_B, NOON, embedding, person

PEOPLE = 40
ADA = PersonId("ada")


def strangers(database, first=0, people=PEOPLE, model=MODEL_A):
    vectors = [[embedding(2 * n).vector, embedding(2 * n + 1).vector] for n in range(first, first + people)]
    add_strangers(database, model, np.array(vectors), first)


def open_index(database, **options):
    return GalleryIndex(database, MODEL_A, **{"exact_up_to": 10} | options)


def nearest(found, seed):
    return found.search_faces([embedding(seed)], 1)[0][0].person


@pytest.fixture
def store(store_path):
    with open_database(store_path, durable=False) as database:
        strangers(database)
        open_index(database).refresh()
        yield database


@pytest.fixture
def file(store):
    return snapshot.path_beside(store.path)


@pytest.fixture
def reads(monkeypatch):
    """How often all faces were read from the store."""
    calls = []
    blocks = face_rows.blocks
    monkeypatch.setattr(index.face_rows, "blocks", lambda *of: calls.append(1) or blocks(*of))
    return calls


def test_a_large_gallery_is_started_from_its_file(store, file, reads):
    assert nearest(open_index(store), 7) == "stranger-3"
    assert reads == []
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_small_gallery_has_no_file(store_path):
    with open_database(store_path, durable=False) as database:
        strangers(database)
        assert nearest(GalleryIndex(database, MODEL_A), 7) == "stranger-3"
        assert not snapshot.path_beside(store_path).exists()


def test_changes_after_the_file_was_written_are_followed_at_the_start(store, reads):
    gallery = Gallery(store)
    gallery.add_person(person("ada"))
    gallery.add_face(ADA, embedding(999), quality=1, source="a", at=NOON)
    gallery.remove_person(PersonId("stranger-3"))
    found = open_index(store)
    assert nearest(found, 999) == ADA
    assert nearest(found, 7) != "stranger-3"
    assert (found.size(), found.people()) == (2 * PEOPLE - 1, PEOPLE)
    assert reads == []


DAMAGES = {
    "truncated": lambda data: data[: len(data) // 2],
    "empty": lambda data: b"",
    "longer": lambda data: data + b"\0",
    "another file": lambda data: b"SQLite format 3\0" + data[16:],
    "zeros": lambda data: bytes(len(data)),
    "a later version": lambda data: data.replace(b"OSTIDX01", b"OSTIDX02", 1),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_made_anew(store, file, reads, damage):
    right = file.read_bytes()
    file.write_bytes(DAMAGES[damage](right))
    assert nearest(open_index(store), 7) == "stranger-3"
    assert len(reads) == 1
    assert file.read_bytes() == right


def test_no_flipped_bit_is_overlooked(store, file):
    data = bytearray(file.read_bytes())
    header, _ = snapshot.load(file, MODEL_A)
    random = np.random.default_rng(0)
    places = [*random.integers(0, len(data), 60).tolist(), 0, 8, 4095, 4096, header.numbers_at, len(data) - 1]
    for place in places:
        data[place] ^= 1 << (place % 8)
        file.write_bytes(data)
        with pytest.raises((SnapshotUnusable, ValueError)):
            snapshot.load(file, MODEL_A)
        data[place] ^= 1 << (place % 8)
    file.write_bytes(data)
    snapshot.load(file, MODEL_A)


@pytest.mark.parametrize(
    "lie",
    [{"scale": None}, {"scale": float("nan")}, {"scale": 0}, {"rows": -4}, {"rows": 2.5}, {"number": "1"}],
)
def test_a_file_with_an_impossible_header_is_made_anew(store, file, reads, lie):
    with file.open("r+b") as opened:
        header = snapshot.read_header(opened)
        opened.seek(0)
        opened.write(snapshot._packed(replace(header, **lie)))
    assert nearest(open_index(store), 7) == "stranger-3"
    assert len(reads) == 1


def test_a_file_with_owners_that_cannot_be_is_made_anew(store, file, reads):
    at = position(store)
    vectors, numbers = np.ones((3, 128), np.int8), np.arange(1, 4)
    columns = Columns(vectors, numbers, np.array([0, -1, 1], np.int32))
    snapshot.write(file, MODEL_A, 128, 100.0, at, [columns])
    assert nearest(open_index(store), 7) == "stranger-3"
    assert len(reads) == 1


def test_the_file_of_another_model_is_not_used(store, file):
    with pytest.raises(SnapshotUnusable, match=MODEL_A):
        snapshot.load(file, MODEL_B)
    strangers(store, PEOPLE, model=MODEL_B)
    other = GalleryIndex(store, MODEL_B, exact_up_to=10)
    assert other.search_faces([embedding(2 * PEOPLE, MODEL_B)], 1)[0][0].person == f"stranger-{PEOPLE}"
    assert other.size() == 2 * PEOPLE


def test_the_file_of_another_store_is_not_used(store, file, tmp_path, reads):
    """Another store with as many changes: as a backup that was put back and went on from there."""
    with open_database(tmp_path / "other.db", durable=False) as other:
        strangers(other, PEOPLE)
        snapshot.path_beside(other.path).write_bytes(file.read_bytes())
        assert nearest(open_index(other), 2 * PEOPLE) == f"stranger-{PEOPLE}"
    assert len(reads) == 1


def test_who_missed_more_changes_than_are_remembered_reads_all(store, reads):
    found = open_index(store)
    assert nearest(found, 7) == "stranger-3"
    gallery = Gallery(store)
    gallery.add_person(person("ada"))
    gallery.add_face(ADA, embedding(999), quality=1, source="a", at=NOON)
    store.execute("DELETE FROM face_changes WHERE number < (SELECT max(number) FROM face_changes)")
    assert nearest(found, 999) == ADA
    assert len(reads) == 1


def test_an_erased_face_leaves_the_file_at_once(store, file):
    header, columns = snapshot.load(file, MODEL_A)
    rows = [6, 7]  # of stranger-3
    templates = [columns.vectors[row].tobytes() for row in rows]
    before = file.read_bytes()
    assert all(template in before for template in templates)
    Gallery(store).remove_person(PersonId("stranger-3"))
    after = file.read_bytes()
    assert not any(template in after for template in templates)
    assert snapshot.load(file, MODEL_A)[0] == header, "and the file is still whole"
    assert sum(one != other for one, other in zip(before, after, strict=True)) < 2 * 128 + 8
    found = open_index(store)
    assert nearest(found, 7) != "stranger-3"
    assert found.size() == 2 * PEOPLE - 2


def test_a_replaced_face_leaves_the_file_though_its_number_is_used_again(store, file):
    last = PersonId(f"stranger-{PEOPLE - 1}")
    gallery = Gallery(store)
    record = gallery.record(last)
    templates = [vector.tobytes() for vector in snapshot.load(file, MODEL_A)[1].vectors[-2:]]
    kept = snapshot.load(file, MODEL_A)[1].vectors[0].tobytes()
    numbers = store.rows("SELECT number FROM faces WHERE person = ?", (last,))
    others = tuple(replace(face, templates=(embedding(900 + at),)) for at, face in enumerate(record.faces))
    gallery.put([replace(record, faces=others)])
    assert store.rows("SELECT number FROM faces WHERE person = ?", (last,)) == numbers
    after = file.read_bytes()
    assert not any(template in after for template in templates)
    assert kept in after
    assert nearest(open_index(store), 900) == last


def test_a_face_whose_erasure_was_cut_short_leaves_the_file_at_the_next_start(store, file):
    template = snapshot.load(file, MODEL_A)[1].vectors[6].tobytes()
    store.execute("DELETE FROM people WHERE id = 'stranger-3'")
    assert template in file.read_bytes()
    open_index(store).refresh()
    assert template not in file.read_bytes()


def test_a_file_of_unknown_age_is_removed_when_somebody_is_erased(store, file):
    strangers(store, PEOPLE, 1)
    store.execute("DELETE FROM face_changes WHERE number < (SELECT max(number) FROM face_changes)")
    assert file.exists()
    Gallery(store).remove_person(PersonId("stranger-3"))
    assert not file.exists()


def test_a_face_that_is_erased_is_not_found_through_the_mapped_file(store):
    found = open_index(store)
    assert nearest(found, 7) == "stranger-3"
    Gallery(store).remove_faces(PersonId("stranger-3"), [FaceId("stranger-face-8")])
    assert found.matcher.match(embedding(7)).person != "stranger-3", "even before the index follows"
    assert nearest(found, 6) == "stranger-3"


def test_after_many_changes_the_file_is_written_anew(store, file, monkeypatch, reads):
    monkeypatch.setattr(index, "_LEAST_LOOSE", 8)
    found = open_index(store)
    found.refresh()
    before = snapshot.load(file, MODEL_A)[0]
    strangers(store, PEOPLE, 4)
    Gallery(store).remove_people([PersonId("stranger-0"), PersonId("stranger-41")])
    assert nearest(found, 2 * PEOPLE) == f"stranger-{PEOPLE}"
    header, columns = snapshot.load(file, MODEL_A)
    assert (before.rows, header.rows) == (2 * PEOPLE, 2 * PEOPLE + 4)
    assert np.all(np.diff(columns.numbers) > 0)
    assert (found.size(), found.people()) == (2 * PEOPLE + 4, PEOPLE + 2)
    assert [nearest(found, 2 * number) for number in (5, 42, 43)] == [
        "stranger-5",
        "stranger-42",
        "stranger-43",
    ]
    assert nearest(open_index(store), 2 * 43) == "stranger-43"
    assert reads == []


def test_a_gallery_that_shrinks_gives_up_its_file(store, file):
    found = open_index(store)
    found.refresh()
    Gallery(store).remove_people([PersonId(f"stranger-{number}") for number in range(PEOPLE - 2)])
    assert nearest(found, 2 * PEOPLE - 1) == f"stranger-{PEOPLE - 1}"
    assert not file.exists()


def test_where_no_file_can_be_written_the_index_works_from_memory(store, file, monkeypatch, caplog):
    def full(*of):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(index.snapshot, "write", full)
    file.unlink()
    found = open_index(store)
    assert nearest(found, 7) == "stranger-3"
    strangers(store, PEOPLE, 2)
    assert nearest(found, 2 * PEOPLE) == f"stranger-{PEOPLE}"
    assert "in memory only" in caplog.text
    assert not file.exists()


def test_a_failed_write_leaves_the_old_file_and_nothing_else(store, file):
    before = file.read_bytes()

    def columns():
        yield snapshot.load(file, MODEL_A)[1]
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        snapshot.write(file, MODEL_A, 128, 1.0, snapshot.load(file, MODEL_A)[0].position, columns())
    assert file.read_bytes() == before
    assert list(file.parent.glob(f"{file.name}.*")) == []


def test_what_a_killed_process_left_is_removed(store, file):
    ended = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True
    )
    left = file.with_name(f"{file.name}.{int(ended.stdout)}")
    ours = file.with_name(f"{file.name}.{os.getppid()}")
    for path in (left, ours):
        path.write_bytes(b"templates")
    file.unlink()
    open_index(store).refresh()
    assert file.exists()
    assert not left.exists()
    assert ours.exists(), "of a process that lives"
