"""The 90 named points of a face, in the order that cloud services give them.

`keypoints.md`, beside this module, draws and numbers them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

import numpy as np

from edge.core.eyes import Eye
from edge.core.face import Landmarks, Points
from edge.core.geometry import inside


class Part(StrEnum):
    """Left and right are those of the picture, not of the person."""

    FACE_PROFILE = "FaceProfile"
    LEFT_EYE = "LeftEye"
    RIGHT_EYE = "RightEye"
    LEFT_BROW = "LeftEyeBrow"
    RIGHT_BROW = "RightEyeBrow"
    MOUTH = "Mouth"
    NOSE = "Nose"
    LEFT_PUPIL = "LeftPupil"
    RIGHT_PUPIL = "RightPupil"


COUNTS = {
    Part.FACE_PROFILE: 21,
    Part.LEFT_EYE: 8,
    Part.RIGHT_EYE: 8,
    Part.LEFT_BROW: 8,
    Part.RIGHT_BROW: 8,
    Part.MOUTH: 22,
    Part.NOSE: 13,
    Part.LEFT_PUPIL: 1,
    Part.RIGHT_PUPIL: 1,
}
TOTAL = sum(COUNTS.values())
_STARTS = dict(zip(COUNTS, np.cumsum([0, *COUNTS.values()]).tolist(), strict=False))

CHIN = 152
# Polylines of mesh points. Of a pair the one at the picture's left comes first, the person's right.
_JAW = (
    (127, 234, 93, 132, 58, 172, 136, 150, 149, 176, 148, CHIN),
    (356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377, CHIN),
)
_NOSE_SIDE = ((122, 174, 198, 131, 64), (351, 399, 420, 360, 294))
_LOWER_LIP_OUTER = ((61, 146, 91, 181, 84, 17), (291, 375, 321, 405, 314, 17))
_LOWER_LIP_INNER = ((78, 95, 88, 178, 87, 14), (308, 324, 318, 402, 317, 14))
_UPPER_LIP_INNER = ((78, 191, 80, 81, 82, 13), (308, 415, 310, 311, 312, 13))
# Single mesh points.
_BROW_LOWER = ((53, 52, 65), (283, 282, 295))
_BROW_UPPER = ((66, 105, 63), (296, 334, 293))
_BROW_ENDS = (((46, 70), (55, 107)), ((276, 300), (285, 336)))
_UPPER_LIP_OUTER = (270, 267, 0, 37, 40)
_MOUTH_CORNERS = (61, 291)
_NOSE_TIP, _NOSE_ROOT, _NOSE_BASE = 4, (168, 6), (97, 2, 326)


@dataclass(frozen=True, slots=True, eq=False)
class Keypoints:
    """points: float32 (90, 2), pixels (x, y) of the picture, the parts in the order of `Part`.

    A face that the picture's edge cuts has points outside the picture, where they would be.
    """

    points: Points

    def part(self, part: Part) -> Points:
        """One part's points, float32 (n, 2)."""
        start = _STARTS[part]
        return self.points[start : start + COUNTS[part]]

    def parts(self) -> Iterator[tuple[Part, Points]]:
        for part in Part:
            yield part, self.part(part)


def keypoints(landmarks: Landmarks, right_eye: Eye, left_eye: Eye) -> Keypoints:
    """Pick the 90 points from mesh and eyes, and between their points where none fits.

    right_eye, left_eye: the person's own, hence the picture's left and right.
    """
    mesh = landmarks.points
    left_jaw, right_jaw = (_along(mesh[list(line)], 10) for line in _JAW)
    parts = (
        [*left_jaw, mesh[CHIN], *right_jaw[::-1]],
        _eye(right_eye),
        _eye(left_eye),
        _brow(mesh, 0),
        _brow(mesh, 1),
        _mouth(mesh),
        _nose(mesh),
        [_pupil(right_eye)],
        [_pupil(left_eye)],
    )
    return Keypoints(np.concatenate([np.asarray(part, np.float32)[:, :2] for part in parts]))


def _eye(eye: Eye) -> list[Points]:
    """Outer corner, lower lid inwards, inner corner, upper lid outwards."""
    return [*_along(eye.lower_lid, 4), *_along(eye.upper_lid[::-1], 4)]


def _pupil(eye: Eye) -> Points:
    """The pupil; where a lid hides it, the last visible point on the way to it from the eye's middle."""
    outline = np.stack(_eye(eye))
    middle = outline.mean(axis=0)
    polygon = [(float(x), float(y)) for x, y in outline]
    for share in np.linspace(1.0, 0.0, 11):
        x, y = middle + share * (eye.pupil - middle)
        if inside((float(x), float(y)), polygon):
            return np.array([x, y], np.float32)
    return np.asarray(middle, np.float32)


def _brow(mesh: Points, side: int) -> list[Points]:
    """Outer end, lower edge inwards, inner end, upper edge outwards."""
    outer, inner = (mesh[list(pair)].mean(axis=0) for pair in _BROW_ENDS[side])
    return [outer, *mesh[list(_BROW_LOWER[side])], inner, *mesh[list(_BROW_UPPER[side])]]


def _mouth(mesh: Points) -> list[Points]:
    """The outer edge of both lips once around from the left corner over the lower lip, then the line where
    the lips meet: the lower lip's to the right, the upper lip's back to the left."""
    left, right = mesh[list(_MOUTH_CORNERS)]
    lower, inner_lower, inner_upper = (
        _across(mesh, halves) for halves in (_LOWER_LIP_OUTER, _LOWER_LIP_INNER, _UPPER_LIP_INNER)
    )
    return [left, *lower, right, *mesh[list(_UPPER_LIP_OUTER)], *inner_lower, *inner_upper[::-1]]


def _nose(mesh: Points) -> list[Points]:
    """Tip, root, then once around: down the left side, along the base, up the right side."""
    root = mesh[list(_NOSE_ROOT)].mean(axis=0)
    sides = [_along(np.vstack([root, mesh[list(line)]]), 4)[1:] for line in _NOSE_SIDE]
    left, right = ([*points, mesh[line[-1]]] for points, line in zip(sides, _NOSE_SIDE, strict=True))
    return [mesh[_NOSE_TIP], root, *left, *mesh[list(_NOSE_BASE)], *right[::-1]]


def _across(mesh: Points, halves: Sequence[Sequence[int]]) -> list[Points]:
    """Five points along a lip, the corners left out; the third is its middle."""
    left, right = (_along(mesh[list(half)], 3)[1:] for half in halves)
    return [*left, mesh[halves[0][-1]], *right[::-1]]


def _along(line: Points, pieces: int) -> list[Points]:
    """Cut a polyline, float32 (N, D), into pieces of the same length in space; where each piece begins."""
    lengths = [float(np.linalg.norm(b - a)) for a, b in pairwise(line)]
    at = np.concatenate([[0.0], np.cumsum(lengths)])
    wanted = np.linspace(0.0, at[-1], pieces, endpoint=False)
    columns = [np.interp(wanted, at, line[:, k]) for k in range(line.shape[1])]
    return list(np.column_stack(columns).astype(np.float32))
