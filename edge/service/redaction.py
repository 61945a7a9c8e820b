"""Hide the faces of a picture, all of them or those of strangers, until the detector finds no more."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from edge.core.coverage import STRENGTHS, Cover, Method, head
from edge.core.face import Box, Face
from edge.core.frame import Image
from edge.core.picture import QUARTERS, Turned, turn
from edge.ports import Detector

_ROUNDS = 14
_GROWTH = 0.2
"""By so much of its size a cover grows with each round after the first: a head may show at its edge."""


@dataclass(frozen=True, slots=True, eq=False)
class Redacted:
    """image: uint8 (H, W, 3) BGR, a copy. covers: what was hidden. kept: faces left as they are. left: what
    the detector still takes for a face, which only a picture that is all faces can leave it."""

    image: Image
    covers: tuple[Cover, ...]
    kept: tuple[Box, ...]
    left: tuple[Box, ...]


class FaceRedaction:
    """Belongs to one thread. cover: hides heads in a copy of a picture, see `vision.redact.cover`."""

    def __init__(self, detector: Detector, cover: Callable[[Image, Sequence[Cover], Method], Image]) -> None:
        self._detector = detector
        self._cover = cover

    def redact(
        self,
        image: Image,
        method: Method = Method.BLUR,
        *,
        covers: Sequence[Cover] = (),
        keep: Callable[[Image, Face], bool] = lambda image, face: False,
        kept: Sequence[Box] = (),
        rotate: bool = False,
        stored: Callable[[Image], Image] = lambda image: image,
    ) -> Redacted:
        """Hide every face that is not kept, look again, and go on until nothing looks like a face.

        covers: heads known beforehand. keep: says of each face found whether it stays; kept: faces known
        to stay. rotate: also find faces that lie on a side or on their head. stored: what becomes of an image
        when it is written and read again, for compression may bring out a face.
        """
        staying = list(kept)
        hidden = list(covers)
        for face in self.faces(image, rotate):
            if _is_any(face.box, staying):
                continue
            if keep(image, face):
                staying.append(face.box)
            else:
                hidden.append(Cover(head(face.box), STRENGTHS[0]))
        shown = stored(self._cover(image, hidden, method))
        left: list[Box] = []
        for growth in range(_ROUNDS):
            left = [face.box for face in self.faces(shown, rotate) if not _is_any(face.box, staying)]
            if not left:
                break
            for box in left:
                hidden = _stronger(hidden, box, 1.0 + _GROWTH * growth)
            shown = stored(self._cover(image, hidden, method))
        return Redacted(shown, tuple(hidden), tuple(staying), tuple(left))

    def faces(self, image: Image, rotate: bool = False) -> list[Face]:
        """Whatever the detector takes for a face, for nothing may be overlooked here."""
        height, width = image.shape[:2]
        return [
            Turned(quarters, width, height).face(face)
            for quarters in (QUARTERS if rotate else QUARTERS[:1])
            for face in self._detector.detect(turn(image, quarters), thorough=True)
        ]


def _stronger(hidden: list[Cover], box: Box, growth: float) -> list[Cover]:
    """Cover what still looks like a face, and take more from the covers that it was seen on."""
    on = [cover for cover in hidden if _is_any(box, [cover.box])]
    weaker = [replace(cover, cells=_next(cover.cells)) if cover in on else cover for cover in hidden]
    cells = min((_next(cover.cells) for cover in on), default=STRENGTHS[0])
    return [*weaker, Cover(head(box, growth if on else 1.0), cells)]


def _next(cells: int) -> int:
    return next((strength for strength in STRENGTHS if strength < cells), STRENGTHS[-1])


def _is_any(box: Box, others: Sequence[Box]) -> bool:
    """Whether the middle of a box is in any of the others."""
    x, y = box.center
    return any(other.x0 < x < other.x1 and other.y0 < y < other.y1 for other in others)
