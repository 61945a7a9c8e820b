import contextlib
import os
import sqlite3
import stat
import tempfile
import threading
from pathlib import Path

import pytest

from edge.errors import StoreCorrupt, StoreFull, StoreLocked, StoreTooNew, StoreUnwritable
from edge.store.database import open_database
from edge.store.gallery import Gallery
from edge.store.journal import DISK_FULL, Journal
from edge.store.outbox import Outbox
from tests.store.builders import decision, event, person, record
from tests.store.processes import NOBODY, fill, holding, run_python, small_disk

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


@pytest.fixture
def open_folder():
    """A folder whose parents let every user pass, as those of tmp_path do not."""
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def filled(path, people=200):
    with open_database(path, durable=True) as database:
        Gallery(database).put([record(f"p{number}", number) for number in range(people)])
        database.checkpoint()
    return path


def assert_one_line(error, *parts):
    message = str(error.value)
    assert "\n" not in message
    for part in parts:
        assert str(part) in message


def test_the_store_and_its_folder_are_made_for_their_owner_alone(tmp_path):
    path = tmp_path / "deep" / "ostiary.db"
    filled(path, 1)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_side_files_are_for_the_owner_alone_too(database, store_path):
    Gallery(database).add_person(person())
    for suffix in ("-wal", "-shm"):
        assert stat.S_IMODE(store_path.with_name(store_path.name + suffix).stat().st_mode) == 0o600


def test_a_store_that_others_could_read_is_closed_to_them(store_path):
    filled(store_path, 1).chmod(0o644)
    with open_database(store_path, durable=True):
        assert stat.S_IMODE(store_path.stat().st_mode) == 0o600


@pytest.mark.parametrize(("durable", "level"), [(True, 2), (False, 1)])
def test_durable_means_synchronous_full_and_the_log_is_write_ahead(store_path, durable, level):
    with open_database(store_path, durable=durable) as database:
        assert database.row("PRAGMA synchronous") == (level,)
        assert database.row("PRAGMA journal_mode") == ("wal",)
        assert database.row("PRAGMA foreign_keys") == (1,)
        assert database.row("PRAGMA secure_delete") == (1,)


def test_a_failed_transaction_leaves_nothing(database):
    gallery = Gallery(database)

    def fail_halfway():
        with database.transaction():
            gallery.add_person(person())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_halfway()
    assert (gallery.count(), gallery.revision()) == (0, 0)


def test_a_transaction_of_one_thread_is_not_joined_by_another(database):
    gallery = Gallery(database)
    is_inside, other_is_done = threading.Event(), threading.Event()

    def fail_after_the_other_had_its_chance():
        with contextlib.suppress(ZeroDivisionError), database.transaction():
            gallery.add_person(person("ada"))
            is_inside.set()
            other_is_done.wait(0.2)
            raise ZeroDivisionError

    failing = threading.Thread(target=fail_after_the_other_had_its_chance)
    failing.start()
    is_inside.wait()
    gallery.add_person(person("bob"))
    other_is_done.set()
    failing.join()
    assert [known.id for known in gallery.people()] == ["bob"]


def test_a_folder_that_cannot_be_written_is_said(tmp_path):
    in_the_way = tmp_path / "file"
    in_the_way.touch()
    with pytest.raises(StoreUnwritable) as error:
        open_database(in_the_way / "ostiary.db", durable=True)
    assert_one_line(error, in_the_way, "write access")


def test_a_folder_in_place_of_the_file_is_said(tmp_path):
    with pytest.raises(StoreUnwritable) as error:
        open_database(tmp_path, durable=True)
    assert_one_line(error, tmp_path)


@needs_root
@pytest.mark.parametrize(("folder_mode", "file_mode"), [(0o777, 0o600), (0o755, 0o666), (0o700, 0o666)])
def test_a_user_without_access_is_told_the_cure(open_folder, folder_mode, file_mode):
    path = filled(open_folder / "ostiary.db", 1)
    path.chmod(file_mode)
    open_folder.chmod(folder_mode)
    finished = run_python(
        "import os, sys\n"
        "from pathlib import Path\n"
        "from edge.errors import StoreUnwritable\n"
        "from edge.store.database import open_database\n"
        f"os.setuid({NOBODY})\n"
        "try:\n"
        "    open_database(Path(sys.argv[1]), durable=True)\n"
        "except StoreUnwritable as error:\n"
        "    print(error)\n",
        path,
    )
    assert finished.returncode == 0, finished.stderr
    assert "give the user that runs ostiary write access" in finished.stdout
    assert finished.stdout.count("\n") == 1


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


def journal_of(database):
    return Journal(database, boot="boot", monotonic=lambda: 1.0)


def commit_many(journal, first=1, last=500):
    for number in range(first, last):
        journal.commit(decision(number), [event(number)])


def test_nothing_is_stored_while_another_process_holds_the_store(database, store_path):
    journal = journal_of(database)
    with holding(store_path, "BEGIN IMMEDIATE"):
        with pytest.raises(StoreLocked) as error:
            journal.commit(decision(), [event()])
        assert journal.decisions(9) == []
    assert_one_line(error, store_path, "another process")
    journal.commit(decision(), [event()])
    assert journal.decisions(9) == [decision()]


def test_a_store_held_exclusively_cannot_be_opened(store_path):
    filled(store_path, 1)
    holder = holding(store_path, "PRAGMA locking_mode = EXCLUSIVE", "BEGIN EXCLUSIVE", "COMMIT")
    with holder, pytest.raises(StoreLocked) as error:
        open_database(store_path, durable=True, busy_timeout_s=0.1)
    assert_one_line(error, store_path)


def test_a_full_store_keeps_what_it_has_and_goes_on_when_there_is_room(database, store_path):
    journal = journal_of(database)
    journal.commit(decision(0), [event(0)])
    (pages,) = database.row("PRAGMA page_count")
    database.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StoreFull) as error:
        commit_many(journal)
    assert_one_line(error, store_path, "free some")
    kept = len(journal.decisions(1000))
    assert database.row("SELECT count(*), max(seq) FROM outbox") == (kept, kept)
    database.execute("PRAGMA max_page_count = 1000000")
    journal.commit(decision(1000), [event(1000)])
    told = [stored.event.type for stored in Outbox(database).pending(1000)]
    assert told == [*["access.granted"] * (kept + 1), DISK_FULL]
    database.verify()


def test_a_full_disk_keeps_what_it_has_and_goes_on_when_there_is_room(tmp_path):
    with small_disk(tmp_path, "1m"):
        path = tmp_path / "ostiary.db"
        with open_database(path, durable=True) as database:
            journal = journal_of(database)
            journal.commit(decision(0), [event(0)])
            ballast = fill(tmp_path)
            with pytest.raises(StoreFull) as error:
                commit_many(journal)
            assert_one_line(error, path, "free some")
            stored = len(journal.decisions(1000))
            ballast.unlink()
            journal.commit(decision(1000), [event(1000)])
            database.verify()
        with open_database(path, durable=True) as database:
            assert len(journal_of(database).decisions(1000)) == stored + 1


def test_with_its_reserve_the_door_goes_on_deciding_on_a_full_disk_and_says_so(tmp_path):
    with small_disk(tmp_path, "20m"):
        path = tmp_path / "ostiary.db"
        with open_database(path, durable=True) as database:
            fill(tmp_path)
            journal = journal_of(database)
            for number in range(500):
                journal.commit(decision(number), [event(number)])
            types = [stored.event.type for stored in Outbox(database).pending(1000)]
            assert types.count(DISK_FULL) == 1
            assert types.count("access.granted") == 500
            with pytest.raises(StoreFull) as error:
                commit_many(journal, 500, 5000)
            assert_one_line(error, path, "free some")
            database.verify()


def test_with_its_reserve_a_store_opens_on_a_full_disk(tmp_path):
    with small_disk(tmp_path, "20m"):
        path = filled(tmp_path / "ostiary.db", 10)
        ballast = fill(tmp_path)
        reserve = path.with_name("ostiary.db-reserve")
        assert reserve.stat().st_size == 2**20
        with open_database(path, durable=True) as database:
            assert Gallery(database).count() == 10
            journal_of(database).commit(decision(), [event()])
        assert not reserve.exists()
        ballast.unlink()
        with open_database(path, durable=True):
            assert reserve.stat().st_size == 2**20


def test_with_its_reserve_a_first_state_is_kept_on_a_full_disk_and_the_next_event_says_so(tmp_path):
    with small_disk(tmp_path, "20m"), open_database(tmp_path / "ostiary.db", durable=True) as database:
        fill(tmp_path)
        journal = journal_of(database)
        for number in range(200):
            journal.save_state("boots", "x" * number * 10)
        journal.append([event(0)])
        journal.append([event(1)])
        types = [stored.event.type for stored in Outbox(database).pending(10)]
        assert types == ["access.granted", DISK_FULL, "access.granted"]


@pytest.mark.parametrize("at", ["garbage", "2030-01-01T00:00:00", 3])
def test_a_date_that_cannot_be_read_is_a_damaged_store(database, at):
    gallery = Gallery(database)
    gallery.add_person(person())
    database.execute("UPDATE people SET valid_until = ?", (at,))
    with pytest.raises(StoreCorrupt, match="time"):
        gallery.person(person().id)


@pytest.mark.parametrize("people", [0, 10])
def test_without_one_it_does_not_and_keeps_its_people(tmp_path, people):
    with small_disk(tmp_path, "2m"):
        path = tmp_path / "ostiary.db"
        if people:
            filled(path, people)
        ballast = fill(tmp_path)
        with pytest.raises(StoreFull) as error:
            open_database(path, durable=True)
        assert_one_line(error, path, "free some")
        ballast.unlink()
        with open_database(path, durable=True) as database:
            assert Gallery(database).count() == people
