"""Hears what devices answer, and notes when: a session beside the one that asks."""

from __future__ import annotations

import itertools
import json
import queue
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from edge.mqtt.client import MqttBus
from edge.mqtt.link import Link
from edge.mqtt.listening import GALLERY_BYTES
from edge.mqtt.topics import SiteTopics
from edge.ports import Message
from tools.fleet.processes import BenchFailed

_CONNECT_S = 20.0


class ListeningPost:
    def __init__(self, topics: SiteTopics) -> None:
        self._topics = topics
        self._heard: queue.SimpleQueue[Message] = queue.SimpleQueue()

    def hear(self, message: Message) -> None:
        self._heard.put(message)

    def forget(self) -> None:
        """What was heard so far."""
        while not self._heard.empty():
            self._heard.get_nowait()

    def first_of_each(
        self,
        wanted: Callable[[dict[str, object]], bool],
        count: int,
        within_s: float,
        progress: Callable[[int], None] = lambda done: None,
    ) -> dict[str, float]:
        """When each device first said what is wanted (monotonic seconds), until so many have, or the time is
        over. wanted: told the envelope."""
        at: dict[str, float] = {}
        give_up_at = time.monotonic() + within_s
        while len(at) < count and time.monotonic() < give_up_at:
            try:
                message = self._heard.get(timeout=0.2)
            except queue.Empty:
                continue
            dev = self._topics.dev_of(message.topic)
            if dev is not None and dev not in at and wanted(json.loads(message.payload)):
                at[dev] = message.at
                progress(len(at))
        return at


@contextmanager
def listening(link: Link, topics: SiteTopics, leaves: Sequence[str]) -> Iterator[ListeningPost]:
    """leaves: below each device. Raises BenchFailed without a broker."""
    post = ListeningPost(topics)
    is_up = threading.Event()
    apart = replace(
        link, client_id=f"{link.client_id}-{secrets.token_hex(4)}", session_expiry_s=0, window=200
    )
    bus = MqttBus(
        apart,
        None,
        [topics.each(leaf) for leaf in leaves],
        sessions=itertools.count(1).__next__,
        max_bytes=GALLERY_BYTES,
    )
    bus.start(post.hear, lambda up: is_up.set() if up else None)
    try:
        if not is_up.wait(_CONNECT_S):
            raise BenchFailed(bus.trouble or "the broker does not answer")
        # The link is up before the broker has taken the subscriptions.
        time.sleep(1.0)
        yield post
    finally:
        bus.close()
