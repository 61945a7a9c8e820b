"""Work on many pictures with every core: processes that each open the networks once."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

import cv2

from edge.errors import WorkerDied

Batch = TypeVar("Batch")
Result = TypeVar("Result")


def default_jobs() -> int:
    """One process for each core that this one may use."""
    return len(os.sched_getaffinity(0))


def batches(items: Sequence[Batch], size: int = 16) -> list[Sequence[Batch]]:
    """Cut a sequence into pieces that are worth sending."""
    return [items[i : i + size] for i in range(0, len(items), size)]


def spread(
    work: Callable[[Batch], Result],
    pieces: Sequence[Batch],
    *,
    jobs: int,
    opener: Callable[[], None],
    check: Callable[[], None],
) -> Iterator[Result]:
    """Do `work` on every piece in `jobs` processes; the results come in order, as soon as they are there.

    work, opener: functions of a module, as they are sent by name; what `opener` opens once in each process
    it keeps in its module. check: called here when a process died, to raise what the reason is if it can
    tell. Raises WorkerDied otherwise, and what `work` raises.
    """
    # Spawned, not forked: a forked copy of a running inference engine hangs.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=context, initializer=_begin, initargs=(opener,)) as pool:
        try:
            yield from pool.map(work, pieces)
        except BrokenProcessPool:
            check()
            raise WorkerDied("an evaluating process died; is there enough memory? Try --jobs 1") from None
        finally:
            pool.shutdown(cancel_futures=True)


def _begin(opener: Callable[[], None]) -> None:
    cv2.setNumThreads(1)
    # Ctrl-C reaches every process of the terminal; the one that started these ends them.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    opener()
