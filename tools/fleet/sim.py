"""`tools/fleet_sim`: many virtual doors in one process, with the product's own protocol code.

Every door has a session of its own with the broker, checks signatures, follows the gallery, keeps events in
an outbox and answers commands; what it has no use for is a camera, a relay and a disk.
"""

from __future__ import annotations

import json
import random
import resource
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Annotated

import typer

from edge.broker_link import broker_link
from edge.configuration import Sources
from edge.core.face import ModelId, PersonId
from edge.errors import OstiaryError, SettingsError
from edge.keys.bundle import CREDENTIALS
from edge.keys.files import load_secret
from edge.keys.keyring import load_keyring
from edge.mqtt.link import Link
from tools.fleet.door import Site, VirtualDoor
from tools.fleet.loop import Loop

_FILES_PER_DOOR = 8
_CONNECTING_PER_S = 200


def main(
    devices: Annotated[int, typer.Option(min=1, help="How many.")] = 100,
    bundles: Annotated[
        Path | None,
        typer.Option(help="Folder of plain bundles, one for each device.", show_default=False),
    ] = None,
    first: Annotated[int, typer.Option(min=0, help="Leave out so many bundles at the beginning.")] = 0,
    host: Annotated[str, typer.Option(help="The broker, where there are no bundles.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Its port.")] = 1883,
    site: Annotated[str, typer.Option(help="The site, where there are no bundles.")] = "site",
    prefix: Annotated[str, typer.Option(help="How their ids begin, where there are no bundles.")] = "sim-",
    group: Annotated[list[str] | None, typer.Option(help="Groups of theirs.", show_default=False)] = None,
    gallery: Annotated[str | None, typer.Option(help="The gallery they follow.", show_default=False)] = None,
    model: Annotated[str, typer.Option(help="Id of the model of their templates.")] = "virtual@000000000000",
    visits: Annotated[float, typer.Option(min=0, help="People before doors, each second, in all.")] = 0.0,
    failing_jobs: Annotated[float, typer.Option(min=0, max=1, help="Share of jobs that fail.")] = 0.0,
    seconds: Annotated[float | None, typer.Option(min=1, help="How long.", show_default=False)] = None,
) -> None:
    """Run virtual doors until they are interrupted. Every second a line of JSON tells how many are connected.

    Examples:

        tools/fleet_sim --devices 200 --gallery main --visits 50

        ostiary fleet provision device --count 1000 --prefix sim-
        tools/fleet_sim --devices 1000 --bundles fleet/bundles --prefix sim-
    """
    _raise_limits(devices)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    loop = Loop()
    if bundles is None:
        shared = Site(site, gallery, tuple(group or ()), ModelId(model))
        names = [f"{prefix}{number:04}" for number in range(1, devices + 1)]
        doors = [
            VirtualDoor(loop, Link(host, name, port), shared, name, failing_jobs=failing_jobs)
            for name in names
        ]
    else:
        folders = sorted(one for one in bundles.glob(f"{prefix}*") if one.is_dir())[first : first + devices]
        if len(folders) < devices:
            raise SettingsError(f"{bundles} has {len(folders)} bundles of {prefix}*; provision {devices}")
        doors = [_of_bundle(loop, folder, ModelId(model), failing_jobs) for folder in folders]
    for place, door in enumerate(doors):
        loop.later(place / _CONNECTING_PER_S, door.start)
    if visits:
        _visit(loop, doors, visits)
    _report(loop, doors)
    if seconds is not None:
        loop.later(seconds, stop.set)
    loop.run(stop)


def _of_bundle(loop: Loop, folder: Path, model: ModelId, failing_jobs: float) -> VirtualDoor:
    settings = Sources(folder / "ostiary.toml").load()
    link, fleet = broker_link(settings), settings.fleet
    if link is None or fleet.keyring is None:
        raise SettingsError(
            f"{folder} is no bundle of a device; make one with 'ostiary fleet provision device'"
        )
    secret = folder / CREDENTIALS / "fleet.gallery_key"
    site = Site(
        settings.device.site,
        fleet.gallery,
        fleet.groups,
        model,
        load_keyring(fleet.keyring),
        load_secret(secret) if secret.exists() else None,
        fleet.require_ack,
    )
    return VirtualDoor(loop, link, site, settings.device.id, failing_jobs=failing_jobs)


def _visit(loop: Loop, doors: list[VirtualDoor], each_second: float) -> None:
    """Strangers at random doors, so that there are events; as many as asked for, whatever the loop does."""
    began = time.monotonic()
    done = 0

    def visit() -> None:
        nonlocal done
        due = int((time.monotonic() - began) * each_second)
        while done < due:
            random.choice(doors).visit(PersonId("nobody"))
            done += 1
        loop.later(0.02, visit)

    visit()


def _report(loop: Loop, doors: list[VirtualDoor]) -> None:
    def report() -> None:
        figures = {
            "devices": len(doors),
            "connected": sum(door.session.is_up for door in doors),
            "unlocks": sum(door.lock.unlocks for door in doors),
            "versions": sorted({door.gallery.have().version for door in doors if door.gallery is not None}),
            "rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        }
        print(json.dumps(figures), flush=True)
        loop.later(1.0, report)

    report()


def _raise_limits(devices: int) -> None:
    """Each session takes three files; the soft limit of most systems is 1024."""
    wanted = devices * _FILES_PER_DOOR + 100
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < wanted:
        raise SettingsError(f"{devices} doors need {wanted} open files, {hard} are allowed; see 'ulimit -Hn'")
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


if __name__ == "__main__":
    try:
        typer.run(main)
    except OstiaryError as error:
        print(f"fleet_sim: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
