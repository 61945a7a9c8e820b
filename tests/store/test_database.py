import contextlib
import os
import stat
import tempfile
import threading
from pathlib import Path

import pytest

from edge.errors import StoreLocked, StoreUnwritable
from edge.store.database import open_database
from edge.store.gallery import Gallery
from tests.store.builders import decision, event, person
from tests.store.processes import NOBODY, holding, run_python
from tests.store.stores import assert_one_line, filled, journal_of

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


@pytest.fixture
def open_folder():
    """A folder whose parents let every user pass, as those of tmp_path do not."""
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


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


def test_the_log_stays_while_another_process_comes_and_goes(database, store_path):
    """A process that believes to be the last one deletes the log, and with it what is stored from then on."""
    open_database(store_path, durable=True).close()
    with open_database(store_path, durable=False):
        finished = run_python(
            "import sys\n"
            "from pathlib import Path\n"
            "from edge.store.database import open_database\n"
            "from edge.store.gallery import Gallery\n"
            "from tests.store.builders import person\n"
            "with open_database(Path(sys.argv[1]), durable=True) as database:\n"
            "    Gallery(database).add_person(person('theirs'))\n",
            store_path,
        )
        assert finished.returncode == 0, finished.stderr
        Gallery(database).add_person(person("ours"))
        people = run_python(
            "import sqlite3, sys\n"
            "found = sqlite3.connect(sys.argv[1]).execute('SELECT id FROM people')\n"
            "print(sorted(row[0] for row in found))\n",
            store_path,
        )
    assert people.stdout == "['ours', 'theirs']\n", people.stderr


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
