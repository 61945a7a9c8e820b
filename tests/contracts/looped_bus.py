"""A session of the simulator with a loop of its own, for whoever calls from another thread."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress

from edge.mqtt.listening import GALLERY_BYTES
from tools.fleet.loop import Loop
from tools.fleet.session import Session


class LoopedBus:
    def __init__(self, link, presence, subscriptions, *, sessions):
        self._loop = Loop()
        self._session = Session(self._loop, link, presence, subscriptions, GALLERY_BYTES, sessions)
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, on_message, on_link):
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        self._ask(lambda: self._session.start(on_message, on_link))

    def publish(self, topic, payload, *, qos=1, retain=False, on_acked=None):
        if self._thread is None:
            return self._session.publish(topic, payload)
        return self._ask(
            lambda: self._session.publish(topic, payload, qos=qos, retain=retain, on_acked=on_acked)
        )

    def close(self):
        if self._thread is not None:
            self._ask(self._session.close)
            self._stop.set()
            self._thread.join()
            self._thread = None

    def _run(self):
        with self._loop:
            self._loop.run(self._stop)

    def _ask(self, what: Callable[[], object]):
        """Have it done in the loop's thread."""
        done: Future[object] = Future()
        self._loop.soon(lambda: done.set_result(what()))
        with suppress(TimeoutError):
            return done.result(10)
        raise AssertionError("the loop does not answer")
