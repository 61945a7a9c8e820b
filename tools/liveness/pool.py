"""The pool that tails learn from: features of varied crops, grouped so that batches can be balanced."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from liveness.features import Half, as_tensor, repeated, varied
from liveness.kinds import VIEWS
from liveness.labelled import Real, Show
from liveness.material import Simulated
from liveness.mobilenet import Trunk
from liveness.training import BATCH, Batch

REAL_SHARE, OWN_SHARE = 0.35, 0.35
"""Of a batch: labelled frames, simulated scenes with their people; the rest is simulated with strangers."""
KINDS = {"live": 0.5, "screen": 0.3, "print": 0.2}
STRANGERS = "lfw"
REAL_TIMES, OWN_TIMES, STRANGER_TIMES = 1500, 2, 2
"""Varied crops of each source's live and of its attacks; and of each simulated scene."""


@dataclass(frozen=True, slots=True)
class Group:
    """Rows of the pool of one kind. real: whether labelled frames; source: whose people are in them."""

    source: str
    kind: str
    real: bool
    first: int
    count: int

    @property
    def live(self) -> bool:
        return self.kind == "live"


@dataclass(frozen=True, slots=True, eq=False)
class Pool:
    """features: by view, (M, 12, 12, 32)."""

    features: tuple[Half, ...]
    groups: tuple[Group, ...]

    def drawing(self, view: int, without: str | None) -> Callable[[np.random.Generator], Batch]:
        """Batches that leave out what shows one source's people, live or attacked."""
        groups = [group for group in self.groups if group.source != without]
        shares = np.array(_shares(groups))
        shares /= shares.sum()
        features = self.features[view]

        def draw(rng: np.random.Generator) -> Batch:
            chosen = [groups[k] for k in rng.choice(len(groups), BATCH, p=shares)]
            rows = np.array([group.first + rng.integers(group.count) for group in chosen])
            return as_tensor(features[rows]), torch.tensor([float(group.live) for group in chosen])

        return draw


def fill(
    trunk: Trunk, real: Real, simulated: Simulated, seed: int, threads: int, size: float, show: Show
) -> Pool:
    """size: 1 for the shipped model's."""
    rng = np.random.default_rng(seed)
    groups: list[Group] = []
    parts: list[tuple[NDArray[np.uint8], NDArray[np.int64]]] = []
    rows = 0

    def add(
        scenes: NDArray[np.uint8], members: NDArray[np.int64], wanted: int, group: tuple[str, str, bool]
    ) -> None:
        nonlocal rows
        if not len(members):
            return
        order = members[repeated(len(members), wanted, rng)]
        groups.append(Group(*group, rows, len(order)))
        parts.append((scenes, order))
        rows += len(order)

    for source in sorted(set(real.source)):
        for kind, alive in (("live", True), ("attack", False)):
            members = np.flatnonzero((real.source == source) & (real.live == alive))
            add(real.scenes, members, max(64, round(REAL_TIMES * size)), (str(source), kind, True))
    for source in sorted(set(simulated.source)):
        times = STRANGER_TIMES if source == STRANGERS else OWN_TIMES
        for kind in KINDS:
            members = np.flatnonzero((simulated.source == source) & (simulated.kind == kind))
            add(simulated.scenes, members, len(members) * times, (str(source), kind, False))
    features = []
    for view in range(len(VIEWS)):
        made = [
            varied(trunk, scenes, order, view, seed * 1000 + number, threads, lambda items, *_: items)
            for number, (scenes, order) in enumerate(show(parts, f"pool, {VIEWS[view].name}", len(parts)))
        ]
        features.append(np.concatenate(made))
    return Pool(tuple(features), tuple(groups))


def _shares(groups: list[Group]) -> list[float]:
    """Every source, and live and attack within it, as often as any other."""
    real = len({group.source for group in groups if group.real})
    own = len({group.source for group in groups if not group.real and group.source != STRANGERS})
    shares = []
    for group in groups:
        if group.real:
            shares.append(REAL_SHARE / real / 2)
        elif group.source == STRANGERS:
            shares.append((1 - REAL_SHARE - OWN_SHARE) * KINDS[group.kind])
        else:
            shares.append(OWN_SHARE / own * KINDS[group.kind])
    return shares
