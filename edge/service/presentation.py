"""Watch what is shown to a camera once, as the door would, for figures alone: nobody is named or let in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from edge.core import tracking
from edge.core.frame import Frame
from edge.core.quality import Problem
from edge.core.suspicion import Suspicion
from edge.core.track_life import Judgement, LifeConfig
from edge.core.tracking import WHOLE_FRAME, Polygon, Track, TrackingConfig, Tracks
from edge.errors import ModelError, PictureError
from edge.ports import Detector, Embedder
from edge.service.face_gate import FaceGate, Inspected
from edge.service.life_watch import LifeWatch

LONGEST_S = 20.0


@dataclass(frozen=True, slots=True)
class Watched:
    """What was seen so far. runs: scores (0..1) of usable frames, one tuple for each face without a break.
    judgement: on the present run, None before its first frame. present: why the last frame was not usable;
    empty when it was, or nobody was there. problems: of all frames, the most frequent first. ended: no
    further frame is needed."""

    runs: tuple[tuple[float, ...], ...] = ()
    judgement: Judgement | None = None
    present: tuple[Problem, ...] = ()
    problems: tuple[Problem, ...] = ()
    suspicions: tuple[Suspicion, ...] = ()
    ended: bool = False

    @property
    def frames(self) -> int:
        return sum(len(run) for run in self.runs)


@dataclass(frozen=True, slots=True)
class Scored:
    """A usable frame, and what it makes of those of its face."""

    score: float
    judgement: Judgement


class PresentationWatch:
    """Belongs to one thread. watch: a new one for each presentation. config: of the door."""

    def __init__(
        self,
        *,
        detector: Detector,
        gate: FaceGate,
        embedder: Embedder,
        watch: Callable[[], LifeWatch],
        config: LifeConfig,
        zone: Polygon = WHOLE_FRAME,
    ) -> None:
        self._detector = detector
        self._gate = gate
        self._embedder = embedder
        self._watch = watch
        self._config = config
        self._zone = zone
        self._follow = TrackingConfig()

    def follow(self, frames: Iterable[Frame]) -> Iterator[Watched]:
        """Tell after every frame what was seen, until enough was, or LONGEST_S passed.

        Raises ModelError when a network fails, and what `frames` raises.
        """
        watch, tracks, problems = self._watch(), Tracks(), Counter[Problem]()
        runs: list[list[float]] = []
        last: Track | None = None
        last_at = began = 0.0
        judgement: Judgement | None = None
        for number, frame in enumerate(frames):
            now = frame.captured_at
            began = began if number else now
            tracks = tracking.update(tracks, self._detector.detect(frame.image), now, self._follow)
            watch.keep({track.id for track in tracks.tracks})
            height, width = frame.image.shape[:2]
            nearest = tracking.nearest(tracks, now, (width, height), self._zone)
            watch.saw(frame, None if nearest is None else nearest.face.box)
            present: tuple[Problem, ...] = ()
            if nearest is not None and nearest.is_steady(self._follow):
                seen = self._look(watch, frame, nearest, tracks, number % 2 == 1)
                if isinstance(seen, tuple):
                    present = seen
                    problems.update(present)
                    if Problem.SEVERAL_FACES in present:
                        watch.forget(nearest.id)
                        last = None
                else:
                    judgement = seen.judgement
                    is_same = last is not None and last.id == nearest.id
                    if not (is_same and 0.0 <= now - last_at <= self._config.gap_s):
                        runs.append([])
                    last, last_at = nearest, now
                    if not judgement.suspicions:
                        runs[-1].append(seen.score)
            suspicions = () if judgement is None else judgement.suspicions
            enough = sum(map(len, runs)) >= self._config.most
            ended = bool(suspicions) or enough or now - began > LONGEST_S
            yield Watched(
                runs=tuple(tuple(run) for run in runs if run),
                judgement=judgement,
                present=present,
                problems=tuple(problem for problem, _ in problems.most_common()),
                suspicions=suspicions,
                ended=ended,
            )
            if ended:
                return

    def _look(
        self, watch: LifeWatch, frame: Frame, lead: Track, tracks: Tracks, mirrored: bool
    ) -> tuple[Problem, ...] | Scored:
        others = [track.face for track in tracks.visible(frame.captured_at) if track.id != lead.id]
        inspected = self._gate.inspect(frame.image, lead.face, others)
        if not isinstance(inspected, Inspected):
            return inspected
        score = watch.score(frame.image, lead.face)
        if score is None:
            raise ModelError(watch.fault or "the liveness model gave no score; run 'ostiary doctor'")
        try:
            vector = self._embedder.glance(frame.image, inspected.landmarks, mirrored).vector
        except PictureError:
            return (Problem.OCCLUDED,)
        judged = watch.add(lead.id, frame, score, inspected.landmarks.points, vector)
        return Scored(score, judged)
