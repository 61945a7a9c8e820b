"""The faces that training covers and the pictures that test it, cut out as the daemon cuts them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.core.face import Landmarks
from edge.core.frame import Image
from edge.vision.detector import FaceDetector
from edge.vision.engine import open_model
from edge.vision.geometry import warp
from edge.vision.manifest import find
from edge.vision.mesh import FaceMesh
from edge.vision.upright import upright_square
from occlusion.regions import region_masks

SIDE = 64
"""Of the network's input, pixels."""
CROP = 1.25
"""Side of the square looked at, over the longer side of the mesh's outline."""
STORED = 112
ROOM = 1.6
"""A stored face shows this much, so that training can shift and turn it."""
HELD_OUT = 8
"""One person of so many is kept for the figures."""

Show = Callable[[Iterable[object], str, int], Iterable[object]]


@dataclass(frozen=True, slots=True, eq=False)
class Faces:
    """crops: uint8 (N, 112, 112, 3), BGR. points: float32 (N, 468, 2), pixels of the crops. held: bool (N,),
    people that training never sees."""

    crops: NDArray[np.uint8]
    points: NDArray[np.float32]
    held: NDArray[np.bool_]

    def masks(self, k: int) -> NDArray[np.bool_]:
        return region_masks(self.points[k], STORED)


class Finder:
    """The project's own detector and mesh."""

    def __init__(self) -> None:
        self.detector = FaceDetector(
            open_model(find("detection", "near")), open_model(find("detection", "far"))
        )
        self.mesh = FaceMesh(open_model(find("landmarks")))

    def main(self, image: Image) -> Landmarks | None:
        """The mesh of the largest face."""
        faces = self.detector.detect(image)
        if not faces:
            return None
        return self.mesh.locate(image, max(faces, key=lambda face: face.box.area))


def lfw_faces(data: Path, per_person: int, show: Show) -> Faces:
    finder = Finder()
    people = sorted((data / "lfw_dev").iterdir())
    crops, points, held = [], [], []
    for folder in show(people, "people", len(people)):
        for path in sorted(folder.glob("*.jpg"))[:per_person]:
            image = np.asarray(cv2.imread(str(path)), np.uint8)
            landmarks = finder.main(image)
            if landmarks is None or landmarks.presence < 0.9:
                continue
            matrix = upright_square(landmarks, ROOM, STORED)
            crops.append(warp(image, matrix, STORED))
            placed = landmarks.points[:, :2] @ matrix[:, :2].T + matrix[:, 2]
            points.append(placed.astype(np.float32))
            held.append(crc32(folder.name.encode()) % HELD_OUT == 0)
    return Faces(np.array(crops), np.array(points), np.array(held))


def cut_out(image: Image, landmarks: Landmarks) -> Image:
    """As the daemon sees a face: uint8 (64, 64, 3), BGR."""
    return warp(image, upright_square(landmarks, CROP, SIDE), SIDE, extend=True)


def photographs(folder: Path) -> NDArray[np.uint8]:
    """The faces found in a folder, uint8 (N, 64, 64, 3), BGR."""
    finder = Finder()
    found = []
    for path in sorted(folder.glob("*")):
        image = cv2.imread(str(path))
        if image is None:
            continue
        landmarks = finder.main(np.asarray(image, np.uint8))
        if landmarks is not None and landmarks.presence >= 0.5:
            found.append(cut_out(np.asarray(image, np.uint8), landmarks))
    return np.array(found)
