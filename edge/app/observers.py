"""Who wants to know how the door works."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from edge.app.stopwatch import Lap
from edge.app.vitals import Vitals
from edge.core.decision import Decision, Receipt
from edge.core.events import Json
from edge.ports import Lock

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Observers:
    """Each is called on the thread on which it happens, and must be quick and not raise.

    frame: a frame was looked at; on the vision thread. decision: one is durable, unlock: the relay has moved;
    on the controller's thread. vitals: they were measured; on a thread of their own. link: a session with the
    broker has begun or ended; on the bus's thread. info: the description of the device has changed; on the
    controller's thread.
    """

    frame: list[Callable[[Lap], None]] = field(default_factory=list)
    decision: list[Callable[[Decision], None]] = field(default_factory=list)
    unlock: list[Callable[[Receipt], None]] = field(default_factory=list)
    vitals: list[Callable[[Vitals], None]] = field(default_factory=list)
    link: list[Callable[[bool], None]] = field(default_factory=list)
    info: list[Callable[[Mapping[str, Json]], None]] = field(default_factory=list)


def tell(observers: Iterable[Callable[[T], None]], what: T) -> None:
    for observe in observers:
        observe(what)


class ObservedLock:
    """ports.Lock that tells of every unlock after it has happened."""

    def __init__(self, lock: Lock, unlocked: Callable[[Receipt], None]) -> None:
        self._lock = lock
        self._unlocked = unlocked

    def start(self) -> None:
        self._lock.start()

    def unlock(self, receipt: Receipt) -> None:
        self._lock.unlock(receipt)
        self._unlocked(receipt)

    def lock(self) -> None:
        self._lock.lock()

    def close(self) -> None:
        self._lock.close()
