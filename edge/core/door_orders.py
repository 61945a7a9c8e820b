"""Orders about the door itself. They expire soon, and some of them move the relay."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import TypeAlias

from edge.core.events import Json
from edge.core.order_body import BadOrder, Seconds, read_order
from edge.core.posture import Posture, Source
from edge.core.roles import Role, Signer

LEAST_SECONDS = 0.5
_LONGEST_WHY = 200
_ORDERED = (
    Posture.SECURE,
    Posture.SECOND_FACTOR,
    Posture.FREE_ACCESS,
    Posture.UNLOCKED,
    Posture.DISABLED,
    Posture.LOCKDOWN,
)
"""A door waits for its first person by its schedule only."""


@dataclass(frozen=True, slots=True)
class Unlock:
    """Open a door once. seconds: how long; None is the door's own time."""

    door: str
    seconds: Seconds | None = None


@dataclass(frozen=True, slots=True)
class OrderPosture:
    """Say who may pass from now on. posture: None gives up what this source had ordered before.

    until: aware UTC; None is for as long as nobody orders otherwise. reason: a remark, which is recorded.
    """

    door: str
    posture: Posture | None
    until: datetime | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class AcknowledgeDoor:
    """Somebody has seen the alarm of a forced door."""

    door: str


DoorOrder: TypeAlias = Unlock | OrderPosture | AcknowledgeDoor

DOOR_ORDERS: MappingProxyType[str, type[DoorOrder]] = MappingProxyType(
    {"door.unlock": Unlock, "door.posture": OrderPosture, "door.acknowledge": AcknowledgeDoor}
)
"""The types of the commands, and what each is read into."""


def source_of(signers: Collection[Signer] | None) -> Source:
    """Whose posture a command sets: a key for emergencies outranks an operator's. None: signatures are not
    asked for, and everybody who may command is an operator."""
    is_urgent = any(Role.EMERGENCY in signer.roles for signer in signers or ())
    return Source.EMERGENCY if is_urgent else Source.OPERATOR


def read_door_order(
    kind: type[DoorOrder], body: dict[str, Json], *, doors: Collection[str], max_seconds: float
) -> DoorOrder:
    """Read the body of a command. doors: those there are. max_seconds: of an unlock. Raises BadOrder."""
    door = body.get("door", "")
    if "door" in body and (not isinstance(door, str) or door not in doors):
        raise BadOrder(f"no such door here; known: {', '.join(sorted(doors))}", "unknown_door")
    order = read_order(kind, body)
    match order:
        case Unlock(_, seconds) if seconds is not None and not LEAST_SECONDS <= seconds <= max_seconds:
            raise BadOrder(f"seconds must be {LEAST_SECONDS:g} to {max_seconds:g}", "bad_seconds")
        case OrderPosture():
            _check(order)
    return order


def _check(order: OrderPosture) -> None:
    if order.posture is not None and order.posture not in _ORDERED:
        raise BadOrder(f"posture must be null or one of {', '.join(_ORDERED)}", "bad_posture")
    if order.posture is None and order.until is not None:
        raise BadOrder("until says when a posture ends; leave it out where posture is null")
    if len(order.reason) > _LONGEST_WHY or not (order.reason.isprintable() or not order.reason):
        raise BadOrder(f"reason must be at most {_LONGEST_WHY} printable characters")
