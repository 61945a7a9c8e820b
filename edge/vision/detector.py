"""Find faces: the near network on every frame, the far one where nobody is near; three others in stills."""

from __future__ import annotations

import numpy as np

from edge.core.face import Face
from edge.core.frame import Image
from edge.vision.anchors import Region, look, merge
from edge.vision.engine import Engine
from edge.vision.still import StillSearch

_FOCUS_SCALE = 3.0
"""A face of the last frame is looked for in a square this many times its size."""
_FOCUS_FRAMES = 8
"""After so many frames without it the search around the last face ends."""
_TILE_SHARE = 0.5
"""A tile's side, as a share of the picture's longer side: a 48 px face of a 640 px frame has 29 px in it."""
_TILE_OVERLAP = 0.25
"""Tiles share at least this much, so that a small face is whole in one of them."""


class FaceDetector:
    """Two anchor networks as one detector. Implements `Detector`; belongs to one thread.

    It remembers where the last face was and where it searched last. When the near network sees
    nobody in the whole picture it looks around the last face; else the far network looks at the
    whole picture and at one tile in turns, each time another tile. A small face is so found
    within twice as many frames as there are tiles, and an empty frame costs two small networks.
    """

    def __init__(self, near: Engine, far: Engine, still: StillSearch | None = None) -> None:
        """still: how single pictures are searched. Without it they get one look of each network."""
        self.near = near
        self.far = far
        self.still = still
        self._focus: Region | None = None
        self._unseen = 0
        self._turn = 0

    def detect(self, image: Image, thorough: bool = False, least: float | None = None) -> list[Face]:
        """Find faces in a uint8 (H, W, 3) BGR picture; best score first, overlaps removed.

        thorough: for single pictures; looks for small faces everywhere and remembers nothing.
        least: see `StillSearch.search`; only for a thorough look.
        """
        if thorough and self.still is not None:
            return self.still.search(image, least)
        if thorough:
            return merge(
                np.concatenate([look(self.near, image, whole(image)), look(self.far, image, whole(image))])
            )
        faces = (
            merge(look(self.near, image, whole(image)))
            or self._search_around(image)
            or self._search_far(image)
        )
        if faces:
            self._focus = around(faces)
            self._unseen = 0
        return faces

    def _search_around(self, image: Image) -> list[Face]:
        if self._focus is None:
            return []
        for engine in (self.near, self.far):
            faces = merge(look(engine, image, self._focus))
            if faces:
                return faces
        self._unseen += 1
        if self._unseen >= _FOCUS_FRAMES:
            self._focus = None
        return []

    def _search_far(self, image: Image) -> list[Face]:
        turn, on_tile = divmod(self._turn, 2)
        self._turn += 1
        places = tiles(image, _TILE_SHARE)
        return merge(look(self.far, image, places[turn % len(places)] if on_tile else whole(image)))


def whole(image: Image) -> Region:
    """The smallest square around the picture, both in the middle."""
    height, width = image.shape[:2]
    side = max(height, width)
    return Region((width - side) // 2, (height - side) // 2, side)


def around(faces: list[Face]) -> Region:
    """A square around the largest face, with room to move."""
    box = max(faces, key=lambda face: face.box.area).box
    side = max(2, round(max(box.width, box.height) * _FOCUS_SCALE))
    x, y = box.center
    return Region(round(x - side / 2), round(y - side / 2), side)


def tiles(image: Image, share: float) -> list[Region]:
    """Overlapping squares that cover the picture; side: `share` of its longer side."""
    height, width = image.shape[:2]
    side = max(2, round(max(height, width) * share))
    return [Region(x, y, side) for y in _starts(height, side) for x in _starts(width, side)]


def _starts(length: int, side: int) -> list[int]:
    if length <= side:
        return [(length - side) // 2]
    count = 1 + -(-(length - side) // round(side * (1.0 - _TILE_OVERLAP)))
    return [round(i * (length - side) / (count - 1)) for i in range(count)]
