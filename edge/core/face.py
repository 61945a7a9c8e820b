"""What is known of one face: where it is, how it is turned, and its template."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NewType, TypeAlias

import numpy as np
from numpy.typing import NDArray

Points: TypeAlias = NDArray[np.float32]
Vector: TypeAlias = NDArray[np.float32]

PersonId = NewType("PersonId", str)
ModelId = NewType("ModelId", str)
"""`<name>@<first 12 hex digits of the file's SHA-256>`; templates of different ids are never compared."""


@dataclass(frozen=True, slots=True)
class Box:
    """An upright rectangle in pixels; x to the right, y down; x1 and y1 are outside the box."""

    x0: float
    y0: float
    x1: float
    y1: float

    @property
    def width(self) -> float:
        return self.x1 - self.x0

    @property
    def height(self) -> float:
        return self.y1 - self.y0

    @property
    def area(self) -> float:
        return max(0.0, self.width) * max(0.0, self.height)

    @property
    def center(self) -> tuple[float, float]:
        return (self.x0 + self.x1) / 2, (self.y0 + self.y1) / 2


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """A detected face.

    keypoints: float32 (6, 2), pixels (x, y): right eye, left eye, nose tip, mouth, right ear
    tragion, left ear tragion, where right is the person's own right. score: 0..1.
    """

    box: Box
    keypoints: Points
    score: float


@dataclass(frozen=True, slots=True, eq=False)
class Landmarks:
    """The face mesh.

    points: float32 (468, 3), pixels (x, y) of the frame and z in the same scale, towards the
    camera negative; MediaPipe's order. presence: probability 0..1 that this is a face.
    """

    points: Points
    presence: float


@dataclass(frozen=True, slots=True)
class Pose:
    """Head rotation in degrees.

    yaw: positive towards the person's own left. pitch: positive upwards. roll: positive
    when the head tilts towards the person's own left shoulder.
    """

    yaw: float
    pitch: float
    roll: float


@dataclass(frozen=True, slots=True, eq=False)
class Embedding:
    """A biometric template. vector: float32 (D,), L2 norm 1."""

    vector: Vector
    model: ModelId
