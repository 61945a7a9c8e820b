from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.core.suspicion import Suspicion
from edge.core.track_life import Held, Life, LifeConfig, Weight, gather, judge, logit
from tests.factories import a_glimpse

CONFIG = LifeConfig(accept=0.7, reject=0.2)
DT = 1 / 15


def shown(*scores, dt=DT, **seen):
    """The glimpses kept after so many frames."""
    glimpses = ()
    for number, score in enumerate(scores):
        glimpses = gather(glimpses, a_glimpse(number * dt, score, **seen), CONFIG)
    return glimpses


def life(*scores, **seen):
    return judge(shown(*scores, **seen), CONFIG).life


def test_a_living_face_is_alive_after_five_frames_and_not_before():
    assert life(*[0.9] * 4) is None
    assert life(*[0.9] * 5) is Life.LIVE


def test_an_attack_is_one_after_a_full_window_and_not_before():
    assert life(*[0.05] * 7) is None
    assert life(*[0.05] * 8) is Life.ATTACK


def test_between_the_thresholds_as_many_frames_again_are_looked_at():
    assert life(*[0.4] * 15) is None
    assert life(*[0.4] * 16) is Life.UNSURE


def test_a_track_that_was_refused_before_is_looked_at_for_as_long_as_can_be():
    lives = [judge(shown(*[0.99] * count), CONFIG, Held()).life for count in (5, 15, 16)]
    assert lives == [None, None, Life.LIVE]
    assert judge(shown(*[0.05] * 8), CONFIG, Held()).life is Life.ATTACK


def test_frames_that_were_refused_count_against_lucky_ones():
    """An attack that hovers below the threshold is above it once in a while."""
    held = Held().after(shown(*[0.55] * 16))
    assert judge(shown(*[0.75] * 16), CONFIG, held).life is Life.UNSURE
    assert judge(shown(*[0.95] * 16), CONFIG, held).life is Life.LIVE


def test_what_is_held_against_a_track_is_its_latest_frames_with_a_score():
    held = Held()
    for _ in range(5):
        held = held.after(shown(*[0.5] * 14, None, math.nan))
    assert held.logits == (0.0,) * 32


@settings(deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=16), st.lists(st.floats(0, 1), max_size=16))
def test_what_is_held_against_a_track_never_lets_it_in(refused, frames):
    held = Held().after(shown(*refused))
    if judge(shown(*frames), CONFIG, held).life is Life.LIVE:
        assert judge(shown(*frames), CONFIG).life is Life.LIVE
        assert Weight.of([*refused, *frames]).mean >= logit(CONFIG.accept) - 1e-9


def test_what_comes_late_can_still_settle_it():
    assert life(*[0.6] * 6, *[0.99] * 6) is Life.LIVE
    assert life(*[0.4] * 8, *[0.001] * 3) is Life.ATTACK


def test_the_score_is_the_logistic_of_the_mean_logit():
    judgement = judge(shown(0.5, 0.9), CONFIG)
    assert judgement.score == pytest.approx(0.75)
    assert judgement.frames == 2


def test_one_certain_frame_counts_for_no_more_than_a_sure_one():
    assert Weight.of([1.0, 0.0]).mean == 0.0
    assert Weight.of([1.0]) == Weight.of([0.9999999])


def test_one_lucky_frame_of_an_attack_carries_nothing():
    assert life(0.4, 0.4, 0.4, 0.4, 1.0) is None


def test_frames_from_before_a_gap_or_a_later_time_do_not_count():
    before = shown(*[0.9] * 4)
    for at in (before[-1].at + CONFIG.gap_s + 0.1, before[-1].at - 1.0, math.nan):
        assert len(gather(before, a_glimpse(at, 0.9), CONFIG)) == 1


@pytest.mark.parametrize("missing", [None, math.nan, math.inf, -0.1, 1.1])
def test_a_frame_without_a_score_lets_nobody_in(missing):
    assert life(*[0.99] * 15, missing) is Life.UNSURE
    assert life(*[0.99] * 6, missing) is None


@pytest.mark.parametrize("where", ["repeat", "stream"])
def test_what_one_frame_gives_away_is_an_attack_at_once(where):
    glimpses = (*shown(*[0.99] * 6), a_glimpse(6 * DT, 0.99, **{where: Suspicion.FROZEN}))
    judgement = judge(glimpses, CONFIG)
    assert (judgement.life, judgement.suspicions) == (Life.ATTACK, (Suspicion.FROZEN,))


def test_a_picture_that_stands_still_is_not_alive_before_it_is_known_to_be_frozen():
    first = shown(*[0.99] * 2)
    still = tuple(a_glimpse(number * DT, 0.99, is_still=True) for number in range(2, 15))
    assert judge(first + still, CONFIG).life is None
    assert judge(first + still + (a_glimpse(15 * DT, 0.99),), CONFIG).life is Life.LIVE


def test_an_attack_after_living_frames_is_judged_by_its_own():
    """After an answer the frames before it are forgotten; a score as high as before does not come back."""
    assert life(*[0.99] * 5) is Life.LIVE
    assert life(*[0.05] * 8) is Life.ATTACK


@pytest.mark.parametrize(
    "wrong",
    [
        {"reject": 0.8},
        {"reject": 0.0},
        {"accept": 1.0},
        {"accept": math.nan},
        {"frames": 9},
        {"frames": 0},
        {"more": -1},
    ],
)
def test_thresholds_that_do_not_fit_are_refused(wrong):
    with pytest.raises(ValueError, match=r"must|hold"):
        replace(CONFIG, **wrong)


scores = st.lists(st.one_of(st.none(), st.floats(0, 1), st.just(math.nan)), max_size=40)
suspected = st.sampled_from([None, None, None, *Suspicion])


@settings(deadline=None)
@given(scores)
def test_no_sequence_without_enough_live_evidence_is_alive(frames):
    glimpses = ()
    for number, score in enumerate(frames):
        glimpses = gather(glimpses, a_glimpse(number * DT, score), CONFIG)
        if judge(glimpses, CONFIG).life is not Life.LIVE:
            continue
        weighed = frames[: number + 1][-CONFIG.most :]
        assert len(weighed) >= CONFIG.frames
        assert None not in weighed
        assert not any(math.isnan(one) for one in weighed)
        assert sum(one >= CONFIG.accept for one in weighed) * 2 >= len(weighed)
        assert Weight.of(weighed).mean >= logit(CONFIG.accept)


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(0, 1), suspected, suspected), min_size=1, max_size=30))
def test_a_suspicion_beats_every_score(frames):
    glimpses = ()
    for number, (score, repeat, stream) in enumerate(frames):
        glimpses = gather(glimpses, a_glimpse(number * DT, score, repeat=repeat, stream=stream), CONFIG)
        judgement = judge(glimpses, CONFIG)
        given_away = {one for glimpse in glimpses for one in (glimpse.repeat, glimpse.stream)} - {None}
        assert given_away <= set(judgement.suspicions)
        assert not (given_away and judgement.life is not Life.ATTACK)


@settings(deadline=None)
@given(st.floats(0, 1), st.integers(1, 40))
def test_after_sixteen_frames_it_is_never_open_for_longer(score, count):
    assert (life(*[score] * count) is None) <= (count < CONFIG.most)
