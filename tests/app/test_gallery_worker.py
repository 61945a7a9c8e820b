"""What waits for the worker of the gallery is bounded, and a flood keeps no head away."""

from __future__ import annotations

import threading

from edge.app.gallery_worker import HEADS, WAITING, GalleryWorker
from edge.ports import Message

HEAD = "ostiary/1/site/gal/main/head"


class Sync:
    def __init__(self) -> None:
        self.handled: list[Message] = []
        self.stop = threading.Event()

    def tick(self, now: float) -> float:
        return 60.0

    def handle(self, message: Message) -> None:
        self.handled.append(message)
        if message.topic == HEAD:
            self.stop.set()


def message(topic: str, *, retain: bool = False) -> Message:
    return Message(topic, b"x", retain, 1, 0.0)


def test_a_flood_keeps_no_head_away() -> None:
    sync = Sync()
    worker = GalleryWorker(sync, HEAD, lambda: 0.0)
    for index in range(10_000):
        worker.put(message(f"ostiary/1/site/d/door-1/gal/chunk/0011/{index}", retain=index % 2 == 0))
    worker.put(message(HEAD, retain=True))
    worker.run(sync.stop, lambda: None)
    assert len(sync.handled) == WAITING + 1
    assert sync.handled[-1].topic == HEAD


def test_what_is_retained_but_no_head_is_passed_over() -> None:
    sync = Sync()
    worker = GalleryWorker(sync, HEAD, lambda: 0.0)
    worker.put(message("ostiary/1/site/gal/main/delta/7", retain=True))
    worker.put(message("ostiary/1/site/gal/main/delta/8"))
    for _ in range(10 * HEADS):
        worker.put(message(HEAD))
    worker.run(sync.stop, lambda: None)
    assert [one.topic[-1] for one in sync.handled] == ["8", "d"]
