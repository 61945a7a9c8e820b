"""A provisioned site on a real broker: mosquitto or three nodes of NATS, with TLS and own certificates."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path, PurePath

import pytest

from edge.broker_link import broker_link
from edge.configuration import load
from edge.core.roles import Role
from edge.demo.broker import find_mosquitto
from edge.errors import BrokerUnavailable
from edge.hub import mosquitto, nats
from edge.hub.provisioning import Provisioning, Wish
from edge.hub.site_folder import SiteFolder
from edge.keys.bundle import Kind
from edge.mqtt.link import Link
from edge.mqtt.probe import probe
from edge.mqtt.topics import SiteTopics
from tests.broker import LOOPBACK

SITE = SiteTopics("north")
WISHES = [
    Wish("door-1", Kind.DEVICE, ("lobby",), "main"),
    Wish("door-2", Kind.DEVICE, ("vault",), "other"),
    Wish("door-3", Kind.DEVICE, (), "main"),
    Wish("door-4", Kind.DEVICE, (), "main"),
    Wish("anna", Kind.OPERATOR, roles=frozenset({Role.OPERATOR})),
    Wish("ben", Kind.OPERATOR),
    Wish("home", Kind.HOME_AUTOMATION),
]
_START_S = 30.0

NATS = shutil.which("nats-server") or shutil.which("nats-server", path="/usr/sbin:/usr/local/sbin")
needs_nats = pytest.mark.skipif(NATS is None, reason="nats-server is not installed")
needs_mosquitto = pytest.mark.skipif(find_mosquitto() is None, reason="mosquitto is not installed")


class Node:
    """One process of a broker. Everything it says goes into its log."""

    def __init__(self, command: Sequence[str | Path], port: int, log: Path) -> None:
        self.port = port
        self._command = [str(part) for part in command]
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self._log.open("ab") as output:
            self._process = subprocess.Popen(
                self._command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
            )

    def send(self, what: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(what)

    def end(self, how: signal.Signals = signal.SIGTERM) -> None:
        if self._process is None:
            return
        self._process.send_signal(how)
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def said(self) -> str:
        return self._log.read_text(errors="replace")


class BrokerSite(ABC):
    """folder: that the site is provisioned from."""

    is_cluster = False

    def __init__(self, folder: Path, nodes: int) -> None:
        self.folder = folder / "fleet"
        self.data = folder
        self.ports = free_ports(nodes)
        site_folder = SiteFolder(self.folder)
        with site_folder.locked():
            self._provisioning(site_folder).start(
                "north", [LOOPBACK] * nodes, self.ports[0], ["main", "other"], is_cluster=self.is_cluster
            )
            self._provisioning(site_folder).members(WISHES, sealed=False)
        self.nodes = self.make_nodes()

    @abstractmethod
    def make_nodes(self) -> list[Node]: ...

    def bundle(self, member: str) -> Path:
        return self.folder / "bundles" / member

    def link(self, member: str, *, first: int = 0) -> Link:
        """How a member reaches the broker: by its own bundle, beginning with node `first`."""
        link = broker_link(load(self.bundle(member) / "ostiary.toml"))
        assert link is not None
        ports = [*self.ports[first:], *self.ports[:first]]
        others = tuple((LOOPBACK, port) for port in ports[1:])
        return replace(
            link,
            port=ports[0],
            fallbacks=others,
            client_id=link.client_id if link.client_id != member else f"{member}-console",
            connect_timeout_s=3.0,
            backoff_s=(0.1, 0.5),
        )

    def start(self) -> None:
        for node in self.nodes:
            node.start()
        self.await_ready()

    def await_ready(self) -> None:
        until = time.monotonic() + _START_S
        for first in range(len(self.nodes)):
            while not self._takes_us(first):
                if time.monotonic() > until:
                    pytest.fail("\n".join(node.said() for node in self.nodes)[-2000:])
                time.sleep(0.1)

    def revoke(self, member: str, *, leave: bool = False) -> None:
        """As an operator does it: provision, copy, reload. leave: the member still has what it was given."""
        site_folder, bundle = SiteFolder(self.folder), self.bundle(member)
        if leave:
            stolen = shutil.copytree(bundle, bundle.with_name(f"{member}-stolen"))
        with site_folder.locked():
            self._provisioning(site_folder).revoke(member)
        if leave:
            stolen.rename(bundle)
        for node in self.nodes:
            node.send(signal.SIGHUP)

    def stop(self) -> None:
        for node in self.nodes:
            node.end(signal.SIGKILL)

    def _takes_us(self, first: int) -> bool:
        try:
            probe(self.link("door-3", first=first))
        except BrokerUnavailable:
            return False
        return True

    def _provisioning(self, site_folder: SiteFolder) -> Provisioning:
        return Provisioning(site_folder, datetime.now(UTC))


class MosquittoSite(BrokerSite):
    def __init__(self, folder: Path) -> None:
        super().__init__(folder, 1)

    def make_nodes(self) -> list[Node]:
        files, data = self.folder / "broker/mosquitto", self.data / "data"
        data.mkdir()
        text = mosquitto.configuration("north", port=self.ports[0], folder=files, data=data)
        config = self.data / "mosquitto.conf"
        # Started by root it would become the user mosquitto, who cannot look in here.
        config.write_text(text.replace(f"listener {self.ports[0]}", f"user root\nlistener {self.ports[0]}"))
        program = find_mosquitto()
        assert program is not None
        return [Node([program, "-c", config], self.ports[0], self.data / "log")]


class NatsSite(BrokerSite):
    is_cluster = True

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, 3)

    def make_nodes(self) -> list[Node]:
        files = self.folder / "broker/nats"
        routes, clients = free_ports(3), free_ports(3)
        nodes = []
        for at, port in enumerate(self.ports):
            text = nats.configuration(
                "north",
                at + 1,
                [LOOPBACK] * 3,
                port=port,
                folder=PurePath(files),
                data=self.data / f"data-{at + 1}",
                route_ports=routes,
                client_port=clients[at],
            )
            # The file that provisioning writes anew lies beside; another folder has the nodes' own ports.
            config = files / f"test-{at + 1}.conf"
            config.write_text(text)
            assert NATS is not None
            nodes.append(Node([NATS, "-c", config], port, self.data / f"log-{at + 1}"))
        return nodes


SITES: dict[str, Callable[[Path], BrokerSite]] = {"mosquitto": MosquittoSite, "nats": NatsSite}


@contextmanager
def running(kind: str, folder: Path) -> Iterator[BrokerSite]:
    site = SITES[kind](folder)
    try:
        site.start()
        yield site
    finally:
        site.stop()


def free_ports(count: int) -> list[int]:
    held = [socket.create_server((LOOPBACK, 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in held]
    for one in held:
        with suppress(OSError):
            one.close()
    return ports
