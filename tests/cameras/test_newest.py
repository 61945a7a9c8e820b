from __future__ import annotations

import threading
import time

import numpy as np
import pytest

from edge.cameras.newest import MOST_LEFT_BEHIND, NewestFrame
from edge.errors import CameraLost, CameraNotFound, CameraStalled


class HandSource:
    """Gives a picture each time the test says so; blocks until then, like a driver."""

    def __init__(self) -> None:
        self._pictures = threading.Semaphore(0)
        self._value = 0
        self._blocked = False
        self._grabbed = threading.Condition()
        self.closed_by: threading.Thread | None = None
        self.grabbed_by: threading.Thread | None = None

    def give(self, count: int = 1) -> None:
        """Hand over pictures and return when all are grabbed and the next call blocks."""
        with self._grabbed:
            wanted = self._value + count
            self._pictures.release(count)
            assert self._grabbed.wait_for(lambda: self._value == wanted and self._blocked, 5.0)

    def grab(self) -> np.ndarray:
        self.grabbed_by = threading.current_thread()
        with self._grabbed:
            self._blocked = True
            self._grabbed.notify_all()
        self._pictures.acquire()
        with self._grabbed:
            self._blocked = False
            self._value += 1
            return np.full((2, 2, 3), self._value, np.uint8)

    def close(self) -> None:
        self.closed_by = threading.current_thread()


def newest_of(*sources: HandSource, open_timeout_s: float = 5.0) -> NewestFrame:
    remaining = iter(sources)
    return NewestFrame("front", lambda: next(remaining), open_timeout_s=open_timeout_s, clock=time.monotonic)


def test_only_the_newest_picture_is_kept_and_given_once() -> None:
    source = HandSource()
    newest = newest_of(source)
    newest.start()
    source.give(3)
    frame = newest.read(5.0)
    assert (int(frame.image[0, 0, 0]), frame.sequence) == (3, 2)
    with pytest.raises(CameraStalled, match="front"):
        newest.read(0.01)
    source.give()
    assert newest.read(5.0).sequence == 3


def test_a_driver_that_blocks_costs_its_reader_only_the_limit() -> None:
    blocked, fresh = HandSource(), HandSource()
    newest = newest_of(blocked, fresh)
    newest.start()
    with pytest.raises(CameraStalled):
        newest.read(0.05)
    newest.close()
    newest.start()
    fresh.give()
    assert newest.read(5.0).image[0, 0, 0] == 1


def test_a_source_is_closed_by_the_thread_that_used_it() -> None:
    source = HandSource()
    newest = newest_of(source)
    newest.start()
    source.give()
    newest.close()
    assert source.closed_by is None
    source._pictures.release()
    assert source.grabbed_by is not None
    source.grabbed_by.join(5.0)
    assert source.closed_by is source.grabbed_by


def test_drivers_that_never_return_do_not_pile_up_without_end() -> None:
    stuck = [HandSource() for _ in range(MOST_LEFT_BEHIND)]
    newest = newest_of(*stuck, HandSource())
    for _ in stuck:
        newest.start()
        newest.close()
    with pytest.raises(CameraNotFound, match="have not returned"):
        newest.start()
    stuck[0]._pictures.release()
    stuck[0].grabbed_by.join(5.0)
    newest.start()
    newest.close()


def test_an_opening_that_blocks_is_given_up() -> None:
    forever = threading.Event()

    def open_late() -> HandSource:
        forever.wait()
        return HandSource()

    newest = NewestFrame("front", open_late, open_timeout_s=0.05, clock=time.monotonic)
    with pytest.raises(CameraNotFound, match="did not open within"):
        newest.start()
    forever.set()


def test_a_loss_is_told_to_every_reader_after_the_last_picture() -> None:
    class Dying:
        def __init__(self) -> None:
            self._left = 1

        def grab(self) -> np.ndarray:
            if not self._left:
                raise CameraLost("front is unplugged; plug it in")
            self._left -= 1
            return np.zeros((2, 2, 3), np.uint8)

        def close(self) -> None:
            pass

    newest = NewestFrame("front", Dying, open_timeout_s=5.0, clock=time.monotonic)
    newest.start()
    assert newest.read(5.0).sequence == 0
    for _ in range(2):
        with pytest.raises(CameraLost, match="unplugged"):
            newest.read(5.0)
