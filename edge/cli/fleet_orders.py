"""`ostiary fleet` orders to doors: they go to the doors themselves, signed, with or without a hub."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated

import typer

from edge.cli.context import JsonOption
from edge.cli.fleet_targets import (
    AllOption,
    CosignOption,
    DevicesArgument,
    GroupOption,
    WaitOption,
    give_order,
)

DoorOption = Annotated[str, typer.Option(help="Which door of each device.")]
_SPANS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


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

        ostiary -c anna/ostiary.toml fleet unlock door-1 --seconds 10

        ostiary -c anna/ostiary.toml fleet unlock --group lobby
    """
    # What is signed has no fractions: they travel as text.
    body = {"door": door} if seconds is None else {"door": door, "seconds": f"{seconds:g}"}
    give_order(
        context,
        "door.unlock",
        dict(body),
        devices=devices,
        group=group,
        everybody=everybody,
        cosign=cosign,
        wait_s=wait,
        json=json,
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

        ostiary -c anna/ostiary.toml fleet posture lockdown --all --reason drill

        ostiary -c anna/ostiary.toml fleet posture unlocked --group lobby --until 2h

        ostiary -c anna/ostiary.toml fleet posture clear --all
    """
    body: dict[str, bool | int | float | str | None] = {
        "door": door,
        "posture": None if posture is _Posture.CLEAR else posture.value,
    }
    if until is not None:
        body["until"] = _moment(until)
    if reason:
        body["reason"] = reason
    give_order(
        context,
        "door.posture",
        {**body},
        devices=devices,
        group=group,
        everybody=everybody,
        cosign=cosign,
        wait_s=wait,
        json=json,
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

    Example: ostiary -c anna/ostiary.toml fleet identify door-1
    """
    give_order(
        context,
        "device.identify",
        {"seconds": seconds},
        devices=devices,
        group=group,
        everybody=everybody,
        cosign=None,
        wait_s=wait,
        json=json,
    )


def restart(
    context: typer.Context,
    devices: DevicesArgument = None,
    group: GroupOption = None,
    everybody: AllOption = False,
    wait: WaitOption = 10.0,
    json: JsonOption = False,
) -> None:
    """Restart the daemons of devices; their doors are locked meanwhile.

    Example: ostiary -c anna/ostiary.toml fleet restart door-1
    """
    give_order(
        context,
        "device.restart",
        {},
        devices=devices,
        group=group,
        everybody=everybody,
        cosign=None,
        wait_s=wait,
        json=json,
    )


def _moment(text: str) -> str:
    """A time as it is, a span from now on. Raises RequestRefused."""
    from edge.core.envelope import to_timestamp
    from edge.errors import RequestRefused

    if (span := re.fullmatch(r"(\d{1,4})([smhd])", text)) is not None:
        return to_timestamp(datetime.now(UTC) + timedelta(**{_SPANS[span[2]]: int(span[1])}))
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise RequestRefused(f"{text!r} is no time; give one such as 2026-11-20T18:00Z, or 30m, 2h") from None
    return to_timestamp(moment if moment.tzinfo is not None else moment.astimezone())
