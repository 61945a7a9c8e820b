"""What everything that calls itself a journal does."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from edge.core.decision import DecisionId, Evidence, Receipt
from edge.core.events import EventClass
from edge.errors import AlreadyCommitted
from edge.store.database import open_database
from edge.store.journal import INTERRUPTED, Journal
from edge.store.outbox import Outbox
from tests.store.builders import NOON, decision, event

ACK = '{"status":"succeeded"}'


@pytest.fixture
def path(tmp_path):
    return tmp_path / "ostiary.db"


@pytest.fixture
def journal(path):
    with open_database(path, durable=True) as database:
        yield Journal(database, boot="boot-1", monotonic=lambda: 1.0)


def restarted(path):
    """The journal and outbox of the next start, beside the one that is taken for dead."""
    database = open_database(path, durable=True)
    return database, Journal(database, boot="boot-2", monotonic=lambda: 2.0), Outbox(database)


def events_in(path):
    with open_database(path, durable=True) as database:
        return [stored.event for stored in Outbox(database).pending(100)]


def test_a_decision_comes_back_as_committed(journal):
    full = replace(
        decision(1),
        evidence=Evidence(
            0.61, 0.55, 0.2, 1e-5, 0.98, 5, 0.8, 41.5, "passive", ("planar",), ("dark",), "flat"
        ),
        factors=("face", "pin"),
    )
    assert journal.commit(full, []) == Receipt(full.id)
    journal.commit(decision(2, command="c1", granted=False), [])
    assert journal.decisions(10) == [decision(2, command="c1", granted=False), full]
    assert journal.decisions(1) == [decision(2, command="c1", granted=False)]


def test_a_state_is_stored_with_the_decision_or_not_at_all(journal):
    journal.commit(decision(1, command="c1"), [], state=("postures", "lockdown"))
    with pytest.raises(AlreadyCommitted):
        journal.commit(decision(2, command="c1"), [], state=("postures", "secure"))
    assert journal.state("postures") == "lockdown"
    journal.commit(decision(3), [], state=("postures", None))
    assert journal.state("postures") is None


def test_a_decision_and_its_events_are_stored_together(journal, path):
    journal.commit(decision(), [event(1), event(2, EventClass.DOOR)])
    assert events_in(path) == [event(1), event(2, EventClass.DOOR)]


def test_a_decision_is_committed_once(journal, path):
    journal.commit(decision(1), [event(1)])
    with pytest.raises(AlreadyCommitted, match="d1"):
        journal.commit(decision(1), [event(2)])
    assert events_in(path) == [event(1)]


def test_an_event_that_cannot_be_stored_takes_its_decision_along(journal, path):
    unstorable = replace(event(1), body={"bytes": b"x"})
    with pytest.raises(TypeError):
        journal.commit(decision(1, command="c1"), [event(0), unstorable], ack=ACK)
    assert (journal.decisions(10), events_in(path), journal.command_ack("c1")) == ([], [], None)


def test_a_command_is_decided_once(journal, path):
    journal.commit(decision(1, command="c1"), [event(1)], ack=ACK)
    with pytest.raises(AlreadyCommitted, match="c1"):
        journal.commit(decision(2, command="c1"), [event(2)], ack="{}")
    assert journal.decisions(10) == [decision(1, command="c1")]
    assert journal.command_ack("c1") == ACK
    assert events_in(path) == [event(1)]


def test_a_command_never_seen_has_no_ack(journal):
    assert journal.command_ack("c1") is None


def test_a_repeat_of_a_decided_command_is_answered_after_a_restart(journal, path):
    journal.commit(decision(1, command="c1"), [], ack=ACK)
    database, after, _ = restarted(path)
    with database:
        assert after.command_ack("c1") == ACK
        assert after.begin_command("c1", NOON) == ACK
        with pytest.raises(AlreadyCommitted):
            after.commit(decision(2, command="c1"), [])


def test_a_refused_command_is_remembered_too(journal):
    journal.commit(decision(1, command="c1", granted=False), [], ack='{"status":"rejected"}')
    assert journal.command_ack("c1") == '{"status":"rejected"}'


def test_a_claim_is_new_once(journal):
    assert journal.begin_command("c1", NOON) is None
    assert json.loads(journal.begin_command("c1", NOON)) == {"status": "failed", "reason": "interrupted"}
    assert journal.begin_command("c2", NOON, '{"status":"in_progress"}') is None
    assert journal.begin_command("c2", NOON) == '{"status":"in_progress"}'


def test_the_last_ack_answers_a_repeat(journal):
    journal.begin_command("c1", NOON)
    journal.finish_command("c1", ACK)
    assert journal.begin_command("c1", NOON) == ACK


def test_a_claim_may_be_decided_by_the_process_that_made_it(journal):
    journal.begin_command("c1", NOON)
    journal.commit(decision(1, command="c1"), [], ack=ACK)
    assert journal.command_ack("c1") == ACK
    with pytest.raises(AlreadyCommitted):
        journal.commit(decision(2, command="c1"), [])


def test_a_claim_left_by_a_dead_process_is_never_acted_on(journal, path):
    journal.begin_command("c1", NOON)
    database, after, outbox = restarted(path)
    with database:
        with pytest.raises(AlreadyCommitted):
            after.commit(decision(1, command="c1"), [event(1)])
        assert after.begin_command("c1", NOON) == INTERRUPTED
        assert (after.decisions(10), outbox.depth()) == ([], 0)


def test_a_finished_command_is_never_acted_on(journal):
    journal.begin_command("c1", NOON)
    journal.finish_command("c1", ACK)
    with pytest.raises(AlreadyCommitted):
        journal.commit(decision(1, command="c1"), [])
    assert journal.decisions(10) == []


def test_state_outlives_the_process(journal, path):
    assert journal.state("posture") is None
    journal.save_state("posture", "lockdown", [event(1, EventClass.AUDIT, "audit.posture")])
    database, after, outbox = restarted(path)
    with database:
        assert after.state("posture") == "lockdown"
        assert outbox.depth() == 1
        after.save_state("posture", "secure")
        assert after.state("posture") == "secure"
        after.save_state("posture", None)
        assert after.state("posture") is None


def test_state_is_not_saved_without_its_events(journal):
    with pytest.raises(TypeError):
        journal.save_state("posture", "lockdown", [replace(event(1), body={"bytes": b"x"})])
    assert journal.state("posture") is None


def test_what_is_old_is_forgotten_and_the_rest_is_not(journal, path):
    for day in range(4):
        at = NOON + timedelta(days=day)
        journal.commit(replace(decision(day, command=f"c{day}"), at=at), [event(day)], ack=ACK)
    assert journal.forgotten() is None
    journal.prune(NOON + timedelta(days=2), now=NOON + timedelta(days=3))
    assert [known.id for known in journal.decisions(10)] == [DecisionId("d3"), DecisionId("d2")]
    assert [journal.command_ack(f"c{day}") for day in range(4)] == [None, None, ACK, ACK]
    assert len(events_in(path)) == 4


def test_what_was_forgotten_once_is_not_known_again_because_more_is_kept_now(journal, path):
    journal.prune(NOON, now=NOON + timedelta(days=1))
    journal.prune(NOON - timedelta(days=80), now=NOON + timedelta(days=10))
    database, after, _ = restarted(path)
    with database:
        assert after.forgotten() == NOON


def test_a_clock_that_was_ahead_does_not_make_all_that_comes_old(journal):
    journal.prune(NOON + timedelta(days=9000), now=NOON + timedelta(days=9090))
    assert journal.forgotten() == NOON + timedelta(days=9000)
    journal.prune(NOON - timedelta(days=90), now=NOON)
    assert journal.forgotten() == NOON
