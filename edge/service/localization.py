"""Localise: the 90 keypoints of the faces of a picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edge.core.events import Json
from edge.core.face import Box, Landmarks
from edge.core.geometry import outlined
from edge.core.keypoints import Keypoints, keypoints
from edge.errors import ContourFailed
from edge.ports import EyeFinder, Landmarker
from edge.service.comparison import box_json
from edge.service.pictures import FoundFace, View

MOST_FACES = 10
_FITS = 2


@dataclass(frozen=True, slots=True, eq=False)
class LocatedFace:
    """In pixels of the picture as it was given. confidence: 0..1, that this is a face."""

    box: Box
    confidence: float
    keypoints: Keypoints

    def as_json(self) -> dict[str, Json]:
        """Each part's points as [x, y], to a tenth of a pixel."""
        parts: dict[str, Json] = {
            part.value: [[round(x, 1), round(y, 1)] for x, y in points.tolist()]
            for part, points in self.keypoints.parts()
        }
        return {
            "box": box_json(self.box),
            "confidence": round(self.confidence, 4),
            "keypoints": parts,
        }


class Localizer:
    """Belongs to one thread. presence: the least probability of a mesh that confirms a face."""

    def __init__(self, landmarker: Landmarker, eyes: EyeFinder, presence: float = 0.5) -> None:
        self._landmarker = landmarker
        self._eyes = eyes
        self._presence = presence

    def locate(self, view: View, *, most: int = MOST_FACES) -> tuple[LocatedFace, ...]:
        """The keypoints of the `most` largest faces of a view, largest first; never more than ten.

        Left and right are those of the upright picture. Raises ContourFailed.
        """
        return tuple(self._one(view, found) for found in view.faces[: min(most, MOST_FACES)])

    def _one(self, view: View, found: FoundFace) -> LocatedFace:
        landmarks = self._settled(view, found)
        points = keypoints(landmarks, *self._eyes.locate(view.image, landmarks)).points
        if not np.isfinite(points).all():
            raise ContourFailed("the keypoints of a face cannot be computed; use a clearer picture")
        return LocatedFace(view.box(found), found.face.score, Keypoints(view.given.points(points)))

    def _settled(self, view: View, found: FoundFace) -> Landmarks:
        """The mesh fitted again to where it lies itself: turned heads gain most."""
        landmarks = found.landmarks
        for _ in range(_FITS):
            again = self._landmarker.locate(view.image, outlined(found.face, landmarks))
            if not again.presence >= self._presence:
                break
            landmarks = again
        return landmarks
