"""Measure the daemon as a process: start to first decision, resident memory, idle load."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np

from edge.app import wiring
from edge.core.face import Embedding, PersonId
from edge.core.frame import Image
from edge.core.person import EnrolledFace, FaceId, FaceRecord, Person, PersonRecord
from edge.errors import NoFace, WorkerDied
from edge.settings import Settings, StoreSettings, VisionSettings
from edge.store.database import open_database
from edge.store.gallery import Gallery

VISITOR = PersonId("visitor")
FIRST_DECISION_LIMIT_S = 30.0
SETTLE_S = 3.0
IDLE_S = 12.0
_POLL_S = 0.002
_BATCH = 500


@dataclass(frozen=True, slots=True)
class DaemonFigures:
    """startup_s: from the start of the process to the relay's first edge. rss_mb: the most memory it
    had resident, 10^6 bytes. idle_cpu_percent: of one core, at 15 frames a second without a face."""

    startup_s: float
    rss_mb: float
    idle_cpu_percent: float


def measure_daemon(
    folder: Path,
    visitor: Sequence[Image],
    empty: Sequence[Image],
    portraits: Sequence[Image],
    people: int,
    embedding: str | None = None,
) -> DaemonFigures:
    """Run `ostiary run` on made pictures, twice. folder: an empty one for what it needs.

    visitor: frames of a person close by; portraits: pictures to enroll that person from. empty:
    frames without a face. people: how many others are enrolled. embedding: by name; the default one when
    absent. Raises OstiaryError.
    """
    fill_store(folder / "store", portraits, people, embedding)
    startup_s, rss_at_work = _first_decision(folder, _pictures(folder / "visitor", visitor), embedding)
    idle_percent, rss_idle = _idle(folder, _pictures(folder / "empty", empty), embedding)
    return DaemonFigures(startup_s, max(rss_at_work, rss_idle), idle_percent)


def fill_store(
    folder: Path, portraits: Sequence[Image], people: int, embedding: str | None = None, seed: int = 0
) -> None:
    """Make a database with one real person and so many made-up ones. Raises NoFace, StoreError."""
    folder.mkdir(parents=True)
    settings = Settings(store=StoreSettings(folder=folder), vision=VisionSettings(embedding=embedding))
    random = np.random.default_rng(seed)
    with open_database(settings.store.file, durable=False) as db, wiring.open_models(settings) as models:
        gallery = Gallery(db)
        real = [_template(models, portrait) for portrait in portraits]
        gallery.put([_record(VISITOR, real)])
        for first in range(0, people, _BATCH):
            vectors = random.standard_normal((min(_BATCH, people - first), len(real[0].vector)))
            vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
            made = [Embedding(np.asarray(vector, np.float32), real[0].model) for vector in vectors]
            gallery.put([_record(PersonId(f"synthetic-{first + n}"), [one]) for n, one in enumerate(made)])


def _template(models: wiring.Models, portrait: Image) -> Embedding:
    faces = models.detector.detect(portrait, thorough=True)
    if not faces:
        raise NoFace("no face in a portrait to enroll; use another picture")
    face = max(faces, key=lambda face: face.box.area)
    return models.embedder.embed(portrait, models.mesh.locate(portrait, face))


def _record(person: PersonId, embeddings: Sequence[Embedding]) -> PersonRecord:
    now = datetime.now(UTC)
    faces = tuple(
        EnrolledFace(FaceRecord(FaceId(wiring.new_id()), person, now, 1.0, "bench"), (embedding,))
        for embedding in embeddings
    )
    return PersonRecord(Person(person, person, now), (), faces)


def _pictures(folder: Path, images: Sequence[Image]) -> Path:
    folder.mkdir()
    for number, image in enumerate(images):
        _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 95])
        (folder / f"{number}.jpg").write_bytes(data.tobytes())
    return folder


def _first_decision(folder: Path, pictures: Path, embedding: str | None) -> tuple[float, float]:
    edges = folder / "edges.jsonl"
    began = time.monotonic()
    with _daemon(folder, pictures, edges, embedding) as process:
        while time.monotonic() - began < FIRST_DECISION_LIMIT_S:
            if process.poll() is not None:
                raise WorkerDied(f"the daemon ended with {process.returncode}; its log: {_last_line(folder)}")
            if edges.is_file() and (line := edges.read_text().partition("\n"))[1]:
                time.sleep(SETTLE_S)
                return float(json.loads(line[0])["at"]) - began, _peak_mb(process.pid)
            time.sleep(_POLL_S)
    raise WorkerDied(
        f"no decision within {FIRST_DECISION_LIMIT_S:.0f} s; the daemon's log: {_last_line(folder)}"
    )


def _idle(folder: Path, pictures: Path, embedding: str | None) -> tuple[float, float]:
    with _daemon(folder, pictures, folder / "no-edges.jsonl", embedding) as process:
        time.sleep(SETTLE_S)
        began, before = time.monotonic(), _cpu_s(process.pid)
        time.sleep(IDLE_S)
        if process.poll() is not None:
            raise WorkerDied(f"the daemon ended with {process.returncode}; its log: {_last_line(folder)}")
        return 100 * (_cpu_s(process.pid) - before) / (time.monotonic() - began), _peak_mb(process.pid)


@contextmanager
def _daemon(
    folder: Path, pictures: Path, edges: Path, embedding: str | None
) -> Iterator[subprocess.Popen[bytes]]:
    config = folder / "ostiary.toml"
    config.write_text(
        f'[camera]\nkind = "replay"\npath = {json.dumps(str(pictures))}\nloop = true\n'
        f'[door]\nkind = "simulated"\nedge_log = {json.dumps(str(edges))}\n'
        f"[store]\nfolder = {json.dumps(str(folder / 'store'))}\n"
        + ("" if embedding is None else f"[vision]\nembedding = {json.dumps(embedding)}\n")
    )
    environment = {name: value for name, value in os.environ.items() if not name.startswith("OSTIARY_")}
    with (folder / "daemon.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "edge", "--config", str(config), "run"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=environment,
        )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(10)
        process.kill()
        process.wait()


def _last_line(folder: Path) -> str:
    lines = (folder / "daemon.log").read_text(errors="replace").strip().splitlines()
    return lines[-1] if lines else "empty"


def _cpu_s(pid: int) -> float:
    """User and system time of all threads of a process, seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _peak_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    kib = next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(kib) * 1024 / 1e6
