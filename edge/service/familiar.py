"""Which faces of a picture are those of enrolled people, and so may stay in it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from edge.core.calibration import threshold_for
from edge.core.face import Embedding, Face
from edge.core.frame import Image
from edge.core.fusion import fuse
from edge.core.person import GroupId
from edge.core.score import ScoreScale
from edge.errors import NoFace
from edge.ports import Embedder, FaceIndex, Landmarker

_PRESENCE = 0.5
_SAME_FAR = 1e-2
"""A face of a track that is less like the others than this is taken for another person's."""


class FamiliarFaces:
    """Belongs to one thread. groups: only people in any of these; None is everybody. far: that a stranger is
    taken for any of them, and stays to be seen."""

    def __init__(
        self,
        landmarker: Landmarker,
        embedder: Embedder,
        index: FaceIndex,
        scale: ScoreScale,
        groups: Sequence[GroupId] | None,
        far: float,
    ) -> None:
        self._landmarker = landmarker
        self._embedder = embedder
        self._index = index
        self._groups = groups
        people = max(1, index.people(groups))
        self._threshold = threshold_for(scale.curve, far, people)
        self._same = threshold_for(scale.curve, _SAME_FAR)

    def template(self, image: Image, face: Face) -> Embedding | None:
        """The template of a face; None where the mesh finds no features in it."""
        landmarks = self._landmarker.locate(image, face)
        if landmarks.presence < _PRESENCE:
            return None
        try:
            return self._embedder.embed(image, landmarks)
        except NoFace:
            return None

    def knows(self, image: Image, face: Face) -> bool:
        """Whether a face is that of somebody enrolled."""
        template = self.template(image, face)
        return template is not None and self._is_enrolled(template)

    def familiar(self, templates: Sequence[Embedding]) -> NDArray[np.bool_]:
        """Which faces of one track stay: none unless all of them together are somebody enrolled, and then
        those that are like the others. Returns bool (len(templates),)."""
        if not templates:
            return np.zeros(0, bool)
        vectors = np.stack([template.vector for template in templates])
        together = fuse(vectors, np.ones(len(vectors), np.float32))
        if not self._is_enrolled(Embedding(together, templates[0].model)):
            return np.zeros(len(templates), bool)
        return np.asarray(vectors @ together >= self._same, bool)

    def _is_enrolled(self, template: Embedding) -> bool:
        hits = self._index.search_people([template], 1, self._groups)[0]
        return bool(hits) and hits[0].similarity >= self._threshold
