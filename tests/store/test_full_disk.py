"""A disk without room."""

import pytest

from edge.errors import StoreFull
from edge.store.database import open_database
from edge.store.gallery import Gallery
from edge.store.journal import DISK_FULL
from edge.store.outbox import Outbox
from tests.store.builders import decision, event
from tests.store.processes import fill, small_disk
from tests.store.stores import assert_one_line, commit_many, filled, journal_of


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


@pytest.mark.parametrize("people", [0, 10])
def test_without_its_reserve_a_store_does_not_open_on_a_full_disk_and_keeps_its_people(tmp_path, people):
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
