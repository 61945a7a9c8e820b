"""`ostiary fleet` orders to devices: they go to the devices themselves, signed, with or without a hub."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edge.cli.context import JsonOption, print_json
from edge.cli.fleet_targets import (
    AllOption,
    CosignOption,
    DeviceArgument,
    DevicesArgument,
    GroupOption,
    WaitOption,
    give_order,
)
from edge.cli.moments import ahead

if TYPE_CHECKING:
    from edge.core.events import Json
    from edge.hub.ordering import Result

DoorOption = Annotated[str, typer.Option(help="Which door of each device.")]


class _Posture(StrEnum):
    SECURE = "secure"
    SECOND_FACTOR = "card_or_face_2fa"
    FREE_ACCESS = "free_access"
    UNLOCKED = "unlocked"
    DISABLED = "disabled"
    LOCKDOWN = "lockdown"
    CLEAR = "clear"


def unlock(
    context: typer.Context,
    devices: DevicesArgument = None,
    group: GroupOption = None,
    everybody: AllOption = False,
    door: DoorOption = "main",
    seconds: Annotated[
        float | None,
        typer.Option(min=0.5, max=60, help="How long; the door's own time without it.", show_default=False),
    ] = None,
    cosign: CosignOption = None,
    wait: WaitOption = 10.0,
    json: JsonOption = False,
) -> None:
    """Open doors once.

    A whole site opens only for a key for emergencies that a second one cosigns.

    Examples:

        ostiary fleet unlock door-1 --seconds 10

        ostiary fleet unlock --group lobby

        ostiary fleet unlock --all --cosign second-person.pem
    """
    # What is signed has no fractions: they travel as text.
    body: dict[str, Json] = {"door": door} if seconds is None else {"door": door, "seconds": f"{seconds:g}"}
    give_order(
        context, "door.unlock", body, (devices, group, everybody), cosign=cosign, wait_s=wait, json=json
    )


def posture(
    context: typer.Context,
    posture: Annotated[_Posture, typer.Argument(help="Who may pass; clear gives up what was ordered.")],
    devices: DevicesArgument = None,
    group: GroupOption = None,
    everybody: AllOption = False,
    door: DoorOption = "main",
    until: Annotated[
        str | None,
        typer.Option(help="A time (2026-11-20T18:00Z), or a span: 30m, 2h, 1d.", show_default=False),
    ] = None,
    reason: Annotated[str, typer.Option(help="A remark, which is recorded.", show_default=False)] = "",
    cosign: CosignOption = None,
    wait: WaitOption = 10.0,
    json: JsonOption = False,
) -> None:
    """Say who may pass from now on: lockdown, free_access, unlocked and so on.

    Examples:

        ostiary fleet posture lockdown --group lobby --reason drill

        ostiary fleet posture unlocked door-1 --until 2h

        ostiary fleet posture clear --group lobby
    """
    body: dict[str, Json] = {
        "door": door,
        "posture": None if posture is _Posture.CLEAR else posture.value,
    }
    if until is not None:
        body["until"] = ahead(until)
    if reason:
        body["reason"] = reason
    give_order(
        context, "door.posture", body, (devices, group, everybody), cosign=cosign, wait_s=wait, json=json
    )


def acknowledge(
    context: typer.Context,
    devices: DevicesArgument = None,
    group: GroupOption = None,
    everybody: AllOption = False,
    door: DoorOption = "main",
    wait: WaitOption = 10.0,
    json: JsonOption = False,
) -> None:
    """Say that somebody has seen the alarm of a forced door, which ends it.

    Example: ostiary fleet acknowledge door-1
    """
    give_order(
        context, "door.acknowledge", {"door": door}, (devices, group, everybody), wait_s=wait, json=json
    )


def identify(
    context: typer.Context,
    devices: DevicesArgument = None,
    group: GroupOption = None,
    everybody: AllOption = False,
    seconds: Annotated[int, typer.Option(min=1, max=60, help="How long.")] = 10,
    wait: WaitOption = 10.0,
    json: JsonOption = False,
) -> None:
    """Let devices show which they are: by their lamp, or a line in their log.

    Example: ostiary fleet identify door-1
    """
    body: dict[str, Json] = {"seconds": seconds}
    give_order(context, "device.identify", body, (devices, group, everybody), wait_s=wait, json=json)


def restart(
    context: typer.Context,
    devices: DevicesArgument = None,
    group: GroupOption = None,
    everybody: AllOption = False,
    wait: WaitOption = 10.0,
    json: JsonOption = False,
) -> None:
    """Restart the daemons of devices; their doors are locked meanwhile.

    Example: ostiary fleet restart door-1
    """
    give_order(context, "device.restart", {}, (devices, group, everybody), wait_s=wait, json=json)


def selftest(
    context: typer.Context,
    devices: DevicesArgument = None,
    group: GroupOption = None,
    everybody: AllOption = False,
    wait: WaitOption = 60.0,
    json: JsonOption = False,
) -> None:
    """Let devices test themselves, as 'ostiary doctor' does; --json shows each check.

    Example: ostiary fleet selftest --group lobby
    """
    addressed = (devices, group, everybody)
    give_order(context, "diag.selftest", {}, addressed, wait_s=wait, json=json, wrong=_failed_checks)


def sync(
    context: typer.Context,
    devices: DevicesArgument = None,
    group: GroupOption = None,
    everybody: AllOption = False,
    wait: WaitOption = 10.0,
    json: JsonOption = False,
) -> None:
    """Let devices look whether their gallery is the newest; they do so by themselves, too.

    Example: ostiary fleet sync --all
    """
    give_order(context, "gallery.sync", {}, (devices, group, everybody), wait_s=wait, json=json)


def snapshot(
    context: typer.Context,
    device: DeviceArgument,
    file: Annotated[Path, typer.Argument(help="Where the picture goes (JPEG).")],
    width: Annotated[int, typer.Option(min=96, max=1280, help="Pixels across.")] = 320,
    faces: Annotated[bool, typer.Option("--faces", help="Do not hide faces.")] = False,
    wait: WaitOption = 15.0,
    json: JsonOption = False,
) -> None:
    """Fetch a picture of what a device sees, with faces hidden; only where fleet.pictures is set there.

    Example: ostiary fleet snapshot door-1 door-1.jpg
    """
    from edge.hub.one_device import HEARS, decoded, told_by
    from edge.hub.opened_console import console
    from edge.whole_file import write_whole

    with console(context.obj.operator(), hears=HEARS) as session:
        body: dict[str, Json] = {"width": width, "faces": faces}
        answer = told_by(session, device, "snapshot.request", body, wait)
    picture = decoded(answer.ack.detail.get("image"))
    write_whole(file, picture)
    if json:
        print_json({"dev": device, "file": str(file), "bytes": len(picture)})
    else:
        typer.echo(f"{file}: {len(picture)} bytes")


def _failed_checks(result: Result) -> list[str]:
    """What a device found wrong with itself, and the cures."""
    from edge.service.health import Status

    checks = result.detail.get("checks")
    found = [one for one in checks if isinstance(one, dict)] if isinstance(checks, list) else []
    failed = [one for one in found if one.get("status") == Status.FAIL]
    return [f"{one.get('name')}: {one.get('detail')}; {one.get('cure')}" for one in failed]
