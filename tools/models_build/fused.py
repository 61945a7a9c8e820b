"""Fit the projection of the fused embedding, and write it as a file."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from edge.vision.describe import Description
from edge.vision.fused import FusedEmbedder, Projection

DIMENSIONS = 256
SHARE_OF_MEAN = 0.8
"""How much of the average face is taken off the second network's features."""
WEIGHT = 0.46
"""Of the second network, where the first has 1."""
LEAD = 1.8
"""Gain of the direction that all faces share: the others count less in a face that is far from all."""


Describe = Callable[[np.ndarray], Description | None]


def projection(embedder: FusedEmbedder, describe: Describe, paths: Sequence[Path]) -> bytes:
    first, second = features(embedder, describe, paths)
    fitted = fit(first, second)
    stream = io.BytesIO()
    arrays = {name: getattr(fitted, name) for name in ("offsets", "shared", "lead", "matrix")}
    np.savez(stream, **{name: array.astype(np.float16) for name, array in arrays.items()})
    return stream.getvalue()


def features(
    embedder: FusedEmbedder, describe: Describe, paths: Sequence[Path]
) -> tuple[np.ndarray, np.ndarray]:
    """float32 (N, M) and (N, 2, K) of the pictures in which a face is found."""
    found = []
    for path in tqdm(paths, "features"):
        image = cv2.imread(str(path))
        described = describe(image)
        if described is not None:
            found.append(embedder.features(image, described.landmarks))
    first, second = zip(*found, strict=True)
    return np.stack(first), np.stack(second)


def fit(first: np.ndarray, second: np.ndarray) -> Projection:
    """The best approximation of rank DIMENSIONS to the similarities of both networks together."""
    offsets = SHARE_OF_MEAN * second.mean(axis=0)
    features = normalized(normalized(second - offsets).sum(axis=1))
    joined = normalized(np.hstack([first, WEIGHT * features]).astype(np.float64))
    _, axes = np.linalg.eigh(joined.T @ joined)
    axes = axes[:, ::-1][:, :DIMENSIONS]
    # Turned at random, so that no number of a template is much larger than others: 8 bits are enough then.
    turn, _ = np.linalg.qr(np.random.default_rng(0).standard_normal((DIMENSIONS, DIMENSIONS)))
    shared, lead, matrix = axes[:, 0], LEAD * turn[:, 0], turn[:, 1:] @ axes[:, 1:].T
    # In the file they have half precision; what is measured is what is shipped.
    small = [array.astype(np.float16).astype(np.float32) for array in (offsets, shared, lead, matrix)]
    return Projection(small[0], WEIGHT, *small[1:])


def normalized(rows: np.ndarray) -> np.ndarray:
    return rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), 1e-12)
