"""Is everything there that the door needs? Values, and the checks that need only ports."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from edge.core.events import Json
from edge.core.frame import Frame
from edge.errors import CameraStalled, EndOfReplay, OstiaryError
from edge.ports import Camera

LITTLE_SPACE = 200 << 20
NO_SPACE = 20 << 20
"""Bytes. SQLite needs room for its write-ahead log even to delete."""

FIRST_FRAME_S = 3.0
WATCHED_S = 1.0
DARK = 12.0
"""Mean gray level (0..255) below which a picture shows nothing, as behind a lens cap."""


class Status(StrEnum):
    OK = "ok"
    WARN = "warn"
    FAIL = "fail"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Check:
    """The outcome of one check. cure: what to do, empty when there is nothing to do."""

    name: str
    status: Status
    detail: str
    cure: str = ""


def run_checks(probes: Iterable[tuple[str, Callable[[], Check]]]) -> Iterable[Check]:
    """Carry out one probe after the other; an error of ours, or of a file, becomes a failed check."""
    for name, probe in probes:
        try:
            yield probe()
        except OstiaryError as error:
            yield failed(name, error)
        except OSError as error:
            detail = f"{error.filename or name}: {error.strerror or error}"
            yield Check(name, Status.FAIL, detail, "run as the user that runs ostiary")


def failed(name: str, error: OstiaryError) -> Check:
    """Our errors say what is wrong, then "; ", then what to do."""
    detail, _, cure = str(error).partition("; ")
    return Check(name, Status.FAIL, detail, cure)


def has_failed(checks: Iterable[Check]) -> bool:
    return any(check.status is Status.FAIL for check in checks)


def as_json(checks: Sequence[Check]) -> list[dict[str, Json]]:
    return [
        {"name": check.name, "status": check.status.value, "detail": check.detail, "cure": check.cure}
        for check in checks
    ]


def check_space(free: int) -> Check:
    """free: bytes left where the database lies."""
    shown = f"{free / (1 << 20):,.0f} MiB free"
    if free < NO_SPACE:
        return Check(
            "disk",
            Status.FAIL,
            shown,
            "make room at once; without it no decision is recorded and no door opens",
        )
    if free < LITTLE_SPACE:
        return Check("disk", Status.WARN, shown, "make room, or use a larger card")
    return Check("disk", Status.OK, shown)


def check_camera(camera: Camera, clock: Callable[[], float]) -> Check:
    """Open the camera, see what it gives for a second, and close it. Raises CameraError."""
    camera.start()
    try:
        frames = _watch(camera, clock)
    finally:
        camera.close()
    height, width = frames[-1].image.shape[:2]
    seen_s = frames[-1].captured_at - frames[0].captured_at
    rate = f", {(len(frames) - 1) / seen_s:.0f} frames a second" if seen_s > 0 else ""
    detail = f"{width}x{height}{rate}"
    if frames[-1].image.mean() < DARK:
        return Check("camera", Status.WARN, f"{detail}, all dark", "take off the lens cap or light the scene")
    return Check("camera", Status.OK, detail)


def _watch(camera: Camera, clock: Callable[[], float]) -> list[Frame]:
    frames = [camera.read(FIRST_FRAME_S)]
    until = clock() + WATCHED_S
    while (left_s := until - clock()) > 0:
        try:
            frames.append(camera.read(left_s))
        except (CameraStalled, EndOfReplay):
            break
    return frames
