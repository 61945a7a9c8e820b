"""Where heads must be hidden: around a found face, and along its way through a clip."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from edge.core.face import Box

_ASIDE, _ABOVE, _BELOW = 0.25, 0.45, 0.25
"""What a head has around the detector's box, in widths and heights of the box: ears, hair and chin."""


class Method(StrEnum):
    BLUR = "blur"
    PIXELATE = "pixelate"
    FILL = "fill"


@dataclass(frozen=True, slots=True)
class Cover:
    """One head to hide. cells: into how many squares across it is resolved at most; 0 hides the whole box."""

    box: Box
    cells: int


CELLS = 6
"""So few that nobody can be told by them: four across a face."""
PLAIN = 0


def head(face: Box) -> Box:
    """The box of a whole head, from that of its face."""
    aside = face.width * _ASIDE
    return Box(
        face.x0 - aside,
        face.y0 - face.height * _ABOVE,
        face.x1 + aside,
        face.y1 + face.height * _BELOW,
    )


def grown(box: Box, times: float) -> Box:
    """A box of so many times the size around the same middle."""
    x, y = box.center
    w, h = box.width / 2 * times, box.height / 2 * times
    return Box(x - w, y - h, x + w, y + h)


@dataclass(frozen=True, slots=True)
class Along:
    """before, after: frames that a head stays hidden for, before it is first and after it is last seen.
    growth: of its box with each of those frames, for it may have moved."""

    before: int
    after: int
    growth: float = 0.02


def along(sightings: Mapping[int, Box], frames: int, config: Along) -> dict[int, Box]:
    """Where one face is in every frame it may be in: between sightings in a straight line, and beyond them
    from where it was to where it would be had it gone on.

    sightings: by frame, at least one. frames: how many the clip has.
    """
    seen = sorted(sightings)
    boxes: dict[int, Box] = {}
    for i, j in pairwise(seen):
        for frame in range(i, j):
            boxes[frame] = _between(sightings[i], sightings[j], (frame - i) / (j - i))
    first, last = seen[0], seen[-1]
    for frame in range(max(0, first - config.before), first):
        boxes[frame] = _beyond(sightings, seen[:2], frame, config)
    for frame in range(last, min(frames, last + config.after + 1)):
        boxes[frame] = _beyond(sightings, seen[-1:-3:-1], frame, config)
    return boxes


def by_frame(tracks: Sequence[Mapping[int, Box]], frames: int, config: Along) -> list[list[Box]]:
    """The faces of each frame of a clip. tracks: the sightings of each face, as for `along`."""
    covered: list[list[Box]] = [[] for _ in range(frames)]
    for track in tracks:
        for frame, box in along(track, frames, config).items():
            covered[frame].append(box)
    return covered


def _beyond(sightings: Mapping[int, Box], nearest: Sequence[int], frame: int, config: Along) -> Box:
    """nearest: the sighting at this end of the track, and the one next to it where there is one."""
    end = nearest[0]
    box = sightings[end]
    gone = _between(sightings[nearest[-1]], box, 1.0 + (frame - end) / ((end - nearest[-1]) or 1))
    x0, y0 = min(box.x0, gone.x0), min(box.y0, gone.y0)
    x1, y1 = max(box.x1, gone.x1), max(box.y1, gone.y1)
    return grown(Box(x0, y0, x1, y1), 1.0 + config.growth * abs(frame - end))


def _between(a: Box, b: Box, share: float) -> Box:
    ends = zip((a.x0, a.y0, a.x1, a.y1), (b.x0, b.y0, b.x1, b.y1), strict=True)
    return Box(*(p + share * (q - p) for p, q in ends))
