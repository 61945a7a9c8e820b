"""Real pictures for quantization: what each network will be shown by the product's own adapters."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np

from edge.vision.anchors import Region, cut
from edge.vision.detector import FaceDetector, whole
from edge.vision.embedder import FaceEmbedder
from edge.vision.mesh import FaceMesh
from models_build.quantize import full_range

LARGEST_SANE = 230.0
"""Box values, in pixels of 128, beyond which a scene is no example."""
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


def for_near(network: Callable) -> list[np.ndarray]:
    """Whole pictures, and shown smaller with a margin; float32, -1..1, RGB.

    Flat black areas make this network's inner values a hundred times larger than faces ever do.
    Such scenes are left out: with them the int8 scales have no levels left for faces.
    """
    size = network.shape[1]
    found = []
    for image in frames():
        region = whole(image)
        margin = region.side // 2
        for shown in (region, Region(region.x - margin, region.y - margin, region.side + 2 * margin)):
            picture = cut(image, shown, size).astype(np.float32) / 127.5 - 1.0
            if float(np.abs(network(picture[None])[0]).max()) < LARGEST_SANE:
                found.append(full_range(picture, -1.0, 1.0))
    return found


def for_embedding(detector: FaceDetector, mesh: FaceMesh, aligner: FaceEmbedder) -> Iterator[np.ndarray]:
    """Aligned face chips; float32 pixels 0..255, RGB."""
    for path in sorted((data_folder() / "lfw_dev").glob("*/*.jpg"))[::20]:
        image = cv2.imread(str(path))
        faces = detector.detect(image)
        if faces:
            chip = aligner.align(image, mesh.locate(image, faces[0]))
            yield full_range(chip, 0, 255).astype(np.float32)
