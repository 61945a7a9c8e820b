"""Orders about the device as such: show itself, begin anew, look into itself, enroll who stands before it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final, TypeAlias

from edge.core.events import Json
from edge.core.order_body import LONGEST_LIST, BadOrder, read_order

LEVELS = ("debug", "info", "warning", "error")
"""Of the lines of a log, in growing order."""


@dataclass(frozen=True, slots=True)
class Identify:
    """Show which of many devices this is."""

    seconds: int = 10


@dataclass(frozen=True, slots=True)
class Restart:
    """End in good order, and be started anew."""


@dataclass(frozen=True, slots=True)
class SelfTest:
    """Tell what is missing, as `ostiary doctor` does."""


@dataclass(frozen=True, slots=True)
class UploadLog:
    """The last lines of the log. since: none older; aware UTC. level: none of less weight."""

    lines: int = 200
    since: datetime | None = None
    level: str = "debug"


@dataclass(frozen=True, slots=True)
class RequestSnapshot:
    """What the camera sees now. width: pixels. faces: leave them to be seen; else each is hidden."""

    width: int = 320
    faces: bool = False


@dataclass(frozen=True, slots=True)
class StartEnrollment:
    """Enroll who stands in front of the camera. seconds: how long to wait for good frames."""

    person: str
    groups: tuple[str, ...] = ()
    seconds: int = 30


@dataclass(frozen=True, slots=True)
class SyncGallery:
    """Ask the hub now whether the gallery is up to date."""


@dataclass(frozen=True, slots=True)
class GetConfiguration:
    """The settings in effect. keys: dotted, sections or single ones; all when empty."""

    keys: tuple[str, ...] = ()


DeviceOrder: TypeAlias = (
    Identify
    | Restart
    | SelfTest
    | UploadLog
    | RequestSnapshot
    | StartEnrollment
    | SyncGallery
    | GetConfiguration
)

DEVICE_ORDERS: MappingProxyType[str, type[DeviceOrder]] = MappingProxyType(
    {
        "device.identify": Identify,
        "device.restart": Restart,
        "diag.selftest": SelfTest,
        "log.upload": UploadLog,
        "snapshot.request": RequestSnapshot,
        "enroll.start": StartEnrollment,
        "gallery.sync": SyncGallery,
        "config.get": GetConfiguration,
    }
)
"""The types of the commands, and what each is read into."""

RANGES: Final[MappingProxyType[tuple[type[DeviceOrder], str], tuple[int, int]]] = MappingProxyType(
    {
        (Identify, "seconds"): (1, 60),
        (UploadLog, "lines"): (1, 2000),
        (RequestSnapshot, "width"): (96, 1280),
        (StartEnrollment, "seconds"): (5, 120),
    }
)
"""From, to; both are allowed."""


def read_device_order(kind: type[DeviceOrder], body: dict[str, Json], *, pictures: bool) -> DeviceOrder:
    """Read the body of a command. pictures: whether they may leave the device. Raises BadOrder."""
    order = read_order(kind, body)
    for (ranged, name), (least, most) in RANGES.items():
        if isinstance(order, ranged) and not least <= getattr(order, name) <= most:
            raise BadOrder(f"{name} must be {least} to {most}")
    match order:
        case UploadLog(level=level) if level not in LEVELS:
            raise BadOrder(f"level must be one of {', '.join(LEVELS)}")
        case RequestSnapshot() if not pictures:
            raise BadOrder("no picture leaves this device; set fleet.pictures on it to allow it", "privacy")
        case StartEnrollment(person=""):
            raise BadOrder("person must not be empty")
        case StartEnrollment(groups=groups) | GetConfiguration(keys=groups) if len(groups) > LONGEST_LIST:
            raise BadOrder(f"at most {LONGEST_LIST} may be named")
    return order
