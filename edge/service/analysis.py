"""Detect and analyse: the faces of a picture, how they are turned, how good they are, what they look like."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from edge.core.appearance import Appearance, Estimate, Label
from edge.core.events import Json
from edge.core.expression import Openness, openness
from edge.core.face import Box, Landmarks, Pose
from edge.core.frame import Image
from edge.core.geometry import head_pose
from edge.core.quality_levels import Clarity, FaceQuality, rate
from edge.errors import PoseFailed
from edge.ports import AttributeModel, EyeFinder, OcclusionModel
from edge.service.comparison import box_json
from edge.service.pictures import FoundFace, View


@dataclass(frozen=True, slots=True)
class AnalysedFace:
    """box: in pixels of the picture as it was given. confidence: 0..1, that this is a face. pose: in the
    upright picture. quality, openness, appearance: None where they were not asked for."""

    box: Box
    confidence: float
    pose: Pose
    quality: FaceQuality | None = None
    openness: Openness | None = None
    appearance: Appearance | None = None

    def as_json(self) -> dict[str, Json]:
        found: dict[str, Json] = {
            "box": box_json(self.box),
            "confidence": round(self.confidence, 4),
            "pose": {
                "yaw": round(self.pose.yaw, 1),
                "pitch": round(self.pose.pitch, 1),
                "roll": round(self.pose.roll, 1),
            },
        }
        if self.quality is not None:
            found["quality"] = quality_json(self.quality)
        if self.openness is not None:
            found["eyes_open"] = {
                "left": round(self.openness.left_eye, 3),
                "right": round(self.openness.right_eye, 3),
            }
            found["mouth_open"] = round(self.openness.mouth, 3)
        if self.appearance is not None:
            found["attributes"] = appearance_json(self.appearance)
        return found


class FaceAnalysis:
    """Belongs to one thread. attributes: absent, appearance is never told."""

    def __init__(
        self,
        eyes: EyeFinder,
        occlusion: OcclusionModel,
        clarity: Callable[[Image, Landmarks], Clarity],
        attributes: AttributeModel | None = None,
    ) -> None:
        self._eyes = eyes
        self._occlusion = occlusion
        self._clarity = clarity
        self._attributes = attributes

    def analyse(
        self,
        view: View,
        *,
        most: int | None = None,
        with_quality: bool = False,
        with_attributes: bool = False,
    ) -> tuple[AnalysedFace, ...]:
        """The `most` largest faces of a view, all when None; largest first.

        with_quality: also quality, eyes and mouth. with_attributes: also eyes and mouth, and appearance.
        Raises PoseFailed, NoFace for a collapsed mesh, and what the attribute networks raise.
        """
        return tuple(self._one(view, found, with_quality, with_attributes) for found in view.faces[:most])

    def quality(self, image: Image, found: FoundFace) -> FaceQuality:
        """Judge one face of an upright uint8 (H, W, 3) BGR picture. Raises PoseFailed, NoFace."""
        return rate(
            self._clarity(image, found.landmarks),
            self._occlusion.measure(image, found.landmarks),
            pose_of(found.landmarks),
        )

    def level(self, image: Image, found: FoundFace) -> int:
        """The quality level of one face, 1..4. Raises PoseFailed, NoFace."""
        return self.quality(image, found).level

    def _one(self, view: View, found: FoundFace, with_quality: bool, with_attributes: bool) -> AnalysedFace:
        image, landmarks = view.image, found.landmarks
        looks_closer = with_quality or with_attributes
        appearance = None
        if with_attributes and self._attributes is not None:
            appearance = self._attributes.describe(image, landmarks)
        return AnalysedFace(
            box=view.box(found),
            confidence=found.face.score,
            pose=pose_of(landmarks),
            quality=self.quality(image, found) if with_quality else None,
            openness=openness(landmarks, *self._eyes.locate(image, landmarks)) if looks_closer else None,
            appearance=appearance,
        )


def pose_of(landmarks: Landmarks) -> Pose:
    """Raises PoseFailed for a mesh that has no direction."""
    pose = head_pose(landmarks)
    if not all(map(math.isfinite, (pose.yaw, pose.pitch, pose.roll))):
        raise PoseFailed("the pose of a face cannot be computed; use a clearer picture")
    return pose


def quality_json(quality: FaceQuality) -> dict[str, Json]:
    return {
        "score": round(quality.score, 1),
        "level": quality.level,
        "freedom": {flaw.value: round(value, 3) for flaw, value in quality.freedom.items()},
        "flaws": [flaw.value for flaw in quality.flaws],
        "slight": [flaw.value for flaw in quality.slight],
    }


def appearance_json(appearance: Appearance) -> dict[str, Json]:
    return {
        "age": round(appearance.age, 1),
        "age_deviation": round(appearance.age_deviation, 1),
        "gender": _estimate(appearance.gender),
        "expression": _estimate(appearance.expression),
        "glasses": _estimate(appearance.glasses),
        "hair": _estimate(appearance.hair),
        "mask": round(appearance.mask, 3),
        # Where comparable services tell it, so that programs find it absent; `ANALYSIS.md` says why.
        "beauty": None,
    }


def _estimate(estimate: Estimate[Label]) -> dict[str, Json]:
    return {"label": estimate.label.value, "probability": round(estimate.probability, 3)}
