"""Events of devices: each stored once, whatever arrives twice, late or not at all."""

from __future__ import annotations

import json
from datetime import datetime

import pytest
from sqlalchemy import func, select

from edge.core.envelope import to_timestamp
from edge.hub.collector import Collector
from edge.hub.database import HubDatabase
from edge.hub.numbering import Numbering
from edge.hub.reporting import Reporter
from edge.hub.tables import events
from edge.hub.work import Work
from edge.ports import Message
from tests.hub.builders import AUTHOR, NOON, SITE, event, later, message


class Site:
    """A collector as one hub process has it; another one on the same database is a restarted hub."""

    def __init__(self, database: HubDatabase) -> None:
        self.database = database
        self.numbering = Numbering(Reporter(AUTHOR, "boot-h"))
        self.collector = Collector(SITE, "hub", self.numbering)

    def hear(self, *messages: Message, now: datetime = NOON) -> None:
        arrivals = [one for one in map(self.collector.read, messages) if one is not None]
        with self.database.transaction() as connection:
            self.collector.collect(Work(connection, now), arrivals)

    def alarm(self, now: datetime) -> None:
        with self.database.transaction() as connection:
            self.numbering.alarm(Work(connection, now))

    def acks(self) -> dict[str, int]:
        with self.database.transaction() as connection:
            work = Work(connection, NOON)
            self.collector.acks(work)
        self.collector.acks_told()
        return {out.topic.split("/")[4]: json.loads(out.payload)["upto"] for out in work.outgoing}

    def stored(self, dev: str) -> list[int]:
        with self.database.reading() as connection:
            found = select(events.c.seq).where(events.c.dev == dev).order_by(events.c.number)
            return list(connection.execute(found).scalars())

    def types(self) -> list[str]:
        with self.database.reading() as connection:
            found = select(events.c.type).where(events.c.dev == "hub").order_by(events.c.number)
            return list(connection.execute(found).scalars())


@pytest.fixture
def site(database: HubDatabase) -> Site:
    return Site(database)


def test_an_event_that_arrives_again_is_stored_once(site: Site) -> None:
    first, second = event("door-1", 1), event("door-1", 2)
    site.hear(first, second, first)
    site.hear(second)
    restarted = Site(site.database)
    restarted.hear(first, second, event("door-1", 3))
    assert site.stored("door-1") == [1, 2, 3]
    assert (restarted.collector.collected, restarted.collector.repeated) == (1, 2)


def test_a_device_is_told_up_to_where_all_is_stored(site: Site) -> None:
    site.hear(event("door-1", 7), event("door-2", 40), event("door-1", 8))
    assert site.acks() == {"door-1": 8, "door-2": 40}
    site.hear(event("door-1", 10))
    assert site.acks() == {"door-1": 8}
    site.hear(event("door-1", 9))
    assert site.acks() == {"door-1": 10}
    assert site.acks() == {}


def test_what_stays_missing_is_an_alarm_once_and_its_end_is_told(site: Site) -> None:
    site.hear(event("door-1", 1), event("door-1", 4))
    site.alarm(later(59))
    assert site.types() == []
    site.alarm(later(61))
    site.alarm(later(62))
    assert site.types() == ["alarm.events_missing"]
    site.hear(event("door-1", 2), now=later(70))
    site.alarm(later(200))
    assert site.types() == ["alarm.events_missing"]
    site.hear(event("door-1", 3), now=later(300))
    assert site.types() == ["alarm.events_missing", "alarm.events_missing_clear"]


def test_what_a_device_says_is_lost_is_not_waited_for(site: Site) -> None:
    lost = {"lost_from": 2, "lost_to": 5, "lost": 4}
    site.hear(event("door-1", 1), event("door-1", 6, type_="system.buffer_overflow", body=lost))
    assert site.acks() == {"door-1": 6}
    site.alarm(later(100))
    assert site.types() == []


def test_what_a_device_no_longer_keeps_is_lost(site: Site) -> None:
    site.hear(event("door-1", 1), event("door-1", 5), event("door-1", 9))
    with site.database.transaction() as connection:
        site.numbering.kept_from(Work(connection, NOON), "door-1", 8)
    assert site.types() == ["alarm.events_lost"]
    assert site.acks() == {"door-1": 7}


def test_a_device_that_lost_its_store_and_counts_anew_is_noticed(site: Site) -> None:
    site.hear(*(event("door-1", seq) for seq in range(1, 6)))
    site.hear(event("door-1", 1), event("door-1", 2))
    assert site.types() == ["alarm.sequence_restarted"]
    assert site.acks() == {"door-1": 2}
    site.hear(event("door-1", 3))
    assert site.acks() == {"door-1": 3}
    assert len(site.stored("door-1")) == 8


def test_keys_that_a_newer_device_sends_are_kept(site: Site) -> None:
    site.hear(event("door-1", 1, body={"door": "main", "new": {"a": [1, 2.5]}}, zone="north"))
    with site.database.reading() as connection:
        row = connection.execute(select(events)).one()
    assert json.loads(row.body) == {"door": "main", "new": {"a": [1, 2.5]}}
    assert json.loads(row.more) == {"zone": "north"}


@pytest.mark.parametrize(
    "payload",
    [b"", b"\xff", b"[]", b'{"v": 2}', event("door-2", 1).payload, event("door-1", 1).payload[:-1]],
)
def test_what_is_no_event_of_that_device_is_counted_and_left_out(site: Site, payload: bytes) -> None:
    site.hear(message("ostiary/1/hq/d/door-1/evt/access", payload))
    assert site.collector.unreadable == 1
    assert site.stored("door-1") == []


def test_characters_that_no_column_takes_are_no_obstacle(site: Site) -> None:
    site.hear(event("door-1", 1, body={"door": "a\0b\u2028é", "n": 1e308}))
    assert site.stored("door-1") == [1]


def test_a_thousand_devices_fit_into_one_transaction(site: Site) -> None:
    site.hear(*(event(f"door-{i}", 1) for i in range(1200)))
    assert len(site.acks()) == 1200


def test_old_events_are_forgotten_and_their_numbers_are_not(site: Site) -> None:
    site.hear(event("door-1", 1), now=NOON)
    site.hear(event("door-1", 2), now=later(100))
    with site.database.transaction() as connection:
        assert site.collector.prune(Work(connection, NOON), to_timestamp(later(50))) == 1
        count = connection.execute(select(func.count()).select_from(events)).scalar()
    assert count == 1
    site.hear(event("door-1", 3))
    assert site.acks() == {"door-1": 3}
