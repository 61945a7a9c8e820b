"""Whom a frame shows: by its own template, and by that of the track's latest frames together."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass

from edge.core.calibration import FarCurve, threshold_for
from edge.core.face import Embedding, Face, PersonId, Vector
from edge.core.frame import Frame, Image
from edge.core.matching import Ambiguous, Identity, Matched, agrees, assign, judge
from edge.core.track_template import ALIKE_FAR, Look, follow, template
from edge.core.tracking import Track
from edge.errors import PictureError
from edge.ports import Embedder, Landmarker, Matcher
from edge.service.face_gate import Inspected

OTHERS = 3
WEAKER = 10.0
"""A frame alone must be like the person whom the track's template names at this many times the false accept
rate: a single poor frame may fail the threshold, one of somebody else may not pass with the others."""


@dataclass(frozen=True, slots=True, eq=False)
class Named:
    """vector: float32 (D,), norm 1, of the frame alone."""

    identity: Identity
    vector: Vector


class Namer:
    """Belongs to one thread. Holds the latest templates of each track, and the names given to them.

    far: false accept rate of one visit of a stranger. margin: lead in similarity over the next person.
    face_px: how large another face must be to be compared. gap_s: after so long without a usable frame those
    before it no longer count.
    """

    def __init__(
        self,
        *,
        landmarker: Landmarker,
        embedder: Embedder,
        matcher: Matcher,
        curve: FarCurve,
        far: float,
        margin: float,
        face_px: float,
        gap_s: float,
    ) -> None:
        self._landmarker = landmarker
        self._embedder = embedder
        self._matcher = matcher
        self._curve = curve
        self._far = far
        self._margin = margin
        self._face_px = face_px
        self._gap_s = gap_s
        self._claims: dict[int, PersonId] = {}
        self._looks: dict[int, tuple[Look, ...]] = {}

    def threshold(self) -> float:
        """The similarity that keeps the false accept rate against the gallery as it is now."""
        return threshold_for(self._curve, self._far, comparisons=max(1, self._matcher.size))

    def name(self, frame: Frame, lead: Track, seen: Inspected, visible: Sequence[Track]) -> Named:
        """Name the lead face of a frame. visible: all faces of it. Raises PictureError where it has none."""
        mirrored = self._is_mirrored_next(lead)
        mine = self._embedder.glance(frame.image, seen.landmarks, mirrored)
        look = Look(frame.captured_at, mine.vector, seen.quality, mirrored)
        others = self._others(frame.image, lead, visible)
        return Named(self._identify(lead, mine, self._fused(lead, look), others), mine.vector)

    def claim(self, track: int, person: PersonId | None) -> None:
        """A track was answered: no other gets its name while it lives, and its templates are forgotten."""
        self.forget(track)
        if person is not None:
            self._claims[track] = person
        else:
            self._claims.pop(track, None)

    def forget(self, track: int) -> None:
        """Begin anew with the templates of a track."""
        self._looks.pop(track, None)

    def keep(self, tracks: Collection[int]) -> None:
        """Forget all tracks but these, and their names."""
        for memory in (self._claims, self._looks):
            for track in [track for track in memory if track not in tracks]:
                del memory[track]

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
        return max(face.box.width, face.box.height) >= self._face_px

    def _is_mirrored_next(self, lead: Track) -> bool:
        """Frames show the sides of a face in turns, so that their fused template has both."""
        looks = self._looks.get(lead.id, ())
        return bool(looks) and not looks[-1].mirrored

    def _fused(self, lead: Track, look: Look) -> Embedding | None:
        """The template of the track's latest frames, None while there is one alone."""
        alike = self._curve.similarity_at(ALIKE_FAR)
        looks = follow(self._looks.get(lead.id, ()), look, alike=alike, gap_s=self._gap_s)
        self._looks[lead.id] = looks
        return Embedding(template(looks), self._embedder.model) if len(looks) > 1 else None

    def _identify(
        self, lead: Track, mine: Embedding, fused: Embedding | None, others: list[Embedding]
    ) -> Identity:
        """By the fused template where the frame alone does not contradict it."""
        own, *rest = self._matcher.match_all([mine, *others, *([] if fused is None else [fused])])
        threshold, margin = self.threshold(), self._margin
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
        far = min(0.5, self._far * WEAKER)
        return threshold_for(self._curve, far, comparisons=max(1, self._matcher.size))
