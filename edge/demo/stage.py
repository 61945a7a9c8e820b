"""The demo's camera: it looks at an empty hall until a scene is called for."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from edge.core.frame import Frame, Image
from edge.demo.scenes import FPS, Scene
from edge.demo.scenes import scene as scene_named


class Stage:
    """A `Camera` in real time. `play` is called from another thread."""

    def __init__(self, seed: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._seed = seed
        self._clock = clock
        self._waiting: Scene | None = None
        self._frames: Iterator[Image] = iter(())
        self._idle: list[Image] = []
        self._sequence = 0
        self._due = 0.0
        self._playing = False
        self.started_at: float | None = None
        """Capture time of the first frame of the scene played last; None until it came."""

    @property
    def is_playing(self) -> bool:
        return self._waiting is not None or self._playing

    def play(self, scene: Scene) -> None:
        """Show a scene from the next frame on."""
        self.started_at = None
        self._waiting = scene

    def start(self) -> None:
        if not self._idle:
            self._idle = list(scene_named("mqtt_unlock").frames(self._seed))
        self._due = self._clock()

    def read(self, timeout_s: float) -> Frame:
        """The next frame, at the time it is due."""
        image, is_first = self._next()
        self._due = max(self._due + 1 / FPS, self._clock() - 1 / FPS)
        time.sleep(max(0.0, self._due - self._clock()))
        now = self._clock()
        if is_first:
            self.started_at = now
        self._sequence += 1
        return Frame(image, now, self._sequence)

    def close(self) -> None:
        pass

    def _next(self) -> tuple[Image, bool]:
        is_first = self._waiting is not None
        if self._waiting is not None:
            self._frames, self._waiting, self._playing = self._waiting.frames(self._seed), None, True
        image = next(self._frames, None)
        if image is None:
            self._playing = False
            return self._idle[self._sequence % len(self._idle)], False
        return image, is_first
