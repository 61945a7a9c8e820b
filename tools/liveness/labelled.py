"""Labelled frames of real people and real attacks: the shared sources, and a site's own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.app.liveness_manifest import read_presented, wrong_lines
from edge.core.face import Box
from edge.errors import SettingsError
from edge.vision.detector import FaceDetector
from edge.vision.engine import open_model
from edge.vision.liveness import cut_square
from edge.vision.manifest import find
from liveness.kinds import STORED, VIEWS, Image

Show = Callable[[Iterable[object], str, int], Iterable[object]]

LEAST_OVERLAP = 0.15
PRINTS = {"nuaa": "", "piiyushjoshi": "piiyushjoshi/spoof/01253"}
"""Which attacks of the shared sources are printed, told by eye from contact sheets: all of NUAA, and another
source's newspapers up to this file. The rest are phones, televisions and monitors."""
PICTURES = {".jpg", ".jpeg", ".png", ".bmp", ".webp"}


@dataclass(frozen=True, slots=True)
class Labelled:
    """One frame on disk. attack: its type, "" for a living person. box: which face is meant, if it says."""

    path: Path
    source: str
    attack: str
    box: Box | None


@dataclass(frozen=True, slots=True, eq=False)
class Real:
    """Labelled scenes.

    scenes: uint8 (N, V, 160, 160, 3), BGR, by the views. source, attack: str (N,); attack is "" for live.
    """

    scenes: NDArray[np.uint8]
    source: NDArray[np.str_]
    attack: NDArray[np.str_]

    @property
    def live(self) -> NDArray[np.bool_]:
        return np.asarray(self.attack == "")


def shared_frames(data: Path) -> list[Labelled]:
    """What the evaluation data's manifest.csv lists."""
    return _listed(data / "liveness" / "manifest.csv", None)


def site_frames(folder: Path, source: str = "site") -> list[Labelled]:
    """A site's pictures: by a manifest.csv there, or in live/ and attack/, or attack/TYPE/.

    Raises SystemExit where living people or attacks are missing.
    """
    if (folder / "manifest.csv").is_file():
        found = _listed(folder / "manifest.csv", source)
    else:
        found = []
        for path in sorted(folder.rglob("*")):
            inside = path.relative_to(folder).parts
            if path.suffix.lower() in PICTURES and inside[0] in ("live", "attack"):
                kind = inside[1] if len(inside) > 2 else "attack"
                found.append(Labelled(path, source, "" if inside[0] == "live" else kind, None))
    if not any(one.attack for one in found) or all(one.attack for one in found):
        raise SystemExit(f"{folder} needs pictures of both kinds: in live/ and attack/, or by a manifest.csv")
    return found


def _listed(file: Path, source: str | None) -> list[Labelled]:
    """The same list as `ostiary evaluate liveness` reads, of pictures only.

    Raises SystemExit, which names every wrong line.
    """
    try:
        listed = read_presented(file, file.parent)
        clips = [(one.line, f"{one.name} is a clip; cut it into pictures") for one in listed if one.is_clip]
        if clips:
            raise wrong_lines(file, clips)
    except SettingsError as error:
        raise SystemExit(str(error)) from None
    return [
        Labelled(
            one.path,
            source or one.source,
            "" if one.live else one.attack or _kind(one.source, one.name),
            one.box,
        )
        for one in listed
    ]


def _kind(source: str, path: str) -> str:
    last = PRINTS.get(source)
    return "print" if last is not None and (not last or path.rsplit(".", 1)[0] <= last) else "screen"


def detector() -> FaceDetector:
    """The project's own, so that boxes here are the boxes at the door."""
    return FaceDetector(open_model(find("detection", "near")), open_model(find("detection", "far")))


def pictures(frames: list[Labelled], show: Show) -> Iterator[tuple[Labelled, Image, Box]]:
    """Each frame with the box that the detector gives its face; those it misses are left out, and counted."""
    finder, lost = detector(), 0
    for one in show(frames, "labelled frames", len(frames)):
        assert isinstance(one, Labelled)
        picture = cv2.imread(str(one.path))
        if picture is None:
            raise SystemExit(f"{one.path} is no picture that can be read")
        box = chosen([face.box for face in finder.detect(picture)], one.box)
        if box is None:
            box = chosen([face.box for face in finder.detect(picture, thorough=True)], one.box)
        if box is None:
            lost += 1
            continue
        yield one, picture, box
    if lost:
        print(f"  {lost} of {len(frames)} frames left out: the labelled face was not found")


def real_scenes(frames: list[Labelled], show: Show) -> Real:
    """Every labelled frame, cut around its face."""
    scenes, source, attack = [], [], []
    for one, picture, box in pictures(frames, show):
        side = max(box.width, box.height)
        scenes.append([cut_square(picture, box.center, view.span * side, STORED) for view in VIEWS])
        source.append(one.source)
        attack.append(one.attack)
    return Real(np.array(scenes), np.array(source), np.array(attack))


def chosen(boxes: list[Box], labelled: Box | None) -> Box | None:
    """The box that overlaps the labelled one most (IoU above 0.15); without a label the largest."""
    if labelled is None:
        return max(boxes, key=lambda box: box.area, default=None)
    best = max(boxes, key=lambda box: overlap(box, labelled), default=None)
    return best if best is not None and overlap(best, labelled) > LEAST_OVERLAP else None


def overlap(a: Box, b: Box) -> float:
    """Intersection over union."""
    shared = Box(max(a.x0, b.x0), max(a.y0, b.y0), min(a.x1, b.x1), min(a.y1, b.y1))
    if shared.width <= 0 or shared.height <= 0:
        return 0.0
    return shared.area / (a.area + b.area - shared.area)
