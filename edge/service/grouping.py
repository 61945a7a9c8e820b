"""Sort the faces of many pictures into groups of one person each, without knowing anybody."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from edge.core.calibration import threshold_for
from edge.core.clustering import group
from edge.core.events import Json
from edge.core.face import Box, ModelId
from edge.core.score import ScoreScale
from edge.refusals import ParameterMissing
from edge.service.comparison import box_json
from edge.service.pictures import ANY, Source, Wanted
from edge.service.similar import FaceGatherer, Unusable

GROUPING_FAR = 1e-3
"""At the mean likeness of two groups' faces; see `core.clustering` for what it found at this rate."""


@dataclass(frozen=True, slots=True)
class GroupedFace:
    """picture, face: its place in the request's pictures, and among the faces of its picture, largest first.
    box: pixels of the picture as given."""

    picture: int
    face: int
    box: Box

    def as_json(self) -> dict[str, Json]:
        return {"picture": self.picture, "face": self.face, "box": box_json(self.box)}


@dataclass(frozen=True, slots=True)
class Grouped:
    """groups: disjoint, of at least two faces each, the largest first. messy: faces like nobody else."""

    groups: tuple[tuple[GroupedFace, ...], ...]
    messy: tuple[GroupedFace, ...]
    unusable: tuple[Unusable, ...]
    far: float
    model: ModelId

    def as_json(self) -> dict[str, Json]:
        return {
            "groups": [[face.as_json() for face in one] for one in self.groups],
            "messy": [face.as_json() for face in self.messy],
            "unusable": [one.as_json() for one in self.unusable],
            "far": self.far,
            "model": self.model,
        }


class FaceGrouping:
    """Groups the faces of pictures."""

    def __init__(self, gatherer: FaceGatherer, scale: ScoreScale) -> None:
        self._gatherer = gatherer
        self._scale = scale

    def group(
        self,
        sources: Sequence[Source],
        wanted: Wanted = ANY,
        *,
        far: float = GROUPING_FAR,
        progress: Callable[[int, int], None] = lambda done, of: None,
    ) -> Grouped:
        """Group all faces of the pictures. Raises ParameterMissing without any, SeveralFaces for too many."""
        if not sources:
            raise ParameterMissing("no pictures to group; give at least one")
        described, unusable = self._gatherer.gather(sources, wanted, progress)
        vectors = np.array([one.embedding.vector for one in described], np.float32)
        found = group(vectors, threshold_for(self._scale.curve, far))
        faces = [GroupedFace(one.picture, one.face, one.box) for one in described]
        return Grouped(
            groups=tuple(tuple(faces[i] for i in one) for one in found.groups),
            messy=tuple(faces[i] for i in found.messy),
            unusable=unusable,
            far=far,
            model=self._gatherer.model,
        )
