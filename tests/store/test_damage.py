"""A store that is damaged, another program's, or of another version is refused and left as it is."""

import os
import sqlite3

import pytest

from edge.errors import StoreCorrupt, StoreTooNew
from edge.store.database import open_database
from edge.store.gallery import Gallery
from tests.store.builders import event, person, record
from tests.store.stores import assert_one_line, filled, journal_of


def test_a_file_that_is_no_database_is_refused_and_left_as_it_is(store_path):
    content = b"\xff\xd8\xff\xe0 a picture" * 1000
    store_path.write_bytes(content)
    with pytest.raises(StoreCorrupt) as error:
        open_database(store_path, durable=True)
    assert_one_line(error, store_path, "restore a backup")
    assert store_path.read_bytes() == content


def test_the_database_of_another_program_is_refused_and_left_as_it_is(store_path):
    with sqlite3.connect(store_path) as other:
        other.execute("CREATE TABLE songs (title TEXT)")
    other.close()
    content = store_path.read_bytes()
    with pytest.raises(StoreCorrupt) as error:
        open_database(store_path, durable=True)
    assert_one_line(error, store_path, "another program")
    assert store_path.read_bytes() == content


@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_a_truncated_store_is_noticed(store_path, share):
    size = filled(store_path).stat().st_size
    os.truncate(store_path, int(size * share))
    with pytest.raises(StoreCorrupt) as error:
        open_database(store_path, durable=True)
    assert_one_line(error, store_path, "damaged")


def test_a_store_cut_to_nothing_beside_its_log_is_noticed(store_path):
    with open_database(store_path, durable=True) as database:
        Gallery(database).add_person(person())
        log = store_path.with_name(store_path.name + "-wal").read_bytes()
    os.truncate(store_path, 0)
    store_path.with_name(store_path.name + "-wal").write_bytes(log)
    with pytest.raises(StoreCorrupt) as error:
        open_database(store_path, durable=True)
    assert_one_line(error, store_path)


def test_a_page_of_garbage_is_noticed(store_path):
    size = filled(store_path).stat().st_size
    with store_path.open("r+b") as file:
        file.seek(size // 2 // 4096 * 4096)
        file.write(b"\xa5" * 4096)
    with pytest.raises(StoreCorrupt) as error:
        open_database(store_path, durable=True)
    assert_one_line(error, store_path, "restore a backup")


def test_damage_that_opening_did_not_look_for_is_found_by_verify(store_path):
    size = filled(store_path).stat().st_size
    with store_path.open("r+b") as file:
        file.seek(size // 2 // 4096 * 4096)
        file.write(b"\xa5" * 4096)
    with (
        open_database(store_path, durable=True, check=False) as database,
        pytest.raises(StoreCorrupt) as error,
    ):
        database.verify()
    assert_one_line(error, store_path)


def test_a_reference_to_nothing_is_found_by_verify(database):
    Gallery(database).put([record("ada", 1)])
    database.execute("PRAGMA foreign_keys = OFF")
    database.execute("DELETE FROM people")
    with pytest.raises(StoreCorrupt, match="refers to a missing people"):
        database.verify()


def test_a_sound_store_verifies(database):
    Gallery(database).put([record("ada", 1, ("staff",))])
    database.verify()


def test_a_store_of_a_later_version_is_refused_and_kept(store_path):
    with open_database(store_path, durable=True) as database:
        Gallery(database).add_person(person())
        database.execute("PRAGMA user_version = 1000")
    with pytest.raises(StoreTooNew) as error:
        open_database(store_path, durable=True)
    assert_one_line(error, store_path, "1000", "install")


def test_a_store_without_its_tables_is_refused(store_path):
    with open_database(store_path, durable=True) as database:
        for table in ("templates", "faces", "members"):
            database.execute(f"DROP TABLE {table}")
    with sqlite3.connect(store_path) as raw:
        raw.execute("PRAGMA writable_schema = ON")
        raw.execute("DELETE FROM sqlite_schema")
    raw.close()
    with pytest.raises(StoreCorrupt, match="lost its tables"):
        open_database(store_path, durable=True)


def test_a_table_that_is_gone_is_damage(database):
    database.execute("DROP TABLE outbox")
    with pytest.raises(StoreCorrupt, match="no such table"):
        journal_of(database).append([event()])


@pytest.mark.parametrize("at", ["garbage", "2030-01-01T00:00:00", 3])
def test_a_date_that_cannot_be_read_is_a_damaged_store(database, at):
    gallery = Gallery(database)
    gallery.add_person(person())
    database.execute("UPDATE people SET valid_until = ?", (at,))
    with pytest.raises(StoreCorrupt, match="time"):
        gallery.person(person().id)
