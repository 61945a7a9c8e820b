"""What the fleet needs of a broker, on each that is meant to serve it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from edge.core.envelope import parse
from edge.errors import BrokerUnavailable
from edge.mqtt.client import MqttBus
from edge.mqtt.probe import probe
from tests.broker import Authority, Proxy, until
from tests.brokers.members import client, collected, door, hub, ids, operator, states
from tests.brokers.site import SITE, BrokerSite
from tests.cli.command import ostiary


def test_events_arrive_each_once_by_their_id_although_the_line_is_cut(site: BrokerSite) -> None:
    with Proxy(site.ports[0]) as proxy, hub(site) as collector:
        link = replace(site.link("door-1"), port=proxy.port, fallbacks=())
        with door(site, link=link) as sender:
            for _ in range(3):
                sender.tell(40)
                until(lambda: len(collected(collector)) >= sender.told - 20, "some of the events")
                proxy.cut()
                sender.tell(5)
                until(lambda: not sender.client.is_up, "the loss")
                proxy.mend()
                until(lambda: sender.client.is_up, "a session again")
            until(lambda: not sender.outbox.waiting, "an empty outbox")
            until(lambda: collected(collector).keys() >= ids(sender.told), "every event")
            assert collected(collector).keys() == ids(sender.told)


def test_events_wait_for_a_hub_that_is_away(site: BrokerSite) -> None:
    with hub(site):
        pass
    with door(site, "door-2") as sender:
        sender.tell(30)
        until(lambda: not sender.outbox.waiting, "an empty outbox")
    with hub(site) as collector:
        until(lambda: collected(collector, "door-2").keys() >= ids(30), "every event")
        assert set(collected(collector, "door-2").values()) == {1}


def test_commands_wait_for_a_device_that_is_away(site: BrokerSite) -> None:
    topics = SITE.device("door-1")
    with door(site):
        pass
    with operator(site) as anna:
        anna.send(topics.cmd, b"one")
        anna.send(SITE.group_cmd("lobby"), b"two")
        anna.send(SITE.all_cmd, b"three")
    with door(site) as receiver:
        until(lambda: receiver.client.on(SITE.all_cmd), "the last command")
        until(lambda: receiver.client.on(topics.cmd), "the first command")
        heard = [message.payload for message in receiver.client.messages]
        assert sorted(heard) == [b"one", b"three", b"two"]


def test_a_newcomer_is_told_what_is_retained(site: BrokerSite) -> None:
    head = SITE.head("main")
    with client(site.link("hub")) as keeper:
        keeper.send(head, b"old head", retain=True)
        keeper.send(head, b"new head", retain=True)
    with client(replace(site.link("door-3"), client_id="fresh"), [head, SITE.delta("main", "+")]) as newcomer:
        until(lambda: newcomer.on(head), "the head")
        assert newcomer.on(head) == [b"new head"]
        assert newcomer.messages[0].retain


def test_a_death_is_told_by_the_broker_and_found_by_newcomers(site: BrokerSite) -> None:
    with door(site):
        pass
    with Proxy(site.ports[0]) as proxy, operator(site, "ben", [SITE.device("door-1").state]) as watcher:
        until(lambda: states(watcher, "door-1"), "the state before")
        with door(site, link=replace(site.link("door-1"), port=proxy.port, fallbacks=())) as dying:
            until(lambda: states(watcher, "door-1")[-1:] == ["init"], "the birth")
            proxy.cut()
            until(lambda: states(watcher, "door-1")[-1:] == ["lost"], "the death")
            with operator(site, "ben", [SITE.device("door-1").state]) as newcomer:
                until(lambda: states(newcomer, "door-1"), "the retained state")
                assert states(newcomer, "door-1") == ["lost"]
            proxy.mend()
            until(lambda: dying.client.is_up, "a session again")
        until(lambda: states(watcher, "door-1")[-1:] == ["disconnected"], "the goodbye")


def test_a_command_reaches_one_a_group_or_all(site: BrokerSite) -> None:
    mine, vault_cmd, all_cmd = SITE.device("door-1").cmd, SITE.group_cmd("vault"), SITE.all_cmd
    with door(site) as lobby, door(site, "door-2") as vault, operator(site) as anna:
        anna.send(mine, b"to door-1")
        anna.send(vault_cmd, b"to the vault")
        anna.send(all_cmd, b"to all")
        until(lambda: b"to all" in lobby.client.on(all_cmd), "the command to all, in the lobby")
        until(lambda: b"to all" in vault.client.on(all_cmd), "the command to all, in the vault")
        until(lambda: lobby.client.on(mine) == [b"to door-1"], "the command to one")
        until(lambda: vault.client.on(vault_cmd) == [b"to the vault"], "the command to a group")
        assert lobby.client.on(vault_cmd) == []
        assert vault.client.on(mine) == []


def test_the_largest_messages_pass(site: BrokerSite) -> None:
    delta = bytes(range(256)) * 512
    link = replace(site.link("door-3"), client_id="large")
    received: list[bytes] = []
    up: list[bool] = []
    bus = MqttBus(link, None, [SITE.delta("main", "+")], sessions=lambda: 1, max_bytes=len(delta))
    bus.start(lambda message: received.append(message.payload), up.append)
    try:
        until(lambda: up, "a session")
        with client(site.link("hub")) as keeper:
            keeper.send(SITE.delta("main", 7), delta)
            until(lambda: received, "the delta")
            assert received == [delta]
    finally:
        bus.close()


def test_a_certificate_of_another_site_is_refused(site: BrokerSite, tmp_path: Path) -> None:
    other = Authority(tmp_path)
    tls = replace(other.issue("door-1"), ca_file=site.bundle("door-1") / "ca.crt")
    with pytest.raises(BrokerUnavailable):
        probe(replace(site.link("door-1"), tls=tls))
    with pytest.raises(BrokerUnavailable):
        probe(replace(site.link("door-1"), tls=replace(tls, certificate=None, key=None)))


def test_the_list_of_keys_is_sent_to_every_device(site: BrokerSite) -> None:
    with door(site) as present:
        # The tests' brokers have ports of their own, which no bundle names but the first.
        done = ostiary("fleet", "provision", "keys", "--publish", "--folder", site.folder, "--json")
        assert done.code == 0, done.err
        until(lambda: present.client.on(SITE.keys), "the list")
        message = present.client.on(SITE.keys)[-1]
    listed = parse(json.loads(message))
    assert listed.body["version"] == json.loads(done.out)["version"]
    with door(site, "door-2") as later:
        until(lambda: message in later.client.on(SITE.keys), "the retained list")
