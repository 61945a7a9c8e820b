"""The decision on a clip fails closed: one stretch that looks like an attack, and it is not live."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from edge.core.clip_verdict import Decision, Ruling, conclude
from edge.core.track_life import Life


def rulings(*lives: Life) -> list[Ruling]:
    return [Ruling(life, 0.5, 1.0 + number, 0.5 + number) for number, life in enumerate(lives)]


def test_nobody_who_stands_still_is_no_face_and_no_verdict_no_decision() -> None:
    assert conclude([], is_steady=False) == (Decision.NO_FACE, None)
    assert conclude([], is_steady=True) == (Decision.NO_DECISION, None)


def test_the_first_verdict_of_its_kind_decides() -> None:
    given_ = rulings(Life.UNSURE, Life.LIVE, Life.LIVE)
    assert conclude(given_, is_steady=True) == (Decision.LIVE, given_[1])
    given_ = rulings(Life.UNSURE, Life.ATTACK, Life.UNSURE)
    assert conclude(given_, is_steady=True) == (Decision.ATTACK, given_[1])
    given_ = rulings(Life.UNSURE, Life.UNSURE)
    assert conclude(given_, is_steady=True) == (Decision.UNSURE, given_[0])


def test_a_clip_that_is_alive_and_an_attack_is_neither() -> None:
    given_ = rulings(Life.LIVE, Life.LIVE, Life.ATTACK, Life.LIVE)
    assert conclude(given_, is_steady=True) == (Decision.UNSURE, given_[2])
    given_ = rulings(Life.ATTACK, Life.LIVE)
    assert conclude(given_, is_steady=True) == (Decision.UNSURE, given_[1])


@given(st.lists(st.sampled_from([Life.LIVE, Life.ATTACK, Life.UNSURE, Life.UNCHECKED])), st.booleans())
def test_live_needs_a_living_verdict_and_no_attack(lives: list[Life], is_steady: bool) -> None:
    decision, ruling = conclude(rulings(*lives), is_steady=is_steady)
    if decision is Decision.LIVE:
        assert is_steady
        assert Life.LIVE in lives
        assert Life.ATTACK not in lives
        assert ruling is not None
        assert ruling.life is Life.LIVE
