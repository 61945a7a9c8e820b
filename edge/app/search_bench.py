"""Measure 1:N search in galleries of made-up faces: a real store, a real snapshot, a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from edge.app.search_process import MODEL, PROBES, STORE
from edge.core.events import Json
from edge.errors import StoreFull, WorkerDied
from edge.store import face_rows, snapshot
from edge.store.database import Database, open_database
from edge.store.strangers import add_strangers

Bars: TypeAlias = Callable[[str], AbstractContextManager[Callable[[int, int], None]]]
"""What is being done -> a bar to tell how far it is."""

DIMENSIONS = 256
QUERIES = 1_000
FACES_EACH = 3
_SPREAD = 0.7
"""Of a person's faces around their middle: two of them have a cosine of 0.67."""
_PERTURBED = 0.75
"""Of a probe around an enrolled face: a cosine of 0.8."""
_BATCH = 10_000
_BYTES_A_FACE = 2_600


@dataclass(frozen=True, slots=True)
class SearchFigures:
    """p50_ms, p95_ms: the five most similar faces. people_p50_ms: the five most similar people.
    top1_agreement: the share of probes whose most similar face is the one that comparing all floats finds.
    rss_mb: the most memory resident, 10^6 bytes. ready_s: from the start of a process to its first answer.
    add_ms, remove_ms: to store the change and find, or no longer find, the face. build_s: to read all
    faces of the store without a snapshot."""

    p50_ms: float
    p95_ms: float
    people_p50_ms: float
    top1_agreement: float
    rss_mb: float
    ready_s: float
    add_ms: float
    remove_ms: float
    build_s: float

    def as_json(self) -> dict[str, Json]:
        return {
            "p50_ms": round(self.p50_ms, 3),
            "p95_ms": round(self.p95_ms, 3),
            "people_p50_ms": round(self.people_p50_ms, 3),
            "top1_agreement": round(self.top1_agreement, 5),
            "rss_mb": round(self.rss_mb, 1),
            "ready_s": round(self.ready_s, 3),
            "add_ms": round(self.add_ms, 2),
            "remove_ms": round(self.remove_ms, 2),
            "build_s": round(self.build_s, 2),
        }


def measure_search(
    folder: Path, sizes: Sequence[int], bars: Bars, queries: int = QUERIES
) -> dict[int, SearchFigures]:
    """Search among so many faces each; the store grows from one size to the next.

    folder: an empty one. Raises StoreFull when the disk is too small, StoreError.
    """
    require_room(folder, max(sizes))
    figures = {}
    with open_database(folder / STORE, durable=False) as database:
        enrolled = 0
        for size in sorted(set(sizes)):
            with bars(f"Enrolling {size:,} faces") as progress:
                enroll(database, enrolled, size, progress)
            enrolled = size
            probes, expected = _nearest(database, size, queries, bars)
            np.save(folder / PROBES, probes)
            snapshot.path_beside(database.path).unlink(missing_ok=True)
            built = _process(folder, "build", f"Reading {size:,} faces", bars)
            found = _process(folder, "search", f"Searching {size:,} faces", bars)
            agreement = np.mean(
                [one == other for one, other in zip(found.pop("first"), expected, strict=True)]
            )
            figures[size] = SearchFigures(top1_agreement=float(agreement), **built, **found)
    return figures


def require_room(folder: Path, faces: int) -> None:
    """Raises StoreFull when the disk has no room for a store of so many faces."""
    status = os.statvfs(folder)
    free, needed = status.f_bavail * status.f_frsize, faces * _BYTES_A_FACE
    if free < needed:
        raise StoreFull(
            f"{faces} faces need {needed / 1e9:.0f} GB, the disk of {folder} has {free / 1e9:.0f} GB free; "
            "set TMPDIR to a folder on another disk"
        )


def enroll(database: Database, there: int, wanted: int, progress: Callable[[int, int], None]) -> None:
    """Enroll made-up people until there are as many faces as wanted; every size is made of the same ones."""
    while there < wanted:
        whole = min(_BATCH, (wanted - there) // FACES_EACH)
        shape = (whole, FACES_EACH) if whole else (wanted - there, 1)
        random = np.random.default_rng(there)
        middles = _directions(random, (shape[0], 1))
        vectors = middles + np.float32(_SPREAD) * _directions(random, shape)
        vectors /= np.linalg.norm(vectors, axis=2, keepdims=True)
        add_strangers(database, MODEL, vectors, there)
        there += vectors.shape[0] * vectors.shape[1]
        progress(there, wanted)
    database.checkpoint()


def _process(folder: Path, what: str, doing: str, bars: Bars) -> dict[str, Any]:
    """The figures of a process of its own. Raises WorkerDied."""
    command = [sys.executable, "-m", "edge.app.search_process", str(folder), what, str(time.monotonic())]
    last = ""
    with (
        bars(doing) as progress,
        subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as process,
    ):
        assert process.stdout is not None
        for line in process.stdout:
            last = line
            if not line.startswith("{"):
                progress(*map(int, line.split()))
    if process.returncode != 0:
        raise WorkerDied(f"the measuring process ended with {process.returncode}; see what it wrote above")
    figures: dict[str, Any] = json.loads(last)
    return figures


def _nearest(
    database: Database, faces: int, queries: int, bars: Bars
) -> tuple[NDArray[np.float32], list[str]]:
    """Probes float32 (Q, D) around enrolled faces, and the face that is exactly the most similar to each."""
    random = np.random.default_rng(faces)
    numbers = random.integers(1, faces + 1, queries).tolist()
    rows = {row.number: row.vector for row in face_rows.of_faces(database, MODEL, numbers)}
    near = np.stack([rows[number] for number in numbers])
    probes = near + np.float32(_PERTURBED) * _directions(random, (queries,))
    probes /= np.linalg.norm(probes, axis=1, keepdims=True)
    best, at = np.full(queries, -2, np.float32), np.zeros(queries, np.int64)
    with bars("Comparing all floats") as progress:
        done = 0
        for numbers_of, _, vectors in face_rows.blocks(database, MODEL):
            similarities = vectors @ probes.T
            first = np.argmax(similarities, axis=0)
            top = similarities[first, np.arange(queries)]
            is_better = top > best
            best[is_better], at[is_better] = top[is_better], numbers_of[first[is_better]]
            done += len(vectors)
            progress(done, faces)
    ids = {row.number: row.face for row in face_rows.of_faces(database, MODEL, sorted(set(at.tolist())))}
    return probes, [ids[number] for number in at.tolist()]


def _directions(random: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """float32 (*shape, D), of norm 1."""
    made = random.standard_normal((*shape, DIMENSIONS), np.float32)
    made /= np.linalg.norm(made, axis=-1, keepdims=True)
    return made
