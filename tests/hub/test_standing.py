"""Two hubs by mistake: whatever the order of events, one of them works and the other says why it does not."""

from __future__ import annotations

import random

import pytest

from edge.hub.standing import ANSWER_SETTLES, SETTLE_S, Part, Standing


class Broker:
    """Hands each hub what the others say on `hub/state`, and keeps the last word."""

    def __init__(self) -> None:
        self.kept: dict | None = None
        self.hubs: dict[str, Standing] = {}
        self.said = 0

    def start(self, name: str, now: float, database: str = "same") -> Standing:
        hub = self.hubs[name] = Standing(name, database, int(now))
        self.connect(name, now)
        return hub

    def connect(self, name: str, now: float) -> None:
        hub, kept = self.hubs[name], self.kept
        hub.connected(now)
        if kept is not None and hub.heard(kept, now):
            self.say(name, now)
        self.say(name, now, "init" if hub.part is Part.LISTENING else None)

    def end(self, name: str, now: float, state: str = "lost") -> None:
        hub = self.hubs.pop(name)
        self._spread({**hub.document(), "state": state, "hub": "hub"}, now, name)

    def say(self, name: str, now: float, state: str | None = None) -> None:
        hub = self.hubs[name]
        words = {Part.LISTENING: "init", Part.ACTIVE: "ready", Part.STANDBY: "standby"}
        self._spread({**hub.document(), "state": state or words[hub.part], "hub": "hub"}, now, name)

    def run(self, now: float) -> None:
        for name, hub in list(self.hubs.items()):
            before = hub.part
            hub.tick(now)
            if hub.part is not before:
                self.say(name, now)

    def _spread(self, document: dict, now: float, sender: str) -> None:
        self.kept = document
        self.said += 1
        assert self.said < 500, "the hubs answer each other without end"
        for name, hub in list(self.hubs.items()):
            before = hub.part
            if name != sender and (hub.heard(document, now) or hub.part is not before):
                self.say(name, now)

    @property
    def parts(self) -> list[Part]:
        return sorted(hub.part for hub in self.hubs.values())


def test_a_hub_alone_begins_after_it_has_listened() -> None:
    broker = Broker()
    hub = broker.start("a", 0.0)
    broker.run(SETTLE_S - 0.1)
    assert hub.part is Part.LISTENING
    broker.run(SETTLE_S)
    assert hub.part is Part.ACTIVE


def test_a_second_one_stands_by_and_both_know_of_each_other() -> None:
    broker = Broker()
    first = broker.start("a", 0.0)
    broker.run(5.0)
    second = broker.start("b", 100.0, database="other")
    broker.run(110.0)
    assert (first.part, second.part) == (Part.ACTIVE, Part.STANDBY)
    assert first.rival is not None
    assert first.rival.boot == "b"
    assert second.rival is not None
    assert not second.rival.is_twin
    assert broker.kept is not None
    assert broker.kept["boot"] == "a"


@pytest.mark.parametrize("end", ["lost", "disconnected"])
def test_one_with_the_same_database_takes_over(end: str) -> None:
    broker = Broker()
    broker.start("a", 0.0)
    broker.run(5.0)
    second = broker.start("b", 100.0)
    broker.run(110.0)
    broker.end("a", 200.0, end)
    broker.run(200.0 + SETTLE_S)
    assert second.part is Part.ACTIVE


def test_one_with_another_database_never_does() -> None:
    broker = Broker()
    broker.start("a", 0.0)
    broker.run(5.0)
    second = broker.start("b", 100.0, database="other")
    broker.end("a", 200.0)
    broker.run(300.0)
    assert second.part is Part.STANDBY


def test_a_hub_that_was_cut_off_yields_to_the_one_that_took_over() -> None:
    broker = Broker()
    first = broker.start("a", 0.0)
    broker.run(5.0)
    second = broker.start("b", 100.0)
    broker.end("a", 200.0)
    broker.run(210.0)
    broker.hubs["a"] = first
    broker.connect("a", 220.0)
    broker.run(230.0)
    assert (first.part, second.part) == (Part.STANDBY, Part.ACTIVE)


def ghost(broker: Broker, database: str) -> None:
    """The broker was restarted with what it had on its disk, and the hub of then is gone."""
    broker.kept = {"boot": "ghost", "database": database, "since": 1, "state": "ready", "hub": "hub"}


@pytest.mark.parametrize("database", ["same", "other"])
def test_the_word_of_a_hub_that_is_gone_holds_nobody_up_for_long(database: str) -> None:
    broker = Broker()
    ghost(broker, database)
    hub = broker.start("a", 100.0)
    broker.run(100.0 + SETTLE_S)
    assert hub.part is Part.STANDBY
    broker.run(100.0 + ANSWER_SETTLES * SETTLE_S)
    broker.run(100.0 + (ANSWER_SETTLES + 1) * SETTLE_S)
    assert hub.part is Part.ACTIVE
    assert hub.rival is None


def test_a_hub_that_answers_is_waited_for_without_end() -> None:
    broker = Broker()
    broker.start("a", 0.0)
    broker.run(5.0)
    second = broker.start("b", 100.0, database="other")
    for now in range(100, 400, 3):
        broker.run(float(now))
    assert second.part is Part.STANDBY
    # The broker is restarted, and the first one does not come back.
    del broker.hubs["a"]
    broker.connect("b", 400.0)
    for now in range(400, 700, 3):
        broker.run(float(now))
    assert second.part is Part.STANDBY


def test_a_twin_takes_over_when_the_broker_is_restarted_without_the_first_one() -> None:
    broker = Broker()
    broker.start("a", 0.0)
    broker.run(5.0)
    second = broker.start("b", 100.0)
    broker.run(110.0)
    assert second.part is Part.STANDBY
    del broker.hubs["a"]
    broker.connect("b", 400.0)
    for now in range(400, 500, 3):
        broker.run(float(now))
    assert second.part is Part.ACTIVE


def test_of_two_that_start_together_one_begins() -> None:
    broker = Broker()
    broker.start("b", 0.0)
    broker.start("a", 0.0)
    broker.run(10.0)
    assert broker.parts == [Part.ACTIVE, Part.STANDBY]


def test_after_any_history_never_more_than_one_is_at_work() -> None:
    for seed in range(40):
        chance, broker, now = random.Random(seed), Broker(), 0.0
        for number in range(30):
            now += chance.choice([0.1, 1.0, 4.0])
            match chance.choice(["start", "end", "run", "connect"]):
                case "start" if len(broker.hubs) < 3:
                    broker.start(f"h{seed}-{number}", now)
                case "end" if broker.hubs:
                    broker.end(chance.choice(sorted(broker.hubs)), now)
                case "connect" if broker.hubs:
                    broker.connect(chance.choice(sorted(broker.hubs)), now)
            broker.said = 0
            broker.run(now)
            assert broker.parts.count(Part.ACTIVE) <= 1, seed
        for _ in range(20):
            now += SETTLE_S
            broker.run(now)
        assert not broker.hubs or broker.parts.count(Part.ACTIVE) <= 1
