"""A closer look at what may be a face: dlib's sliding-window detector, at the size that it says to be one.

The network answers, for places eight pixels apart, how sure it is that a window around each of them is filled
by a face, above 0 or below. It is asked about one place at two sizes only, which costs a tenth of a search.
"""

from __future__ import annotations

import math

import numpy as np

from edge.core.face import Box
from edge.core.frame import Image
from edge.errors import ManifestInvalid
from edge.vision.anchors import Region, show
from edge.vision.engine import Engine

DECODER = "window-8"
_SIZE_WH, _SHAPE = (128, 128), (1, 13, 13, 1)
_FACE_PX = (76.0, 90.0)
"""How large the face is shown, sides of BlazeFace's square: most that are faces answer to one of the two."""
_NEAR = slice(3, 9)
"""Of the places across and down: those whose window the face fills, or nearly."""
_LEAST, _ENOUGH, _MOST = -1.2, 0.5, 1.1
"""Answers below the first and above the last say no more. One below the first, or one that is enough, spares
the look at the other size."""
_LEAST_PX = 34.0
"""Of a picture of 640 pixels; a smaller face, enlarged, does not look like one to this network."""


class SecondLook:
    """Belongs to one thread. Raises ManifestInvalid when the network answers in another form."""

    def __init__(self, engine: Engine) -> None:
        manifest = engine.manifest
        if manifest.decoder != DECODER:
            raise ManifestInvalid(f"{manifest.path}: decoder {manifest.decoder!r} is not {DECODER}")
        if (manifest.input.size_wh, [output.shape for output in manifest.outputs]) != (_SIZE_WH, [_SHAPE]):
            raise ManifestInvalid(f"{manifest.path}: {DECODER} takes {_SIZE_WH} pixels and gives {_SHAPE}")
        self._engine = engine
        self._doubtful = manifest.threshold("doubtful")
        self._sure = manifest.threshold("sure")
        if not 0.0 < self._doubtful <= self._sure <= 1.0:
            raise ManifestInvalid(f"{manifest.path}: thresholds must be 0 < doubtful <= sure <= 1")
        self._weights = [manifest.parameter(name) for name in ("weight_first", "weight_window", "bias")]

    def probability(self, first: float, image: Image, box: Box, scale: float) -> float:
        """How likely a face is there, 0..1, where what was seen so far says that it is `first`.

        box: a square from the brows to the chin, pixels of a uint8 (H, W, 3) BGR picture. scale: from them to
        those of a picture of 640 pixels. Looks only when `first` is doubtful and the face not tiny.
        """
        side = max(box.width, box.height)
        if not self._doubtful <= first < self._sure or side * scale < _LEAST_PX:
            return first
        seen = self.confidence(image, box)
        of_first, of_window, bias = self._weights
        sum_ = of_first * math.log(first / (1.0 - first)) + of_window * seen + bias
        return 1.0 / (1.0 + math.exp(-sum_))

    def confidence(self, image: Image, box: Box) -> float:
        """The highest answer around the box's center, -1.2..1.1; above 0 for most faces."""
        side = max(1.0, box.width, box.height)
        x, y = box.center
        best = _LEAST
        for face_px in _FACE_PX:
            across = max(2, round(side * _SIZE_WH[0] / face_px))
            show(self._engine, image, Region(round(x - across / 2), round(y - across / 2), across))
            (answers,) = self._engine.invoke()
            best = max(best, float(np.max(answers[0, _NEAR, _NEAR])))
            if not _LEAST < best < _ENOUGH:
                break
        return min(best, _MOST)
