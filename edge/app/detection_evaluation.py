"""Measure detection on pictures with labeled faces: accuracy on every core, time on one thread alone."""

from __future__ import annotations

import csv
import math
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from edge.app.every_core import batches, spread
from edge.core.detection_metrics import DetectionFigures, Floats, Looked, measure
from edge.core.events import Json
from edge.core.frame import Image
from edge.errors import PictureError, PictureUnreadable, SettingsError
from edge.vision.engine import Engine, open_model
from edge.vision.faceboxes import as_labeled
from edge.vision.image import load_picture
from edge.vision.manifest import Manifest, find
from edge.vision.still import NETWORKS, StillSearch

_COLUMNS = ("image", "x0", "y0", "x1", "y1")
_LONG_SIDE = 640
"""Pictures are scaled to this; sizes and times are of it."""
_LEAST_SCORE = 0.02
"""Average precision looks at everything down to here."""
_TIMED = 100
_BATCH = 4


@dataclass(frozen=True, slots=True)
class Labeled:
    """A picture and its labeled faces, (x0, y0, x1, y1) each in pixels; line: where it is first listed."""

    path: Path
    boxes: tuple[tuple[float, ...], ...]
    line: int


@dataclass(frozen=True, slots=True)
class DetectionEvaluation:
    """ms_per_image_p50: one look at a picture in memory, one thread, nothing else of ours running."""

    least_score: float
    figures: DetectionFigures
    ms_per_image_p50: float

    def as_json(self) -> dict[str, Json]:
        found = self.figures
        return {
            "pictures": found.pictures,
            "faces": dict(found.faces),
            "recall": {
                name: None if recall is None else round(recall, 4) for name, recall in found.recall.items()
            },
            "false_positives_per_image": round(found.false_positives_per_image, 4),
            "ap50": None if found.ap50 is None else round(found.ap50, 4),
            "ms_per_image_p50": round(self.ms_per_image_p50, 2),
            "least_score": self.least_score,
        }


def read_boxes(file: Path, root: Path) -> list[Labeled]:
    """Read a CSV file with the columns image (relative to `root`), x0, y0, x1, y1.

    A picture without faces is listed with the four numbers left empty.
    Raises SettingsError for a wrong file, PictureUnreadable for a picture that is not there.
    """
    listed: dict[Path, tuple[int, list[tuple[float, ...]]]] = {}
    try:
        with file.open(newline="", encoding="utf-8") as stream:
            reader = csv.DictReader(stream)
            if not set(_COLUMNS) <= set(reader.fieldnames or ()):
                raise SettingsError(f"{file}:1: the columns must be {', '.join(_COLUMNS)}")
            for row in reader:
                where = f"{file}:{reader.line_num}"
                path, box = _row([row[column] or "" for column in _COLUMNS], where, root)
                _, boxes = listed.setdefault(path, (reader.line_num, []))
                boxes.extend(box)
    except OSError as error:
        raise SettingsError(f"cannot read the boxes in {file}: {error.strerror}; give a CSV file") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise SettingsError(f"cannot read the boxes in {file}: {error}; give a CSV file") from None
    if not listed:
        raise SettingsError(f"{file} lists no picture")
    for path, (line, _) in listed.items():
        if not _is_there(path):
            raise PictureUnreadable(f"{file}:{line}: no picture at {path}; check the line or --root")
    return [Labeled(path, tuple(boxes), line) for path, (line, boxes) in listed.items()]


def evaluate_detection(
    file: Path, root: Path, jobs: int, progress: Callable[[int, int], None]
) -> DetectionEvaluation:
    """Find the faces that `file` labels. jobs: processes. progress: told steps done and all.

    Raises SettingsError, PictureError, ModelError, WorkerDied.
    """
    listed = read_boxes(file, root)
    timed = listed[:: max(1, len(listed) // _TIMED)][:_TIMED]
    steps = len(listed) + len(timed)
    looked: list[Looked] = []
    pieces = batches(listed, _BATCH)
    for piece, made in zip(
        pieces, spread(_look, pieces, jobs=jobs, opener=_open, check=_check_models), strict=True
    ):
        for one, found in zip(piece, made, strict=True):
            if isinstance(found, PictureError):
                raise type(found)(f"{file}:{one.line}: {found}")
            looked.append(found)
        progress(len(looked), steps)
    least = find("detection", "wide").threshold("face")
    took = _time(timed, lambda done: progress(len(listed) + done, steps))
    return DetectionEvaluation(least, measure(looked, least), 1000.0 * float(np.median(took)))


def _row(values: Sequence[str], where: str, root: Path) -> tuple[Path, list[tuple[float, ...]]]:
    image, numbers = values[0], values[1:]
    if not image:
        raise SettingsError(f"{where}: the column image is empty; name a picture")
    if not any(numbers):
        return root / image, []
    try:
        x0, y0, x1, y1 = (float(number) for number in numbers)
    except ValueError:
        raise SettingsError(f"{where}: {', '.join(numbers)} are not four numbers") from None
    if not all(map(math.isfinite, (x0, y0, x1, y1))) or x1 <= x0 or y1 <= y0:
        raise SettingsError(f"{where}: {', '.join(numbers)} is no box; x1 > x0 and y1 > y0 are needed")
    return root / image, [(x0, y0, x1, y1)]


def _is_there(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        return False


_search: list[StillSearch] = []
"""What a working process has open, for as long as it lives."""


def _open() -> None:
    _search.append(StillSearch(*(open_model(manifest) for manifest in _manifests())))


def _look(piece: Sequence[Labeled]) -> list[Looked | PictureError]:
    (search,) = _search
    made: list[Looked | PictureError] = []
    for one in piece:
        try:
            image, scale = _scaled(one.path)
        except PictureError as error:
            made.append(error)
            continue
        faces = search.search(image, _LEAST_SCORE)
        boxes = [as_labeled(face.box) for face in faces]
        made.append(
            Looked(
                labeled=_array(one.boxes) * scale,
                boxes=_array([(box.x0, box.y0, box.x1, box.y1) for box in boxes]),
                scores=np.array([face.score for face in faces], np.float64),
            )
        )
    return made


def _time(listed: Sequence[Labeled], progress: Callable[[int], None]) -> list[float]:
    """Seconds that a search of each picture takes. The processes that looked have ended: this is alone."""
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    took = []
    try:
        with ExitStack() as stack:
            search = StillSearch(*(stack.enter_context(Engine(manifest)) for manifest in _manifests()))
            for done, one in enumerate(listed, 1):
                image, _ = _scaled(one.path)
                began = time.perf_counter()
                search.search(image)
                took.append(time.perf_counter() - began)
                progress(done)
    finally:
        cv2.setNumThreads(threads)
    return took


def _scaled(path: Path) -> tuple[Image, float]:
    """The picture with a longer side of 640 pixels, and how many times larger that is."""
    image = load_picture(path)
    height, width = image.shape[:2]
    scale = _LONG_SIDE / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    how = cv2.INTER_AREA if scale < 1.0 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, size, interpolation=how), np.uint8), scale


def _array(boxes: Sequence[Sequence[float]]) -> Floats:
    return np.array(boxes, np.float64).reshape(-1, 4)


def _check_models() -> None:
    """Raise here what made the processes die when it was a model."""
    for manifest in _manifests():
        with Engine(manifest):
            pass


def _manifests() -> list[Manifest]:
    return [find("detection", name) for name in NETWORKS]
