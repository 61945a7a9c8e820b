"""One picture from a camera, and what a second sensor saw at that moment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Image: TypeAlias = NDArray[np.uint8]
"""uint8 (H, W, 3), BGR."""

Infrared: TypeAlias = NDArray[np.uint8]
"""uint8 (H, W): near infrared, as bright as the sensor gave it."""

Depth: TypeAlias = NDArray[np.float32]
"""float32 (H, W): distance from the camera's plane in meters; 0 or NaN where it is not known."""


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """image: uint8 (H, W, 3), BGR. captured_at: monotonic seconds. sequence: counts from 0.

    infrared, depth: of the same scene at the same moment, in the size of the image and aligned to it, pixel
    on pixel; None without such a sensor, or when it had nothing for this moment.
    """

    image: Image
    captured_at: float
    sequence: int
    infrared: Infrared | None = None
    depth: Depth | None = None
