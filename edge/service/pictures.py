"""The picture of a request: read within limits, turned upright where asked, and the faces in it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeAlias

import numpy as np

from edge.core.face import Box, Face, Landmarks
from edge.core.frame import Image
from edge.core.geometry import head_pose
from edge.core.picture import QUARTERS, Picture, Turned, turn
from edge.errors import FaceTooSmall, FaceUnlocated, NoFace, PoorQuality
from edge.ports import Detector, Landmarker
from edge.refusals import QualityLevelIllegal

Source: TypeAlias = Path | bytes
"""A picture's file, or its content."""
QUALITY_LEVELS = range(5)
SURE = 0.6
"""A detection below this score counts only where there is none above it."""
ROOM = 0.5
"""Of the longer side: what a picture that shows no face gets on each side before a second look."""
ENOUGH_PX = 1000
"""Of the longer side, for that second look."""


@dataclass(frozen=True, slots=True, eq=False)
class FoundFace:
    """A face that the mesh confirms, in pixels of the upright picture."""

    face: Face
    landmarks: Landmarks

    @property
    def size_px(self) -> float:
        """The longer side of its box."""
        return max(self.face.box.width, self.face.box.height)


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """A picture with its faces. image: uint8 (H, W, 3) BGR, upright, what the networks look at. faces:
    largest first, in pixels of that image. given: leads from it back to the picture as it was given."""

    image: Image
    given: Turned
    faces: tuple[FoundFace, ...]

    def box(self, found: FoundFace) -> Box:
        """Where a face is in the picture as given."""
        return self.given.box(found.face.box)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a request asks of its picture.

    rotate: try all four sides of a picture without EXIF orientation. least_px: smaller faces are passed over
    (the longer side of the box). quality: 0..4, the level that every used face needs; 0 asks nothing.
    """

    rotate: bool = False
    least_px: float = 0.0
    quality: int = 0

    def __post_init__(self) -> None:
        if self.quality not in QUALITY_LEVELS:
            raise QualityLevelIllegal(f"there is no quality level {self.quality}; use 0 to 4")


ANY = Wanted()


@dataclass(frozen=True, slots=True)
class PictureReader:
    """Finds the faces of still pictures. Belongs to one thread.

    load: decodes within the limits, see `vision.image.read_picture`. grade: the quality level, 0..4, of a
    face of an image. presence: the least probability of a mesh that confirms a face.
    """

    load: Callable[[Source], Picture]
    detector: Detector
    landmarker: Landmarker
    grade: Callable[[Image, FoundFace], int]
    presence: float = field(default=0.5)

    def look(self, source: Source, wanted: Wanted = ANY) -> View:
        """The picture with the faces found in it, which may be none.

        Raises PictureError for a picture that cannot be read.
        """
        picture = self.load(source)
        return self.view(picture, wanted)

    def view(self, picture: Picture, wanted: Wanted = ANY) -> View:
        """The same for a picture that is read already."""
        quarters = QUARTERS if wanted.rotate and not picture.is_oriented else QUARTERS[:1]
        # The first of equals wins, so a picture stays as it is unless another side is better.
        best = max((self._view(picture.image, one, self._found) for one in quarters), key=_uprightness)
        if best.faces:
            return best
        return max((self._view(picture.image, one, self._close_up) for one in quarters), key=_uprightness)

    def faces(self, source: Source, wanted: Wanted = ANY, *, most: int = 1) -> View:
        """The picture with its largest faces, at least one and at most `most`, as good as wanted.

        Raises PictureError: NoFace, FaceUnlocated, FaceTooSmall, PoorQuality, and those of reading.
        """
        view = self.look(source, wanted)
        if not view.faces:
            raise self._nobody(view, _name(source))
        large = tuple(found for found in view.faces if found.size_px >= wanted.least_px)[:most]
        if not large:
            raise FaceTooSmall(
                f"the largest face of {_name(source)} has {view.faces[0].size_px:.0f} px, wanted are "
                f"{wanted.least_px:g}; use a closer picture"
            )
        if wanted.quality:
            for found in large:
                self._check(view.image, found, wanted.quality, _name(source))
        return View(view.image, view.given, large)

    def _view(self, image: Image, quarters: int, find: Callable[[Image], tuple[FoundFace, ...]]) -> View:
        height, width = image.shape[:2]
        turned = turn(image, quarters)
        return View(turned, Turned(quarters, width, height), find(turned))

    def _found(self, image: Image) -> tuple[FoundFace, ...]:
        return self._confirmed(image, self.detector.detect(image, thorough=True))

    def _close_up(self, image: Image) -> tuple[FoundFace, ...]:
        """The face of a picture that it fills: the networks find it once there is room around it."""
        # A face so large is found as well in fewer pixels, which take a quarter of the memory and less.
        step = math.ceil(max(image.shape[:2]) / ENOUGH_PX)
        fewer = image[::step, ::step]
        room = round(ROOM * max(fewer.shape[:2]))
        framed = np.pad(fewer, ((room, room), (room, room), (0, 0)))
        found = self.detector.detect(framed, thorough=True)
        return self._confirmed(image, [_placed(face, room, step) for face in found])

    def _confirmed(self, image: Image, faces: Iterable[Face]) -> tuple[FoundFace, ...]:
        """The faces that the mesh agrees with, largest first; none inside another, and no doubtful one beside
        a sure one."""
        fitted = (FoundFace(face, self.landmarker.locate(image, face)) for face in faces)
        confirmed = [found for found in fitted if found.landmarks.presence >= self.presence]
        confirmed = [found for found in confirmed if found.face.score >= SURE] or confirmed
        kept: list[FoundFace] = []
        for found in sorted(confirmed, key=lambda one: one.face.box.area, reverse=True):
            if not any(_is_inside(found.face.box, larger.face.box) for larger in kept):
                kept.append(found)
        return tuple(kept)

    def _nobody(self, view: View, name: str) -> NoFace | FaceUnlocated:
        if any(face.score >= SURE for face in self.detector.detect(view.image, thorough=True)):
            return FaceUnlocated(
                f"something like a face was found in {name}, but no features in it; use a clearer picture"
            )
        return NoFace(f"no face found in {name}; use a picture that shows a face from the front")

    def _check(self, image: Image, found: FoundFace, quality: int, name: str) -> None:
        level = self.grade(image, found)
        if level < quality:
            raise PoorQuality(
                f"the face in {name} is of quality level {level}, wanted is {quality}; use a sharp, evenly "
                "lit picture of an uncovered face"
            )


def _name(source: Source) -> str:
    return "the picture" if isinstance(source, bytes) else str(source)


def _uprightness(view: View) -> float:
    """How much the faces of a picture stand upright: the detector finds a lying face too, less surely."""
    return sum(
        found.face.score * math.cos(math.radians(head_pose(found.landmarks).roll)) for found in view.faces
    )


def _placed(face: Face, room: int, step: int) -> Face:
    """A face found with room around every `step`-th pixel, where it is in the picture."""
    corners = (face.box.x0, face.box.y0, face.box.x1, face.box.y1)
    x0, y0, x1, y1 = ((corner - room) * step for corner in corners)
    return replace(face, box=Box(x0, y0, x1, y1), keypoints=(face.keypoints - np.float32(room)) * step)


def _is_inside(inner: Box, outer: Box) -> bool:
    """Whether a box is in the middle of another: then both are of one head."""
    x, y = inner.center
    return outer.x0 < x < outer.x1 and outer.y0 < y < outer.y1
