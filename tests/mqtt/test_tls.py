"""Whom the device trusts, whom the broker trusts, and what is said when they do not."""

from __future__ import annotations

import ssl
from dataclasses import replace
from pathlib import Path

import pytest

from edge.mqtt.link import Link, Tls, tls_context
from edge.mqtt.probe import probe
from tests.broker import LOOPBACK, Authority, Site, acl_lines, needs_mosquitto, running, tls_lines, until
from tests.mqtt.device import EVENTS, PROTOCOLS, TOPICS, ProtocolName, device, link_to, trouble_with

pytestmark = needs_mosquitto


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def secure_link(port: int, tls: Tls | None, protocol: ProtocolName = "5") -> Link:
    return replace(link_to(port, protocol), tls=tls)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_certificate_is_all_a_device_needs(
    authority: Authority, tmp_path: Path, protocol: ProtocolName
) -> None:
    server = authority.issue("broker", host=LOOPBACK)
    with running(*tls_lines(server), *acl_lines(tmp_path)) as broker:
        site_link = replace(secure_link(broker.address.port, authority.issue("site")), client_id="site")
        mine = secure_link(broker.address.port, authority.issue("door-7"), protocol)
        with Site(site_link) as site, device(mine) as door:
            probe(mine)
            assert door.bus.publish(EVENTS, b"x")
            until(lambda: site.on(EVENTS), "the event")
            site.send(TOPICS.cmd, b"hello")
            until(lambda: door.messages, "the command")
            assert door.links == [True]


def test_another_device_cannot_speak_to_or_for_this_one(authority: Authority, tmp_path: Path) -> None:
    server = authority.issue("broker", host=LOOPBACK)
    with running(*tls_lines(server), *acl_lines(tmp_path)) as broker:
        port = broker.address.port
        site_link = replace(secure_link(port, authority.issue("site")), client_id="site")
        rogue_link = replace(secure_link(port, authority.issue("door-8")), client_id="door-8")
        mine = secure_link(port, authority.issue("door-7"))
        with Site(site_link) as site, device(mine) as door, Site(rogue_link) as rogue:
            rogue.send(TOPICS.cmd, b"unlock")
            rogue.send(EVENTS, b"granted")
            site.send(TOPICS.cmd, b"hello")
            until(lambda: door.messages, "the command")
            assert [seen.payload for seen in door.messages] == [b"hello"]
            assert site.on(EVENTS) == []
            assert rogue.on(TOPICS.state) == []


def test_a_broker_of_another_authority_is_refused(authority: Authority, tmp_path: Path) -> None:
    server = authority.issue("broker", host=LOOPBACK)
    other = Authority(tmp_path, "other")
    with running(*tls_lines(server, client_certificates=False)) as broker:
        trouble = trouble_with(secure_link(broker.address.port, Tls(other.ca_file)))
    assert "CA file" in trouble
    assert str(other.ca_file) in trouble


def test_a_broker_under_another_name_is_refused(authority: Authority) -> None:
    server = authority.issue("broker", host="broker.example")
    with running(*tls_lines(server, client_certificates=False)) as broker:
        assert "another host" in trouble_with(secure_link(broker.address.port, Tls(authority.ca_file)))


def test_an_outdated_broker_certificate_is_refused(authority: Authority) -> None:
    server = authority.issue("broker", host=LOOPBACK, days=-1)
    with running(*tls_lines(server, client_certificates=False)) as broker:
        assert "renew" in trouble_with(secure_link(broker.address.port, Tls(authority.ca_file)))


def test_a_device_without_a_certificate_is_told_so(authority: Authority) -> None:
    server = authority.issue("broker", host=LOOPBACK)
    with running(*tls_lines(server)) as broker:
        assert "device certificate" in trouble_with(secure_link(broker.address.port, Tls(authority.ca_file)))


def test_plain_text_to_a_tls_port_is_told_so(authority: Authority) -> None:
    server = authority.issue("broker", host=LOOPBACK)
    with running(*tls_lines(server)) as broker:
        assert "TLS" in trouble_with(secure_link(broker.address.port, None))


def test_tls_to_a_plain_text_port_is_told_so(authority: Authority) -> None:
    with running() as broker:
        assert "TLS" in trouble_with(secure_link(broker.address.port, Tls(authority.ca_file)))


def test_a_missing_file_is_named(authority: Authority, tmp_path: Path) -> None:
    absent = tmp_path / "absent.pem"
    with running() as broker:
        assert str(absent) in trouble_with(secure_link(broker.address.port, Tls(absent)))
        assert str(absent) in trouble_with(
            secure_link(broker.address.port, Tls(authority.ca_file, absent, absent))
        )


def test_tls_older_than_1_2_is_never_offered(authority: Authority) -> None:
    assert tls_context(Tls(authority.ca_file)).minimum_version == ssl.TLSVersion.TLSv1_2
