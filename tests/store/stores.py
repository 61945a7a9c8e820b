"""Stores with something in them, and how their errors must read."""

from edge.store.database import open_database
from edge.store.gallery import Gallery
from edge.store.journal import Journal
from tests.store.builders import decision, event, record


def journal_of(database):
    return Journal(database, boot="boot", monotonic=lambda: 1.0)


def commit_many(journal, first=1, last=500):
    for number in range(first, last):
        journal.commit(decision(number), [event(number)])


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
