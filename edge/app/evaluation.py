"""Measure recognition on labelled pairs of pictures, on every core."""

from __future__ import annotations

import csv
import multiprocessing
import os
import signal
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from edge.core.events import Json
from edge.core.face import ModelId, Vector
from edge.core.verification import Verification, verify
from edge.errors import PictureError, PictureUnreadable, SettingsError, WorkerDied
from edge.vision.describe import FaceDescriber
from edge.vision.detector import FaceDetector
from edge.vision.embedder import FaceEmbedder
from edge.vision.engine import Engine, open_model
from edge.vision.image import load_picture
from edge.vision.manifest import Manifest, find
from edge.vision.mesh import FaceMesh

_COLUMNS = ("a", "b", "same")
_NO_MATCH = -1.0
"""The score of a pair in which a face was not found: a door would not open for it."""
_BATCH = 16


@dataclass(frozen=True, slots=True)
class Pair:
    """line: where it stands in its file, for messages."""

    a: Path
    b: Path
    same: bool
    line: int


@dataclass(frozen=True, slots=True)
class Evaluation:
    """pictures: how many different ones; no_face: in how many of them no face was found."""

    model: ModelId
    pictures: int
    no_face: int
    verification: Verification

    def as_json(self) -> dict[str, Json]:
        found = self.verification
        return {
            "model": self.model,
            "pictures": self.pictures,
            "no_face": self.no_face,
            "pairs_same": found.pairs_same,
            "pairs_different": found.pairs_different,
            "accuracy": round(found.accuracy, 5),
            "accuracy_deviation": round(found.accuracy_deviation, 5),
            "eer": round(found.eer, 5),
            "tar_at_far": {_label(far): round(tar, 5) for far, tar in found.tar_at_far},
        }


def read_pairs(file: Path, root: Path) -> list[Pair]:
    """Read a CSV file with the columns a, b (pictures, relative to `root`) and same (0 or 1).

    Raises SettingsError for a wrong file, PictureUnreadable for a picture that is not there.
    """
    try:
        with file.open(newline="", encoding="utf-8") as stream:
            reader = csv.DictReader(stream)
            if not set(_COLUMNS) <= set(reader.fieldnames or ()):
                raise SettingsError(f"{file}:1: the columns must be {', '.join(_COLUMNS)}")
            pairs = [_pair(row, f"{file}:{reader.line_num}", root, reader.line_num) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SettingsError(f"cannot read the pairs in {file}: {error}; give a CSV file") from None
    known: set[Path] = set()
    for pair in pairs:
        for path in (pair.a, pair.b):
            if path not in known and not _is_there(path):
                raise PictureUnreadable(f"{file}:{pair.line}: no picture at {path}; check the line or --root")
            known.add(path)
    return pairs


def evaluate(file: Path, root: Path, jobs: int, progress: Callable[[int, int], None]) -> Evaluation:
    """Compare the pairs that `file` lists. jobs: processes. progress: told pictures done and all.

    A pair in which a face is not found counts as not matching.
    Raises SettingsError, PictureError, ModelError, WorkerDied.
    """
    pairs = read_pairs(file, root)
    lines = {path: pair.line for pair in reversed(pairs) for path in (pair.a, pair.b)}
    model = find("embedding").model_id
    vectors = _vectors(list(lines), lines, file, jobs, progress)
    scores = np.array([_similarity(vectors[pair.a], vectors[pair.b]) for pair in pairs])
    same = np.array([pair.same for pair in pairs], bool)
    try:
        found = verify(scores[same], scores[~same])
    except ValueError as error:
        raise SettingsError(f"{file}: {error}") from None
    return Evaluation(model, len(vectors), sum(vector is None for vector in vectors.values()), found)


def _is_there(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        return False


def _pair(row: dict[str, str], where: str, root: Path, line: int) -> Pair:
    a, b, same = (row[column] for column in _COLUMNS)
    if not a or not b or same not in ("0", "1"):
        raise SettingsError(f"{where}: needs two pictures and 0 or 1, got {a!r}, {b!r}, {same!r}")
    return Pair(root / a, root / b, same == "1", line)


def _vectors(
    paths: Sequence[Path],
    lines: dict[Path, int],
    file: Path,
    jobs: int,
    progress: Callable[[int, int], None],
) -> dict[Path, Vector | None]:
    batches = [paths[i : i + _BATCH] for i in range(0, len(paths), _BATCH)]
    # Spawned, not forked: a forked copy of a running inference engine hangs.
    context = multiprocessing.get_context("spawn")
    vectors: dict[Path, Vector | None] = {}
    with ProcessPoolExecutor(jobs, mp_context=context, initializer=_open) as pool:
        try:
            for batch, made in zip(batches, pool.map(_describe, batches), strict=True):
                for path, vector in zip(batch, made, strict=True):
                    if isinstance(vector, PictureError):
                        raise type(vector)(f"{file}:{lines[path]}: {vector}")
                    vectors[path] = vector
                progress(len(vectors), len(paths))
        except BrokenProcessPool:
            _check_models()
            raise WorkerDied("an evaluating process died; is there enough memory? Try --jobs 1") from None
        finally:
            pool.shutdown(cancel_futures=True)
    return vectors


def _similarity(a: Vector | None, b: Vector | None) -> float:
    return _NO_MATCH if a is None or b is None else float(a @ b)


def _label(far: float) -> str:
    return f"{far:.0e}".replace("e-0", "e-")


def default_jobs() -> int:
    """One process for each core that this one may use."""
    return len(os.sched_getaffinity(0))


@dataclass(slots=True)
class _Tools:
    near: Engine
    far: Engine
    mesh: FaceMesh
    embedder: FaceEmbedder


_tools: list[_Tools] = []
"""What an evaluating process has open, for as long as it lives."""


def _open() -> None:
    cv2.setNumThreads(1)
    # Ctrl-C reaches every process of the terminal; the one that started these ends them.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    near, far, mesh, embedding = (open_model(manifest) for manifest in _manifests())
    _tools.append(_Tools(near, far, FaceMesh(mesh), FaceEmbedder(embedding)))


def _describe(paths: Iterable[Path]) -> list[Vector | PictureError | None]:
    (tools,) = _tools
    made: list[Vector | PictureError | None] = []
    for path in paths:
        # A fresh detector: it remembers where the last picture's face was.
        describer = FaceDescriber(FaceDetector(tools.near, tools.far), tools.mesh, tools.embedder)
        try:
            description = describer.describe(load_picture(path))
        except PictureError as error:
            made.append(error)
        else:
            made.append(None if description is None else description.embedding.vector)
    return made


def _check_models() -> None:
    """Raise here what made the processes die when it was a model."""
    for manifest in _manifests():
        with Engine(manifest):
            pass


def _manifests() -> tuple[Manifest, Manifest, Manifest, Manifest]:
    return find("detection", "near"), find("detection", "far"), find("landmarks"), find("embedding")
