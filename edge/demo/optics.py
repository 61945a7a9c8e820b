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

    def project(self, x_m: float, y_m: float, distance_m: float) -> tuple[float, float]:
        """The pixel (x, y) at which a point right of, below and in front of the camera is seen."""
        per_m = self.focal / distance_m
        return self.center_x + x_m * per_m, self.horizon_y + y_m * per_m


DOOR_CAMERA = Optics(width=640, height=480, focal=600.0, center_x=320.0, horizon_y=318.0)
"""A camera beside the door, 1.5 m above the floor, tilted up a little (the horizon lies below the middle)."""
