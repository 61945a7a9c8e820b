"""The arrays that scenes are made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Image: TypeAlias = NDArray[np.uint8]
"""uint8 (H, W, 3), BGR."""
Float: TypeAlias = NDArray[np.float32]
"""float32 (H, W, 3), BGR light, 255 is white; or (H, W) and (H, W, 1) for a share of 0..1."""

SPAN = 5.2
"""Side of a stored scene over the longer side of the face's box."""

STORED = 160
"""Side of each stored view of a scene, pixels."""


@dataclass(frozen=True, slots=True)
class View:
    """How much of a scene a network sees; all in face sides (the longer side of the detector's box).

    span: of what is stored. crop: of what is looked at. nearest, farthest: of what training shows.
    weight: of its logit in the mean.
    """

    name: str
    span: float
    crop: float
    nearest: float
    farthest: float
    weight: float


VIEWS = (View("context", SPAN, 4.0, 3.3, 4.8, 0.4), View("near", SPAN / 2, 1.6, 1.35, 2.0, 0.6))
"""What surrounds the face (bezels, edges of paper, hands), and the face itself (panels, ink, gloss)."""
