from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core import track_life
from edge.core.evidence import EvidenceConfig, Gathered, Outcome, add, add_unusable, decided, judge
from edge.core.quality import Problem
from edge.core.suspicion import Suspicion
from edge.core.track_life import UNCHECKED, Judgement, Life, LifeConfig, Weight, logit
from tests.factories import a_glimpse, an_observation

CONFIG = EvidenceConfig()
LIVE = Judgement(Life.LIVE, 0.9, 5)
DT = 1 / 15


def verdicts(observations, config=CONFIG):
    """Show the frames to the evidence as the door does: each is judged with those before it."""
    gathered, glimpses, found = Gathered(since=0.0), (), []
    for seen in observations:
        if seen.at < gathered.quiet_until:
            continue
        glimpses = track_life.gather(glimpses, a_glimpse(seen.at, seen.liveness), config.life)
        gathered, verdict = add(gathered, seen, track_life.judge(glimpses, config.life), config)
        if verdict is not None:
            found.append((seen.at, verdict))
            gathered, glimpses = decided(verdict, seen.at, config), ()
    return found


def stream(*people, liveness=0.9, ambiguous=False):
    return [
        an_observation(i * DT, person, liveness=liveness, ambiguous=ambiguous)
        for i, person in enumerate(people)
    ]


def test_k_frames_that_agree_name_the_person():
    ((at, verdict),) = verdicts(stream("ada", "ada", "ada"), EvidenceConfig(life=LifeConfig(frames=3)))
    assert (at, verdict.outcome, verdict.person) == (2 * DT, Outcome.RECOGNIZED, "ada")


def test_life_must_show_in_its_own_number_of_frames():
    ((at, verdict),) = verdicts(stream(*["ada"] * 5))
    assert (at, verdict.outcome, verdict.frames) == (4 * DT, Outcome.RECOGNIZED, 5)


def test_fewer_than_k_do_not():
    assert verdicts(stream("ada", "ada", None, None)) == []


def test_a_stranger_is_refused_only_after_the_full_window():
    ((at, verdict),) = verdicts(stream(*[None] * CONFIG.window))
    assert (at, verdict.outcome) == ((CONFIG.window - 1) * DT, Outcome.UNKNOWN)


def test_an_attack_on_an_enrolled_person_is_refused_and_nobody_is_named():
    ((_, verdict),) = verdicts(stream(*["ada"] * CONFIG.window, liveness=0.02))
    assert (verdict.outcome, verdict.person) == (Outcome.NOT_LIVE, None)


def test_frames_that_name_two_people_name_nobody():
    ((_, verdict),) = verdicts(stream(*["ada", "bob"] * 4))
    assert (verdict.outcome, verdict.person) == (Outcome.AMBIGUOUS, None)


def test_ambiguous_frames_are_refused_as_such():
    ((_, verdict),) = verdicts(stream(*[None] * CONFIG.window, ambiguous=True))
    assert verdict.outcome is Outcome.AMBIGUOUS


def test_one_lucky_live_frame_does_not_carry_the_mean():
    observations = stream(*["ada"] * CONFIG.life.most, liveness=0.3)
    observations[2] = an_observation(observations[2].at, "ada", liveness=1.0)
    assert [verdict.outcome for _, verdict in verdicts(observations)] == [Outcome.UNSURE_LIVENESS]


def test_a_face_between_the_thresholds_is_looked_at_for_longer_and_then_left_open():
    ((at, verdict),) = verdicts(stream(*["ada"] * CONFIG.life.most, liveness=0.3))
    assert (verdict.outcome, verdict.person) == (Outcome.UNSURE_LIVENESS, None)
    assert at == (CONFIG.life.most - 1) * DT


def test_a_living_face_that_was_in_doubt_at_first_is_let_in():
    scores = [0.2] * 6 + [0.99] * 10
    frames = [an_observation(i * DT, "ada", liveness=score) for i, score in enumerate(scores)]
    ((at, verdict),) = verdicts(frames)
    assert (verdict.outcome, verdict.person) == (Outcome.RECOGNIZED, "ada")
    assert CONFIG.window * DT < at < (CONFIG.life.most - 1) * DT


def test_a_suspicion_refuses_at_once_whatever_the_score():
    seen = an_observation(0.0, "ada", liveness=1.0)
    verdict = judge((seen,), Judgement(Life.ATTACK, 0.99, 1, (Suspicion.FROZEN,)), CONFIG)
    assert (verdict.outcome, verdict.person, verdict.suspicions) == (
        Outcome.NOT_LIVE,
        None,
        (Suspicion.FROZEN,),
    )


def test_where_life_is_not_asked_for_k_frames_suffice_and_no_figure_is_told():
    window = tuple(an_observation(i * DT, "ada", liveness=None) for i in range(CONFIG.agree))
    verdict = judge(window, UNCHECKED, CONFIG)
    assert (verdict.outcome, verdict.liveness, verdict.method) == (Outcome.RECOGNIZED, None, "off")


@pytest.mark.parametrize("life", [Life.UNSURE, Life.ATTACK, None])
def test_nobody_is_named_whose_life_is_open(life):
    window = tuple(an_observation(i * DT, "ada") for i in range(CONFIG.window))
    verdict = judge(window, Judgement(life, 0.5, 8), CONFIG)
    assert verdict is None or verdict.person is None


def test_a_passed_challenge_settles_what_frames_left_open_but_not_those_of_an_attack():
    proven = Judgement(Life.LIVE, 0.3, 16, by_challenge=True)
    doubtful = tuple(an_observation(i * DT, "ada", liveness=0.3) for i in range(CONFIG.window))
    verdict = judge(doubtful, proven, CONFIG)
    assert (verdict.outcome, verdict.method) == (Outcome.RECOGNIZED, "passive+challenge")
    picture = tuple(replace(seen, liveness=0.01) for seen in doubtful)
    assert judge(picture, proven, CONFIG).outcome is Outcome.NOT_LIVE
    blind = tuple(replace(seen, liveness=None) for seen in doubtful)
    assert judge(blind, proven, CONFIG).outcome is Outcome.UNSURE_LIVENESS


@pytest.mark.parametrize("ambiguous", [False, True])
@pytest.mark.parametrize(
    ("liveness", "outcome"), [(0.01, Outcome.NOT_LIVE), (None, Outcome.UNSURE_LIVENESS), (0.3, None)]
)
def test_a_stranger_who_passed_a_challenge_must_not_look_like_an_attack_either(liveness, outcome, ambiguous):
    """In free access any living face opens."""
    proven = Judgement(Life.LIVE, 0.3, 16, by_challenge=True)
    window = tuple(
        an_observation(i * DT, None, liveness=liveness, ambiguous=ambiguous) for i in range(CONFIG.window)
    )
    unnamed = Outcome.AMBIGUOUS if ambiguous else Outcome.UNKNOWN
    assert judge(window, proven, CONFIG).outcome is (outcome or unnamed)


def test_a_living_face_behind_or_before_a_picture_lends_it_no_life():
    picture = [("ada", 0.05)] * CONFIG.agree
    own_face = [(None, 0.98)] * (CONFIG.window - CONFIG.agree)
    for shown in (picture + own_face, own_face + picture, [*own_face[:2], *picture, *own_face[2:]]):
        frames = [an_observation(i * DT, person, liveness=live) for i, (person, live) in enumerate(shown)]
        assert [verdict.outcome for _, verdict in verdicts(frames)] == [Outcome.NOT_LIVE]


def test_a_person_whose_place_another_took_is_not_named():
    frames = [an_observation(i * DT, "ada", liveness=0.41) for i in range(3)]
    frames += [an_observation((3 + i) * DT, None, liveness=0.9) for i in range(5)]
    config = EvidenceConfig(life=LifeConfig(accept=0.4, frames=3))
    late = EvidenceConfig(life=LifeConfig(accept=0.4, frames=4))
    assert [verdict.person for _, verdict in verdicts(frames, config)] == ["ada"]
    assert [verdict.outcome for _, verdict in verdicts(frames, late)] == [Outcome.UNKNOWN]


def test_frames_from_before_a_long_gap_do_not_count():
    early = [an_observation(i * DT, "ada") for i in range(2)]
    late = an_observation(early[-1].at + CONFIG.life.gap_s + 0.1, "ada")
    assert verdicts([*early, late]) == []


def test_a_face_that_was_usable_once_is_refused_when_it_stays_unusable():
    gathered, _ = add(Gathered(since=0.0), an_observation(0.0, "ada"), LIVE, CONFIG)
    found = []
    for i in range(1, 90):
        gathered, verdict = add_unusable(gathered, (Problem.DARK,), i * DT, CONFIG)
        if verdict is not None:
            found.append(verdict.outcome)
    assert found == [Outcome.POOR_QUALITY]


def test_after_a_grant_the_evidence_starts_anew():
    frames = [an_observation(i * DT, "ada") for i in range(400)]
    times = [at for at, _ in verdicts(frames)]
    assert len(times) == 3
    assert all(b - a >= CONFIG.after_grant_s for a, b in pairwise(times))


def test_an_attack_after_a_grant_on_the_same_track_is_judged_on_its_own_frames():
    live = [an_observation(i * DT, "ada") for i in range(5)]
    attack = [an_observation(1 + CONFIG.after_grant_s + i * DT, "ada", liveness=0.05) for i in range(20)]
    outcomes = [verdict.outcome for _, verdict in verdicts([*live, *attack])]
    assert outcomes == [Outcome.RECOGNIZED, Outcome.NOT_LIVE]


def test_only_unusable_frames_are_refused_after_a_while_with_their_problem():
    gathered, found = Gathered(since=0.0), []
    for i in range(60):
        gathered, verdict = add_unusable(gathered, (Problem.DARK,), i * DT, CONFIG)
        if verdict is not None:
            found.append(verdict)
    assert [(one.outcome, one.problems) for one in found] == [(Outcome.POOR_QUALITY, (Problem.DARK,))]


def refusals(problems, seconds=60.0):
    gathered, found = Gathered(since=0.0), []
    for i in range(int(seconds / DT)):
        gathered, verdict = add_unusable(gathered, problems, i * DT, CONFIG)
        found += [] if verdict is None else [verdict.problems]
    return found


def test_somebody_far_away_is_not_refused():
    assert refusals((Problem.TOO_SMALL,)) == []


def test_a_track_is_not_told_the_same_problem_twice():
    assert refusals((Problem.OCCLUDED,)) == [(Problem.OCCLUDED,)]


observations = st.lists(
    st.builds(
        an_observation,
        person=st.sampled_from(["ada", "bob", None]),
        ambiguous=st.booleans(),
        liveness=st.floats(0, 1),
    ),
    max_size=40,
)


@given(observations)
def test_nobody_is_named_without_k_frames_and_enough_life(frames):
    frames = [replace(seen, at=i * DT) for i, seen in enumerate(frames)]
    shown = iter(frames)
    for at, verdict in verdicts(frames, replace(CONFIG, again_s=0.0, after_grant_s=0.0)):
        since = []
        for seen in shown:
            since.append(seen)
            if seen.at == at:
                break
        if verdict.outcome is Outcome.RECOGNIZED:
            window, named = since[-CONFIG.window :], []
            named = [one for one in window if one.person == verdict.person]
            assert len(named) >= CONFIG.agree
            assert all(one.person in (None, verdict.person) for one in window)
            assert since[-1].person == verdict.person
            assert len(since) >= CONFIG.life.frames
            for frames_of in (since[-CONFIG.life.most :], named):
                assert Weight.of([one.liveness for one in frames_of]).least >= logit(CONFIG.life.accept)
        else:
            assert verdict.person is None
            assert len(since) >= CONFIG.window
