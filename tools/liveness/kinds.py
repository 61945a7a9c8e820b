"""The arrays that scenes are made of."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Image: TypeAlias = NDArray[np.uint8]
"""uint8 (H, W, 3), BGR."""
Float: TypeAlias = NDArray[np.float32]
"""float32 (H, W, 3), BGR light, 255 is white; or (H, W) and (H, W, 1) for a share of 0..1."""

SPAN = 5.2
"""Side of a stored scene over the longer side of the face's box."""
