from __future__ import annotations

import threading
import time

from edge.app.threads import Inbox, LatestSlot, Worker
from tests.factories import a_frame


def test_the_newest_frame_wins():
    slot = LatestSlot()
    for number in range(5):
        slot.put(a_frame(0.0, number))
    assert slot.take(0.0).sequence == 4
    assert slot.take(0.0) is None
    assert slot.dropped == 4


def test_a_slot_that_keeps_all_waits_for_its_reader():
    slot, seen = LatestSlot(keep_all=True), []
    writer = threading.Thread(target=lambda: [slot.put(a_frame(0.0, number)) for number in range(50)])
    writer.start()
    while len(seen) < 50:
        frame = slot.take(1.0)
        seen.append(frame.sequence)
        slot.done()
    writer.join()
    assert seen == list(range(50))
    assert slot.is_empty


def test_a_closed_slot_keeps_no_writer_waiting():
    slot = LatestSlot(keep_all=True)
    slot.put(a_frame(0.0, 0))
    writer = threading.Thread(target=lambda: slot.put(a_frame(0.0, 1), timeout_s=60.0))
    writer.start()
    slot.close()
    writer.join(10.0)
    assert not writer.is_alive()


def test_a_slot_is_not_empty_while_its_frame_is_looked_at():
    slot = LatestSlot()
    slot.put(a_frame(0.0))
    slot.take(0.0)
    assert not slot.is_empty
    slot.done()
    assert slot.is_empty


def test_a_full_inbox_drops_what_may_be_dropped_and_nothing_else():
    inbox = Inbox(limit=2)
    assert inbox.put("a", droppable=True)
    assert inbox.put("b", droppable=True)
    assert not inbox.put("c", droppable=True)
    assert inbox.put("command")
    assert [inbox.take(0.0) for _ in range(4)] == ["a", "b", "command", None]
    assert inbox.dropped == 1


def test_an_inbox_is_empty_when_its_last_message_was_taken():
    inbox = Inbox()
    assert inbox.is_empty
    inbox.put("hello")
    assert not inbox.is_empty
    inbox.take(0.0)
    assert inbox.is_empty


def test_an_inbox_wakes_its_reader():
    inbox, taken = Inbox(), []
    reader = threading.Thread(target=lambda: taken.append(inbox.take(5.0)))
    reader.start()
    inbox.put("hello")
    reader.join(2.0)
    assert taken == ["hello"]


def test_a_worker_that_raises_says_so():
    def fail(stop, beat):
        raise ValueError("broken")

    worker = Worker("w", fail, clock=time.monotonic)
    worker.start()
    assert worker.stop()
    assert worker.died() == "ValueError: broken"


def test_a_worker_that_ends_by_itself_has_died_unless_it_may_end():
    for may_end, died in ((False, True), (True, False)):
        ended = threading.Event()
        worker = Worker("w", lambda stop, beat, done=ended: done.set(), clock=time.monotonic, may_end=may_end)
        worker.start()
        ended.wait(2.0)
        worker._thread.join(2.0)
        assert (worker.died() is not None) is died


def test_a_worker_without_a_heartbeat_goes_stale():
    now = [0.0]
    worker = Worker("w", lambda stop, beat: stop.wait(), clock=lambda: now[0], stale_s=2.0)
    worker.start()
    assert worker.is_fresh(1.0)
    assert not worker.is_fresh(3.0)
    now[0] = 3.0
    worker.beat()
    assert worker.is_fresh(4.0)
    assert worker.stop()
    assert worker.died() is None
