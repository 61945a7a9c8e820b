"""Pictures in, features out: everything the heads learn from, seen through the daemon's own networks."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from liveness.augment import degrade
from numpy.typing import NDArray

from edge.core.face import Landmarks
from edge.core.frame import Image
from edge.vision.describe import prominence
from edge.vision.detector import FaceDetector
from edge.vision.engine import open_model
from edge.vision.geometry import warp
from edge.vision.manifest import find
from edge.vision.mesh import FaceMesh
from edge.vision.upright import upright_square

CROP = 1.5
"""Side of the square that the features come from, over the longer side of the mesh's outline."""
EXPRESSION_CROP = 1.1
VARIED = 3
"""Varied copies of each picture, besides the picture."""
COARSE = 112
"""Pixels across a varied crop, of which the face takes two thirds."""
LFW, MASKED, OPEN = "lfw", "mask", "no mask"

Show = Callable[[Iterable[object], str, int], Iterable[object]]


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """kind: LFW, MASKED or OPEN. person: pictures of one person are never on both sides of a split."""

    path: Path
    digest: str
    kind: str
    person: str
    landmarks: Landmarks


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """Float32. features (N, 1024), male (N,), ages (N, 100), expressions (N, 7); varied: (N, 3, 1024)
    features of varied copies."""

    features: NDArray[np.float32]
    male: NDArray[np.float32]
    ages: NDArray[np.float32]
    expressions: NDArray[np.float32]
    varied: NDArray[np.float32]


class Eyes:
    """The networks of the daemon."""

    def __init__(self) -> None:
        self.detector = FaceDetector(
            open_model(find("detection", "near")), open_model(find("detection", "far"))
        )
        self.mesh = FaceMesh(open_model(find("landmarks")))
        self.faceres = open_model(find("attributes", "faceres"))
        self.expression = open_model(find("expression"))

    def main(self, image: Image) -> Landmarks | None:
        """The mesh of the main face; a masked face may have a mesh that is not sure of itself."""
        faces = self.detector.detect(image) or self.detector.detect(image, thorough=True)
        if not faces:
            return None
        return self.mesh.locate(image, max(faces, key=lambda face: prominence(face, image)))


def pictures(data: Path, eyes: Eyes, show: Show) -> list[Picture]:
    """LFW's, then those of the mask set. Whose face is not found is left out."""
    files = [(path, LFW, path.parent.name) for path in sorted((data / "lfw_dev").glob("*/*.jpg"))]
    files += [(path, MASKED, str(path)) for path in sorted((data / "mask" / "with_mask").glob("*"))]
    files += [
        # Named <numbers>_<person>_<number>.jpg.
        (path, OPEN, path.stem.rsplit("_", 1)[0])
        for path in sorted((data / "mask" / "without_mask").glob("*"))
    ]
    found = []
    for path, kind, person in show(files, "faces", len(files)):
        content = path.read_bytes()
        image = np.asarray(cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR), np.uint8)
        landmarks = eyes.main(image)
        if landmarks is not None:
            digest = hashlib.sha256(content).hexdigest()[:16]
            found.append(Picture(path, digest, kind, person, landmarks))
    return found


def look(found: list[Picture], eyes: Eyes, seed: int, show: Show) -> Seen:
    """What the networks make of every picture."""
    rng = np.random.default_rng(seed)
    rooms = [picture.path for picture in found if picture.kind == LFW]
    features, male, ages, expressions, varied = [], [], [], [], []
    for picture in show(found, "features", len(found)):
        image = np.asarray(cv2.imread(str(picture.path)), np.uint8)
        size = eyes.faceres.manifest.input.size_wh[0]
        one, chance, years = eyes.faceres.infer(
            warp(image, upright_square(picture.landmarks, CROP, size), size)
        )
        features.append(one[0])
        male.append(chance[0, 0])
        ages.append(years[0])
        small = eyes.expression.manifest.input.size_wh[0]
        face = warp(image, upright_square(picture.landmarks, EXPRESSION_CROP, small), small)
        gray = np.asarray(cv2.cvtColor(face, cv2.COLOR_BGR2GRAY), np.uint8)
        expressions.append(eyes.expression.infer(gray[..., None])[0][0])
        copies = []
        for _ in range(VARIED):
            around = cv2.imread(str(rooms[rng.integers(len(rooms))])) if picture.kind != LFW else None
            crop = vary(rng, image, picture.landmarks, around)
            copies.append(eyes.faceres.infer(cv2.resize(crop, (size, size)))[0][0])
        varied.append(copies)
    return Seen(*(np.array(part, np.float32) for part in (features, male, ages, expressions, varied)))


def vary(rng: np.random.Generator, image: Image, landmarks: Landmarks, around: Image | None) -> Image:
    """A turned, shifted, mirrored, worsened uint8 (112, 112, 3) crop.

    around: what to put round a picture that ends at the face, so that its edges give nothing away.
    """
    points = landmarks.points.copy()
    if around is not None:
        image, points = framed(rng, image, points, around)
    elif rng.random() < 0.25:
        image = cut_off(rng, image, points)
    span = np.ptp(points[:, :2], axis=0).max()
    points[:, :2] += rng.normal(0, 0.03, 2).astype(np.float32) * span
    matrix = upright_square(replace(landmarks, points=points), CROP * rng.uniform(0.9, 1.1), COARSE)
    turn = np.vstack([cv2.getRotationMatrix2D((COARSE / 2, COARSE / 2), rng.normal(0, 5), 1.0), [0, 0, 1]])
    crop = warp(image, (turn @ np.vstack([matrix, [0, 0, 1]]))[:2], COARSE)
    if rng.random() < 0.5:
        crop = np.ascontiguousarray(crop[:, ::-1])
    return degrade(rng, crop)


def framed(
    rng: np.random.Generator, image: Image, points: NDArray[np.float32], around: Image
) -> tuple[Image, NDArray[np.float32]]:
    """The picture in the middle of a larger one: its own edges drawn out, or another picture, blurred."""
    height, width = image.shape[:2]
    room = int(0.6 * max(height, width))
    if rng.random() < 0.5:
        larger = cv2.copyMakeBorder(image, room, room, room, room, cv2.BORDER_REPLICATE)
    else:
        larger = cv2.GaussianBlur(cv2.resize(around, (width + 2 * room, height + 2 * room)), (0, 0), 3)
        larger[room : room + height, room : room + width] = image
    moved = points.copy()
    moved[:, :2] += room
    return np.asarray(larger, np.uint8), moved


def cut_off(rng: np.random.Generator, image: Image, points: NDArray[np.float32]) -> Image:
    """Black beyond a tight box around the face, as the mask set's pictures are cut."""
    low, high = points[:, :2].min(axis=0), points[:, :2].max(axis=0)
    x0, y0 = np.maximum(low - (high - low) * rng.uniform(-0.02, 0.25, 2), 0).astype(int)
    x1, y1 = np.maximum(high + (high - low) * rng.uniform(-0.12, 0.12, 2), 0).astype(int)
    kept = np.zeros_like(image)
    kept[y0:y1, x0:x1] = image[y0:y1, x0:x1]
    return kept


def without_twins(found: list[Picture], features: NDArray[np.float32], alike: float = 0.85) -> list[Picture]:
    """The pictures, those of the mask set that look alike (cosine of the features) given to one person."""
    rows = [k for k, picture in enumerate(found) if picture.kind != LFW]
    unit = features[rows] / np.linalg.norm(features[rows], axis=1, keepdims=True)
    persons = [found[k].person for k in rows]
    for a, b in np.argwhere(np.triu(unit @ unit.T, 1) > alike):
        old, new = persons[b], persons[a]
        persons = [new if person == old else person for person in persons]
    named = dict(zip(rows, persons, strict=True))
    return [replace(one, person=named.get(k, one.person)) for k, one in enumerate(found)]
