"""Real faces for quantization, cut out by the product's own adapters."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from itertools import cycle
from pathlib import Path

import cv2
import numpy as np

from edge.core.face import Landmarks
from edge.vision.anchors import Region, cut
from edge.vision.detector import FaceDetector
from edge.vision.embedder import FaceEmbedder
from edge.vision.geometry import warp
from edge.vision.mesh import FaceMesh
from edge.vision.upright import upright_square
from models_build.quantize import full_range

ROOT = Path(__file__).resolve().parents[2]


def data_folder() -> Path:
    """The evaluation data: OSTIARY_EVAL_DATA, else ../shared/data beside the project."""
    folder = Path(os.environ.get("OSTIARY_EVAL_DATA", ROOT.parent / "shared" / "data"))
    if not (folder / "lfw_dev").is_dir():
        raise SystemExit(f"no pictures at {folder}; quantization needs real ones: set OSTIARY_EVAL_DATA")
    return folder


def for_detection(size_wh: tuple[int, int]) -> Iterator[np.ndarray]:
    """Crowds and portraits, letterboxed as the detector does; float32 pixels 0..255, RGB."""
    crowds = sorted((data_folder() / "detection").glob("*.jpg"))[::2]
    portraits = sorted((data_folder() / "lfw_dev").glob("*/*_0001.jpg"))[::80]
    for path in [*crowds, *portraits]:
        image = cv2.imread(str(path))
        height, width = image.shape[:2]
        side = max(width, -(-height * size_wh[0] // size_wh[1]))
        around = Region((width - side) // 2, (height - side * size_wh[1] // size_wh[0]) // 2, side)
        yield full_range(cut(image, around, size_wh), 0, 255).astype(np.float32)


def for_window(side: int) -> Iterator[np.ndarray]:
    """Faces of about 80 pixels, and parts of crowds; float32 pixels 0..255, RGB."""
    for path in sorted((data_folder() / "lfw_dev").glob("*/*_0001.jpg"))[::30]:
        image = cv2.imread(str(path))
        yield full_range(cut(image, Region(45, 45, 160), (side, side)), 0, 255).astype(np.float32)
    for path in sorted((data_folder() / "detection").glob("*.jpg"))[::2]:
        image = cv2.imread(str(path))
        height, width = image.shape[:2]
        for x, y in ((width // 3, height // 4), (width // 2, height // 2)):
            yield full_range(cut(image, Region(x, y, side), (side, side)), 0, 255).astype(np.float32)


def for_embedding(detector: FaceDetector, mesh: FaceMesh, aligner: FaceEmbedder) -> Iterator[np.ndarray]:
    """Aligned face chips; float32 pixels 0..255, RGB."""
    for image, landmarks in located(detector, mesh):
        yield full_range(aligner.align(image, landmarks), 0, 255).astype(np.float32)


def upright(
    detector: FaceDetector, mesh: FaceMesh, size: int, scales: Sequence[float]
) -> Iterator[np.ndarray]:
    """Upright squares around faces, the scales in turns; float32 pixels 0..255, BGR."""
    for (image, landmarks), scale in zip(located(detector, mesh), cycle(scales), strict=False):
        square = warp(image, upright_square(landmarks, scale, size), size)
        yield full_range(square, 0, 255).astype(np.float32)


def located(detector: FaceDetector, mesh: FaceMesh) -> Iterator[tuple[np.ndarray, Landmarks]]:
    for path in sorted((data_folder() / "lfw_dev").glob("*/*.jpg"))[::20]:
        image = cv2.imread(str(path))
        faces = detector.detect(image)
        if faces:
            yield image, mesh.locate(image, faces[0])
