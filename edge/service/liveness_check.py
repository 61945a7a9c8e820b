"""Is this picture one of a living person? For uses where little is lost when the answer is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from edge.core.clip_verdict import Decision
from edge.core.events import Json
from edge.core.face import Box
from edge.core.frame import Image
from edge.core.kiosk_words import say
from edge.core.quality import Problem
from edge.core.track_life import LifeConfig
from edge.errors import ModelError, RequestRefused
from edge.ports import LivenessModel
from edge.service.comparison import box_json
from edge.service.face_gate import FaceGate, Inspected
from edge.service.pictures import ANY, FoundFace, PictureReader, Source, Wanted

WARNING = (
    "a single picture proves little; use this only where little is lost when it is wrong, never for a door"
)
MOST_FACES = 120
ALIKE = 0.5
"""From this share of the area of the largest face on, another one may as well be the one that is meant."""


@dataclass(frozen=True, slots=True)
class LivenessAnswer:
    """decision: never `no_face`, which is an error of a picture. score: probability 0..1 of the liveness
    model, None without a decision. threshold, reject: `live` from the first on, `attack` up to the second.
    problems: why there is no decision. box: of the face, in pixels of the picture as it was given."""

    decision: Decision
    score: float | None
    threshold: float
    reject: float
    problems: tuple[Problem, ...]
    box: Box

    def as_json(self) -> dict[str, Json]:
        return {
            "decision": self.decision.value,
            "score": None if self.score is None else round(self.score, 4),
            "threshold": round(self.threshold, 4),
            "reject": round(self.reject, 4),
            "box": box_json(self.box),
            "problems": problems_json(self.problems),
            "warning": WARNING,
        }


class PictureLiveness:
    """Belongs to one thread. gate: whether a face can be judged at all."""

    def __init__(
        self,
        reader: PictureReader,
        gate: FaceGate,
        model: LivenessModel,
        config: LifeConfig,
    ) -> None:
        self._reader = reader
        self._gate = gate
        self._model = model
        self._config = config

    def check(self, source: Source, wanted: Wanted = ANY, *, number: int | None = None) -> LivenessAnswer:
        """Judge one face of a picture.

        number: which one, counted from 1 by size; then others beside it are not minded. None is the largest,
        and there is no decision when another one is nearly as large. Raises PictureError, ModelError, and
        RequestRefused when there is no face of that number.
        """
        view = self._reader.faces(source, wanted, most=MOST_FACES)
        if number is not None and not 1 <= number <= len(view.faces):
            raise RequestRefused(f"there is no face {number}; the picture shows {len(view.faces)}")
        found = view.faces[(number or 1) - 1]
        others = view.faces[1:] if number is None else ()
        problems = self._problems(view.image, found, others)
        answer = LivenessAnswer(
            decision=Decision.NO_DECISION,
            score=None,
            threshold=self._config.accept,
            reject=self._config.reject,
            problems=problems,
            box=view.box(found),
        )
        if problems:
            return answer
        score = self._model.score(view.image, found.face)
        return replace(answer, score=score, decision=self._decide(score))

    def _problems(self, image: Image, found: FoundFace, others: Sequence[FoundFace]) -> tuple[Problem, ...]:
        if any(other.face.box.area >= ALIKE * found.face.box.area for other in others):
            return (Problem.SEVERAL_FACES,)
        inspected = self._gate.inspect(image, found.face, [other.face for other in others])
        return () if isinstance(inspected, Inspected) else inspected

    def _decide(self, score: float) -> Decision:
        if not 0.0 <= score <= 1.0:
            raise ModelError(f"the liveness model gave {score}, no probability; run 'ostiary doctor'")
        if score >= self._config.accept:
            return Decision.LIVE
        return Decision.ATTACK if score <= self._config.reject else Decision.UNSURE


def problems_json(problems: tuple[Problem, ...]) -> list[Json]:
    """Each by its name, and what can be done in plain words."""
    return [{"problem": problem.value, "say": say(problem)} for problem in problems]
