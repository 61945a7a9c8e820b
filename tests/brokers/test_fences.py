"""Nobody reads or writes what is not theirs, tried with clients that are not ours."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from edge.hub.nats import subject
from tests.broker import until
from tests.brokers.members import door, operator
from tests.brokers.site import SITE, BrokerSite

pytestmark = pytest.mark.skipif(
    shutil.which("mosquitto_pub") is None,
    reason="mosquitto_pub is not installed (apt install mosquitto-clients)",
)

MINE, THEIRS = SITE.device("door-1"), SITE.device("door-2")
NOT_WRITTEN = [
    MINE.cmd,
    MINE.event_ack,
    MINE.config_desired,
    MINE.gallery_delta,
    MINE.chunk("ab", 1),
    MINE.job_next,
    THEIRS.state,
    THEIRS.info,
    THEIRS.cmd,
    THEIRS.cmd_ack,
    "ostiary/1/north/d/door-2/evt/access",
    "ostiary/1/north/d/door-2/door/main/state",
    THEIRS.config_reported,
    THEIRS.gallery_request,
    THEIRS.gallery_ack,
    THEIRS.health,
    THEIRS.discovery,
    SITE.group_cmd("lobby"),
    SITE.group_cmd("vault"),
    SITE.all_cmd,
    SITE.keys,
    SITE.head("main"),
    SITE.delta("main", 7),
    SITE.hub_state,
    SITE.hub_cmd,
    SITE.hub_ack("anna"),
    "homeassistant/status",
    "ostiary/1/south/d/door-1/state",
    "ostiary/1/north/d/door-1",
    "ostiary/1/north/d/door-1/unknown",
    "elsewhere",
]
"""What door-1 must not publish."""
WRITTEN = [
    MINE.state,
    MINE.cmd_ack,
    "ostiary/1/north/d/door-1/evt/access",
    MINE.gallery_request,
    MINE.discovery,
]
NOT_READ = [
    THEIRS.cmd,
    THEIRS.event_ack,
    THEIRS.config_desired,
    THEIRS.chunk("ab", 1),
    THEIRS.job_next,
    SITE.group_cmd("vault"),
    SITE.head("other"),
    SITE.delta("other", 7),
    SITE.hub_cmd,
    SITE.hub_ack("anna"),
    "ostiary/1/north/d/door-1/state",
]
"""What door-1 must not receive, with who may say it."""
WIDE = [
    "#",
    "ostiary/#",
    "ostiary/1/north/d/+/cmd",
    "+/1/north/gal/#",
    "$SYS/#",
    "$MQTT/sub/#",
    "$MQTT/#",
    "$JS/#",
]
SPEAKERS = {
    THEIRS.cmd: "anna",
    SITE.group_cmd("vault"): "anna",
    SITE.hub_cmd: "anna",
    "ostiary/1/north/d/door-1/state": "door-1",
    MINE.cmd: "anna",
    SITE.group_cmd("lobby"): "anna",
    SITE.all_cmd: "anna",
}


@dataclass
class Ear:
    """What a mosquitto_sub prints: a topic and a payload in each line."""

    process: subprocess.Popen[str]
    log: Path

    def lines(self) -> list[str]:
        return self.log.read_text().splitlines()

    def heard(self, topic: str, payload: str | None = None) -> bool:
        """From anybody, or with the name of one as payload."""
        return any(
            line.startswith(f"{topic} ") if payload is None else line == f"{topic} {payload}"
            for line in self.lines()
        )


def identity(site: BrokerSite, member: str) -> list[str]:
    files, kind = (
        site.bundle(member),
        {"anna": "operator", "ben": "operator", "hub": "hub"}.get(member, "device"),
    )
    return [
        *("-V", "mqttv311", "-h", "127.0.0.1", "-p", str(site.ports[0]), "-q", "1"),
        *("--cafile", str(files / "ca.crt")),
        *("--cert", str(files / f"{kind}.crt"), "--key", str(files / f"{kind}.key")),
    ]


def publish(site: BrokerSite, member: str, topic: str) -> int:
    command = ["mosquitto_pub", *identity(site, member), "-t", topic, "-m", member, "-i", f"{member}-pub"]
    return subprocess.run(command, capture_output=True, timeout=20, check=False).returncode


def publish_until(site: BrokerSite, member: str, topic: str, ear: Ear) -> None:
    """Until somebody hears it, whose last filter it is, and so hears everything after it."""
    until(lambda: publish(site, member, topic) == 0 and ear.heard(topic, member), f"an ear for {topic}")


@contextmanager
def listening(
    site: BrokerSite, member: str, filters: Sequence[str], log: Path, *more: str, name: str = "sub"
) -> Iterator[Ear]:
    subscribe = [part for one in filters for part in ("-t", one)]
    command = ["mosquitto_sub", *identity(site, member), "-i", f"{member}-{name}", "-v", *subscribe, *more]
    with log.open("w") as output:
        process = subprocess.Popen(["stdbuf", "-oL", *command], stdout=output, stderr=output, text=True)
        try:
            yield Ear(process, log)
        finally:
            process.kill()
            process.wait(5)


def is_denied(site: BrokerSite, topic: str) -> bool:
    """Publish as door-1, and see whether the broker said no."""
    if site.is_cluster:
        publish(site, "door-1", topic)
        said = f'Publish Violation - User "CN=door-1", Subject "{subject(topic)}"'
        return any(said in node.said() for node in site.nodes)
    command = ["mosquitto_pub", *identity(site, "door-1"), "-V", "mqttv5", "-t", topic, "-m", "door-1"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    return "Not authorized" in done.stderr


def test_a_device_publishes_what_is_its_own_and_nothing_else(site: BrokerSite, tmp_path: Path) -> None:
    topics = [*(topic for topic in NOT_WRITTEN if topic != SITE.all_cmd), *WRITTEN]
    with (
        listening(site, "hub", [*topics, SITE.all_cmd], tmp_path / "hub") as the_hub,
        listening(site, "anna", [*topics, SITE.hub_ack("anna")], tmp_path / "anna") as anna,
        listening(site, "door-2", [*topics, SITE.all_cmd], tmp_path / "door-2") as other,
    ):
        publish_until(site, "anna", SITE.all_cmd, the_hub)
        publish_until(site, "anna", SITE.all_cmd, other)
        publish_until(site, "hub", SITE.hub_ack("anna"), anna)
        assert [topic for topic in NOT_WRITTEN if not is_denied(site, topic)] == []
        assert [topic for topic in WRITTEN if is_denied(site, topic)] == []
        publish(site, "anna", SITE.device("door-2").cmd)
        until(lambda: the_hub.heard(SITE.device("door-2").cmd, "anna"), "the last message")
        for ear in (the_hub, anna, other):
            assert {topic for topic in NOT_WRITTEN if ear.heard(topic, "door-1")} == set()
        assert all(the_hub.heard(topic, "door-1") for topic in WRITTEN if topic != MINE.discovery)


def test_a_device_hears_what_is_meant_for_it_and_nothing_else(site: BrokerSite, tmp_path: Path) -> None:
    allowed = [MINE.cmd, SITE.group_cmd("lobby"), SITE.head("main"), SITE.delta("main", 7), SITE.all_cmd]
    with (
        listening(site, "door-1", [*NOT_READ, *allowed], tmp_path / "exact") as exact,
        listening(site, "door-1", WIDE, tmp_path / "wide", name="wide") as wide,
    ):
        publish_until(site, "anna", SITE.all_cmd, exact)
        for topic in [*NOT_READ, *allowed]:
            speaker = SPEAKERS.get(topic, "hub")
            assert publish(site, speaker, topic) == 0
        until(lambda: all(exact.heard(topic) for topic in allowed), "what is meant for it")
        publish(site, "anna", MINE.cmd)
        assert {topic for topic in NOT_READ if exact.heard(topic) or wide.heard(topic)} == set()
        assert not any(line.startswith("$") for line in wide.lines())
        if site.is_cluster:
            # Filters that go beyond what is allowed are refused as a whole.
            assert not any(line.startswith("ostiary/") for line in wide.lines())


def test_an_operator_hears_no_answer_to_another_and_is_no_device(site: BrokerSite, tmp_path: Path) -> None:
    others, own = SITE.hub_ack("anna"), SITE.hub_ack("ben")
    states = [SITE.device(name).state for name in ("anna", "ben", "door-1")]
    with listening(site, "ben", [*states, others, own], tmp_path / "ben") as ben:
        publish_until(site, "hub", own, ben)
        publish(site, "hub", others)
        # Who only watches may command nothing, and nobody may appear as a device that is none.
        for topic in (MINE.cmd, SITE.all_cmd, states[0], states[1]):
            publish(site, "ben", topic)
        publish(site, "anna", states[0])
        publish(site, "door-1", states[2])
        until(lambda: ben.heard(states[2]), "the last message")
        assert not ben.heard(others)
        assert not ben.heard(states[0])
        assert not ben.heard(states[1])


def test_a_will_is_fenced_like_everything_else(site: BrokerSite, tmp_path: Path) -> None:
    with listening(site, "hub", [THEIRS.state, MINE.state], tmp_path / "hub") as the_hub:
        # The nodes of a cluster tell each other a little later who listens.
        publish_until(site, "door-1", MINE.state, the_hub)
        for topic in (THEIRS.state, MINE.state):
            will = ["--will-topic", topic, "--will-payload", "dead", "--will-qos", "1"]
            with listening(site, "door-1", [SITE.all_cmd], tmp_path / "dying", *will) as dying:
                publish_until(site, "anna", SITE.all_cmd, dying)
                dying.process.kill()
                dying.process.wait(5)
        until(lambda: the_hub.heard(MINE.state, "dead"), "the death of its own")
        assert not the_hub.heard(THEIRS.state, "dead")


def test_who_is_revoked_is_out_at_once_and_cannot_come_back(site: BrokerSite) -> None:
    commands = SITE.device("door-4").cmd
    with door(site, "door-4") as gone, operator(site) as anna:
        anna.send(commands, b"before")
        until(lambda: gone.client.on(commands), "the command before")
        site.revoke("door-4", leave=True)
        until(lambda: publish(site, "door-4", SITE.device("door-4").state) != 0, "a refusal")
        anna.send(commands, b"after")
        gone.tell(1)
        time.sleep(0.5)
        assert gone.client.on(commands) == [b"before"]
    # Everybody else is served as before.
    with door(site) as other, operator(site) as anna:
        anna.send(MINE.cmd, b"still")
        until(lambda: b"still" in other.client.on(MINE.cmd), "a command to another")
