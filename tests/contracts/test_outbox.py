"""What everything that calls itself an outbox does, fed by the journal it belongs to."""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from edge.core.clock_state import ClockState
from edge.core.events import EventClass
from edge.core.identifiers import unix_ms_of
from edge.errors import StoreCorrupt
from edge.store.backlog import OVERFLOW
from edge.store.database import open_database
from edge.store.journal import Journal
from edge.store.outbox import Outbox
from tests.store.builders import NOON, decision, event


@pytest.fixture
def stores(tmp_path):
    """A journal that holds ten waiting events, and its outbox on a connection of its own."""
    path = tmp_path / "ostiary.db"
    with open_database(path, durable=True) as writing, open_database(path, durable=False) as reading:
        yield (
            Journal(writing, boot="boot-1", monotonic=lambda: 12.3456, capacity=10),
            Outbox(reading, keep_sent=3),
        )


@pytest.mark.parametrize(
    ("column", "value"), [("kind", "gossip"), ("body", "{"), ("at", "noon"), ("clk", "tea")]
)
def test_an_event_that_cannot_be_read_is_a_damaged_store(tmp_path, column, value):
    with open_database(tmp_path / "ostiary.db", durable=True) as database:
        Journal(database, boot="boot-1", monotonic=lambda: 1.0).append([event()])
        database.execute(f"UPDATE outbox SET {column} = ?", (value,))
        with pytest.raises(StoreCorrupt):
            Outbox(database).pending(10)


def numbers(outbox, **kwargs):
    return [waiting.seq for waiting in outbox.pending(100, **kwargs)]


def low(number):
    return event(number, EventClass.DOOR, "door.opened")


def test_events_wait_in_the_order_they_happened(stores):
    journal, outbox = stores
    journal.append([event(1), event(2)])
    journal.commit(decision(), [event(3)])
    waiting = outbox.pending(10)
    assert [stored.event for stored in waiting] == [event(1), event(2), event(3)]
    assert [stored.seq for stored in waiting] == [1, 2, 3]
    assert {(stored.boot, stored.mono_ms) for stored in waiting} == {("boot-1", 12345)}
    assert unix_ms_of(waiting[0].id) == int(event(1).at.timestamp() * 1000)
    assert outbox.depth() == 3


def test_an_event_tells_how_far_the_clock_was_trusted_when_it_happened(tmp_path):
    with open_database(tmp_path / "ostiary.db", durable=True) as database:
        states = iter([ClockState.UNSYNCED, ClockState.SYNCED, None])
        journal = Journal(database, boot="boot-1", monotonic=lambda: 1.0, clock=lambda: next(states))
        journal.append([event(1), event(2), event(3)])
        assert [stored.clk for stored in Outbox(database).pending(10)] == ["unsynced", "synced", None]


def test_an_event_keeps_its_id_until_it_is_sent(stores):
    journal, outbox = stores
    journal.append([event(1), event(2)])
    assert outbox.pending(2) == outbox.pending(2)
    first, second = outbox.pending(2)
    assert first.id != second.id


def test_no_more_than_asked_for_come_and_only_later_ones(stores):
    journal, outbox = stores
    journal.append([event(number) for number in range(5)])
    assert [stored.seq for stored in outbox.pending(2)] == [1, 2]
    assert numbers(outbox, after=3) == [4, 5]
    assert outbox.pending(0) == []


def test_what_is_sent_does_not_wait_any_more(stores):
    journal, outbox = stores
    journal.append([event(number) for number in range(4)])
    outbox.mark_sent([3, 1])
    assert numbers(outbox) == [2, 4]
    assert outbox.depth() == 2


def test_the_oldest_is_the_first_that_waits_or_the_next_to_come(stores):
    journal, outbox = stores
    assert outbox.oldest() == 1
    journal.append([event(number) for number in range(3)])
    outbox.mark_sent([1])
    assert outbox.oldest() == 2
    outbox.mark_sent([2, 3])
    assert outbox.oldest() == 4


def test_marking_again_or_the_unknown_is_harmless(stores):
    journal, outbox = stores
    journal.append([event(1), event(2)])
    outbox.mark_sent([])
    outbox.mark_sent([1, 1, 99])
    outbox.mark_sent([1])
    assert numbers(outbox) == [2]


def test_a_number_is_never_given_twice_though_all_are_sent_and_the_store_was_closed(tmp_path):
    path = tmp_path / "ostiary.db"
    for start in range(4):
        with open_database(path, durable=True) as database:
            outbox = Outbox(database, keep_sent=0)
            Journal(database, boot=f"boot-{start}", monotonic=lambda: 0.0).append([event(1), event(2)])
            assert numbers(outbox) == [2 * start + 1, 2 * start + 2]
            outbox.mark_sent(numbers(outbox))
            assert database.row("SELECT count(*) FROM outbox") == (0,)


def test_an_event_that_holds_no_number_is_sent_with_null(stores):
    journal, outbox = stores
    odd = event(1)
    odd.body.update({"margin": float("nan"), "list": [float("inf"), 1.5], "text": "\ud800 Ω \0"})
    journal.append([odd])
    body = outbox.pending(1)[0].event.body
    assert body == {"number": 1, "margin": None, "list": [None, 1.5], "text": "\ud800 Ω \0"}


def test_an_event_of_a_clock_that_was_never_set_is_kept(stores):
    journal, outbox = stores
    early = event(1, type_="system.start")
    early = type(early)(early.kind, early.type, NOON.replace(year=1960), {})
    journal.append([early])
    assert outbox.pending(1)[0].event == early


def test_when_too_many_wait_the_oldest_of_the_least_weight_go_and_it_is_told(stores):
    journal, outbox = stores
    journal.append([event(1), low(2), low(3), event(4, EventClass.ALARM, "alarm.forced"), low(5)])
    journal.append([event(number) for number in range(6, 11)])
    journal.append([event(11)])
    waiting = outbox.pending(100)
    assert [stored.seq for stored in waiting] == [1, 4, 5, 6, 7, 8, 9, 10, 11, 12]
    report = waiting[-1].event
    assert (report.kind, report.type) == (EventClass.SYSTEM, OVERFLOW)
    assert report.body == {"lost_from": 2, "lost_to": 3, "lost": 2}


def test_access_and_alarm_go_only_when_nothing_else_is_left(stores):
    journal, outbox = stores
    journal.append([event(number) for number in range(1, 11)])
    journal.append([low(11)])
    waiting = outbox.pending(100)
    assert [stored.seq for stored in waiting] == [3, 4, 5, 6, 7, 8, 9, 10, 11, 12]
    assert waiting[-1].event.body == {"lost_from": 1, "lost_to": 2, "lost": 2}


def test_a_report_that_is_lost_itself_is_told_again(stores):
    journal, outbox = stores
    for number in range(1, 60):
        journal.append([event(number)])
    waiting = outbox.pending(100)
    reports = [stored.event.body for stored in waiting if stored.event.type == OVERFLOW]
    assert len(waiting) == 10
    assert min(body["lost_from"] for body in reports) == 1
    # What is neither waiting nor counted as lost was never there: every number is one or the other.
    assert sum(body["lost"] for body in reports) + len(waiting) == waiting[-1].seq


def test_what_the_broker_has_is_not_told_as_lost(stores):
    journal, outbox = stores
    journal.append([low(1), low(2)])
    outbox.mark_sent([1, 2])
    journal.append([event(number) for number in range(3, 13)])
    journal.append([event(13)])
    waiting = outbox.pending(100)
    assert len(waiting) == 10
    assert waiting[-1].event.body == {"lost_from": 3, "lost_to": 4, "lost": 2}


class Backlog(RuleBasedStateMachine):
    """Whatever is appended, sent and restarted: every number is waiting, was sent, or is told as lost."""

    def __init__(self):
        super().__init__()
        self.database = open_database(self.folder / "ostiary.db", durable=False)
        self.database.execute("DELETE FROM outbox")
        self.first = (self.database.row("SELECT seq FROM sqlite_sequence WHERE name = 'outbox'") or (0,))[
            0
        ] + 1
        self.sent, self.ids, self.reported = set(), {}, set()
        self.restart()

    @rule()
    def restart(self):
        self.journal = Journal(self.database, boot="boot", monotonic=lambda: 0.0, capacity=6)
        self.outbox = Outbox(self.database, keep_sent=2)

    @rule(kinds=st.lists(st.sampled_from(EventClass), max_size=9))
    def append(self, kinds):
        self.journal.append([event(0, kind, f"{kind}.happened") for kind in kinds])

    @rule(count=st.integers(1, 4))
    def send(self, count):
        seqs = [stored.seq for stored in self.outbox.pending(count)]
        self.outbox.mark_sent(seqs)
        self.sent.update(seqs)

    @invariant()
    def nothing_is_missing_without_notice(self):
        waiting = self.outbox.pending(1000)
        for stored in waiting:
            assert self.ids.setdefault(stored.seq, stored.id) == stored.id
            if stored.event.type == OVERFLOW:
                body = stored.event.body
                self.reported.update(range(body["lost_from"], body["lost_to"] + 1))
        assert len(set(self.ids.values())) == len(self.ids)
        seqs = {stored.seq for stored in waiting}
        newest = max(seqs | self.sent, default=self.first - 1)
        assert set(range(self.first, newest + 1)) <= seqs | self.sent | self.reported
        assert not seqs & self.sent

    def teardown(self):
        self.database.close()


def test_every_number_is_waiting_sent_or_told_as_lost(tmp_path):
    class HereBacklog(Backlog):
        folder = tmp_path

    HereBacklog.TestCase.settings = settings(max_examples=30, stateful_step_count=20, deadline=None)
    HereBacklog.TestCase().runTest()
