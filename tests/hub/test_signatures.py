"""Who may ask the hub for what, and that devices can believe what it says."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from edge.core.canonical import canonical
from edge.core.envelope import Envelope, document, parse
from edge.core.gallery_rows import written
from edge.core.roles import Role
from edge.hub.database import open_hub
from edge.keys.keyring import Keyring, KnownKey
from edge.keys.signature import SigningKey, signed
from tests.hub.builders import NOON, SITE, message, new_id
from tests.hub.people import person
from tests.hub.world import World

KEYS = {role: SigningKey.ed25519(bytes([number + 1]) * 32) for number, role in enumerate(Role)}
HUB = SigningKey.ed25519(b"h" * 32)


def keyring(version: int = 1, *without: Role) -> Keyring:
    known = [
        KnownKey(key.kid, "ed25519", key.public, frozenset((role,)))
        for role, key in KEYS.items()
        if role not in without
    ]
    roles = frozenset((Role.GALLERY, Role.CONFIGURATION, Role.OTA))
    return Keyring(version, (*known, KnownKey(HUB.kid, "ed25519", HUB.public, roles)))


@pytest.fixture
def world(tmp_path: Path):
    with open_hub(tmp_path / "hub.db") as database:
        database.migrate()
        yield World(database, tmp_path, key=HUB, keyring=keyring())


def ask(
    world: World, type_: str, body: dict[str, Any], *roles: Role, topic: str = SITE.hub_cmd
) -> dict[str, Any]:
    asked = Envelope(new_id(), NOON, type_, body, dev="console")
    told = signed(asked, topic, *(KEYS[role] for role in roles)) if roles else asked
    world.hear(message(SITE.hub_cmd, document(told)))
    return world.answers(asked.id)[-1]


PUT = ("gallery.put", {"gallery": "main", "ops": [written(person("ada"))]})
CASES = {
    Role.GALLERY: PUT,
    Role.CONFIGURATION: ("config.set", {"all": True, "settings": {"log": {"level": "debug"}}}),
    Role.OTA: ("file.put", {"sha256": "0" * 64, "bytes": 1, "chunk": 0, "data": "AA=="}),
}


@pytest.mark.parametrize("needed", CASES)
def test_each_request_needs_a_key_with_its_role(world: World, needed: Role) -> None:
    type_, body = CASES[needed]
    world.devices("door-1")
    for role in set(CASES) - {needed}:
        answer = ask(world, type_, body, role)
        assert (answer["status"], answer["reason"], answer["why"]) == ("rejected", "auth", "role")
    assert ask(world, type_, body).get("why") == "unsigned"
    assert ask(world, type_, body, needed, topic=SITE.all_cmd).get("why") == "signature"
    assert ask(world, type_, body, needed).get("reason") != "auth"


def test_who_was_refused_is_told_in_an_event_not_too_often(world: World) -> None:
    for _ in range(50):
        ask(world, *PUT)
    listed = ask(world, "event.list", {"dev": "hub"}, Role.OPERATOR)["events"]
    assert [one["type"] for one in listed] == ["audit.request_refused"]
    assert listed[0]["body"]["client"] == "console"


def test_anybody_with_a_key_may_look(world: World) -> None:
    for type_ in ("device.list", "event.list", "gallery.status", "config.list", "rollout.list"):
        assert ask(world, type_, {}, Role.EMERGENCY)["status"] == "succeeded"


def test_what_the_hub_says_is_signed_for_its_topic(world: World) -> None:
    ask(world, *PUT, Role.GALLERY)
    heads = [out for out in world.heard.messages if out.topic == SITE.head("main")]
    told = parse(world.heard.on(SITE.head("main"))[-1])
    assert canonical(told.body)
    assert [one.kid for one in keyring().signers(told, heads[-1].topic, NOON)] == [HUB.kid]
    assert keyring().signers(told, SITE.head("other"), NOON) == ()


def test_what_is_retained_is_signed_anew_with_another_key(world: World) -> None:
    world.devices("door-1")
    ask(world, *CASES[Role.CONFIGURATION], Role.CONFIGURATION)
    topic = SITE.device("door-1").config_desired
    for key, count in ((HUB, 0), (KEYS[Role.CONFIGURATION], 1), (KEYS[Role.CONFIGURATION], 0)):
        again = World(world.database, world.folder, key=key, keyring=keyring())
        said = [out for out in again.heard.messages if out.topic == topic]
        assert len(said) == count
        assert all(json.loads(out.payload)["sig"]["kid"] == key.kid for out in said)


def test_a_new_epoch_needs_a_root_key_under_its_proof(world: World) -> None:
    root = ask(world, *PUT, Role.GALLERY)["root"]
    body = {"gallery": "main", "epoch": 2, "version": 1, "root": root}

    def rebase(role: Role) -> dict[str, Any]:
        proof = signed(Envelope(new_id(), NOON, "gallery.epoch", body), SITE.head("main"), KEYS[role])
        return ask(world, "gallery.rebase", {"gallery": "main", "proof": document(proof)}, Role.GALLERY)

    assert rebase(Role.GALLERY)["reason"] == "auth"
    assert rebase(Role.ROOT)["epoch"] == 2


def test_a_revoke_at_all_doors_counts_only_with_a_right_signature(world: World) -> None:
    ask(world, *PUT, Role.GALLERY)
    told = Envelope(new_id(), NOON, "gallery.revoke", {"person": "ada"})
    world.hear(message(SITE.all_cmd, document(told)))
    world.hear(message(SITE.all_cmd, document(signed(told, SITE.all_cmd, KEYS[Role.OTA]))))
    assert world.head()["version"] == 1
    world.hear(message(SITE.all_cmd, document(signed(told, SITE.all_cmd, KEYS[Role.OPERATOR]))))
    assert world.head()["version"] == 2


def test_a_newer_list_of_keys_counts_at_once_and_after_a_restart(world: World) -> None:
    listed = Envelope(new_id(), NOON, "keys.list", keyring(2, Role.OTA).body())
    world.hear(message(SITE.keys, document(signed(listed, SITE.keys, KEYS[Role.OPERATOR])), retain=True))
    assert ask(world, "rollout.list", {}, Role.OTA)["status"] == "succeeded"
    world.hear(message(SITE.keys, document(signed(listed, SITE.keys, KEYS[Role.ROOT])), retain=True))
    assert ask(world, "rollout.list", {}, Role.OTA)["reason"] == "auth"
    restarted = World(world.database, world.folder, key=HUB, keyring=keyring())
    assert ask(restarted, "rollout.list", {}, Role.OTA)["reason"] == "auth"
    assert restarted.heard.on(SITE.keys)[0]["body"]["version"] == 2


def test_a_stale_request_is_not_done_however_well_it_is_signed(world: World) -> None:
    world.now = NOON + timedelta(days=2)
    assert ask(world, *PUT, Role.GALLERY)["reason"] == "too_old"


def test_it_is_told_whose_key_asked_whatever_name_was_given(world: World) -> None:
    asked = signed(Envelope(new_id(), NOON, *PUT, dev="somebody-else"), SITE.hub_cmd, KEYS[Role.GALLERY])
    world.hear(message(SITE.hub_cmd, document(asked)))
    body = {"dev": "hub", "type": "audit.request_taken"}
    (told,) = ask(world, "event.list", body, Role.OPERATOR)["events"]
    assert told["body"] == {
        "type": "gallery.put",
        "request": asked.id,
        "client": "somebody-else",
        "by": [KEYS[Role.GALLERY].kid],
        "status": "succeeded",
        "reason": None,
    }
