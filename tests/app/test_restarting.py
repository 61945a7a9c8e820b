from __future__ import annotations

import pytest

from edge.app.restarting import Restart, remember, started
from edge.store.database import open_database
from edge.store.journal import Journal
from tests.fakes import FakeClock


@pytest.fixture
def journal(tmp_path):
    with open_database(tmp_path / "ostiary.db", durable=True) as database:
        yield Journal(database, boot="b", monotonic=lambda: 1.0)


def test_nobody_restarts_a_daemon_that_was_not_asked_to():
    restart = Restart(FakeClock().clocks())
    restart.now()
    assert not restart.is_wanted
    assert not restart.is_due


def test_a_restart_is_due_when_the_answer_has_left_or_its_time_is_over():
    clock = FakeClock()
    for has_left in (True, False):
        restart = Restart(clock.clocks())
        restart.request("a command", grace_s=2.0)
        assert restart.is_wanted
        assert not restart.is_due
        if has_left:
            restart.now()
        else:
            clock.now += 2.0
        assert restart.is_due


def test_the_first_reason_counts():
    restart = Restart(FakeClock().clocks())
    restart.request("a command")
    restart.request("another", grace_s=100.0)
    assert restart.is_due
    assert "a command" in restart.reason


def test_the_next_start_names_the_command_and_the_one_after_it_does_not(journal):
    clocks = FakeClock().clocks()
    assert started(journal, clocks, {}).corr is None
    remember(journal, "c1")
    event = started(journal, clocks, {"people": 3})
    assert (event.type, event.corr, event.body) == ("system.started", "c1", {"people": 3})
    assert started(journal, clocks, {}).corr is None
