"""Training, on whatever device there is."""

from __future__ import annotations

import copy
import math
import queue
import threading
import time
from collections.abc import Callable
from typing import Any, TypeAlias, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

BATCH = 64
Net = TypeVar("Net", bound=nn.Module)


Batch: TypeAlias = tuple[Tensor, Tensor]
"""float32 (64, 3, S, S) crops or (64, C, H, W) features, and float32 (64,) or (64, N) answers."""


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
