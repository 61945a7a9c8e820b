"""From frames to sightings: find faces, follow them, and gather evidence on the one at the door."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from edge.core import evidence, tracking
from edge.core.calibration import FarCurve
from edge.core.challenge_look import ChallengeConfig, Look
from edge.core.evidence import EvidenceConfig, Gathered, Observation, Outcome, Verdict
from edge.core.face import Face
from edge.core.frame import Frame
from edge.core.geometry import head_pose
from edge.core.liveness_policy import LivenessPolicy
from edge.core.matching import Ambiguous, Identity, Matched
from edge.core.moves import Move, plan
from edge.core.quality import Problem
from edge.core.track_life import UNCHECKED, Judgement
from edge.core.track_template import ALIKE_FAR
from edge.core.tracking import WHOLE_FRAME, Polygon, Track, TrackingConfig, Tracks
from edge.errors import PictureError
from edge.ports import Detector, Embedder, Landmarker, Matcher
from edge.service.face_gate import FaceGate, Inspected
from edge.service.life_watch import LifeWatch
from edge.service.naming import Namer
from edge.service.trial import Prompt, Trial

TURNED_FAR = 1e-3
"""A turned head is less like the straight one: as many pairs of two people pass for one face then."""
_OPEN = {
    LivenessPolicy.OFF: (),
    LivenessPolicy.PASSIVE: (),
    LivenessPolicy.PASSIVE_THEN_CHALLENGE: (Outcome.UNSURE_LIVENESS,),
    LivenessPolicy.CHALLENGE: (
        Outcome.UNSURE_LIVENESS,
        Outcome.RECOGNIZED,
        Outcome.UNKNOWN,
        Outcome.AMBIGUOUS,
    ),
}
"""What a policy settles by a challenge. Strangers are challenged like everybody: else whoever shows a picture
would learn whether the person is enrolled."""

_REFUSED = (Outcome.NOT_LIVE, Outcome.UNSURE_LIVENESS)
"""After these even a passed challenge clears nothing that is held against a track."""


@dataclass(frozen=True, slots=True)
class RecognizeConfig:
    """far: false accept rate of one visit of a stranger. margin: lead in similarity over the next person.
    face_px: the smallest face that is compared. moves, move_count: what a challenge is made of."""

    far: float = 1e-3
    margin: float = 0.01
    zone: Polygon = WHOLE_FRAME
    face_px: float = 64.0
    tracking: TrackingConfig = field(default_factory=TrackingConfig)
    evidence: EvidenceConfig = field(default_factory=EvidenceConfig)
    moves: tuple[Move, ...] = tuple(Move)
    move_count: int = 3


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
    """What one frame showed. problems: why the lead face was not usable. sighting: when it came to one.
    prompt: what the lead face is asked to do. fault: why the liveness model gave no score when last asked."""

    frame: Frame
    tracks: tuple[Track, ...]
    lead: Track | None
    problems: tuple[Problem, ...] = ()
    sighting: Sighting | None = None
    prompt: Prompt | None = None
    fault: str | None = None


class Recognizer:
    """Owned by the vision thread. Holds the tracks and the evidence on each.

    policy: the proof of life that is asked for now. randbelow: `secrets.randbelow`.
    """

    def __init__(
        self,
        *,
        detector: Detector,
        landmarker: Landmarker,
        gate: FaceGate,
        watch: LifeWatch,
        embedder: Embedder,
        matcher: Matcher,
        curve: FarCurve,
        policy: Callable[[], LivenessPolicy],
        randbelow: Callable[[int], int],
        config: RecognizeConfig,
    ) -> None:
        life = config.evidence.life
        self._gate = gate
        self._watch = watch
        self._detector = detector
        self._landmarker = landmarker
        self._embedder = embedder
        self._policy = policy
        self._randbelow = randbelow
        self._config = config
        self._namer = Namer(
            landmarker=landmarker,
            embedder=embedder,
            matcher=matcher,
            curve=curve,
            far=config.far,
            margin=config.margin,
            face_px=config.face_px,
            gap_s=life.gap_s,
        )
        self._challenge = ChallengeConfig(
            alike=curve.similarity_at(ALIKE_FAR),
            alike_turned=curve.similarity_at(TURNED_FAR),
            reject=life.reject,
        )
        self._tracks = Tracks()
        self._gathered: dict[int, Gathered] = {}
        self._trial: Trial | None = None

    def threshold(self) -> float:
        """The similarity that keeps the false accept rate against the gallery as it is now."""
        return self._namer.threshold()

    def process(self, frame: Frame) -> Step:
        """Look at one frame. Frames must come in the order of their capture."""
        now = frame.captured_at
        faces = self._detector.detect(frame.image)
        self._tracks = tracking.update(self._tracks, faces, now, self._config.tracking)
        self._forget_gone()
        visible = self._tracks.visible(now)
        nearest, lead = self._at_the_door(frame)
        self._watch.saw(frame, None if nearest is None else nearest.face.box)
        if self._trial is not None:
            return self._continue_trial(self._trial, frame, nearest, visible)
        if lead is None:
            return Step(frame, visible, None, fault=self._watch.fault)
        gathered = self._gathered.get(lead.id, Gathered(since=now))
        if now < gathered.quiet_until:
            return Step(frame, visible, lead, fault=self._watch.fault)
        return self._gather(gathered, frame, lead, visible)

    def _gather(self, gathered: Gathered, frame: Frame, lead: Track, visible: tuple[Track, ...]) -> Step:
        """Add a frame to the evidence on the lead, before any challenge."""
        now, config = frame.captured_at, self._config.evidence
        seen = self._gate.inspect(frame.image, lead.face, _others(lead, visible))
        if not isinstance(seen, Inspected):
            if Problem.SEVERAL_FACES in seen:
                gathered = self._begin_anew(lead, gathered)
            return self._unusable(gathered, frame, lead, visible, seen)
        policy = self._policy()
        is_checked = policy is not LivenessPolicy.OFF
        score = self._watch.score(frame.image, lead.face) if is_checked else None
        try:
            named = self._namer.name(frame, lead, seen, visible)
        except PictureError:
            return self._unusable(gathered, frame, lead, visible, (Problem.OCCLUDED,))
        judgement = UNCHECKED
        if is_checked:
            judgement = self._watch.add(lead.id, frame, score, seen.landmarks.points, named.vector)
        observation = _observed(now, named.identity, score, seen.quality)
        self._gathered[lead.id], verdict = evidence.add(gathered, observation, judgement, config)
        if verdict is not None and verdict.outcome in _OPEN[policy] and score is not None:
            look = Look(now, seen.pose, seen.landmarks.points, named.vector, score)
            self._trial = self._begin_trial(lead, look, observation, judgement)
            return Step(frame, visible, lead, prompt=self._trial.prompt, fault=self._watch.fault)
        sighting = None if verdict is None else self._answered(lead, verdict, now)
        return Step(frame, visible, lead, sighting=sighting, fault=self._watch.fault)

    def _unusable(
        self,
        gathered: Gathered,
        frame: Frame,
        lead: Track,
        visible: tuple[Track, ...],
        problems: tuple[Problem, ...],
    ) -> Step:
        now = frame.captured_at
        self._gathered[lead.id], verdict = evidence.add_unusable(
            gathered, problems, now, self._config.evidence
        )
        sighting = None if verdict is None else self._answered(lead, verdict, now)
        return Step(frame, visible, lead, problems, sighting, fault=self._watch.fault)

    def _begin_trial(self, lead: Track, look: Look, observation: Observation, judgement: Judgement) -> Trial:
        drawn = plan(self._randbelow, self._config.moves, self._config.move_count)
        return Trial(lead, drawn, look, observation, judgement, self._challenge)

    def _continue_trial(
        self, trial: Trial, frame: Frame, nearest: Track | None, visible: tuple[Track, ...]
    ) -> Step:
        """Take a frame of a challenge. Whoever steps before the challenged face ends it."""
        now = frame.captured_at
        problems = self._try(trial, frame, nearest, visible)
        if problems is not None:
            trial.miss(now)
        verdict = trial.verdict(self._config.evidence)
        if verdict is None:
            return Step(frame, visible, nearest, problems or (), prompt=trial.prompt, fault=self._watch.fault)
        self._trial = None
        sighting = self._answered(trial.track, verdict, now)
        return Step(frame, visible, nearest, sighting=sighting, fault=self._watch.fault)

    def _try(
        self, trial: Trial, frame: Frame, nearest: Track | None, visible: tuple[Track, ...]
    ) -> tuple[Problem, ...] | None:
        """Show the challenge its face, however it is turned. Returns why that was not possible."""
        if nearest is None or nearest.id != trial.track.id:
            return ()
        image, face = frame.image, nearest.face
        # Who was asked to approach is too close for a while.
        problems = self._gate.standing(image, face, _others(nearest, visible))
        if any(problem is not Problem.TOO_CLOSE for problem in problems):
            return problems
        landmarks = self._landmarker.locate(image, face)
        quality = self._gate.assess(image, face, landmarks)
        if Problem.OCCLUDED in quality.problems:
            return quality.problems
        score, pose = self._watch.score(image, face), head_pose(landmarks)
        seen = Inspected(landmarks, pose, quality.score)
        observation = None
        try:
            # What would name nobody before the challenge names nobody in it.
            if quality.is_good and not self._gate.is_covered(image, landmarks):
                named = self._namer.name(frame, nearest, seen, visible)
                vector = named.vector
                observation = _observed(frame.captured_at, named.identity, score, quality.score)
            else:
                vector = self._embedder.glance(image, landmarks, mirrored=False).vector
        except PictureError:
            return (Problem.OCCLUDED,)
        # A turned face is less like the straight one than another person may be: it speaks for no swap.
        straight = vector if quality.is_good else None
        judgement = self._watch.add(nearest.id, frame, score, landmarks.points, straight)
        look = Look(frame.captured_at, pose, landmarks.points, vector, score)
        trial.look(look, observation, judgement.suspicions)
        return None

    def _answered(self, lead: Track, verdict: Verdict, now: float) -> Sighting:
        """Take a verdict for final: whatever comes next on the track is judged by frames of its own."""
        self._gathered[lead.id] = evidence.decided(verdict, now, self._config.evidence)
        is_proven = verdict.by_challenge and verdict.outcome not in _REFUSED
        self._watch.forget(lead.id, is_trusted=is_proven)
        self._namer.claim(lead.id, verdict.person)
        return Sighting(lead.id, verdict, lead.first_seen, now, self.threshold())

    def _begin_anew(self, lead: Track, gathered: Gathered) -> Gathered:
        """It is unclear who is seen: nobody gets the life or the name of another."""
        self._watch.forget(lead.id)
        self._namer.forget(lead.id)
        return replace(gathered, observations=())

    def _at_the_door(self, frame: Frame) -> tuple[Track | None, Track | None]:
        """The nearest face, and the same once it is steady."""
        height, width = frame.image.shape[:2]
        nearest = tracking.nearest(self._tracks, frame.captured_at, (width, height), self._config.zone)
        is_steady = nearest is not None and nearest.is_steady(self._config.tracking)
        return nearest, nearest if is_steady else None

    def _forget_gone(self) -> None:
        alive = {track.id for track in self._tracks.tracks}
        self._watch.keep(alive)
        self._namer.keep(alive)
        for track in [track for track in self._gathered if track not in alive]:
            del self._gathered[track]


def _others(lead: Track, visible: Sequence[Track]) -> list[Face]:
    return [track.face for track in visible if track.id != lead.id]


def _observed(at: float, identity: Identity, score: float | None, quality: float) -> Observation:
    return Observation(
        at=at,
        person=identity.person if isinstance(identity, Matched) else None,
        ambiguous=isinstance(identity, Ambiguous),
        similarity=identity.similarity or 0.0,
        margin=identity.margin if isinstance(identity, Matched | Ambiguous) else 0.0,
        liveness=score,
        quality=quality,
    )
