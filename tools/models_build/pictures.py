"""Real faces for quantization, cut out by the product's own adapters."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from edge.vision.detector import FaceDetector
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


def for_embedding(detector: FaceDetector, mesh: FaceMesh, aligner: FaceEmbedder) -> Iterator[np.ndarray]:
    """Aligned face chips; float32 pixels 0..255, RGB."""
    for path in sorted((data_folder() / "lfw_dev").glob("*/*.jpg"))[::20]:
        image = cv2.imread(str(path))
        faces = detector.detect(image)
        if faces:
            chip = aligner.align(image, mesh.locate(image, faces[0]))
            yield full_range(chip, 0, 255).astype(np.float32)
