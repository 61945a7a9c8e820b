"""Hide faces all along a clip, also in the frames where the detector misses them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from edge.core.coverage import CELLS, Along, Cover, Method, by_frame, head
from edge.core.face import Box, Embedding, Face
from edge.core.frame import Image
from edge.core.tracking import TrackingConfig, Tracks, update
from edge.service.familiar import FamiliarFaces
from edge.service.redaction import FaceRedaction

_AROUND_S = 0.5
"""A face is hidden so long before it is first and after it is last seen."""
_TRACKING = TrackingConfig(min_iou=0.2, reach=1.0, keep_s=1.0)


@dataclass(slots=True)
class _Sightings:
    """One face on its way: boxes and templates by frame."""

    boxes: dict[int, Box] = field(default_factory=dict)
    templates: dict[int, Embedding] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ClipPlan:
    """By frame: faces to hide, and faces to leave. faces: how many were followed; kept: of those, how many
    stay."""

    hidden: tuple[tuple[Box, ...], ...]
    staying: tuple[tuple[Box, ...], ...]
    faces: int
    kept: int


class ClipRedaction:
    """Looks through a clip twice: to follow the faces, and to hide them. Belongs to one thread."""

    def __init__(self, redaction: FaceRedaction) -> None:
        self._redaction = redaction

    def plan(
        self,
        frames: Iterable[Image],
        fps: float,
        *,
        familiar: FamiliarFaces | None = None,
        rotate: bool = False,
    ) -> ClipPlan:
        """Follow every face of a clip. familiar: says which faces stay; None hides all.

        A track goes through the frames where its face is missed, and some frames beyond its ends.
        """
        seen: dict[int, _Sightings] = defaultdict(_Sightings)
        tracks, count = Tracks(), 0
        for number, image in enumerate(frames):
            at, count = number / fps, number + 1
            tracks = update(tracks, self._redaction.faces(image, rotate), at, _TRACKING)
            for track in tracks.visible(at):
                self._see(seen[track.id], number, image, track.face, familiar)
        hidden, staying, kept = [], [], 0
        for one in seen.values():
            stays = _staying(one, familiar)
            kept += bool(stays)
            hidden.append({number: box for number, box in one.boxes.items() if number not in stays})
            staying.append({number: one.boxes[number] for number in stays})
        around = round(_AROUND_S * fps)
        return ClipPlan(
            hidden=_rows(by_frame([one for one in hidden if one], count, Along(around, around))),
            staying=_rows(by_frame([one for one in staying if one], count, Along(0, 0))),
            faces=len(seen),
            kept=kept,
        )

    def redact(
        self, frames: Iterable[Image], plan: ClipPlan, method: Method = Method.BLUR, *, rotate: bool = False
    ) -> Iterator[Image]:
        """The same clip with its faces hidden; each frame is looked at again, as a picture is."""
        for image, hidden, staying in zip(frames, plan.hidden, plan.staying, strict=False):
            covers = [Cover(head(box), CELLS) for box in hidden]
            redacted = self._redaction.redact(
                image, method, covers=covers, kept=staying, rotate=rotate, search=False
            )
            yield redacted.image

    @staticmethod
    def _see(
        sightings: _Sightings, number: int, image: Image, face: Face, familiar: FamiliarFaces | None
    ) -> None:
        sightings.boxes[number] = face.box
        template = None if familiar is None else familiar.template(image, face)
        if template is not None:
            sightings.templates[number] = template


def _staying(one: _Sightings, familiar: FamiliarFaces | None) -> set[int]:
    """The frames in which a face stays as it is."""
    if familiar is None or not one.templates:
        return set()
    stays = familiar.familiar(list(one.templates.values()))
    return {number for number, is_familiar in zip(one.templates, stays, strict=True) if is_familiar}


def _rows(boxes: list[list[Box]]) -> tuple[tuple[Box, ...], ...]:
    return tuple(map(tuple, boxes))
