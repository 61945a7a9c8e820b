"""How alive the liveness network finds the faces of many pictures, by every core."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np

from edge.app.every_core import batches, spread
from edge.app.liveness_manifest import Presented, readable
from edge.core.face import Box, Face
from edge.core.frame import Image
from edge.core.marked_face import as_detected, meant
from edge.errors import PictureError
from edge.vision.detector import FaceDetector
from edge.vision.engine import Engine, open_model
from edge.vision.image import load_picture
from edge.vision.liveness import PassiveLiveness
from edge.vision.manifest import Manifest, find
from edge.vision.still import NETWORKS, StillSearch


@dataclass(frozen=True, slots=True)
class Scored:
    """box: what was looked at. score: probability 0..1 of a living face. found: whether the detector saw the
    face, too, and not only the one who marked it."""

    box: Box
    score: float
    found: bool


def score_frames(
    listed: Sequence[Presented], file: Path, jobs: int, progress: Callable[[int], None]
) -> list[Scored | None]:
    """The score of each picture, None where there is no face. file: where they are listed, for messages.

    jobs: processes. progress: told how many are done. Raises SettingsError, which names the lines of pictures
    that cannot be read and of boxes outside theirs; ModelError, WorkerDied.
    """
    results = spread(_score, batches(listed), jobs=jobs, opener=_open, check=_check_models)
    return readable(zip(listed, chain.from_iterable(results), strict=True), file, progress)


@dataclass(slots=True)
class _Tools:
    near: Engine
    far: Engine
    still: StillSearch
    liveness: PassiveLiveness


_tools: list[_Tools] = []
"""What a working process has open, for as long as it lives."""


def _open() -> None:
    near, far, *still, liveness = (open_model(manifest) for manifest in _manifests())
    _tools.append(_Tools(near, far, StillSearch(*still), PassiveLiveness(liveness)))


def _score(piece: Sequence[Presented]) -> list[Scored | str | None]:
    """A text says what is wrong with that line."""
    (tools,) = _tools
    made: list[Scored | str | None] = []
    for one in piece:
        try:
            image = load_picture(one.path)
        except PictureError as error:
            made.append(str(error).partition("; ")[0])
            continue
        if one.box is not None and not _meets(one.box, image):
            height, width = image.shape[:2]
            made.append(f"the box lies outside the picture of {width}x{height}")
            continue
        face, found = _face(tools, image, one.box)
        if face is None:
            made.append(None)
        else:
            made.append(Scored(face.box, tools.liveness.score(image, face), found))
    return made


def _face(tools: _Tools, image: Image, marked: Box | None) -> tuple[Face | None, bool]:
    """The face that is meant, as a door sees it in a frame, else as single pictures are searched, else as it
    was marked; and whether it was found."""
    # A fresh detector: it remembers where the last picture's face was.
    detector = FaceDetector(tools.near, tools.far, tools.still)
    for thorough in (False, True):
        face = meant(detector.detect(image, thorough), marked)
        if face is not None:
            return face, True
    if marked is None:
        return None, False
    box = as_detected(marked)
    unknown = np.zeros((6, 2), np.float32)
    return (Face(box, unknown, 0.0) if _meets(box, image) else None), False


def _meets(box: Box, image: Image) -> bool:
    height, width = image.shape[:2]
    return box.x0 < width and box.y0 < height and box.x1 > 0 and box.y1 > 0


def _check_models() -> None:
    """Raise here what made the processes die when it was a model."""
    for manifest in _manifests():
        with Engine(manifest):
            pass


def _manifests() -> list[Manifest]:
    detection = [find("detection", name) for name in ("near", "far", *NETWORKS)]
    return [*detection, find("liveness")]
