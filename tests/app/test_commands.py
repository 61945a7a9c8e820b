from __future__ import annotations

import json
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.app.ack_post import AckPost
from edge.app.commands import CommandDesk
from edge.app.gallery_desk import carry_out
from edge.app.keepers import keepers
from edge.app.order_desk import OrderDesk
from edge.app.restarting import Restart
from edge.app.trust import Trust
from edge.app.wiring import Roster
from edge.configuration import load as load_settings
from edge.core.device_orders import DEVICE_ORDERS, GetConfiguration
from edge.core.door_config import DoorConfig
from edge.core.face_orders import FACE_ORDERS
from edge.core.gallery_orders import GALLERY_ORDERS
from edge.mqtt.codec import Codec
from edge.mqtt.topics import Topics
from edge.ports import Message
from edge.store.gallery import Gallery
from edge.store.groups import Groups
from tests.factories import NOON
from tests.fakes import FakeBus
from tests.service.test_access import Site

TOPIC = "ostiary/1/site/d/door-1/cmd"
ORDERS = (*DEVICE_ORDERS.values(), *FACE_ORDERS.values(), *GALLERY_ORDERS.values())


class Desk:
    """ring: who may sign; everybody may command without one. lock: a recording one unless given. bus: makes
    one for a codec; a pretended one that is up unless given."""

    def __init__(self, folder, *, ring=None, groups=(), lock=None, bus=None, max_age_s=86_400.0):
        self.site = Site(folder, DoorConfig(has_contact=False), lock)
        self.site.controller.start()
        numbers = iter(range(10**9))
        self.orders = []
        self.keepers = keepers(
            load_settings(), Roster(Gallery(self.site.database), Groups(self.site.database))
        )
        self.trust = Trust(
            ring,
            topic="ostiary/1/site/keys",
            journal=self.site.journal,
            reporter=self.site.controller.reporter,
            clocks=self.site.clock.clocks(),
        )
        codec = Codec(
            Topics("site", "door-1"),
            "boot",
            frozenset({"main"}),
            groups=groups,
            signers=self.trust.signers,
            nonce=self.trust.nonce,
            passed=self.trust.passed,
            forgotten=self.site.journal.forgotten,
            max_age_s=max_age_s,
            pictures=True,
        )
        self.bus = FakeBus() if bus is None else bus(codec)
        if bus is None:
            self.bus.start(lambda message: None, lambda up: None)
        clocks = self.site.clock.clocks()
        self.restart = Restart(clocks)
        self.desk = CommandDesk(
            codec=codec,
            post=AckPost(codec, self.bus, clocks, lambda: f"ack-{next(numbers)}"),
            journal=self.site.journal,
            controller=self.site.controller,
            clocks=clocks,
            restart=self.restart,
            desks=dict.fromkeys(set(ORDERS) - {GetConfiguration}, self.take),
            spend_nonce=self.trust.spend,
        )

    def take(self, command):
        self.orders.append(command)
        return len(self.orders) <= 3

    def carry_out(self):
        """What the gallery's thread does, done here at once."""
        before = len(self.bus.sent)
        work = OrderDesk(
            lambda command, _: carry_out(self.keepers, command),
            self.desk.finished,
            utc=self.site.clock.clocks().utc,
        )
        for command in self.orders:
            work.carry_out(command)
        self.orders.clear()
        return self.said(before)

    def said(self, before):
        return [json.loads(sent.payload)["body"] for sent in self.bus.sent[before:]]

    def send(self, payload, *, retain=False, topic=TOPIC):
        raw = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        before = len(self.bus.sent)
        self.desk.receive(Message(topic, raw, retain, 1, self.site.clock.now))
        return [json.loads(sent.payload)["body"] for sent in self.bus.sent[before:]]

    @property
    def moves(self):
        return self.site.lock.moves


@pytest.fixture
def desk(tmp_path):
    made = Desk(tmp_path)
    yield made
    made.site.database.close()


def unlock(identifier="018f0000-0000-7000-8000-000000000001", *, expires_in=20.0, **changes):
    stamp = lambda at: at.isoformat().replace("+00:00", "Z")  # noqa: E731
    document = {
        "v": 1,
        "id": identifier,
        "ts": stamp(NOON),
        "exp": stamp(NOON + timedelta(seconds=expires_in)),
        "type": "door.unlock",
        "body": {"door": "main", "seconds": 2},
    }
    document.update(changes)
    return {key: value for key, value in document.items() if value is not None}


def statuses(acks):
    return [ack["status"] for ack in acks]


def test_an_unlock_is_acknowledged_step_by_step_and_opens(desk):
    assert statuses(desk.send(unlock())) == ["received", "accepted", "in_progress", "succeeded"]
    assert desk.moves == ["unlock"]


def test_the_same_unlock_again_is_answered_with_the_stored_ack_and_moves_nothing(desk):
    desk.send(unlock())
    desk.site.wait(3)
    assert statuses(desk.send(unlock())) == ["succeeded"]
    assert desk.moves == ["unlock", "lock"]


def test_the_same_unlock_after_a_restart_moves_nothing(desk, tmp_path):
    desk.send(unlock())
    again = Desk(tmp_path)
    assert statuses(again.send(unlock())) == ["succeeded"]
    assert again.moves == []
    again.site.database.close()


def test_a_retained_unlock_moves_nothing(desk):
    assert statuses(desk.send(unlock(), retain=True)) in ([], ["rejected"])
    assert desk.moves == []


@pytest.mark.parametrize(
    "command",
    [
        unlock(expires_in=-1),
        unlock(expires_in=3600),
        unlock(exp=None),
        unlock(type="door.explode"),
        unlock(body={"door": "other", "seconds": 2}),
        unlock(body={"door": "main", "seconds": -2}),
        unlock(body={"door": "main", "seconds": 1e9}),
        unlock(body={"door": "main", "seconds": "two"}),
        unlock(dev="door-2"),
        unlock(v=2),
        unlock(surprise=1),
        unlock(id=None),
        unlock(id=7),
    ],
)
def test_what_is_not_a_fresh_valid_unlock_moves_nothing(desk, command):
    desk.send(command)
    assert desk.moves == []


def test_a_refusal_is_repeated_and_a_refused_id_stays_refused(desk):
    first = desk.send(unlock(body={"door": "other"}))
    assert statuses(first) == ["rejected"]
    assert statuses(desk.send(unlock())) == ["rejected"]
    assert desk.moves == []


def test_an_unsynchronized_clock_refuses_door_commands(desk):
    desk.site.clock.is_set = False
    acks = desk.send(unlock())
    assert statuses(acks) == ["rejected"]
    assert desk.moves == []


def test_a_full_disk_fails_the_command_and_moves_nothing(desk):
    desk.site.journal.is_full = True
    assert statuses(desk.send(unlock()))[-1] == "failed"
    assert desk.moves == []


def test_a_flood_of_rubbish_is_reported_once(desk):
    for _ in range(500):
        desk.send(b"rubbish")
    assert desk.site.types.count("system.command_refused") == 1


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200), st.booleans())
def test_arbitrary_bytes_move_nothing_and_stop_nothing(desk, payload, retain):
    desk.send(payload, retain=retain)
    assert desk.moves == []


def about(type_, number=1, **body):
    return unlock(f"018f0000-0000-7000-8000-00000000010{number}", type=type_, body=body, exp=None)


def test_a_command_about_people_is_acknowledged_when_it_was_carried_out(desk):
    assert statuses(desk.send(about("group.create", group="staff"))) == ["received", "accepted"]
    assert statuses(desk.carry_out()) == ["succeeded"]
    assert desk.site.types[-1] == "audit.gallery_changed"
    assert statuses(desk.send(about("group.create", group="staff"))) == ["succeeded"]
    assert desk.orders == []


def test_people_come_and_go_by_command(desk):
    said = []
    for number, (type_, body) in enumerate(
        [
            ("group.create", {"group": "staff", "fields": ["team"]}),
            ("person.create", {"person": "p1", "groups": ["staff"], "name": "Ada", "gender": 2}),
            ("gallery.revoke", {"person": "p1"}),
            ("person.show", {"person": "p1"}),
            ("person.list", {"group": "staff"}),
            ("person.delete", {"people": ["p1"]}),
            ("person.list", {}),
        ]
    ):
        desk.send(about(type_, number, **body))
        said += desk.carry_out()
    assert statuses(said) == ["succeeded"] * 7
    assert said[3]["revoked"] is True
    assert said[3]["groups"] == ["staff"]
    assert said[4] == {"status": "succeeded", "total": 1, "people": ["p1"]}
    assert said[6]["people"] == []
    assert "Ada" not in json.dumps([sent.payload.decode() for sent in desk.bus.sent])


def test_what_cannot_be_done_is_refused_with_its_code(desk):
    desk.send(about("gallery.revoke", person="nobody"))
    (ack,) = desk.carry_out()
    assert (ack["status"], ack["reason"]) == ("failed", "refused")
    assert (ack["code"], ack["number"]) == ("InvalidParameterValue.PersonIdNotExist", -1303)
    assert "audit.gallery_changed" not in desk.site.types


def test_a_change_meant_for_another_version_is_refused(desk):
    for number, (type_, body) in enumerate(
        [
            ("group.create", {"group": "staff"}),
            ("person.create", {"person": "p1", "groups": ["staff"]}),
            ("person.show", {"person": "p1"}),
        ]
    ):
        desk.send(about(type_, number, **body))
        (shown,) = desk.carry_out()
    for number, status in ((3, "succeeded"), (4, "failed")):
        desk.send(about("person.modify", number, person="p1", tag="x", version=shown["version"]))
        (ack,) = desk.carry_out()
        assert ack["status"] == status
    assert ack["code"] == "FailedOperation.ConflictOperation"


def test_a_command_that_was_cut_short_is_not_tried_again(desk, tmp_path):
    desk.send(about("group.create", group="staff"))
    again = Desk(tmp_path)
    (ack,) = again.send(about("group.create", group="staff"))
    assert (ack["status"], ack["reason"]) == ("failed", "interrupted")
    assert again.orders == []
    again.site.database.close()


def test_more_commands_than_can_wait_are_refused_as_busy(desk):
    acks = [desk.send(about("group.list", number)) for number in range(4)]
    assert [statuses(one)[-1] for one in acks] == ["accepted"] * 3 + ["failed"]
    assert acks[-1][-1]["reason"] == "busy"


@pytest.mark.parametrize(
    "changes",
    [
        {"body": {}},
        {"body": {"person": 7}},
        {"body": {"person": "p1", "faces": []}},
        {"exp": "2000-01-01T00:00:00Z"},
        {"dev": "door-2"},
    ],
)
def test_a_command_about_people_that_is_not_legal_is_not_carried_out(desk, changes):
    acks = desk.send(about("person.show", person="p1") | changes)
    assert statuses(acks) in (["rejected"], ["expired"])
    assert desk.orders == []


def test_without_a_trusted_clock_somebody_can_still_be_revoked(desk):
    desk.site.clock.is_set = False
    assert statuses(desk.send(about("gallery.revoke", person="p1"))) == ["received", "accepted"]
    assert statuses(desk.send(unlock())) == ["rejected"]
