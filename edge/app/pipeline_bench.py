"""Time full decisions on single frames: the daemon's own recognizer, against a gallery of strangers."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np

from edge.app import recognition, wiring
from edge.app.stopwatch import STAGES, Lap, Spread, StageTimes, Stopwatch
from edge.app.timed_models import timed_matcher, timed_models
from edge.core.events import Json
from edge.core.face import ModelId
from edge.core.frame import Frame, Image
from edge.errors import PoorQuality
from edge.liveness_settings import LivenessSettings
from edge.service.recognize import Recognizer
from edge.settings import RecognitionSettings, Settings
from edge.store.database import open_database
from edge.store.index import GalleryIndex
from edge.store.strangers import add_strangers

REST = "rest"
"""Tracking, evidence and the glue between the stages."""
WARM_UP = 6
_FRAME_S = 1 / 15
_PAUSE_S = 10.0
_NO_VERDICT = {
    "recognition": RecognitionSettings(agree=30, window=60),
    "liveness": LivenessSettings(window=30, more=30),
}
"""Verdicts silence a track for a while; so many frames are timed before there is one."""
_VISIT_FRAMES = 25
_BATCH = 10_000


@dataclass(frozen=True, slots=True)
class PipelineTimes:
    """around and bare_invoke_ms: one frame with a full decision. stages: its parts."""

    frames: int
    around: Spread
    bare_invoke_ms: float
    stages: dict[str, StageTimes]

    def as_json(self) -> dict[str, Json]:
        return {
            "p50_ms": round(self.around.p50_ms, 4),
            "p95_ms": round(self.around.p95_ms, 4),
            "bare_invoke_ms": round(self.bare_invoke_ms, 4),
            "frames": self.frames,
        }


@dataclass(frozen=True, slots=True)
class FullFrame:
    """seconds: from the frame to what it says. cpu_s: of these, on a core. lap: where they went."""

    seconds: float
    cpu_s: float
    lap: Lap


class PipelineBench:
    """A recognizer under the watch. Frames are shown as if they came 15 a second."""

    def __init__(self, recognizer: Recognizer, watch: Stopwatch) -> None:
        self._recognizer = recognizer
        self._watch = watch
        self._now = 0.0
        self._shown = 0
        self._random = np.random.default_rng(0)

    def look(self, image: Image) -> FullFrame | None:
        """Show one frame. None when it was not compared with anybody: no steady or good face."""
        if self._shown % _VISIT_FRAMES == 0:
            self._now += _PAUSE_S  # a new visitor: the tracks before this are over
        self._now += _FRAME_S
        # The grain of a camera is never the same twice; a picture that comes again is taken for a replay.
        noise = self._random.integers(-2, 3, image.shape, np.int16)
        image = np.clip(image + noise, 0, 255).astype(np.uint8)
        self._watch.lap()
        began, cpu_began = time.perf_counter(), time.thread_time()
        self._recognizer.process(Frame(image, self._now, self._shown))
        seconds, cpu_s = time.perf_counter() - began, time.thread_time() - cpu_began
        self._shown += 1
        lap = self._watch.lap()
        return FullFrame(seconds, cpu_s, lap) if "match" in lap.around else None


@contextmanager
def open_bench(settings: Settings, people: int) -> Iterator[PipelineBench]:
    """The pipeline of these settings with so many people enrolled. Raises ModelError."""
    cv2.setNumThreads(settings.vision.threads)
    settings = settings.model_copy(update=_NO_VERDICT)
    watch = Stopwatch()
    with (
        wiring.open_models(settings) as models,
        TemporaryDirectory(prefix="ostiary-bench-") as folder,
        strangers(
            Path(folder), people, models.embedder.model, models.embedding.outputs[0].shape[-1]
        ) as index,
    ):
        timed, match = timed_models(models, watch), timed_matcher(index.matcher, watch)
        yield PipelineBench(recognition.recognizer(settings, timed, match), watch)


@contextmanager
def strangers(
    folder: Path, people: int, model: ModelId, dimensions: int, seed: int = 0
) -> Iterator[GalleryIndex]:
    """An index of made-up people, one face each. folder: where to keep them meanwhile."""
    random = np.random.default_rng(seed)
    with open_database(folder / "strangers.db", durable=False) as database:
        for first in range(0, people, _BATCH):
            vectors = random.standard_normal((min(_BATCH, people - first), 1, dimensions), np.float32)
            vectors /= np.linalg.norm(vectors, axis=2, keepdims=True)
            add_strangers(database, model, vectors, first)
        index = GalleryIndex(database, model)
        index.refresh()
        yield index


def summarize(frames: Iterable[FullFrame]) -> PipelineTimes:
    """Raises PoorQuality when there is none."""
    full = list(frames)
    if not full:
        raise PoorQuality("no frame led to a comparison; use frames of a face near the camera")
    return PipelineTimes(
        frames=len(full),
        around=Spread.of(frame.seconds for frame in full),
        bare_invoke_ms=float(np.median([frame.lap.bare_s for frame in full])) * 1000,
        stages={stage: _stage(stage, full) for stage in (*STAGES, REST)},
    )


def _stage(stage: str, frames: list[FullFrame]) -> StageTimes:
    around = [_around(stage, frame) for frame in frames]
    bare = [frame.lap.bare.get(stage, 0.0) for frame in frames]
    return StageTimes(Spread.of(around), float(np.median(bare)) * 1000)


def _around(stage: str, frame: FullFrame) -> float:
    seconds = frame.lap.seconds()
    return frame.seconds - sum(seconds.values()) if stage == REST else seconds[stage]
