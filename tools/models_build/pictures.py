"""Real pictures for quantization: what each network will be shown by the product's own adapters."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from edge.vision.anchors import Region, cut
from edge.vision.detector import FaceDetector, tiles, whole
from edge.vision.embedder import FaceEmbedder
from edge.vision.mesh import FaceMesh
from models_build.quantize import full_range

ROOT = Path(__file__).resolve().parents[2]


def data_folder() -> Path:
    """The evaluation data: OSTIARY_EVAL_DATA, else ../shared/data beside the project."""
    folder = Path(os.environ.get("OSTIARY_EVAL_DATA", ROOT.parent / "shared" / "data"))
    if not (folder / "lfw_dev").is_dir():
        raise SystemExit(f"no pictures at {folder}; quantization needs real ones: set OSTIARY_EVAL_DATA")
    return folder


def frames() -> Iterator[np.ndarray]:
    """Scenes with faces of every size, always the same ones, uint8 (H, W, 3) BGR."""
    data = data_folder()
    paths = sorted((data / "detection").glob("*.jpg"))[::2] + sorted((data / "lfw_dev").glob("*/*.jpg"))[::60]
    for path in paths:
        yield cv2.imread(str(path))


def for_near(size: int) -> Iterator[np.ndarray]:
    """Whole pictures, and shown smaller with a margin; float32, -1..1, RGB."""
    for image in frames():
        region = whole(image)
        margin = region.side // 2
        for shown in (region, Region(region.x - margin, region.y - margin, region.side + 2 * margin)):
            yield full_range(cut(image, shown, size)).astype(np.float32) / 127.5 - 1.0


def for_far(size: int) -> Iterator[np.ndarray]:
    """Whole pictures and one tile of each; float32, -1..1, RGB."""
    for number, image in enumerate(frames()):
        places = tiles(image, 0.5)
        for shown in (whole(image), places[number % len(places)]):
            yield full_range(cut(image, shown, size)).astype(np.float32) / 127.5 - 1.0


def for_embedding(detector: FaceDetector, mesh: FaceMesh, aligner: FaceEmbedder) -> Iterator[np.ndarray]:
    """Aligned face chips; float32 pixels 0..255, RGB."""
    for path in sorted((data_folder() / "lfw_dev").glob("*/*.jpg"))[::20]:
        image = cv2.imread(str(path))
        faces = detector.detect(image)
        if faces:
            chip = aligner.align(image, mesh.locate(image, faces[0]))
            yield full_range(chip).astype(np.float32)
