"""A site of a bench: provisioned, with its broker, its hub, its operators and its virtual doors."""

from __future__ import annotations

import os
import socket
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from edge.broker_link import broker_link
from edge.configuration import load
from edge.core.roles import Role
from edge.demo.broker import find_mosquitto
from edge.errors import BrokerUnavailable, RequestRefused
from edge.hub import mosquitto
from edge.hub.asking import asked
from edge.hub.console import Console
from edge.hub.database import HubDatabase, open_hub
from edge.hub.opened_console import console
from edge.hub.provisioning import HUB, Provisioning, Wish
from edge.hub.site_folder import SiteFolder
from edge.keys.bundle import CREDENTIALS, Kind
from edge.keys.files import load_secret
from edge.mqtt.link import Link
from edge.mqtt.topics import SiteTopics
from tools.fleet.people_made import MODEL
from tools.fleet.processes import BenchFailed, Process, Simulator

SITE = SiteTopics("bench")
PREFIX = "sim-"
GALLERY, LARGE = "main", "large"
FETCHING = "fetching"
"""The door that fetches the large gallery."""
_HOST = "127.0.0.1"
_READY_S = 30.0
_ROLES = frozenset({Role.OPERATOR, Role.GALLERY, Role.EMERGENCY})


@dataclass
class BenchSite:
    folder: Path
    devices: int
    port: int
    broker: Process
    hub: Process
    simulators: Sequence[Simulator]
    postgres: str | None = None

    def bundle(self, member: str) -> Path:
        return self.folder / "fleet/bundles" / member

    def key(self) -> bytes:
        """Of the galleries."""
        return load_secret(self.bundle("anna") / CREDENTIALS / "fleet.gallery_key")

    def console(self) -> Console:
        """Of an operator who may do all that is measured; what she orders, another one cosigns."""
        return console(
            load(self.bundle("anna") / "ostiary.toml"), cosigners=[self.bundle("ben") / "signing.pem"]
        )

    def link(self) -> Link:
        found = broker_link(load(self.bundle("anna") / "ostiary.toml"))
        assert found is not None
        return found

    def connected(self) -> int:
        return sum(int(str(one.latest.get("connected", 0))) for one in self.simulators)

    def at_version(self, version: int) -> int:
        """How many doors have that version of the gallery."""
        found = 0
        for one in self.simulators:
            versions = one.latest.get("versions")
            found += versions.get(str(version), 0) if isinstance(versions, dict) else 0
        return found

    def database(self) -> HubDatabase:
        """The hub's."""
        return open_hub(self.postgres or self.folder / "hub/hub.db")

    def await_all(self, what: str, within_s: float) -> None:
        """Raises BenchFailed when not all doors are connected by then."""
        give_up_at = time.monotonic() + within_s
        while self.connected() < self.devices:
            for one in self.simulators:
                one.process.check()
            if time.monotonic() > give_up_at:
                raise BenchFailed(f"{self.connected()} of {self.devices} doors are connected {what}")
            time.sleep(0.1)


@contextmanager
def running(
    folder: Path,
    devices: int,
    *,
    simulators: int = 1,
    postgres: str | None = None,
    prepare: Callable[[BenchSite], None] = lambda site: None,
) -> Iterator[BenchSite]:
    """folder: an empty one. simulators: processes that share the doors. postgres: address of the hub's
    database; without one it is SQLite's. prepare: called before the doors are started."""
    port = _free_port()
    _provision(folder / "fleet", devices, port)
    with ExitStack() as stack:
        broker = stack.enter_context(_broker(folder, port))
        hub = stack.enter_context(_hub(folder, postgres))
        shares = [devices // simulators + (place < devices % simulators) for place in range(simulators)]
        parts = []
        for place, share in enumerate(shares):
            arguments: list[str | Path] = ["--devices", str(share), "--first", str(sum(shares[:place]))]
            arguments += ["--bundles", folder / "fleet/bundles", "--prefix", PREFIX, "--model", MODEL]
            parts.append(Simulator(arguments, folder / f"sim-{place}.log"))
        site = BenchSite(folder, devices, port, broker, hub, parts, postgres)
        _await_hub(site)
        prepare(site)
        for one in parts:
            stack.enter_context(one.process)
        site.await_all("at first", _READY_S + devices / 10)
        yield site


def _provision(folder: Path, devices: int, port: int) -> None:
    site_folder = SiteFolder(folder)
    with site_folder.locked():
        work = Provisioning(site_folder, datetime.now(UTC))
        work.start(SITE.site, [_HOST], port, [GALLERY, LARGE])
        operators = [
            Wish("anna", Kind.OPERATOR, roles=_ROLES),
            Wish("ben", Kind.OPERATOR, roles=frozenset({Role.EMERGENCY})),
        ]
        work.members(operators, sealed=False)
        doors = [
            Wish(f"{PREFIX}{number:04}", Kind.DEVICE, ("lobby",), GALLERY) for number in range(1, devices + 1)
        ]
        # The hub last: its bundle has the list of keys that doors get.
        others = [Wish(FETCHING, Kind.DEVICE, (), LARGE), Wish(HUB, Kind.HUB)]
        work.members([*doors, *others], sealed=False)


def _broker(folder: Path, port: int) -> Process:
    program = find_mosquitto()
    if program is None:
        raise BenchFailed("mosquitto is not installed; apt-get install mosquitto")
    data = folder / "broker"
    data.mkdir()
    text = mosquitto.configuration(SITE.site, port=port, folder=folder / "fleet/broker/mosquitto", data=data)
    if os.geteuid() == 0:
        # It would become the user mosquitto, who cannot look in here.
        text = text.replace(f"listener {port}", f"user root\nlistener {port}")
    file = folder / "mosquitto.conf"
    file.write_text(text)
    return Process([program, "-c", file], folder / "broker.log")


def _hub(folder: Path, postgres: str | None) -> Process:
    bundle = folder / "fleet/bundles/hub"
    more = {
        "CREDENTIALS_DIRECTORY": str(bundle / CREDENTIALS),
        "OSTIARY_STORE__FOLDER": str(folder / "hub"),
    }
    if postgres is not None:
        more["OSTIARY_HUB__DATABASE"] = postgres
    command = [sys.executable, "-m", "edge", "-c", str(bundle / "ostiary.toml"), "hub", "run"]
    return Process(command, folder / "hub.log", more=more)


def _await_hub(site: BenchSite) -> None:
    give_up_at = time.monotonic() + _READY_S
    time.sleep(1.0)
    with site.console() as operator:
        while True:
            site.broker.check()
            site.hub.check()
            try:
                asked(operator, "gallery.status", {}, 2.0)
            except (BrokerUnavailable, RequestRefused) as error:
                if time.monotonic() > give_up_at:
                    raise BenchFailed(f"the hub does not answer: {error}") from error
            else:
                return


def _free_port() -> int:
    with socket.create_server((_HOST, 0)) as held:
        return int(held.getsockname()[1])
