"""Ways to spoil a picture in which a face can be judged well."""

from __future__ import annotations

import cv2
import numpy as np

from edge.core.face import Box, Face
from edge.core.frame import Image

WALL = (150, 165, 172)


def wall(width: int, height: int) -> Image:
    return np.full((height, width, 3), WALL, np.uint8)


def half(image: Image, face: Face) -> Image:
    """The edge of a door hides one side of the face."""
    spoiled, x = image.copy(), int(face.box.center[0])
    spoiled[:, :x] = WALL
    return spoiled


def at_the_top(image: Image, face: Face) -> Image:
    """The picture begins in the middle of the face."""
    y = int(face.box.center[1])
    return np.concatenate([image[y:], wall(image.shape[1], y)])


def at_the_side(image: Image, face: Face) -> Image:
    """The picture begins at the face's nearer eye."""
    x = int(min(face.keypoints[:2, 0])) - 2
    return np.concatenate([image[:, x:], wall(x, image.shape[0])], axis=1)


def tiny(image: Image, face: Face) -> Image:
    """The face, 40 pixels large, far away."""
    scale = 40 / max(face.box.width, face.box.height)
    small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    spoiled = wall(image.shape[1], image.shape[0])
    spoiled[: small.shape[0], : small.shape[1]] = small
    return spoiled


def dark(image: Image, face: Face) -> Image:
    return (image * 0.12).astype(np.uint8)


def bright(image: Image, face: Face) -> Image:
    """Exposed so long that most of the face is white."""
    box = face.box
    mean = image[int(box.y0) : int(box.y1), int(box.x0) : int(box.x1)].mean()
    return np.clip(image * (480.0 / mean), 0, 255).astype(np.uint8)


def moved(image: Image, face: Face) -> Image:
    """Moved by a third of the face while the shutter was open."""
    return np.asarray(cv2.blur(image, (int(face.box.width / 3), 1)), np.uint8)


def masked(image: Image, face: Face) -> Image:
    """A mask from the nose to below the chin."""
    spoiled, box = image.copy(), face.box
    along = ((0.05, 0.55), (0.5, 0.45), (0.95, 0.55), (0.88, 0.85), (0.5, 1.08), (0.12, 0.85))
    points = [(box.x0 + x * box.width, box.y0 + y * box.height) for x, y in along]
    cv2.fillPoly(spoiled, [np.array(points, np.int32)], (215, 190, 150), cv2.LINE_AA)
    return spoiled


def in_sunglasses(image: Image, face: Face) -> Image:
    spoiled, (right, left) = image.copy(), face.keypoints[:2]
    apart = float(np.linalg.norm(left - right))
    for x, y in (right, left):
        size = (int(0.38 * apart), int(0.30 * apart))
        cv2.ellipse(spoiled, (int(x), int(y)), size, 0, 0, 360, (18, 16, 15), cv2.FILLED, cv2.LINE_AA)
    ends = [(int(x), int(y)) for x, y in (right, left)]
    cv2.line(spoiled, ends[0], ends[1], (18, 16, 15), 3, cv2.LINE_AA)
    return spoiled


def beside_a_mirror(image: Image, face: Face) -> Image:
    """A mirror on the wall right beside the face shows it once more."""
    x = min(image.shape[1], int(face.box.x1 + 0.15 * face.box.width))
    seen = image[:, :x]
    spoiled = wall(2 * image.shape[1], image.shape[0])
    spoiled[:, : 2 * x] = np.concatenate([seen, seen[:, ::-1]], axis=1)
    return spoiled


def with_picture(image: Image, picture: Image, box: Box) -> Image:
    """Another picture in front of this one, filling a box."""
    spoiled = image.copy()
    x0, y0 = max(0, int(box.x0)), max(0, int(box.y0))
    size = (int(box.width), int(box.height))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    shown = spoiled[y0 : y0 + size[1], x0 : x0 + size[0]]
    shown[:] = small[: shown.shape[0], : shown.shape[1]]
    return spoiled
