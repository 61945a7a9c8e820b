"""The table of who may say and hear what, and the rules that brokers are given of it."""

from __future__ import annotations

import re
from pathlib import PurePath

import pytest
from paho.mqtt.client import topic_matches_sub

from edge.core.events import EventClass
from edge.core.roles import Role
from edge.hub import mosquitto, nats
from edge.hub.access import Access, Member, access
from edge.hub.lines import Line, filters
from edge.keys.bundle import Kind
from edge.mqtt.codec import Codec
from edge.mqtt.topics import SiteTopics

SITE = SiteTopics("north")
MINE, THEIRS = SITE.device("door-1"), SITE.device("door-2")
DEVICE = Member("door-1", Kind.DEVICE, groups=("lobby",), gallery="main")
HUB = Member("hub", Kind.HUB)
OPERATOR = Member("anna", Kind.OPERATOR, frozenset({Role.OPERATOR}))
WATCHER = Member("ben", Kind.OPERATOR)
HOME = Member("home", Kind.HOME_AUTOMATION)
MEMBERS = [DEVICE, HUB, OPERATOR, WATCHER, HOME, Member("door-2", Kind.DEVICE, is_revoked=True)]


def may_write(member: Member, topic: str) -> bool:
    return any(topic_matches_sub(one, topic) for one in access(SITE, member).writes)


def may_read(member: Member, topic: str) -> bool:
    return any(topic_matches_sub(one, topic) for one in access(SITE, member).reads)


SAID = [
    MINE.state,
    MINE.info,
    MINE.door_state("main"),
    *(MINE.event(kind) for kind in EventClass),
    MINE.cmd_ack,
    MINE.config_reported,
    MINE.gallery_request,
    MINE.gallery_ack,
    MINE.gallery_offer,
    MINE.job_update("j1"),
    MINE.health,
    MINE.log("warning"),
]
HEARD = [
    MINE.cmd,
    MINE.event_ack,
    MINE.config_desired,
    MINE.gallery_delta,
    MINE.chunk("ab", 3),
    MINE.job_next,
]


@pytest.mark.parametrize("topic", SAID)
def test_a_device_says_of_itself_and_hub_and_operators_hear_it(topic: str) -> None:
    assert may_write(DEVICE, topic)
    assert may_read(HUB, topic)
    assert may_read(OPERATOR, topic)
    assert not may_read(DEVICE, topic)
    assert not may_write(OPERATOR, topic)
    assert not may_write(HUB, topic)
    assert not may_write(DEVICE, topic.replace("door-1", "door-2"))


@pytest.mark.parametrize("topic", HEARD)
def test_a_device_hears_what_it_is_told_and_cannot_say_it(topic: str) -> None:
    assert may_read(DEVICE, topic)
    assert not may_write(DEVICE, topic)
    assert not may_read(DEVICE, topic.replace("door-1", "door-2"))
    assert may_write(HUB, topic) == (topic != MINE.cmd)


def test_commands_come_from_operators_and_reach_own_groups_only() -> None:
    for topic in (MINE.cmd, SITE.group_cmd("lobby"), SITE.all_cmd):
        assert may_write(OPERATOR, topic)
        assert may_read(DEVICE, topic)
        assert not may_write(DEVICE, topic)
        assert not may_write(WATCHER, topic)
    assert not may_read(DEVICE, SITE.group_cmd("vault"))
    assert not may_write(HUB, MINE.cmd)


def test_a_device_reads_its_own_gallery_only_and_nobody_but_the_hub_writes_one() -> None:
    assert may_read(DEVICE, SITE.head("main"))
    assert may_read(DEVICE, SITE.delta("main", 7))
    assert not may_read(DEVICE, SITE.head("vault"))
    for member in MEMBERS:
        assert may_write(member, SITE.head("main")) == (member is HUB)
        assert may_write(member, SITE.delta("main", 7)) == (member is HUB)


def test_requests_to_the_hub_come_from_operators_and_only_the_asker_hears_the_answer() -> None:
    assert may_write(OPERATOR, SITE.hub_cmd)
    assert may_write(WATCHER, SITE.hub_cmd)
    assert not may_write(DEVICE, SITE.hub_cmd)
    assert not may_read(DEVICE, SITE.hub_cmd)
    assert may_read(OPERATOR, SITE.hub_ack("anna"))
    assert not may_read(OPERATOR, SITE.hub_ack("ben"))


def test_only_the_hub_publishes_keys() -> None:
    assert [member.id for member in MEMBERS if may_write(member, SITE.keys)] == ["hub"]


def test_a_home_automation_sees_doors_and_unlocks_only_where_that_was_chosen() -> None:
    assert may_read(HOME, MINE.discovery)
    assert may_read(HOME, MINE.door_state("main"))
    assert not may_read(HOME, MINE.gallery_request)
    assert not may_write(HOME, "ostiary/1/north/d/door-1/ha/main")
    unlocking = Member("home", Kind.HOME_AUTOMATION, may_unlock=True)
    assert may_write(unlocking, "ostiary/1/north/d/door-1/ha/main")
    assert not may_write(unlocking, MINE.cmd)


def test_who_is_revoked_may_nothing() -> None:
    assert access(SITE, MEMBERS[-1]) == Access()


def granted(rules: str, user: str, word: str) -> list[str]:
    """Which filters an acl_file gives a user, read as mosquitto reads it."""
    section, found, denied = None, [], []
    for line in rules.splitlines():
        match line.split(" "):
            case ["user", name]:
                section = name
            case ["topic", "deny", topic] if section == user:
                denied.append(topic)
            case ["topic", kind, topic] if section == user and kind == word:
                found.append(topic)
            case ["pattern", kind, topic] if kind == word:
                found.append(topic.replace("%u", user))
    # A denial of a user's own stands above patterns, and above what the same user is given.
    return [one for one in found if not any(topic_matches_sub(no, one.replace("+", "x")) for no in denied)]


@pytest.mark.parametrize("member", MEMBERS, ids=lambda member: member.id)
def test_mosquitto_is_told_what_the_table_says(member: Member) -> None:
    rules = mosquitto.access_rules(SITE, MEMBERS)
    table = access(SITE, member)
    if member is HUB:
        # The patterns let the hub speak as the device of its own name, which is how it tells events.
        assert set(table.writes) <= set(granted(rules, member.id, "write"))
        return
    assert sorted(granted(rules, member.id, "write")) == sorted(table.writes)
    assert sorted(granted(rules, member.id, "read")) == sorted(table.reads)


def test_patterns_hold_the_user_name() -> None:
    patterns = re.findall(r"^pattern .*$", mosquitto.access_rules(SITE, MEMBERS), re.MULTILINE)
    assert patterns
    assert all("%u" in line for line in patterns)


def test_nats_is_told_what_the_table_says() -> None:
    text = nats.users(SITE, MEMBERS)
    line = next(line for line in text.splitlines() if '"CN=door-1"' in line)
    assert '"ostiary.1.north.d.door-1.evt.*"' in line
    assert '"ostiary.1.north.gal.main.delta.*"' in line
    assert 'allowed_connection_types: ["MQTT"]' in line
    assert "CN=door-2" not in text


def test_nats_nodes_name_each_other_and_not_themselves() -> None:
    text = nats.configuration("north", 2, ["a.example", "b.example", "c.example"], port=8883)
    assert 'routes: ["nats-route://a.example:6222", "nats-route://c.example:6222"]' in text
    assert "stream_replicas: 3" in text
    assert "verify_and_map: true" in text


def test_a_password_is_stored_as_a_hash_only() -> None:
    line = mosquitto.password_file({"door-1": mosquitto.hashed("secret", bytes)})
    assert re.fullmatch(r"door-1:\$7\$101\$A{16}\$[\w+/]{86}==\n", line)
    assert "secret" not in line


def test_a_broker_without_client_certificates_asks_for_passwords() -> None:
    text = mosquitto.configuration("north", port=8883, passwords=True, folder=PurePath("/x"))
    assert "password_file /x/passwords" in text
    assert "require_certificate" not in text
    assert "require_certificate true" in mosquitto.configuration("north", port=8883)


def test_the_hub_may_hear_all_that_it_listens_to() -> None:
    for line in Line:
        assert set(filters(SITE, line)) <= set(access(SITE, HUB).reads)


def test_a_device_may_hear_all_commands_that_it_listens_to() -> None:
    codec = Codec(MINE, boot="b", doors=frozenset({"main"}), groups=frozenset({"lobby"}))
    assert set(codec.command_topics) <= set(access(SITE, DEVICE).reads)


def test_what_is_retained_of_a_revoked_device_can_be_cleared_by_the_hub_alone() -> None:
    rules = mosquitto.access_rules(SITE, MEMBERS)
    assert rules.count("topic write ostiary/1/north/d/door-2/#") == 1
    assert "ostiary/1/north/d/door-2/#" in granted(rules, "hub", "write")
    users = [line for line in nats.users(SITE, MEMBERS).splitlines() if "north.d.door-2.>" in line]
    assert len(users) == 1
    assert '"CN=hub"' in users[0]
