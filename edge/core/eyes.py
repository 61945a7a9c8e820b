"""The two eyes of a face: lids, irises, how far they are open."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edge.core.face import Points

_OUTER, _INNER = 0, 8
_LOWER_LID, _UPPER_LID = tuple(range(9)), (0, *range(9, 16), 8)


@dataclass(frozen=True, slots=True, eq=False)
class Eye:
    """One eye, in pixels of the picture, z in the same scale.

    contour: float32 (71, 3); 0 to 8 run along the lower lid from the outer to the inner corner, 9 to 15
    along the upper lid the same way without the corners, the others lie on lids and brow around.
    iris: float32 (5, 3), the pupil first, then four points of the rim.
    """

    contour: Points
    iris: Points

    @property
    def pupil(self) -> Points:
        """float32 (2,)."""
        return np.asarray(self.iris[0, :2], np.float32)

    @property
    def lower_lid(self) -> Points:
        """float32 (9, 2), from the outer to the inner corner."""
        return np.asarray(self.contour[list(_LOWER_LID), :2], np.float32)

    @property
    def upper_lid(self) -> Points:
        """float32 (9, 2), from the outer to the inner corner."""
        return np.asarray(self.contour[list(_UPPER_LID), :2], np.float32)

    @property
    def width(self) -> float:
        """From corner to corner, pixels."""
        return float(np.linalg.norm(self.contour[_OUTER, :2] - self.contour[_INNER, :2]))

    @property
    def diameter(self) -> float:
        """Of the iris, in pixels; 11.7 mm in nearly everybody, hence a ruler."""
        rim = self.iris[1:, :2]
        return float(np.linalg.norm(rim[0] - rim[2]) + np.linalg.norm(rim[1] - rim[3])) / 2
