"""Training and scoring, on whatever device there is."""

from __future__ import annotations

import copy
import math
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from liveness.augment import augment, central_crop, network_input
from liveness.network import LivenessNet

BATCH = 64
Net = TypeVar("Net", bound=nn.Module)


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """Scenes of one kind. scenes: uint8 (N, S, S, 3), BGR. share: of the batches' pictures."""

    name: str
    scenes: NDArray[np.uint8]
    live: bool
    share: float


Batch: TypeAlias = tuple[Tensor, Tensor]
"""float32 (64, 3, S, S) crops and float32 (64,) or (64, N) answers."""


class Stream:
    """Batches made by threads ahead of need.

    draw: makes one batch from a source of randomness. OpenCV lets go of the interpreter's lock, so
    threads suffice; processes would each need the pictures.
    """

    def __init__(self, draw: Callable[[np.random.Generator], Batch], seed: int, workers: int) -> None:
        self.draw = draw
        self.ready: queue.Queue[Batch] = queue.Queue(6)
        self.stop = threading.Event()
        self.threads = [
            threading.Thread(
                target=self._fill, args=(np.random.default_rng((seed, k)),), name=f"crops-{k}", daemon=True
            )
            for k in range(workers)
        ]

    def __enter__(self) -> Stream:
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        for thread in self.threads:
            thread.join(10)

    def take(self) -> Batch:
        return self.ready.get(timeout=120)

    def _fill(self, rng: np.random.Generator) -> None:
        while not self.stop.is_set():
            batch = self.draw(rng)
            while not self.stop.is_set():
                try:
                    self.ready.put(batch, timeout=0.2)
                    break
                except queue.Full:
                    continue


def drawn_from(groups: list[Group]) -> Callable[[np.random.Generator], Batch]:
    """Batches of augmented crops, from the groups by their shares; the answer is 1 for live."""
    shares = np.array([g.share for g in groups])
    shares = shares / shares.sum()

    def draw(rng: np.random.Generator) -> Batch:
        crops, live = [], []
        for k in rng.choice(len(groups), BATCH, p=shares):
            group = groups[k]
            crops.append(to_tensor(augment(rng, group.scenes[rng.integers(len(group.scenes))])))
            live.append(float(group.live))
        return torch.stack(crops), torch.tensor(live)

    return draw


def to_tensor(crop: NDArray[np.uint8]) -> Tensor:
    """float32 (3, 96, 96), RGB, standardized."""
    return torch.from_numpy(np.ascontiguousarray(network_input(crop).transpose(2, 0, 1)))


def train(
    groups: list[Group],
    steps: int,
    seed: int,
    *,
    start: LivenessNet | None = None,
    rate: float = 3e-3,
    device: str = "cpu",
    workers: int = 1,
    limit_s: float = math.inf,
    progress: Callable[[int, int, float], None] = lambda step, steps, loss: None,
) -> LivenessNet:
    """Train and return the averaged weights (EMA). `limit_s` shortens the schedule by the clock."""
    torch.manual_seed(seed)
    net = copy.deepcopy(start) if start is not None else LivenessNet()

    def loss_of(answer: tuple[Tensor, Tensor], live: Tensor) -> tuple[Tensor, Tensor]:
        score, dense = answer
        target = live * 0.96 + 0.02
        cells = target[:, None, None].expand_as(dense)
        loss = functional.binary_cross_entropy_with_logits(score, target)
        return loss, loss + 0.5 * functional.binary_cross_entropy_with_logits(dense, cells)

    return optimize(
        net, Stream(drawn_from(groups), seed, workers), loss_of, steps, rate, device, limit_s, progress
    )


def optimize(
    net: Net,
    stream: Stream,
    loss_of: Callable[[Any, Tensor], tuple[Tensor, Tensor]],
    steps: int,
    rate: float,
    device: str = "cpu",
    limit_s: float = math.inf,
    progress: Callable[[int, int, float], None] = lambda step, steps, loss: None,
) -> Net:
    """Train any network on a stream of batches and return the averaged weights (EMA).

    loss_of: from the network's output and the answers, the loss to show and the one to lower.
    """
    net = net.to(device, memory_format=torch.channels_last).train()
    mean = copy.deepcopy(net)
    optimizer = torch.optim.AdamW(net.parameters(), lr=rate, weight_decay=0.02)
    begun, running, done = time.monotonic(), 0.7, 0
    with stream:
        while (part := max(done / steps, (time.monotonic() - begun) / limit_s)) < 1:
            crops, answers = stream.take()
            for settings in optimizer.param_groups:
                settings["lr"] = rate * min(1.0, (done + 1) / 60) * (0.5 + 0.5 * math.cos(math.pi * part))
            crops = crops.to(device, memory_format=torch.channels_last)
            loss, total = loss_of(net(crops), answers.to(device))
            optimizer.zero_grad()
            total.backward()
            torch.nn.utils.clip_grad_norm_(net.parameters(), 2.0)
            optimizer.step()
            _average(mean, net, min(0.995, (1 + done) / (10 + done)))
            running += 0.02 * (float(loss.detach()) - running)
            done += 1
            if done % 50 == 0:
                progress(done, steps, running)
    progress(done, steps, running)
    return mean.to("cpu").eval()


@torch.no_grad()
def _average(mean: nn.Module, net: nn.Module, keep: float) -> None:
    for a, b in zip(mean.state_dict().values(), net.state_dict().values(), strict=True):
        if a.dtype.is_floating_point:
            a.lerp_(b, 1 - keep)
        else:
            a.copy_(b)


@torch.no_grad()
def score(net: LivenessNet, scenes: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Logits (N,) of stored scenes, each seen through its central crop."""
    found = []
    for k in range(0, len(scenes), 128):
        crops = torch.stack([to_tensor(central_crop(s)) for s in scenes[k : k + 128]])
        found.append(net(crops.to(memory_format=torch.channels_last))[0].numpy())
    return np.concatenate(found) if found else np.empty(0, np.float32)
