"""A site as its operator makes it: provisioned, with broker, hub and doors, each a process of its own."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from edge.core.roles import Role
from edge.demo.broker import find_mosquitto
from edge.hub.provisioning import Provisioning, Wish
from edge.hub.site_folder import SiteFolder
from edge.keys.bundle import Kind
from edge.keys.files import save_signing_key
from edge.keys.signature import SigningKey
from tests.broker import LOOPBACK, until
from tests.brokers.site import free_ports
from tests.cli.command import Done, ostiary

ROOT = Path(__file__).parents[2]
DOORS = 4


@dataclass
class FleetSite:
    """folder: everything of it is below. doors: so many virtual ones."""

    folder: Path
    doors: int = DOORS
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def bundles(self) -> Path:
        return self.folder / "fleet" / "bundles"

    def by(self, operator: str, *arguments: object) -> Done:
        """What an operator gets who types this behind `ostiary fleet`."""
        return ostiary("-c", self.bundles / operator / "ostiary.toml", "fleet", *arguments)

    def told(self, operator: str, *arguments: object) -> Any:
        """The JSON of a command that ends well."""
        done = self.by(operator, *arguments, "--json")
        assert done.code == 0, (done.out, done.err)
        return json.loads(done.out)

    def provision(self) -> None:
        """Members of all kinds; the broker's files are left as of today."""
        (self.port,) = free_ports(1)
        self.provision_more("init", "north", "--host", LOOPBACK, "--port", self.port)
        # Whose certificate has ended.
        site_folder = SiteFolder(self.folder / "fleet")
        with site_folder.locked():
            wish = Wish("old", Kind.OPERATOR, roles=frozenset({Role.OPERATOR}))
            Provisioning(site_folder, datetime(2001, 1, 1, tzinfo=UTC)).members([wish], sealed=False)
        doors = ("--group", "lobby", "--gallery", "main")
        self.provision_more("device", "--count", self.doors, "--prefix", "sim-", *doors)
        self.provision_more(
            "device", "--count", 1, "--prefix", "real-", "--group", "vault", "--gallery", "main"
        )
        roles = ("operator", "gallery", "configuration", "ota")
        self.provision_more("operator", "anna", *(word for role in roles for word in ("--role", role)))
        self.provision_more("operator", "ben")
        for name in ("eve", "fay"):
            self.provision_more("operator", name, "--role", "emergency")
        shutil.copytree(self.bundles / "anna", self.bundles / "mallory")
        (self.bundles / "mallory" / "signing.pem").unlink()
        save_signing_key(self.bundles / "mallory" / "signing.pem", SigningKey.ed25519(bytes(32)))
        config = self.bundles / "mallory" / "ostiary.toml"
        config.write_text(config.read_text().replace("anna/signing.pem", "mallory/signing.pem"))

    def start_broker(self) -> None:
        files, data = self.folder / "fleet/broker/mosquitto", self.folder / "data"
        data.mkdir(exist_ok=True)
        text = (files / "mosquitto.conf").read_text()
        text = text.replace("/etc/mosquitto/ostiary", str(files)).replace("/var/lib/mosquitto", str(data))
        # Started by root it would become the user mosquitto, who cannot look in here.
        config = self.folder / "mosquitto.conf"
        config.write_text(text.replace(f"listener {self.port}", f"user root\nlistener {self.port}"))
        self._run("broker", str(find_mosquitto()), "-c", config)

    def reload_broker(self) -> None:
        self.processes["broker"].send_signal(signal.SIGHUP)

    def start_hub(self) -> None:
        config = self.bundles / "hub" / "ostiary.toml"
        store = self.folder / "hub"
        self._run("hub", sys.executable, "-m", "edge", "-c", config, "--store", store, "hub", "run")

    def start_doors(self) -> None:
        simulated = ("--bundles", self.bundles, "--devices", self.doors, "--prefix", "sim-")
        self._run("doors", sys.executable, "-m", "tools.fleet.sim", *simulated)

    def stop(self, name: str) -> None:
        with suppress(KeyError):
            process = self.processes.pop(name)
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def close(self) -> None:
        for name in reversed([*self.processes]):
            self.stop(name)

    def lines(self, operator: str, count: int, *arguments: object) -> list[dict[str, Any]]:
        """The first lines of a command that goes on until it is interrupted."""
        command = [sys.executable, "-m", "edge", "-c", self.bundles / operator / "ostiary.toml", "fleet"]
        process = subprocess.Popen(
            [str(word) for word in (*command, *arguments)], stdout=subprocess.PIPE, cwd=ROOT
        )
        assert process.stdout is not None
        try:
            found = [json.loads(process.stdout.readline()) for _ in range(count)]
            process.send_signal(signal.SIGINT)
            assert process.wait(10) == 0
        finally:
            process.kill()
            process.wait()
            process.stdout.close()
        return found

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def provision_more(self, *arguments: object) -> None:
        """What is typed behind `ostiary fleet provision`."""
        done = ostiary("fleet", "provision", *arguments, "--folder", self.folder / "fleet")
        assert done.code == 0, done.err

    def _run(self, name: str, *command: object) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [str(word) for word in command], stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=ROOT
            )


def ready(site: FleetSite) -> None:
    """Wait until hub and doors are there."""
    until(lambda: "this is the hub of the site now" in site.log("hub"), "the hub", 60.0)
    until(lambda: f'"connected": {site.doors}' in site.log("doors"), "the doors", 60.0)
    until(
        lambda: len(site.told("anna", "list", "--state", "ready")) >= site.doors,
        "doors that are ready",
        60.0,
    )


@contextmanager
def running(folder: Path, doors: int = DOORS) -> Iterator[FleetSite]:
    """A site with its broker, its hub and so many virtual doors, all at work."""
    made = FleetSite(folder, doors)
    made.provision()
    try:
        made.start_broker()
        made.start_hub()
        made.start_doors()
        ready(made)
        yield made
    finally:
        made.close()
