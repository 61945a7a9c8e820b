"""Draw what was found into a copy of the picture."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from edge.core.face import Box, Points
from edge.core.frame import Image
from edge.core.keypoints import Keypoints, Part

COLORS = {
    Part.FACE_PROFILE: (255, 120, 0),
    Part.LEFT_EYE: (0, 170, 0),
    Part.RIGHT_EYE: (0, 0, 230),
    Part.LEFT_BROW: (220, 0, 220),
    Part.RIGHT_BROW: (0, 120, 255),
    Part.MOUTH: (200, 160, 0),
    Part.NOSE: (0, 180, 220),
    Part.LEFT_PUPIL: (0, 170, 0),
    Part.RIGHT_PUPIL: (0, 0, 230),
}
"""Blue, green, red."""
_BOX_COLOR = (80, 220, 80)
_READABLE_PX = 500.0
"""A face from this size on has room for the numbers of its points."""


def draw_boxes(image: Image, boxes: Sequence[tuple[Box, str]]) -> Image:
    """A copy with boxes, each with a line of text above it."""
    drawn = image.copy()
    thickness = max(1, round(max(image.shape[:2]) / 500))
    for box, text in boxes:
        corners = (round(box.x0), round(box.y0)), (round(box.x1), round(box.y1))
        cv2.rectangle(drawn, *corners, _BOX_COLOR, thickness, cv2.LINE_AA)
        _write(drawn, text, (corners[0][0], corners[0][1] - 3 * thickness), 0.45 * thickness, _BOX_COLOR)
    return drawn


def draw_keypoints(image: Image, faces: Sequence[Keypoints]) -> Image:
    """A copy with the 90 points of each face, numbered from 1 in each part where there is room."""
    drawn = image.copy()
    for face in faces:
        span = float(np.ptp(face.points, axis=0).max())
        radius = max(1, round(span / 200))
        for part, points in face.parts():
            mark(drawn, points, COLORS[part], radius, numbered=span >= _READABLE_PX and len(points) > 1)
    return drawn


def mark(image: Image, points: Points, color: tuple[int, int, int], radius: int, *, numbered: bool) -> None:
    """Dots, and their numbers from 1, into the picture itself."""
    for number, (x, y) in enumerate(points.tolist(), 1):
        at = (round(x), round(y))
        cv2.circle(image, at, radius, color, cv2.FILLED, cv2.LINE_AA)
        if numbered:
            _write(image, str(number), (at[0] + radius, at[1] - radius), 0.16 * radius, color)


def _write(image: Image, text: str, at: tuple[int, int], scale: float, color: tuple[int, int, int]) -> None:
    scale = max(0.35, scale)
    cv2.putText(image, text, at, cv2.FONT_HERSHEY_SIMPLEX, scale, color, max(1, round(scale)), cv2.LINE_AA)
