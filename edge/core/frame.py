"""One picture from a camera."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Image: TypeAlias = NDArray[np.uint8]
"""uint8 (H, W, 3), BGR."""


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """image: uint8 (H, W, 3), BGR. captured_at: monotonic seconds. sequence: counts from 0."""

    image: Image
    captured_at: float
    sequence: int
