"""What the frozen trunk sees of many varied crops: computed once, used by every tail."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from liveness.augment import augment, central_crop, network_input
from liveness.kinds import VIEWS, Image, View
from liveness.labelled import Show
from liveness.mobilenet import Trunk

AT_ONCE = 64
Half = NDArray[np.float16]
"""(N, 12, 12, 32): features of N crops."""


def varied(
    trunk: Trunk,
    scenes: NDArray[np.uint8],
    order: NDArray[np.int64],
    view: int,
    seed: int,
    threads: int,
    show: Show,
) -> Half:
    """Features of one varied crop for each entry of `order`, an index of the scenes."""
    starts = range(0, len(order), AT_ONCE)

    def one(start: int) -> Half:
        rng = np.random.default_rng((seed, view, start))
        chosen = order[start : start + AT_ONCE]
        return seen(trunk, [augment(rng, scenes[k, view], VIEWS[view]) for k in chosen])

    with ThreadPoolExecutor(threads) as pool:
        parts = list(show(pool.map(one, starts), f"features, {VIEWS[view].name}", len(starts)))
    return np.concatenate(parts)


def central(trunk: Trunk, scenes: NDArray[np.uint8], view: int) -> Half:
    """Features of each scene as the door would see it."""
    starts = range(0, len(scenes), AT_ONCE)
    return np.concatenate([seen(trunk, crops(scenes[k : k + AT_ONCE, view], VIEWS[view])) for k in starts])


def crops(scenes: NDArray[np.uint8], view: View) -> list[Image]:
    return [central_crop(scene, view) for scene in scenes]


@torch.no_grad()
def seen(trunk: Trunk, found: list[Image]) -> Half:
    inputs = np.stack([network_input(crop).transpose(2, 0, 1) for crop in found])
    device = next(trunk.parameters()).device
    batch = torch.from_numpy(inputs).contiguous(memory_format=torch.channels_last).to(device)
    return trunk(batch).permute(0, 2, 3, 1).half().cpu().contiguous().numpy()


def as_tensor(features: Half) -> Tensor:
    """float32 (N, 32, 12, 12)."""
    return torch.from_numpy(features).float().permute(0, 3, 1, 2)


def repeated(count: int, wanted: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """`wanted` indices of `count` things, each as often as any other, in random order."""
    rounds: Iterator[NDArray[np.int64]] = (rng.permutation(count) for _ in range(wanted // count + 1))
    return np.concatenate(list(rounds))[:wanted]
