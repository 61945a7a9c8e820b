"""How well covered regions are told, region by region: what is drawn, and real masks."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

from edge.core.pad_metrics import auc
from edge.core.quality_levels import COVERED
from occlusion import material, occluders
from occlusion.regions import REGIONS
from occlusion.samples import centered, covered, moved, network_input

Shares = NDArray[np.float32]
PER_KIND = 400
"""Pictures of each kind in the figures."""
HIDDEN = 0.4
"""Regions with a visible share at or below this are the covered ones."""


@dataclass(frozen=True, slots=True)
class Row:
    """One kind of cover and one region. covered, uncovered: pictures of each. auc: chance that a covered one
    reads lower than an open one. missed, alarmed: shares read wrongly where the daemon draws the line.
    error: mean absolute, of the visible share; NaN where the true one is not known."""

    kind: str
    region: str
    covered: int
    uncovered: int
    auc: float
    missed: float
    alarmed: float
    error: float


class Reader:
    """The int8 file that ships."""

    def __init__(self, content: bytes) -> None:
        self.interpreter = Interpreter(model_content=content, num_threads=1)
        self.interpreter.allocate_tensors()
        self.at = self.interpreter.get_input_details()[0]["index"]
        self.out = self.interpreter.get_output_details()[0]["index"]

    def read(self, crops: list[NDArray[np.uint8]]) -> Shares:
        """Visible shares, float32 (N, 6)."""
        found = []
        for crop in crops:
            self.interpreter.set_tensor(self.at, network_input(crop)[None])
            self.interpreter.invoke()
            found.append(self.interpreter.get_tensor(self.out)[0])
        return 1 / (1 + np.exp(-np.array(found)))


def measure(content: bytes, faces: material.Faces, data: Path, seed: int) -> list[Row]:
    """People that training never saw, under covers it saw and under kinds it never saw; then real masks."""
    reader = Reader(content)
    rng = np.random.default_rng((seed, 1))
    held = np.flatnonzero(faces.held)
    rows = []
    bare = reader.read([centered(faces.crops[k]) for k in held])
    for kind, used in (("trained kinds", list(occluders.TRAINED)), ("unseen kinds", occluders.HELD_OUT)):
        crops, truth = [], []
        for n in range(PER_KIND):
            scene, shares = covered(rng, faces, int(rng.choice(held)), [used[n % len(used)]])
            crops.append(moved(rng, scene))
            truth.append(shares)
        rows += _rows(kind, reader.read(crops), np.array(truth), bare)
    masks, none = (
        reader.read(list(material.photographs(data / "mask" / name)))
        for name in ("with_mask", "without_mask")
    )
    for region in ("nose", "mouth", "cheeks", "chin"):
        k = REGIONS.index(region)
        rows.append(row("real masks", region, masks[:, k], none[:, k], float("nan")))
    return rows


def _rows(kind: str, read: Shares, truth: Shares, bare: Shares) -> list[Row]:
    """Covered ones against the same people with nothing before them."""
    found = []
    for k, region in enumerate(REGIONS):
        hidden = read[truth[:, k] <= HIDDEN, k]
        if len(hidden) < PER_KIND // 40:
            continue
        error = float(np.abs(read[:, k] - truth[:, k]).mean())
        found.append(row(kind, region, hidden, bare[:, k], error))
    return found


def row(kind: str, region: str, hidden: Shares, seen: Shares, error: float) -> Row:
    return Row(
        kind,
        region,
        len(hidden),
        len(seen),
        auc(seen, hidden),
        float((hidden >= COVERED).mean()),
        float((seen < COVERED).mean()),
        error,
    )
