from __future__ import annotations

from itertools import pairwise
from statistics import mean, median

from hypothesis import given
from hypothesis import strategies as st

from edge.core.evidence import EvidenceConfig, Gathered, Outcome, add, add_unusable
from edge.core.quality import Problem
from tests.factories import an_observation

CONFIG = EvidenceConfig()
DT = 1 / 15


def verdicts(observations, config=CONFIG):
    gathered, found = Gathered(since=0.0), []
    for seen in observations:
        gathered, verdict = add(gathered, seen, config)
        if verdict is not None:
            found.append((seen.at, verdict))
    return found


def stream(*people, liveness=0.9, ambiguous=False):
    return [
        an_observation(i * DT, person, liveness=liveness, ambiguous=ambiguous)
        for i, person in enumerate(people)
    ]


def test_k_frames_that_agree_name_the_person():
    ((at, verdict),) = verdicts(stream("ada", "ada", "ada"), EvidenceConfig(liveness_frames=3))
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
    ((_, verdict),) = verdicts(stream(*["ada"] * CONFIG.window, liveness=0.2))
    assert (verdict.outcome, verdict.person) == (Outcome.NOT_LIVE, None)


def test_frames_that_name_two_people_name_nobody():
    ((_, verdict),) = verdicts(stream(*["ada", "bob"] * 4))
    assert (verdict.outcome, verdict.person) == (Outcome.AMBIGUOUS, None)


def test_ambiguous_frames_are_refused_as_such():
    ((_, verdict),) = verdicts(stream(*[None] * CONFIG.window, ambiguous=True))
    assert verdict.outcome is Outcome.AMBIGUOUS


def test_one_lucky_live_frame_does_not_carry_the_mean():
    observations = stream(*["ada"] * CONFIG.window, liveness=0.3)
    observations[2] = an_observation(observations[2].at, "ada", liveness=1.0)
    assert [verdict.outcome for _, verdict in verdicts(observations)] == [Outcome.NOT_LIVE]


def test_a_living_face_behind_or_before_a_picture_lends_it_no_life():
    picture = [("ada", 0.1)] * CONFIG.agree
    own_face = [(None, 0.98)] * (CONFIG.window - CONFIG.agree)
    for shown in (picture + own_face, own_face + picture, [*own_face[:2], *picture, *own_face[2:]]):
        frames = [an_observation(i * DT, person, liveness=live) for i, (person, live) in enumerate(shown)]
        assert [verdict.outcome for _, verdict in verdicts(frames)] == [Outcome.NOT_LIVE]


def test_a_person_whose_place_another_took_is_not_named():
    frames = [an_observation(i * DT, "ada", liveness=0.4) for i in range(3)]
    frames += [an_observation((3 + i) * DT, None, liveness=0.9) for i in range(5)]
    config = EvidenceConfig(liveness_frames=3, liveness_threshold=0.4)
    late = EvidenceConfig(liveness_frames=4, liveness_threshold=0.4)
    assert [verdict.person for _, verdict in verdicts(frames, config)] == ["ada"]
    assert [verdict.outcome for _, verdict in verdicts(frames, late)] == [Outcome.UNKNOWN]


def test_frames_from_before_a_long_gap_do_not_count():
    early = [an_observation(i * DT, "ada") for i in range(2)]
    late = an_observation(early[-1].at + CONFIG.gap_s + 0.1, "ada")
    assert verdicts([*early, late]) == []


def test_a_face_that_was_usable_once_is_refused_when_it_stays_unusable():
    gathered, _ = add(Gathered(since=0.0), an_observation(0.0, "ada"), CONFIG)
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
    attack = [an_observation(1 + CONFIG.after_grant_s + i * DT, "ada", liveness=0.1) for i in range(20)]
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
    gathered, since = Gathered(since=0.0), []
    for number, seen in enumerate(frames):
        gathered, verdict = add(gathered, seen, CONFIG)
        since.append(seen)
        if verdict is None:
            continue
        window = since[-CONFIG.window :]
        if verdict.outcome is Outcome.RECOGNIZED:
            assert sum(one.person == verdict.person for one in window) >= CONFIG.agree
            assert all(one.person in (None, verdict.person) for one in window)
            assert seen.person == verdict.person
            for frames_of in (window, [one for one in window if one.person == verdict.person]):
                scores = [one.liveness for one in frames_of]
                assert min(mean(scores), median(scores)) >= CONFIG.liveness_threshold
        else:
            assert verdict.person is None
            assert len(window) == CONFIG.window
        since = []
        gathered = Gathered(since=float(number))
