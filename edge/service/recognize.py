"""From frames to sightings: find faces, follow them, and gather evidence on the one at the door."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from edge.core import evidence, quality, tracking
from edge.core.calibration import FarCurve, threshold_for
from edge.core.evidence import EvidenceConfig, Gathered, Observation, Verdict
from edge.core.face import Box, Embedding, Face, PersonId
from edge.core.frame import Frame, Image
from edge.core.geometry import head_pose
from edge.core.matching import Ambiguous, Identity, Matched, agrees, assign, judge
from edge.core.quality import Limits, Measurements, Problem
from edge.core.track_template import ALIKE_FAR, Look, follow, template
from edge.core.tracking import WHOLE_FRAME, Polygon, Track, TrackingConfig, Tracks
from edge.errors import PictureError
from edge.ports import Detector, Embedder, Landmarker, LivenessModel, Matcher

OTHERS = 3
WEAKER = 10.0
"""A frame alone must be like the person whom the track's template names at this many times the false accept
rate: a single poor frame may fail the threshold, one of somebody else may not pass with the others."""


@dataclass(frozen=True, slots=True)
class RecognizeConfig:
    """far: false accept rate of one visit of a stranger. margin: lead in similarity over the next person."""

    far: float = 1e-3
    margin: float = 0.01
    zone: Polygon = WHOLE_FRAME
    limits: Limits = field(default_factory=Limits)
    tracking: TrackingConfig = field(default_factory=TrackingConfig)
    evidence: EvidenceConfig = field(default_factory=EvidenceConfig)


@dataclass(frozen=True, slots=True, eq=False)
class Sighting:
    """A track came to a verdict. first_seen and at are capture times, monotonic seconds."""

    track: int
    verdict: Verdict
    first_seen: float
    at: float
    threshold: float


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """What one frame showed. problems: why the lead face was not usable. sighting: when it came to one."""

    frame: Frame
    tracks: tuple[Track, ...]
    lead: Track | None
    problems: tuple[Problem, ...] = ()
    sighting: Sighting | None = None


class Recognizer:
    """Owned by the vision thread. Holds the tracks and the evidence on each."""

    def __init__(
        self,
        *,
        detector: Detector,
        landmarker: Landmarker,
        liveness: LivenessModel,
        embedder: Embedder,
        matcher: Matcher,
        curve: FarCurve,
        measure: Callable[[Image, Box], Measurements],
        config: RecognizeConfig,
    ) -> None:
        self._detector = detector
        self._landmarker = landmarker
        self._liveness = liveness
        self._embedder = embedder
        self._matcher = matcher
        self._curve = curve
        self._measure = measure
        self._config = config
        self._tracks = Tracks()
        self._gathered: dict[int, Gathered] = {}
        self._claims: dict[int, PersonId] = {}
        self._looks: dict[int, tuple[Look, ...]] = {}

    def threshold(self) -> float:
        """The similarity that keeps the false accept rate against the gallery as it is now."""
        return threshold_for(self._curve, self._config.far, comparisons=max(1, self._matcher.size))

    def process(self, frame: Frame) -> Step:
        """Look at one frame. Frames must come in the order of their capture."""
        now = frame.captured_at
        faces = self._detector.detect(frame.image)
        self._tracks = tracking.update(self._tracks, faces, now, self._config.tracking)
        self._forget_gone()
        height, width = frame.image.shape[:2]
        lead = tracking.primary(self._tracks, now, (width, height), self._config.zone, self._config.tracking)
        visible = self._tracks.visible(now)
        if lead is None:
            return Step(frame, visible, None)
        gathered = self._gathered.get(lead.id, Gathered(since=now))
        if now < gathered.quiet_until:
            return Step(frame, visible, lead)
        found = self._observe(frame, lead, visible)
        if isinstance(found, Observation):
            problems: tuple[Problem, ...] = ()
            gathered, verdict = evidence.add(gathered, found, self._config.evidence)
        else:
            problems = found
            gathered, verdict = evidence.add_unusable(gathered, found, now, self._config.evidence)
        self._gathered[lead.id] = gathered
        return Step(frame, visible, lead, problems, self._sighting(lead, verdict, now))

    def _observe(
        self, frame: Frame, lead: Track, visible: Sequence[Track]
    ) -> Observation | tuple[Problem, ...]:
        image, limits = frame.image, self._config.limits
        height, width = image.shape[:2]
        if problems := quality.position_problems(lead.face.box, width, height, limits):
            return problems
        landmarks = self._landmarker.locate(image, lead.face)
        measured = self._measure(image, lead.face.box)
        judged = quality.assess(lead.face.box, measured, head_pose(landmarks), landmarks.presence, limits)
        if not judged.is_good:
            return judged.problems
        live = self._liveness.score(image, lead.face)
        try:
            mirrored = self._is_mirrored_next(lead)
            mine = self._embedder.glance(image, landmarks, mirrored)
        except PictureError:
            return (Problem.OCCLUDED,)
        look = Look(frame.captured_at, mine.vector, judged.score, mirrored)
        outcome = self._name(lead, mine, self._fused(lead, look), self._others(image, lead, visible))
        return Observation(
            at=frame.captured_at,
            person=outcome.person if isinstance(outcome, Matched) else None,
            ambiguous=isinstance(outcome, Ambiguous),
            similarity=outcome.similarity or 0.0,
            margin=outcome.margin if isinstance(outcome, Matched | Ambiguous) else 0.0,
            liveness=live,
            quality=judged.score,
        )

    def _others(self, image: Image, lead: Track, visible: Sequence[Track]) -> list[Embedding]:
        """Templates of the largest other faces: no two may get one name."""
        others = sorted(
            (track for track in visible if track.id != lead.id and self._is_comparable(track.face)),
            key=lambda track: track.face.box.area,
            reverse=True,
        )
        found = []
        for track in others[:OTHERS]:
            # What cannot be aligned is nobody's face.
            with suppress(PictureError):
                mesh = self._landmarker.locate(image, track.face)
                found.append(self._embedder.glance(image, mesh, mirrored=False))
        return found

    def _is_comparable(self, face: Face) -> bool:
        return max(face.box.width, face.box.height) >= self._config.limits.face_px

    def _is_mirrored_next(self, lead: Track) -> bool:
        """Frames show the sides of a face in turns, so that their fused template has both."""
        looks = self._looks.get(lead.id, ())
        return bool(looks) and not looks[-1].mirrored

    def _fused(self, lead: Track, look: Look) -> Embedding | None:
        """The template of the track's latest frames, None while there is one alone."""
        looks = follow(
            self._looks.get(lead.id, ()),
            look,
            alike=self._curve.similarity_at(ALIKE_FAR),
            gap_s=self._config.evidence.gap_s,
        )
        self._looks[lead.id] = looks
        return Embedding(template(looks), self._embedder.model) if len(looks) > 1 else None

    def _name(
        self, lead: Track, mine: Embedding, fused: Embedding | None, others: list[Embedding]
    ) -> Identity:
        """Whom a frame shows: by the fused template where the frame alone does not contradict it."""
        own, *rest = self._matcher.match_all([mine, *others, *([] if fused is None else [fused])])
        threshold, margin = self.threshold(), self._config.margin
        if fused is not None:
            whole = rest.pop()
            alone = judge(own, threshold=threshold, margin=margin)
            if agrees(own, whole, least=self._least()):
                own = whole
            elif isinstance(alone, Matched):
                return Ambiguous(alone.similarity, alone.margin)
        outcome = assign([own, *rest], threshold=threshold, margin=margin)[0]
        if isinstance(outcome, Matched) and any(
            person == outcome.person for track, person in self._claims.items() if track != lead.id
        ):
            return Ambiguous(outcome.similarity, outcome.margin)
        return outcome

    def _least(self) -> float:
        """The similarity that a frame alone must have to the person whom the fused template names."""
        far = min(0.5, self._config.far * WEAKER)
        return threshold_for(self._curve, far, comparisons=max(1, self._matcher.size))

    def _sighting(self, lead: Track, verdict: Verdict | None, now: float) -> Sighting | None:
        if verdict is None:
            return None
        self._looks.pop(lead.id, None)
        if verdict.person is not None:
            self._claims[lead.id] = verdict.person
        else:
            self._claims.pop(lead.id, None)
        return Sighting(lead.id, verdict, lead.first_seen, now, self.threshold())

    def _forget_gone(self) -> None:
        alive = {track.id for track in self._tracks.tracks}
        for memory in (self._gathered, self._claims, self._looks):
            for track in [track for track in memory if track not in alive]:
                del memory[track]
