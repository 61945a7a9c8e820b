"""Let a new model look at the same faces as the one in charge, which alone counts."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

import numpy as np

from edge.core import shadow_tally
from edge.core.face import Face, Landmarks
from edge.core.frame import Image
from edge.core.geometry import iou
from edge.core.shadow_tally import ShadowTally
from edge.errors import OstiaryError
from edge.ports import Detector, Landmarker, LivenessModel

Model = TypeVar("Model")
SAME_FACE = 0.5
"""Overlap (intersection over union) from which two boxes are of one face."""
SAME_POINTS = 0.1
"""How far apart two meshes of one face may be on average, as a share of its width."""
_FAILURES = (OstiaryError, ValueError, ArithmeticError, LookupError, RuntimeError)
"""A model that was never here before may fail in any way; the door must not."""


class Candidate(Generic[Model]):
    """A model that is to take over. The vision thread looks with it, the thread of the job reads the tally.

    live: from which score on a face counts as alive, of the model in charge and of this one.
    """

    def __init__(
        self,
        model: Model,
        clock: Callable[[], float],
        live: tuple[float, float] = (0.5, 0.5),
    ) -> None:
        self.model = model
        self._clock = clock
        self._live = live
        self._lock = threading.Lock()
        self._tally = ShadowTally()

    @property
    def tally(self) -> ShadowTally:
        with self._lock:
            return self._tally

    def compare(self, look: Callable[[], tuple[bool, float] | None]) -> None:
        """Count one face. look: has this model look; returns whether it agrees and how far it is off, or None
        when there was nothing to see."""
        began = self._clock()
        try:
            seen = look()
        except _FAILURES:
            with self._lock:
                self._tally = shadow_tally.add_failure(self._tally, self._clock() - began)
            return
        if seen is None:
            return
        took_s = self._clock() - began
        with self._lock:
            self._tally = shadow_tally.add(self._tally, agrees=seen[0], difference=seen[1], took_s=took_s)

    def agree_alive(self, score: float, other: float) -> bool:
        return (score >= self._live[0]) == (other >= self._live[1])


class Understudies:
    """Who looks beside whom; the candidate is set and taken away by the thread of a job, at any time."""

    def __init__(self) -> None:
        self.detector: Candidate[Detector] | None = None
        self.landmarker: Candidate[Landmarker] | None = None
        self.liveness: Candidate[LivenessModel] | None = None


class ShadowedDetector:
    """ports.Detector: the one in charge, with a candidate looking on at frames of the stream."""

    def __init__(self, charge: Detector, understudies: Understudies) -> None:
        self._charge = charge
        self._understudies = understudies

    def detect(self, image: Image, thorough: bool = False) -> list[Face]:
        faces = self._charge.detect(image, thorough)
        candidate = self._understudies.detector
        if candidate is not None and not thorough:
            candidate.compare(lambda: _same_faces(faces, candidate.model.detect(image)))
        return faces


class ShadowedLandmarker:
    """ports.Landmarker, likewise."""

    def __init__(self, charge: Landmarker, understudies: Understudies) -> None:
        self._charge = charge
        self._understudies = understudies

    def locate(self, image: Image, face: Face) -> Landmarks:
        landmarks = self._charge.locate(image, face)
        candidate = self._understudies.landmarker
        if candidate is not None:
            candidate.compare(lambda: _same_mesh(landmarks, candidate.model.locate(image, face), face))
        return landmarks


class ShadowedLiveness:
    """ports.LivenessModel, likewise."""

    def __init__(self, charge: LivenessModel, understudies: Understudies) -> None:
        self._charge = charge
        self._understudies = understudies

    def score(self, image: Image, face: Face) -> float:
        score = self._charge.score(image, face)
        candidate = self._understudies.liveness
        if candidate is not None:

            def look() -> tuple[bool, float]:
                other = candidate.model.score(image, face)
                return candidate.agree_alive(score, other), abs(score - other)

            candidate.compare(look)
        return score


def _same_faces(faces: list[Face], others: list[Face]) -> tuple[bool, float] | None:
    """Whether both found the same faces, and one less the mean overlap of the closest boxes."""
    if not faces and not others:
        return None
    overlaps = [max((iou(face.box, other.box) for other in others), default=0.0) for face in faces]
    agrees = len(faces) == len(others) and all(overlap >= SAME_FACE for overlap in overlaps)
    return agrees, 1.0 - (sum(overlaps) / len(overlaps) if overlaps else 0.0)


def _same_mesh(landmarks: Landmarks, other: Landmarks, face: Face) -> tuple[bool, float]:
    """Whether two meshes are close, and their mean distance as a share of the face's width."""
    apart = np.linalg.norm(landmarks.points[:, :2] - other.points[:, :2], axis=1).mean()
    share = float(apart) / max(1.0, face.box.width)
    return share <= SAME_POINTS, share
