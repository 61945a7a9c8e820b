"""The broker is killed and restarted while events flow and commands come in."""

from __future__ import annotations

import itertools
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import pytest

from edge.core.commands import Accept, Ack, AckStatus
from edge.core.envelope import to_timestamp
from edge.core.events import Event, EventClass
from edge.core.identifiers import uuid7
from edge.demo.broker import Broker
from edge.mqtt.client import MqttBus
from edge.mqtt.codec import Codec, dump_json
from edge.mqtt.link import Link
from edge.mqtt.pump import OutboxPump
from edge.mqtt.topics import Topics
from edge.ports import Message
from edge.store.database import open_database
from edge.store.journal import Journal
from edge.store.outbox import Outbox
from tests.broker import LOOPBACK, Proxy, Site, needs_mosquitto, until

pytestmark = needs_mosquitto

EVENTS = 500
ROUNDS = 4
TOPICS = Topics("hq", "door-7")
CODEC = Codec(TOPICS, boot="boot-1", doors=frozenset({"main"}))
DONE = Ack(AckStatus.SUCCEEDED).to_json()
# A subscriber that falls behind must not be what loses events here.
UNLIMITED = ("allow_anonymous true", "max_inflight_messages 0", "max_queued_messages 0")
numbers = itertools.count(1)


class Door:
    """The part of a daemon between journal and broker; `turn` is one turn of its controller."""

    def __init__(self, journal: Journal, pump: OutboxPump) -> None:
        self.acted_on: list[str] = []
        self.messages: deque[Message] = deque()
        self.ids: list[str] = []
        self.is_up = threading.Event()
        self._journal = journal
        self._pump = pump

    def on_link(self, is_up: bool) -> None:
        self._pump.on_link(is_up)
        (self.is_up.set if is_up else self.is_up.clear)()

    def turn(self) -> None:
        number = next(numbers)
        event = Event(EventClass.ACCESS, "access.denied", datetime.now(UTC), {"number": number})
        self._journal.append([event])
        self._pump.wake()
        self.handle_commands()

    def handle_commands(self) -> None:
        while self.messages:
            now = datetime.now(UTC)
            verdict = CODEC.verdict(self.messages.popleft(), now=now, clock_synced=True)
            if isinstance(verdict, Accept) and self._journal.begin_command(verdict.id, now, DONE) is None:
                self.acted_on.append(verdict.id)


@contextmanager
def door(folder: Path, port: int, protocol: Literal["5", "3.1.1"]) -> Iterator[Door]:
    path = folder / "ostiary.db"
    with open_database(path, durable=True) as writing, open_database(path, durable=False) as reading:
        link = Link(LOOPBACK, "door-7", port, protocol, backoff_s=(0.02, 0.2))
        bus = MqttBus(link, CODEC, [TOPICS.cmd], sessions=itertools.count(1).__next__)
        outbox = Outbox(reading)
        pump = OutboxPump(outbox, bus, CODEC.event)
        made = Door(Journal(writing, boot="boot-1", monotonic=time.monotonic), pump)
        stop = threading.Event()
        worker = threading.Thread(target=pump.run, args=(stop, lambda: None), name="outbox")
        bus.start(made.messages.append, made.on_link)
        worker.start()
        try:
            yield made
            until(lambda: outbox_is_empty(path), "the outbox to be empty", timeout_s=30)
        finally:
            stop.set()
            pump.wake()
            worker.join(10)
            bus.close()


def outbox_is_empty(path: Path) -> bool:
    with open_database(path, durable=False, check=False) as database:
        return Outbox(database).depth() == 0


def unlock(identifier: str) -> bytes:
    now = datetime.now(UTC)
    return dump_json(
        {
            "v": 1,
            "id": identifier,
            "ts": to_timestamp(now),
            "exp": to_timestamp(now + timedelta(seconds=25)),
            "type": "door.unlock",
            "body": {"door": "main", "seconds": 5},
        }
    )


def fresh_id() -> str:
    return uuid7(time.time_ns() // 1_000_000, next(numbers).to_bytes(10, "big"))


def check(site: Site) -> None:
    """All 500 events are there, each under one id and one number, first seen in order."""
    arrived = [seen.json for seen in site.on(TOPICS.event(EventClass.ACCESS))]
    missing = set(range(1, EVENTS + 1)) - {message["seq"] for message in arrived}
    assert not missing
    first_seen = list(dict.fromkeys(message["seq"] for message in arrived))
    assert first_seen == list(range(1, EVENTS + 1))
    assert len({message["id"] for message in arrived}) == EVENTS
    assert len({(message["id"], message["seq"], message["body"]["number"]) for message in arrived}) == EVENTS
    assert not any(seen.retain for seen in site.on(TOPICS.event(EventClass.ACCESS)))


def flow(door: Door, interrupt: Callable[[], None]) -> None:
    """Let the events flow, with as many interruptions on the way as there are rounds."""
    every = EVENTS // (ROUNDS + 1)
    for count in range(1, EVENTS + 1):
        door.turn()
        if count % every == 0 and count < EVENTS:
            interrupt()


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_a_killed_broker_costs_no_event_and_moves_no_door_twice(
    tmp_path: Path, protocol: Literal["5", "3.1.1"]
) -> None:
    sent: list[str] = []
    with (
        Broker(kind="mosquitto", lines=UNLIMITED) as broker,
        Proxy(broker.address.port) as proxy,
        Site(Link(LOOPBACK, "site", broker.address.port), qos=0) as site,
        door(tmp_path, proxy.port, protocol) as daemon,
    ):

        def interrupt() -> None:
            assert daemon.is_up.wait(10)
            command, before = fresh_id(), site.subscriptions
            payload = unlock(command)
            site.send(TOPICS.cmd, payload)
            sent.append(command)
            until(lambda: daemon.messages, "the command")
            daemon.handle_commands()
            broker.kill()
            # The broker forgets its subscribers; what comes before they are back is not the device's to lose.
            proxy.cut()
            broker.start()
            until(lambda: site.subscriptions > before, "the site to be back")
            site.send(TOPICS.cmd, payload, retain=True)
            proxy.mend()
            assert daemon.is_up.wait(10)
            until(lambda: daemon.messages, "the retained command")
            daemon.handle_commands()
            site.send(TOPICS.cmd, payload)
            until(lambda: daemon.messages, "the repeated command")
            daemon.handle_commands()
            site.send(TOPICS.cmd, b"", retain=True)

        flow(daemon, interrupt)
    assert len(sent) == ROUNDS
    assert daemon.acted_on == sent
    check(site)


def test_a_restarted_broker_costs_no_event_and_moves_no_door_twice(tmp_path: Path) -> None:
    sent: list[str] = []
    with (
        Broker(kind="mosquitto", persistence=True, lines=UNLIMITED) as broker,
        Site(Link(LOOPBACK, "site", broker.address.port), durable=True) as site,
        door(tmp_path, broker.address.port, "5") as daemon,
    ):

        def interrupt() -> None:
            assert daemon.is_up.wait(10)
            retained, command, before = fresh_id(), fresh_id(), site.subscriptions
            site.send(TOPICS.cmd, unlock(retained), retain=True)
            site.send(TOPICS.cmd, unlock(command))
            sent.append(command)
            broker.restart()
            until(lambda: site.subscriptions > before, "the site to be back")
            site.send(TOPICS.cmd, unlock(command))
            assert daemon.is_up.wait(10)

        flow(daemon, interrupt)
        until(lambda: daemon.messages or len(daemon.acted_on) == ROUNDS, "the last command")
        daemon.handle_commands()
        until(lambda: len(set(numbers_of(site))) == EVENTS, "every event")
    assert daemon.acted_on == sent
    check(site)


def numbers_of(site: Site) -> list[int]:
    return [seen.json["seq"] for seen in site.on(TOPICS.event(EventClass.ACCESS))]
