"""Is this clip one of a living person? Judged frame by frame as the door would, to the end."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from edge.core import tracking
from edge.core.clip_verdict import Decision, Ruling, conclude
from edge.core.events import Json
from edge.core.frame import Frame
from edge.core.quality import Problem
from edge.core.suspicion import MEANING, Suspicion
from edge.core.track_life import Judgement, Life
from edge.core.tracking import WHOLE_FRAME, Polygon, Track, TrackingConfig, Tracks
from edge.errors import ModelError, PictureError
from edge.ports import Detector, Embedder
from edge.service.face_gate import FaceGate, Inspected
from edge.service.life_watch import LifeWatch
from edge.service.liveness_check import problems_json


@dataclass(frozen=True, slots=True)
class ClipAnswer:
    """decision: on the whole clip, see `conclude`. score: 0..1, of the verdict that decided. seconds: from
    the first steady face to that verdict. opened_at, refused_at: seconds into the clip of every verdict that
    the face is alive, or an attack; a face is judged anew after each. frames: how many could be used.
    suspicions: what spoke against life. problems: why frames could not be used, the most frequent first.
    scores: for each second of the clip 0..1, what the frames so far came to at its end; None without a
    usable one. steady_at: seconds into the clip of the first steady face."""

    decision: Decision
    score: float | None
    seconds: float | None
    opened_at: tuple[float, ...]
    refused_at: tuple[float, ...]
    frames: int
    suspicions: tuple[Suspicion, ...]
    problems: tuple[Problem, ...]
    scores: tuple[float | None, ...]
    steady_at: float | None

    @property
    def at_the_door(self) -> tuple[Decision, float | None]:
        """What a door would have made of it, and when: one that opened once has opened."""
        if self.opened_at and self.steady_at is not None:
            return Decision.LIVE, self.opened_at[0] - self.steady_at
        return self.decision, self.seconds

    def as_json(self) -> dict[str, Json]:
        return {
            "decision": self.decision.value,
            "score": None if self.score is None else round(self.score, 4),
            "seconds": None if self.seconds is None else round(self.seconds, 2),
            "steady_at": None if self.steady_at is None else round(self.steady_at, 2),
            "opened_at": [round(at, 2) for at in self.opened_at],
            "refused_at": [round(at, 2) for at in self.refused_at],
            "frames": self.frames,
            "suspicions": [
                {"suspicion": one.value, "say": f"the face {MEANING[one]}"} for one in self.suspicions
            ],
            "problems": problems_json(self.problems),
            "scores": [None if score is None else round(score, 4) for score in self.scores],
        }


@dataclass(slots=True)
class _Notes:
    """What is found while a clip runs. Times are those of the frames."""

    began: float | None = None
    ended: float = 0.0
    steady_at: float | None = None
    rulings: list[Ruling] = field(default_factory=list)
    suspicions: dict[Suspicion, None] = field(default_factory=dict)
    problems: Counter[Problem] = field(default_factory=Counter)
    frames: int = 0
    scores: dict[int, float] = field(default_factory=dict)


class ClipLiveness:
    """Belongs to one thread. watch: a new one for each clip."""

    def __init__(
        self,
        *,
        detector: Detector,
        gate: FaceGate,
        embedder: Embedder,
        watch: Callable[[], LifeWatch],
        zone: Polygon = WHOLE_FRAME,
        follow: TrackingConfig | None = None,
    ) -> None:
        self._detector = detector
        self._gate = gate
        self._embedder = embedder
        self._watch = watch
        self._zone = zone
        self._follow = follow or TrackingConfig()

    def check(self, frames: Iterable[Frame]) -> ClipAnswer:
        """Judge a clip. frames: in the order of their capture, see `sampled`.

        Raises ModelError when a network fails, and what `frames` raises.
        """
        notes, watch, tracks = _Notes(), self._watch(), Tracks()
        mirrored: dict[int, bool] = {}
        for frame in frames:
            now = frame.captured_at
            notes.began = now if notes.began is None else notes.began
            notes.ended = now
            tracks = tracking.update(tracks, self._detector.detect(frame.image), now, self._follow)
            watch.keep({track.id for track in tracks.tracks})
            height, width = frame.image.shape[:2]
            lead = tracking.nearest(tracks, now, (width, height), self._zone)
            watch.saw(frame, None if lead is None else lead.face.box)
            if lead is None or not lead.is_steady(self._follow):
                continue
            notes.steady_at = now if notes.steady_at is None else notes.steady_at
            judgement = self._look(watch, frame, lead, tracks, mirrored)
            if isinstance(judgement, tuple):
                notes.problems.update(judgement)
                # It is unclear who is seen: nobody gets the life of another.
                if Problem.SEVERAL_FACES in judgement:
                    watch.forget(lead.id)
            else:
                self._note(notes, judgement, now)
                if judgement.life is not None:
                    watch.forget(lead.id)
        return _answer(notes)

    def _look(
        self, watch: LifeWatch, frame: Frame, lead: Track, tracks: Tracks, mirrored: dict[int, bool]
    ) -> Judgement | tuple[Problem, ...]:
        others = [track.face for track in tracks.visible(frame.captured_at) if track.id != lead.id]
        inspected = self._gate.inspect(frame.image, lead.face, others)
        if not isinstance(inspected, Inspected):
            return inspected
        score = watch.score(frame.image, lead.face)
        if watch.fault is not None:
            raise ModelError(watch.fault)
        # Both sides of a face in turns, as at the door.
        side = not mirrored.get(lead.id, True)
        try:
            vector = self._embedder.glance(frame.image, inspected.landmarks, side).vector
        except PictureError:
            return (Problem.OCCLUDED,)
        mirrored[lead.id] = side
        return watch.add(lead.id, frame, score, inspected.landmarks.points, vector)

    def _note(self, notes: _Notes, judgement: Judgement, now: float) -> None:
        began, steady_at = notes.began or 0.0, notes.steady_at or 0.0
        notes.frames += 1
        notes.scores[int(now - began)] = judgement.score
        notes.suspicions |= dict.fromkeys(judgement.suspicions)
        if judgement.life is not None:
            notes.rulings.append(Ruling(judgement.life, judgement.score, now - began, now - steady_at))


def sampled(frames: Iterable[Frame], fps: float) -> Iterator[Frame]:
    """At most `fps` frames a second of those of a clip, by their own times: the first of each beat."""
    due = -math.inf
    for frame in frames:
        if frame.captured_at >= due:
            yield frame
            due = (math.floor(frame.captured_at * fps + 1e-6) + 1) / fps


def _answer(notes: _Notes) -> ClipAnswer:
    began = notes.began
    decision, ruling = conclude(notes.rulings, is_steady=notes.steady_at is not None)
    count = 0 if began is None else int(notes.ended - began) + 1
    return ClipAnswer(
        decision=decision,
        score=None if ruling is None else ruling.score,
        seconds=None if ruling is None else ruling.after_s,
        opened_at=tuple(one.at for one in notes.rulings if one.life is Life.LIVE),
        refused_at=tuple(one.at for one in notes.rulings if one.life is Life.ATTACK),
        frames=notes.frames,
        suspicions=tuple(notes.suspicions),
        problems=tuple(problem for problem, _ in notes.problems.most_common()),
        scores=tuple(notes.scores.get(second) for second in range(count)),
        steady_at=None if notes.steady_at is None or began is None else notes.steady_at - began,
    )
