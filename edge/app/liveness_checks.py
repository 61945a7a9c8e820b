"""Compose what judges pictures and clips for life, as the door judges its camera's frames."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from edge.app import wiring
from edge.app.analysis import open_examiners
from edge.app.faces import request_limits
from edge.core.frame import Frame
from edge.service.clip_liveness import ClipAnswer, ClipLiveness, sampled
from edge.service.liveness_check import PictureLiveness
from edge.service.pictures import PictureReader
from edge.settings import Settings
from edge.vision.clip import clip_info, timed_frames
from edge.vision.image import read_picture

CLIP_FPS = 15.0
"""A door looks at no more frames of its camera, and a clip shall not have it easier."""


@dataclass(frozen=True, slots=True)
class LivenessChecks:
    """Belong to one thread."""

    picture: PictureLiveness
    clips: ClipLiveness

    def clip(self, path: Path, progress: Callable[[int, int], None] = lambda done, of: None) -> ClipAnswer:
        """Judge a clip. progress: told pictures done and all. Raises PictureUnreadable, ModelError."""
        expected = clip_info(path).frames
        return self.clips.check(sampled(_counted(timed_frames(path), expected, progress), CLIP_FPS))


@contextmanager
def open_liveness_checks(settings: Settings) -> Iterator[LivenessChecks]:
    """Open the networks. Raises ModelError."""
    with wiring.open_models(settings) as models, open_examiners(settings, models.mesh) as examiners:
        gate = wiring.face_gate(settings, models)
        config = wiring.life_config(settings, models)
        reader = PictureReader(
            load=partial(read_picture, limits=request_limits(settings)),
            detector=models.detector,
            landmarker=models.mesh,
            grade=examiners.analysis.level,
        )
        yield LivenessChecks(
            PictureLiveness(reader, gate, models.liveness, config),
            ClipLiveness(
                detector=models.detector,
                gate=gate,
                embedder=models.embedder,
                watch=partial(wiring.life_watch, settings, models),
                zone=settings.vision.zone,
            ),
        )


def _counted(frames: Iterator[Frame], expected: int, progress: Callable[[int, int], None]) -> Iterator[Frame]:
    for frame in frames:
        yield frame
        done = frame.sequence + 1
        # A file may not know how many pictures it has, or be wrong.
        progress(done, max(expected, done))
