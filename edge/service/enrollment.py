"""Enroll people: from pictures, and from the live camera."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from edge.core import quality
from edge.core.calibration import FarCurve, threshold_for
from edge.core.face import Box, Embedding, Face, Landmarks, PersonId
from edge.core.frame import Frame, Image
from edge.core.geometry import head_pose
from edge.core.matching import Match
from edge.core.person import Person, Version
from edge.core.quality import ADVICE, Limits, Measurements, Problem
from edge.errors import NoFace, PictureError, PoorQuality, SeveralFaces
from edge.ports import Detector, Embedder, Landmarker, LivenessModel
from edge.roster import Gallery
from edge.service.examination import Examined, Refused, sort_pictures

ENROLLMENT_LIMITS = Limits(face_px=80.0, yaw=25.0, pitch=20.0, roll=30.0, sharpness=35.0)
"""Stricter than at the door: a poor template spoils every later comparison."""

OTHER_SHARE = 0.25
"""A second face counts as another person from this share of the largest one's area on."""
SURE = 0.6
"""A detection below this score counts only where there is none above it."""


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A new face that matches somebody enrolled under another id."""

    person: PersonId
    similarity: float


@dataclass(frozen=True, slots=True)
class Enrolled:
    """The result for one person, by the names of the pictures. created: whether the person is new.
    known: pictures that were enrolled before and were not enrolled again. similar: somebody enrolled who
    looks the same, where people must be unique; then nothing was stored."""

    person: PersonId
    created: bool
    accepted: tuple[str, ...] = ()
    known: tuple[str, ...] = ()
    refused: tuple[Refused, ...] = ()
    duplicates: tuple[Duplicate, ...] = ()
    similar: PersonId | None = None


@dataclass(frozen=True, slots=True)
class LiveProgress:
    """How a live enrollment stands after one frame. advice: what the person should do now."""

    taken: int
    wanted: int
    advice: str | None


@dataclass(frozen=True, slots=True)
class EnrollConfig:
    """frames, pause_s: how many good frames a live enrollment takes, and how far apart.
    liveness_threshold: a live enrollment takes only living faces."""

    frames: int = 5
    pause_s: float = 0.3
    duplicate_far: float = 1e-4
    liveness_threshold: float = 0.5
    limits: Limits = field(default_factory=lambda: ENROLLMENT_LIMITS)


class Enroller:
    """Turns pictures and frames into enrolled people.

    match: finds the person most like a face.
    compared: how many templates a face is compared with.
    similar: finds somebody but this person who has these faces, so that one human is not two people.
    utc: gives aware UTC.
    """

    def __init__(
        self,
        *,
        detector: Detector,
        landmarker: Landmarker,
        embedder: Embedder,
        liveness: LivenessModel,
        measure: Callable[[Image, Box], Measurements],
        gallery: Gallery,
        match: Callable[[Embedding], Match | None],
        compared: Callable[[], int],
        similar: Callable[[PersonId, Sequence[Embedding]], PersonId | None] = lambda person, faces: None,
        curve: FarCurve,
        utc: Callable[[], datetime],
        config: EnrollConfig,
    ) -> None:
        self._detector = detector
        self._landmarker = landmarker
        self._embedder = embedder
        self._liveness = liveness
        self._measure = measure
        self._gallery = gallery
        self._match = match
        self._compared = compared
        self._similar = similar
        self._curve = curve
        self._utc = utc
        self._config = config

    def examine(self, image: Image, *, thorough: bool = True) -> Examined:
        """Find the one face of a picture and judge it.

        thorough: search the whole picture at several scales, so that a second, smaller face is not
        overlooked. Raises NoFace, SeveralFaces, or PoorQuality whose message says what is wrong.
        """
        limits = self._config.limits
        found = self._confirmed(image, thorough)
        if not found:
            raise NoFace("no face found; use a picture that shows one face from the front")
        largest, landmarks = found[0]
        others = sum(face.box.area > OTHER_SHARE * largest.box.area for face, _ in found[1:])
        if others:
            raise SeveralFaces(f"{others + 1} faces found; use a picture of one person alone")
        height, width = image.shape[:2]
        _refuse(quality.position_problems(largest.box, width, height, limits))
        measured = self._measure(image, largest.box)
        judged = quality.assess(largest.box, measured, head_pose(landmarks), landmarks.presence, limits)
        _refuse(judged.problems)
        return Examined(largest, judged, self._embedder.embed(image, landmarks))

    def enroll_pictures(
        self,
        person: Person,
        pictures: Iterable[tuple[str, Callable[[], Image]]],
        also: Callable[[], None] | None = None,
    ) -> Enrolled:
        """Enroll one person from pictures, each a name and a function that loads it.

        A picture that cannot be used is refused with its reason and the others still count. The person
        is created when at least one is accepted, and when there are none to begin with. also: what to store
        of the person in the same transaction. Raises PersonConflict when somebody else changed the person
        meanwhile, TooManyFaces and its kin, and what `also` raises; then nothing is stored.
        """
        seen = self._gallery.version(person.id)
        theirs = self._templates(person.id) if seen else []
        found = sort_pictures(pictures, self.examine, theirs)
        return replace(self._store(person, seen, found.accepted, found.refused, also), known=found.known)

    def enroll_live(
        self, person: Person, frames: Iterator[Frame], also: Callable[[], None] | None = None
    ) -> Iterator[LiveProgress | Enrolled]:
        """Enroll one person from a stream of frames: several good, living, spaced ones.

        Yields the progress after every frame, and the result last. When the stream ends early nothing
        is stored and PoorQuality says what was missing. also, and what else is raised: as for pictures.
        """
        seen = self._gallery.version(person.id)
        taken: list[tuple[str, Examined]] = []
        last = float("-inf")
        advice: str | None = "look at the camera"
        for frame in frames:
            if frame.captured_at - last >= self._config.pause_s:
                try:
                    examined = self.examine(frame.image, thorough=False)
                    self._require_life(frame.image, examined.face)
                except PictureError as error:
                    advice = str(error)
                else:
                    taken.append(("camera", examined))
                    last, advice = frame.captured_at, None
            yield LiveProgress(len(taken), self._config.frames, advice)
            if len(taken) >= self._config.frames:
                yield self._store(person, seen, taken, (), also)
                return
        raise PoorQuality(
            f"only {len(taken)} of {self._config.frames} good frames came: {advice or 'no more frames'}"
        )

    def _confirmed(self, image: Image, thorough: bool) -> list[tuple[Face, Landmarks]]:
        """The faces of a picture that the mesh agrees with, largest first; none inside another, and no
        doubtful one beside a sure one."""
        fitted = (
            (face, self._landmarker.locate(image, face)) for face in self._detector.detect(image, thorough)
        )
        least = self._config.limits.presence
        confirmed = [(face, landmarks) for face, landmarks in fitted if landmarks.presence >= least]
        confirmed = [one for one in confirmed if one[0].score >= SURE] or confirmed
        kept: list[tuple[Face, Landmarks]] = []
        for face, landmarks in sorted(confirmed, key=lambda one: one[0].box.area, reverse=True):
            if not any(_is_inside(face.box, larger.box) for larger, _ in kept):
                kept.append((face, landmarks))
        return kept

    def _require_life(self, image: Image, face: Face) -> None:
        if self._liveness.score(image, face) < self._config.liveness_threshold:
            raise PoorQuality("this does not look like a living face; stand in front of the camera yourself")

    def _store(
        self,
        person: Person,
        seen: Version,
        accepted: Sequence[tuple[str, Examined]],
        refused: tuple[Refused, ...],
        also: Callable[[], None] | None,
    ) -> Enrolled:
        embeddings = [examined.embedding for _, examined in accepted]
        twin = self._similar(person.id, embeddings)
        if twin is not None:
            return Enrolled(person.id, False, refused=refused, similar=twin)
        duplicates = self._duplicates(person.id, embeddings)
        created = not seen and bool(accepted or not refused)
        with self._gallery.together():
            self._gallery.require_version(person.id, seen)
            if created:
                self._gallery.add_person(person)
            if also is not None and (accepted or not refused):
                also()
            for source, examined in accepted:
                self._gallery.add_face(
                    person.id,
                    examined.embedding,
                    quality=examined.quality.score,
                    source=source,
                    at=self._utc(),
                )
        result = Enrolled(person.id, created, refused=refused)
        return replace(result, accepted=tuple(source for source, _ in accepted), duplicates=duplicates)

    def _templates(self, person: PersonId) -> list[Embedding]:
        return [one for face in self._gallery.record(person).faces for one in face.templates]

    def _duplicates(self, person: PersonId, embeddings: list[Embedding]) -> tuple[Duplicate, ...]:
        threshold = threshold_for(self._curve, self._config.duplicate_far, max(1, self._compared()))
        found: dict[PersonId, float] = {}
        for embedding in embeddings:
            match = self._match(embedding)
            if match is not None and match.person != person and match.similarity >= threshold:
                found[match.person] = max(match.similarity, found.get(match.person, -1.0))
        return tuple(Duplicate(*pair) for pair in sorted(found.items(), key=lambda pair: -pair[1]))


def _is_inside(inner: Box, outer: Box) -> bool:
    """Whether a box is in the middle of another: then both are of one head."""
    x, y = inner.center
    return outer.x0 < x < outer.x1 and outer.y0 < y < outer.y1


def _refuse(problems: tuple[Problem, ...]) -> None:
    if problems:
        names = ", ".join(problem.value.replace("_", " ") for problem in problems)
        raise PoorQuality(f"the face is {names}: {ADVICE[problems[0]]}")
