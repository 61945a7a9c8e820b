"""The process whose start, speed and memory `search_bench` measures.

Run as `python -m edge.app.search_process FOLDER build|search STARTED`. STARTED: when it was asked for,
monotonic seconds. Writes a line `DONE OF` now and then, and the figures as JSON in the last line.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from edge.core.face import Embedding, ModelId, PersonId
from edge.core.limits import GalleryLimits
from edge.core.person import Person
from edge.store.database import open_database
from edge.store.gallery import Gallery
from edge.store.index import GalleryIndex

MODEL = ModelId("bench@000000000000")
STORE = "ostiary.db"
PROBES = "probes.npy"
"""Of float32 (Q, D), norm 1."""
TOP = 5
_PEOPLE_QUERIES = 100
_CHANGES = 10
_NO_LIMIT = 10**9


def build(folder: Path) -> dict[str, Any]:
    """Read all faces of a store that has no snapshot."""
    with open_database(folder / STORE, durable=False, check=False) as database:
        began = time.monotonic()
        GalleryIndex(database, MODEL).refresh()
        return {"build_s": time.monotonic() - began}


def search(folder: Path, started: float) -> dict[str, Any]:
    """Answer the probes; `first` is the most similar face of each."""
    probes = [Embedding(vector, MODEL) for vector in np.load(folder / PROBES)]
    with open_database(folder / STORE, durable=False, check=False) as database:
        index = GalleryIndex(database, MODEL)
        index.search_faces(probes[:1], TOP)
        ready_s = time.monotonic() - started
        seconds, first = [], []
        for number, probe in enumerate(probes):
            began = time.perf_counter()
            (hits,) = index.search_faces([probe], TOP)
            seconds.append(time.perf_counter() - began)
            first.append(hits[0].face)
            if number % 20 == 0:
                print(number, len(probes), flush=True)  # noqa: T201 - for the parent
        people = [_timed(partial(index.search_people, [probe], TOP)) for probe in probes[:_PEOPLE_QUERIES]]
        added, removed = _changes(folder / STORE, index, len(probes[0].vector))
    return {
        "ready_s": ready_s,
        "p50_ms": float(np.median(seconds)) * 1000,
        "p95_ms": float(np.quantile(seconds, 0.95)) * 1000,
        "people_p50_ms": float(np.median(people)) * 1000,
        "add_ms": added * 1000,
        "remove_ms": removed * 1000,
        "rss_mb": _peak_mb(),
        "first": first,
    }


def _changes(store: Path, index: GalleryIndex, dimensions: int) -> tuple[float, float]:
    """Median seconds to store and find a new face, and to erase it and find it no longer."""
    added, removed = [], []
    random = np.random.default_rng(1)
    person = PersonId("newcomer")
    with open_database(store, durable=True, check=False) as database:
        gallery = Gallery(database, GalleryLimits(faces=_NO_LIMIT))
        for _ in range(_CHANGES):
            vector = random.standard_normal(dimensions).astype(np.float32)
            probe = Embedding(vector / np.linalg.norm(vector), MODEL)
            now = datetime.now(UTC)
            gallery.add_person(Person(person, "", now))

            def add(probe: Embedding = probe, now: datetime = now) -> None:
                gallery.add_face(person, probe, quality=1.0, source="bench", at=now)
                assert index.search_faces([probe], 1)[0][0].person == person

            def remove(probe: Embedding = probe) -> None:
                gallery.remove_person(person)
                assert index.search_faces([probe], 1)[0][0].person != person

            added.append(_timed(add))
            removed.append(_timed(remove))
    return float(np.median(added)), float(np.median(removed))


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _peak_mb() -> float:
    status = Path("/proc/self/status").read_text()
    kib = next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(kib) * 1024 / 1e6


def main(folder: str, what: str, started: str) -> None:
    figures = build(Path(folder)) if what == "build" else search(Path(folder), float(started))
    print(json.dumps(figures))  # noqa: T201 - for the parent


if __name__ == "__main__":
    main(*sys.argv[1:])
