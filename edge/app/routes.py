"""Which part of the daemon hears which topics."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from edge.mqtt.listening import Listening
from edge.ports import Message

Handle: TypeAlias = Callable[[Message], None]


@dataclass(frozen=True, slots=True)
class _Route:
    listening: Listening
    handle: Handle


class Routes:
    """Filled before the bus starts; from then on read by its thread alone."""

    def __init__(self) -> None:
        self._routes: list[_Route] = []
        self.filters: list[str] = []

    def add(self, filters: Iterable[str], handle: Handle) -> None:
        """Let `handle` hear what these MQTT filters stand for.

        It is called on the bus's thread: it stamps, enqueues and returns.
        """
        wanted = tuple(filters)
        self._routes.append(_Route(Listening(wanted), handle))
        self.filters.extend(one for one in wanted if one not in self.filters)

    def deliver(self, message: Message) -> None:
        """Hand a message to everyone who wants its topic: pieces of files are on topics that many share."""
        for route in self._routes:
            if route.listening.wants(message.topic):
                route.handle(message)
