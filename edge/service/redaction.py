"""Hide the faces of a picture, all of them or those of strangers, until the detector finds no more."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from edge.core.coverage import CELLS, PLAIN, Cover, Method, grown, head
from edge.core.face import Box, Face
from edge.core.frame import Image
from edge.core.picture import QUARTERS, Turned, turn

_ROUNDS = 14
_GROWTH = 0.1
"""By so much of its size the gray box grows with each round, where the one before was not enough."""


@dataclass(frozen=True, slots=True, eq=False)
class Redacted:
    """image: uint8 (H, W, 3) BGR, a copy. covers: what was hidden. kept: faces left as they are. left: what
    the detector still takes for a face, which only a picture that is all faces can leave it."""

    image: Image
    covers: tuple[Cover, ...]
    kept: tuple[Box, ...]
    left: tuple[Box, ...]


class FaceRedaction:
    """Belongs to one thread. find: the faces of a picture, rather one too many than one too few. cover: hides
    heads in a copy of a picture, see `vision.redact.cover`."""

    def __init__(
        self,
        find: Callable[[Image], Sequence[Face]],
        cover: Callable[[Image, Sequence[Cover], Method], Image],
    ) -> None:
        self._find = find
        self._cover = cover

    def redact(
        self,
        image: Image,
        method: Method = Method.BLUR,
        *,
        covers: Sequence[Cover] = (),
        keep: Callable[[Image, Face], bool] = lambda image, face: False,
        kept: Sequence[Box] = (),
        search: bool = True,
        rotate: bool = False,
        stored: Callable[[Image], Image] = lambda image: image,
    ) -> Redacted:
        """Hide every face that is not kept, look again, and go on until nothing looks like a face.

        covers: heads known beforehand. keep: says of each face found whether it stays; kept: faces known
        to stay. search: look for faces before any is hidden. rotate: also find faces that lie on a side or on
        their head. stored: what becomes of an image when it is written and read again, for compression may
        bring out a face.
        """
        staying = list(kept)
        hidden = list(covers)
        for face in self.faces(image, rotate) if search else ():
            if _is_any(face.box, staying):
                continue
            if keep(image, face):
                staying.append(face.box)
            else:
                hidden.append(Cover(head(face.box), CELLS))
        shown = stored(self._cover(image, hidden, method))
        left: list[Box] = []
        for number in range(_ROUNDS):
            left = [face.box for face in self.faces(shown, rotate) if not _is_any(face.box, staying)]
            if not left:
                break
            for box in left:
                hidden = _stronger(hidden, box, 1.0 + _GROWTH * number)
            shown = stored(self._cover(image, hidden, method))
        return Redacted(shown, tuple(hidden), tuple(staying), tuple(left))

    def faces(self, image: Image, rotate: bool = False) -> list[Face]:
        """Whatever is taken for a face, in pixels of the image as it is. rotate: as for `redact`."""
        height, width = image.shape[:2]
        return [
            Turned(quarters, width, height).face(face)
            for quarters in (QUARTERS if rotate else QUARTERS[:1])
            for face in self._find(turn(image, quarters))
        ]


def _stronger(hidden: list[Cover], box: Box, growth: float) -> list[Cover]:
    """Cover what still looks like a face: anew where nothing was covered, else in plain gray."""
    on = [cover for cover in hidden if _is_any(box, [cover.box])]
    if not on:
        return [*hidden, Cover(head(box), CELLS)]
    plain = [replace(cover, cells=PLAIN) if cover in on else cover for cover in hidden]
    was_plain = all(cover.cells == PLAIN for cover in on)
    return [*plain, Cover(grown(box, growth), PLAIN)] if was_plain else plain


def _is_any(box: Box, others: Sequence[Box]) -> bool:
    """Whether the middle of a box is in any of the others."""
    x, y = box.center
    return any(other.x0 < x < other.x1 and other.y0 < y < other.y1 for other in others)
