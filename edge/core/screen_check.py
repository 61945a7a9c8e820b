"""What a second sensor sees of a screen or a print: black in near infrared, flat in depth.

A screen gives off no near infrared light and its glass throws none of a lamp beside the camera back to it,
while skin of every color is bright there. Neither a print nor a screen has a nose. Either check is a veto;
where the sensor shows too little to tell, it says nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from edge.core.face import Points
from edge.core.frame import Depth, Image, Infrared
from edge.core.suspicion import Suspicion

_LIT = 24.0
"""The gray level from which on a face is lit in color. It lies well below what passes the quality gate, or a
screen that is turned down would escape."""
_BLACK = 24.0
"""A face at arm's length under an infrared lamp is brighter by far."""
_SHARE, _BRIGHT = 0.2, 80.0
"""Nor is a face, beside what is bright in infrared, so much darker than that."""
_AROUND = 1.0
"""How far beyond the face, in its own sizes, its surroundings reach."""

_NOSE = (1, 4, 5, 44, 45, 51, 195, 274, 275, 281)
_RIGHT_CHEEK, _LEFT_CHEEK = (36, 50, 101, 117, 118, 205), (266, 280, 330, 346, 347, 425)
_NEAR_M, _FAR_M = 0.1, 5.0
_LEAST_KNOWN = 3
_RELIEF_M = 0.008
"""A nose stands out 15 to 25 mm over the cheeks beside it; paper bent to a radius of 10 cm, 5 mm."""
_SURE = 3.0
"""The relief must lie below by so many standard errors of what the sensor measured."""

Doubles = NDArray[np.float64]


def in_infrared(image: Image, infrared: Infrared, points: Points) -> Suspicion | None:
    """Judge one face by the infrared picture, uint8 (H, W), aligned to `image`, uint8 (H, W, 3) BGR.

    points: float32 (468, 3), its mesh. None unless the face is lit in color. A picture in which nothing at
    all is bright counts as dark as well: a screen may fill the view, and a lamp that has failed must not
    leave the door to it.
    """
    height, width = infrared.shape
    rows, columns = _places(points, height, width)
    if rows.size < len(points) // 2 or float(np.median(image[rows, columns, 1])) < _LIT:
        return None
    face = float(np.median(infrared[rows, columns]))
    if face < _BLACK:
        return Suspicion.DARK_IN_INFRARED
    x0, x1, y0, y1 = columns.min(), columns.max(), rows.min(), rows.max()
    reach_x, reach_y = _AROUND * (x1 - x0), _AROUND * (y1 - y0)
    around = infrared[
        max(0, int(y0 - reach_y)) : max(0, int(y1 + reach_y)) : 4,
        max(0, int(x0 - reach_x)) : max(0, int(x1 + reach_x)) : 4,
    ]
    bright = float(np.percentile(around, 90)) if around.size else 0.0
    return Suspicion.DARK_IN_INFRARED if bright >= _BRIGHT and face < _SHARE * bright else None


def in_depth(depth: Depth, points: Points) -> Suspicion | None:
    """Judge one face by how far its nose stands out over its cheeks.

    depth: float32 (H, W), meters, 0 or NaN where unknown, aligned to the picture that the mesh, float32
    (468, 3), is of. None where nose or cheeks are unknown, or too noisy to tell.
    """
    nose, right, left = (_known(depth, points, of) for of in (_NOSE, _RIGHT_CHEEK, _LEFT_CHEEK))
    if min(len(nose), len(right), len(left)) < _LEAST_KNOWN:
        return None
    cheeks = np.concatenate([right, left])
    # Of a plane, seen in perspective, the inverse of the depth is linear in the pixels.
    base = np.column_stack([cheeks[:, :2], np.ones(len(cheeks))])
    plane, _, rank, _ = np.linalg.lstsq(base, 1.0 / cheeks[:, 2], rcond=None)
    if rank < 3:
        return None
    out = _before(plane, nose)
    noise = float(np.std(_before(plane, cheeks))) / np.sqrt(len(cheeks)) + float(np.std(out)) / np.sqrt(
        len(nose)
    )
    return Suspicion.FLAT_IN_DEPTH if float(np.median(out)) + _SURE * noise < _RELIEF_M else None


def confirmed(found: Sequence[Suspicion | None]) -> Suspicion | None:
    """What at least two of the frames say, and half of them; None where no frame could tell.

    found: of one sensor, a value for each frame that it was asked about.
    """
    told = [suspicion for suspicion in found if suspicion is not None]
    return told[-1] if len(told) >= 2 and 2 * len(told) >= len(found) else None


def _before(plane: Doubles, seen: Doubles) -> Doubles:
    """How far points (N, 3) of pixels and meters lie in front of the plane, in meters."""
    inverse = seen[:, :2] @ plane[:2] + plane[2]
    return np.asarray(1.0 / np.maximum(inverse, 1.0 / _FAR_M) - seen[:, 2])


def _known(depth: Depth, points: Points, which: Sequence[int]) -> Doubles:
    """Where the depth is known: float64 (N, 3), x and y in pixels, z in meters."""
    height, width = depth.shape
    rows, columns = _places(points[list(which)], height, width)
    z = depth[rows, columns].astype(np.float64)
    known = (z >= _NEAR_M) & (z <= _FAR_M)
    return np.column_stack([columns[known], rows[known], z[known]])


def _places(points: Points, height: int, width: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows and columns of the points that lie in the picture."""
    flat = points[:, :2]
    inside = ((flat >= 0.0) & (flat < (width, height))).all(axis=1)
    return flat[inside, 1].astype(np.intp), flat[inside, 0].astype(np.intp)
