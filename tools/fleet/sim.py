"""`tools/fleet_sim`: many virtual doors in one process, with the product's own protocol code.

Every door has a session of its own with the broker, checks signatures, follows the gallery, keeps events in
an outbox and answers commands; what it has no use for is a camera, a relay and a disk.
"""

from __future__ import annotations

import gc
import logging
import signal
import sys
import threading
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from edge.core.face import ModelId
from edge.errors import OstiaryError
from edge.mqtt.link import Link
from tools.fleet import bundles as provisioned
from tools.fleet.crowd import Crowd
from tools.fleet.desk import follow
from tools.fleet.door import VirtualDoor
from tools.fleet.files import allow_files
from tools.fleet.loop import Loop
from tools.fleet.member import Member, Site
from tools.fleet.stored import stored_gallery


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
    prefix: Annotated[str, typer.Option(help="How their ids begin.")] = "sim-",
    group: Annotated[list[str] | None, typer.Option(help="Groups of theirs.", show_default=False)] = None,
    gallery: Annotated[str | None, typer.Option(help="The gallery they follow.", show_default=False)] = None,
    model: Annotated[str, typer.Option(help="Id of the model of their templates.")] = "virtual@000000000000",
    visits: Annotated[float, typer.Option(min=0, help="People before doors, each second, in all.")] = 0.0,
    failing_jobs: Annotated[float, typer.Option(min=0, max=1, help="Share of jobs that fail.")] = 0.0,
    store: Annotated[
        Path | None,
        typer.Option(help="Keep the galleries in files in there, as devices do.", show_default=False),
    ] = None,
    seconds: Annotated[float | None, typer.Option(min=1, help="How long.", show_default=False)] = None,
    orders: Annotated[
        bool, typer.Option("--orders", help="Take orders as lines of JSON on the standard input.")
    ] = False,
) -> None:
    """Run virtual doors until they are interrupted. Every second a line of JSON tells how they are.

    Orders: {"visits": 500} people each second from now on; {"watch": "p-1"} tells when each door denies
    that person, in nanoseconds of the monotonic clock; {"events": "file"} writes the ids of all events into
    the file; {"stop": true}.

    Examples:

        tools/fleet_sim --devices 200 --gallery main --visits 50

        ostiary fleet provision device --count 1000 --prefix sim-
        tools/fleet_sim --devices 1000 --bundles fleet/bundles --prefix sim-
    """
    logging.basicConfig(level=logging.ERROR, format="%(name)s: %(message)s")
    allow_files(devices)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    if bundles is None:
        shared = Site(site, gallery, tuple(group or ()), ModelId(model))
        names = [f"{prefix}{number:04}" for number in range(first + 1, first + devices + 1)]
        members = [Member(name, Link(host, name, port), shared) for name in names]
    else:
        members = provisioned.members(bundles, prefix, first, devices, ModelId(model))
    with Loop() as loop, ExitStack() as stack:
        doors = []
        for one in members:
            stored = None if store is None else stack.enter_context(stored_gallery(store, one))
            doors.append(VirtualDoor(loop, one, failing_jobs=failing_jobs, stored=stored))
        crowd = Crowd(loop, doors)
        # What lives as long as the process need not be looked through again and again.
        gc.freeze()
        crowd.start()
        crowd.send_visitors(visits)
        crowd.report()
        if orders:
            follow(loop, crowd, sys.stdin, stop)
        if seconds is not None:
            loop.later(seconds, stop.set)
        loop.run(stop)


if __name__ == "__main__":
    try:
        typer.run(main)
    except OstiaryError as error:
        print(f"fleet_sim: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
