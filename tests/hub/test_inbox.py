"""A device that sends without end, and without asking for it to arrive, takes no memory without end."""

from __future__ import annotations

import queue

import pytest

from edge.hub.inbox import MOST, Inbox


def test_a_flood_is_bounded_and_what_has_to_arrive_does() -> None:
    inbox: Inbox[int] = Inbox()
    for number in range(10 * MOST):
        inbox.put(number, is_hasty=True)
    inbox.put(-1)
    assert [inbox.get(0) for _ in range(MOST + 1)] == [*range(MOST), -1]
    with pytest.raises(queue.Empty):
        inbox.get(0)


def test_it_is_waited_for_what_comes() -> None:
    with pytest.raises(queue.Empty):
        Inbox[int]().get(0.01)
