from __future__ import annotations

from edge.core.rarely import Rarely


def test_the_first_of_a_kind_is_told_and_the_others_are_counted():
    rarely = Rarely(10.0)
    assert [rarely.ask("a", at) for at in (0.0, 1.0, 9.9, 10.0, 10.1, 25.0)] == [0, None, None, 2, None, 1]


def test_kinds_are_told_apart():
    rarely = Rarely(10.0)
    assert [rarely.ask(kind, 5.0) for kind in "aba"] == [0, 0, None]
