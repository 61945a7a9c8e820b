"""Every command there is: which order each type is read into, and what is asked of its body."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TypeAlias

from edge.core.change_orders import CHANGE_ORDERS, ChangeOrder, read_change_order
from edge.core.device_orders import DEVICE_ORDERS, DeviceOrder, read_device_order
from edge.core.door_orders import DOOR_ORDERS, DoorOrder, read_door_order
from edge.core.events import Json
from edge.core.face_orders import FACE_ORDERS, FaceOrder, read_face_order
from edge.core.gallery_orders import GALLERY_ORDERS, GalleryOrder
from edge.core.order_body import read_order

Order: TypeAlias = DoorOrder | DeviceOrder | FaceOrder | GalleryOrder | ChangeOrder

COMMANDS: tuple[str, ...] = (
    *DOOR_ORDERS,
    *DEVICE_ORDERS,
    *FACE_ORDERS,
    *GALLERY_ORDERS,
    *CHANGE_ORDERS,
)
"""The types of the commands that are understood."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What this device allows. doors: those it has. max_seconds: of an unlock. pictures: whether commands may
    bring pictures and ask for them."""

    doors: Collection[str]
    max_seconds: float
    pictures: bool


def read(command: str, body: dict[str, Json], limits: Limits) -> Order:
    """Read the body of a command of a type in `COMMANDS`. Raises BadOrder."""
    if (door := DOOR_ORDERS.get(command)) is not None:
        return read_door_order(door, body, doors=limits.doors, max_seconds=limits.max_seconds)
    if (device := DEVICE_ORDERS.get(command)) is not None:
        return read_device_order(device, body, pictures=limits.pictures)
    if (face := FACE_ORDERS.get(command)) is not None:
        return read_face_order(face, body, pictures=limits.pictures)
    if (change := CHANGE_ORDERS.get(command)) is not None:
        return read_change_order(change, body)
    return read_order(GALLERY_ORDERS[command], body)
