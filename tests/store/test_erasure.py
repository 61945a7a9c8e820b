"""What was removed is gone from the disk, not only from the tables."""

import logging

from edge.core.face import PersonId
from edge.store.database import open_database
from edge.store.gallery import Gallery
from tests.store.builders import NOON, embedding, person, record

ADA = PersonId("ada")


def bytes_on_disk(path):
    return b"".join(file.read_bytes() for file in path.parent.iterdir() if not file.name.endswith("-shm"))


def template(seed):
    return embedding(seed).vector.astype("<f4").tobytes()


def test_nothing_of_a_removed_person_is_left_in_the_files(database, store_path):
    gallery = Gallery(database)
    gallery.put([record(f"p{number}", number) for number in range(50)])
    gallery.put([record("ada", 1000)])
    assert template(1000) in bytes_on_disk(store_path)
    gallery.remove_person(ADA)
    left = bytes_on_disk(store_path)
    assert template(1000) not in left
    assert b"Name of ada" not in left
    assert template(49) in left


def test_nothing_of_a_removed_face_is_left_in_the_files(database, store_path):
    gallery = Gallery(database)
    gallery.add_person(person())
    faces = [gallery.add_face(ADA, embedding(seed), quality=1, source="camera", at=NOON) for seed in (1, 2)]
    gallery.remove_faces(ADA, [faces[0].id])
    assert template(1) not in bytes_on_disk(store_path)
    assert [face.id for face in gallery.faces(ADA)] == [faces[1].id]


def test_nothing_of_a_replaced_person_is_left_in_the_files(database, store_path):
    gallery = Gallery(database)
    gallery.put([record("ada", 1)])
    gallery.put([record("ada", 2)])
    assert template(1) not in bytes_on_disk(store_path)


def test_a_reader_that_keeps_the_log_from_being_emptied_is_told_of(database, store_path, caplog):
    gallery = Gallery(database)
    gallery.put([record("ada", 1)])
    with open_database(store_path, durable=True) as other, other.transaction():
        pass
    with open_database(store_path, durable=True) as reader:
        reader.execute("BEGIN")
        reader.rows("SELECT * FROM people")
        with caplog.at_level(logging.WARNING):
            gallery.remove_person(ADA)
    assert "write-ahead log" in caplog.text
    assert "ada" not in caplog.text
    assert gallery.count() == 0
