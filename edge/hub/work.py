"""A unit of work: what the hub reads and writes in one transaction, and what it says once that is durable."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from sqlalchemy import Connection

from edge.core.envelope import to_timestamp
from edge.mqtt.codec import Outgoing

T = TypeVar("T")
AT_ONCE = 500
"""Values in one IN (…): SQLite allows a limited number of parameters."""


@dataclass(frozen=True, slots=True)
class Work:
    """now: aware UTC. outgoing: published, in this order, after the commit; dropped when there is none."""

    connection: Connection
    now: datetime
    outgoing: list[Outgoing] = field(default_factory=list)

    @property
    def said_bytes(self) -> int:
        """Of all that is to be said."""
        return sum(len(message.payload) for message in self.outgoing)

    @property
    def at(self) -> str:
        """`now` as the tables hold times."""
        return to_timestamp(self.now)

    def say(self, message: Outgoing) -> None:
        self.outgoing.append(message)


def portions(values: Iterable[T], count: int = AT_ONCE) -> Iterator[Sequence[T]]:
    """The values in pieces of at most `count`."""
    waiting = list(values)
    for start in range(0, len(waiting), count):
        yield waiting[start : start + count]
