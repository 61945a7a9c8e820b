"""A still picture, and turning it by quarters until the people in it stand upright."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edge.core.face import Box, Face, Landmarks, Points
from edge.core.frame import Image

QUARTERS = (0, 1, 2, 3)
"""Clockwise quarter turns."""


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """image: uint8 (H, W, 3), BGR, already turned as its EXIF orientation says. is_oriented: whether it had
    one, and so needs no guess at which side is up."""

    image: Image
    is_oriented: bool = False


def turn(image: Image, quarters: int) -> Image:
    """The image after so many clockwise quarter turns."""
    return np.ascontiguousarray(np.rot90(image, -quarters)) if quarters % 4 else image


@dataclass(frozen=True, slots=True)
class Turned:
    """From a picture that was turned back to the one that was given. quarters: clockwise, 0..3.
    width, height: of the picture as given, in pixels."""

    quarters: int
    width: int
    height: int

    def box(self, box: Box) -> Box:
        """Where a box of the turned picture is in the given one."""
        corners = self.points(np.array([(box.x0, box.y0), (box.x1, box.y1)], np.float32))
        (x0, y0), (x1, y1) = corners.min(axis=0).tolist(), corners.max(axis=0).tolist()
        return Box(x0, y0, x1, y1)

    def face(self, face: Face) -> Face:
        """The same face in the given picture."""
        return Face(self.box(face.box), self.points(face.keypoints), face.score) if self.quarters else face

    def landmarks(self, landmarks: Landmarks) -> Landmarks:
        """The same mesh in the given picture; depth stays."""
        return Landmarks(self.points(landmarks.points), landmarks.presence) if self.quarters else landmarks

    def points(self, points: Points) -> Points:
        """float32 (N, 2) or (N, 3), pixels (x, y) and any z, of the turned picture in the given one."""
        carried = points.astype(np.float32, copy=True)
        x, y = points[:, 0], points[:, 1]
        match self.quarters:
            case 1:
                carried[:, 0], carried[:, 1] = y, self.height - x
            case 2:
                carried[:, 0], carried[:, 1] = self.width - x, self.height - y
            case 3:
                carried[:, 0], carried[:, 1] = self.width - y, x
        return carried
