"""Simulated scenes side by side, to look at before believing in them."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from liveness.material import Simulated

ROWS, COLUMNS, SIDE = 2, 12, 120


def write(file: Path, simulated: Simulated) -> None:
    """Two rows of each kind, the wide view."""
    rng = np.random.default_rng(0)
    rows = []
    for kind in sorted(set(simulated.kind)):
        chosen = rng.permutation(np.flatnonzero(simulated.kind == kind))[: ROWS * COLUMNS]
        tiles = [
            cv2.resize(simulated.scenes[k, 0], (SIDE, SIDE), interpolation=cv2.INTER_AREA) for k in chosen
        ]
        tiles += [np.zeros((SIDE, SIDE, 3), np.uint8)] * (ROWS * COLUMNS - len(tiles))
        rows += [np.hstack(tiles[row * COLUMNS : (row + 1) * COLUMNS]) for row in range(ROWS)]
    if not cv2.imwrite(str(file), np.vstack(rows)):
        raise SystemExit(f"cannot write {file}; name a .png in a folder that exists")
