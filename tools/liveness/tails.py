"""Training of the tails, several at a time; several seeds of one distilled into one; their scores."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from liveness.features import Half, as_tensor
from liveness.labelled import Show
from liveness.mobilenet import Tail, settle
from liveness.pool import Pool
from liveness.training import Batch, Stream, optimize

RATE, DISTILLING_RATE = 1.5e-3, 7e-4
SMOOTH = 0.02
DENSE_WEIGHT = 0.5


@dataclass(frozen=True, slots=True)
class Task:
    """One tail to train: of which view, without which source (None: with all), with which seed."""

    view: int
    without: str | None
    seed: int


def train(pool: Pool, start: Tail, task: Task, steps: int, device: str) -> Tail:
    torch.manual_seed(task.seed)
    draw = pool.drawing(task.view, task.without)
    rng = np.random.default_rng((task.seed, 1))
    tail = copy.deepcopy(start)
    settle(tail, torch.cat([draw(rng)[0] for _ in range(3)]))
    return optimize(tail, Stream(draw, task.seed, 1), _loss, steps, RATE, device)


def distill(pool: Pool, teachers: Sequence[Tail], task: Task, steps: int, device: str) -> Tail:
    """A tail that goes on from the first of its teachers, to what they say in the mean.

    What it is told is half the label and half their probability.
    """
    torch.manual_seed(task.seed)
    plain = pool.drawing(task.view, task.without)
    masters = [copy.deepcopy(teacher).cpu().eval() for teacher in teachers]

    @torch.no_grad()
    def draw(rng: np.random.Generator) -> Batch:
        features, live = plain(rng)
        said = torch.stack([master(features)[0] for master in masters]).mean(0).sigmoid()
        return features, (live + said) / 2

    stream = Stream(draw, task.seed, 1)
    return optimize(copy.deepcopy(teachers[0]), stream, _loss, steps, DISTILLING_RATE, device)


def _loss(answer: tuple[Tensor, Tensor], live: Tensor) -> tuple[Tensor, Tensor]:
    score, dense = answer
    target = live * (1 - 2 * SMOOTH) + SMOOTH
    loss = functional.binary_cross_entropy_with_logits(score, target)
    cells = target[:, None, None].expand_as(dense)
    return loss, loss + DENSE_WEIGHT * functional.binary_cross_entropy_with_logits(dense, cells)


_shared: dict[str, Any] = {}


def train_all(
    pool: Pool, start: Tail, tasks: list[Task], steps: int, processes: int, device: str, show: Show
) -> dict[Task, Tail]:
    """All tasks, each in one thread; on a GPU one after the other."""
    jobs = {task: partial(train, pool, start, task, steps, device) for task in tasks}
    return _do(jobs, start, processes, device, show, "tails")


def distill_all(
    pool: Pool,
    trained: Mapping[Task, Tail],
    tasks: list[Task],
    steps: int,
    processes: int,
    device: str,
    show: Show,
) -> dict[Task, Tail]:
    """Each task's tail from all those trained for its view and source, whatever their seed."""

    def teachers(task: Task) -> list[Tail]:
        alike = [one for one in trained if (one.view, one.without) == (task.view, task.without)]
        return [trained[one] for one in sorted(alike, key=lambda one: one.seed)]

    jobs = {task: partial(distill, pool, teachers(task), task, steps, device) for task in tasks}
    return _do(jobs, next(iter(trained.values())), processes, device, show, "distilled tails")


_jobs: dict[Task, Callable[[], Tail]] = {}


def _do(
    jobs: dict[Task, Callable[[], Tail]], like: Tail, processes: int, device: str, show: Show, title: str
) -> dict[Task, Tail]:
    if device != "cpu":
        return {task: jobs[task]() for task in show(list(jobs), title, len(jobs))}
    _jobs.clear()
    _jobs.update(jobs)
    made = {}
    with get_context("fork").Pool(processes, torch.set_num_threads, (1,)) as workers:
        for task, state in show(workers.imap(_done, list(jobs)), title, len(jobs)):
            tail = copy.deepcopy(like).cpu()
            tail.load_state_dict({name: torch.from_numpy(value) for name, value in state.items()})
            made[task] = tail.eval()
    return made


def _done(task: Task) -> tuple[Task, dict[str, NDArray[Any]]]:
    return task, {name: value.numpy() for name, value in _jobs[task]().state_dict().items()}


@torch.no_grad()
def logits(tail: Tail, features: Half) -> NDArray[np.float32]:
    """(N,)"""
    tail = tail.eval()
    found = [tail(as_tensor(features[k : k + 128]))[0].numpy() for k in range(0, len(features), 128)]
    return np.concatenate(found) if found else np.empty(0, np.float32)
