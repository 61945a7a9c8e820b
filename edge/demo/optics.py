"""Where the demo's camera stands and how it projects."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Optics:
    """A pinhole camera. focal: pixels. center_x, horizon_y: pixel that looks straight ahead."""

    width: int
    height: int
    focal: float
    center_x: float
    horizon_y: float


DOOR_CAMERA = Optics(width=640, height=480, focal=600.0, center_x=320.0, horizon_y=318.0)
"""A camera beside the door, 1.5 m above the floor, tilted up a little (the horizon lies below the middle)."""
