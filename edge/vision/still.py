"""Find the faces of one picture: two networks that were trained on different faces, and what they agree on.
A third one has a closer look at what they leave in doubt.

The middle network is the near one with a larger input: exact, and blind to profiles and to faces of less
than about 40 pixels in a 640 pixel picture. The wide one is FaceBoxes, made for crowds: it sees those, gives
no keypoints, and now and then takes a wheel for a face. A logistic regression on both logits and the size
says how likely a face is, so that what one of them doubts the other can confirm.
"""

from __future__ import annotations

import math

import numpy as np

from edge.core.face import Box, Face
from edge.core.frame import Image
from edge.vision.anchors import Floats, Region, average, heaps, look
from edge.vision.engine import Engine
from edge.vision.faceboxes import look_wide
from edge.vision.second_look import SecondLook

NETWORKS = ("middle", "wide", "window")
"""What a search is made of, in this order: the names of detection models."""
_TILE_OVERLAP = 0.2
"""An upright picture is cut into parts as broad as it is, which share at least this much of their height."""
_SCORE = 16
_UNSEEN_MIDDLE, _UNSEEN_WIDE = -2.0, -1.6
"""The logit of a network that reports nothing: a little below the least it would report."""
_REFERENCE_PX = 48.0
_LEAST_OCTAVES, _MOST_OCTAVES = -1.5, 2.0
_LEAST_PROBABILITY, _MOST_PROBABILITY = 1e-5, 1.0 - 1e-5


class StillSearch:
    """Searches single pictures; belongs to one thread and remembers nothing."""

    def __init__(self, middle: Engine, wide: Engine, window: Engine) -> None:
        self.middle = middle
        self.wide = wide
        self._second = SecondLook(window)

    def search(self, image: Image, least: float | None = None) -> list[Face]:
        """Find the faces of a uint8 (H, W, 3) BGR picture; best score first, overlaps removed.

        A score is the probability, 0..1, that a labeler would have called it a face.
        least: the least score reported, where finding all matters more than finding only faces (redaction) or
        the other way round; the manifest's threshold `face` when absent.
        """
        middle = look(self.middle, image, framed(image, self.middle))
        wide = np.concatenate([look_wide(self.wide, image, part) for part in parts(image, self.wide)])
        wanted = self.wide.manifest.threshold("face") if least is None else least
        height, width = image.shape[:2]
        found = self._agree(image, middle, wide, 640.0 / max(height, width))
        return sorted((face for face in found if face.score >= wanted), key=lambda face: -face.score)

    def _agree(self, image: Image, middle: Floats, wide: Floats, scale: float) -> list[Face]:
        """scale: of a 640 pixel picture, in which the sizes of the regression are."""
        candidates = np.concatenate([middle, wide])
        faces = []
        for heap in heaps(candidates):
            of_middle = heap[heap < len(middle)]
            of_wide = heap[heap >= len(middle)]
            mean = average(candidates[heap])
            if of_middle.size:
                mean[4:] = average(candidates[of_middle])[4:]
            box = Box(*mean[:4].tolist())
            first = self._probability(
                _logit(candidates[of_middle], _UNSEEN_MIDDLE),
                _logit(candidates[of_wide], _UNSEEN_WIDE),
                max(box.width, box.height) * scale,
            )
            score = self._second.probability(first, image, box, scale)
            faces.append(Face(box, mean[4:].reshape(6, 2), score))
        return faces

    def _probability(self, middle: float, wide: float, size: float) -> float:
        parameter = self.wide.manifest.parameter
        octaves = math.log2(max(size, 1.0) / _REFERENCE_PX)
        sum_ = (
            parameter("weight_middle") * middle
            + parameter("weight_wide") * wide
            + parameter("weight_octave") * min(max(octaves, _LEAST_OCTAVES), _MOST_OCTAVES)
            + parameter("bias")
        )
        return 1.0 / (1.0 + math.exp(-sum_))


def framed(image: Image, engine: Engine) -> Region:
    """The smallest region in the proportions of the network's input around the picture, centers alike."""
    height, width = image.shape[:2]
    across, down = engine.manifest.input.size_wh
    side = max(width, -(-height * across // down))
    return Region((width - side) // 2, (height - side * down // across) // 2, side)


def parts(image: Image, engine: Engine) -> list[Region]:
    """The whole picture; an upright one in overlapping parts of the network's proportions, from the top."""
    height, width = image.shape[:2]
    across, down = engine.manifest.input.size_wh
    part = width * down // across
    if height <= width or part < 1:
        return [framed(image, engine)]
    count = max(2, 1 + math.ceil((height - part) / (part * (1.0 - _TILE_OVERLAP))))
    return [Region(0, round(i * (height - part) / (count - 1)), width) for i in range(count)]


def _logit(candidates: Floats, unseen: float) -> float:
    if not len(candidates):
        return unseen
    p = min(max(float(candidates[:, _SCORE].max()), _LEAST_PROBABILITY), _MOST_PROBABILITY)
    return math.log(p / (1.0 - p))
