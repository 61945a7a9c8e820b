"""Whether a face at the door can be judged, cheapest question first; and if not, why."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from edge.core import quality
from edge.core.face import Box, Face, Landmarks, Pose
from edge.core.frame import Image
from edge.core.geometry import head_pose
from edge.core.quality import Limits, Measurements, Problem, Quality
from edge.core.surroundings import is_crowded, room
from edge.errors import NoFace
from edge.ports import Landmarker, OcclusionModel


@dataclass(frozen=True, slots=True, eq=False)
class Inspected:
    """A face that passed. quality: 0..1."""

    landmarks: Landmarks
    pose: Pose
    quality: float


class FaceGate:
    """Belongs to the landmarker's thread. crop: side of the square that the liveness model looks at, over the
    longer side of a face's box; None asks for no room around a face. occlusion: None lets covered faces
    pass."""

    def __init__(
        self,
        *,
        landmarker: Landmarker,
        measure: Callable[[Image, Box], Measurements],
        limits: Limits,
        crop: float | None,
        occlusion: OcclusionModel | None,
    ) -> None:
        self._landmarker = landmarker
        self._measure = measure
        self._limits = limits
        self._crop = crop
        self._occlusion = occlusion

    def inspect(self, image: Image, face: Face, others: Sequence[Face]) -> Inspected | tuple[Problem, ...]:
        """Look at one face of a uint8 (H, W, 3) BGR picture. others: the other faces of it."""
        if problems := self.standing(image, face, others):
            return problems
        landmarks = self._landmarker.locate(image, face)
        judged = self.assess(image, face, landmarks)
        if not judged.is_good:
            return judged.problems
        if self.is_covered(image, landmarks):
            return (Problem.OCCLUDED,)
        return Inspected(landmarks, head_pose(landmarks), judged.score)

    def standing(self, image: Image, face: Face, others: Sequence[Face]) -> tuple[Problem, ...]:
        """What is wrong with how a face stands in the picture; needs no model."""
        height, width = image.shape[:2]
        problems = list(quality.position_problems(face.box, width, height, self._limits))
        if self._crop is not None and not room(face.box, width, height, self._crop) >= self._limits.room:
            problems.append(Problem.TOO_CLOSE)
        if is_crowded(face.box, [other.box for other in others]):
            problems.append(Problem.SEVERAL_FACES)
        return tuple(problems)

    def assess(self, image: Image, face: Face, landmarks: Landmarks) -> Quality:
        """How good a face is that stands well."""
        measured = self._measure(image, face.box)
        return quality.assess(face.box, measured, head_pose(landmarks), landmarks.presence, self._limits)

    def is_covered(self, image: Image, landmarks: Landmarks) -> bool:
        """Whether too much of a face is hidden; for one that looks straight."""
        if self._occlusion is None:
            return False
        try:
            return quality.is_covered(self._occlusion.measure(image, landmarks), self._limits)
        except NoFace:
            return True
