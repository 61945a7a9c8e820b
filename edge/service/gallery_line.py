"""Where a device and the hub talk about a gallery."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from edge.core.events import Json


class Say(Protocol):
    def __call__(
        self,
        topic: str,
        message_type: str,
        body: dict[str, Json],
        *,
        on_acked: Callable[[], None] | None = None,
    ) -> bool:
        """Publish a message, to be delivered at least once. False when the broker does not take it now.

        on_acked: called on any thread when the broker has it.
        """


@dataclass(frozen=True, slots=True)
class GalleryLine:
    """Topics, and how to publish. deltas, chunks: what the topics of deltas for everybody, and of chunks for
    this device, begin with. own_deltas: of those it asked for."""

    head: str
    deltas: str
    own_deltas: str
    chunks: str
    request: str
    ack: str
    offer: str
    say: Say

    def chunk_of(self, topic: str) -> tuple[str, int] | None:
        """The transfer and the number of a chunk on this topic; None for another topic."""
        if not topic.startswith(self.chunks):
            return None
        transfer, _, index = topic[len(self.chunks) :].partition("/")
        return (transfer, int(index)) if index.isascii() and index.isdecimal() and len(index) < 10 else None
