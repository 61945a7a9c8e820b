import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.face import PersonId
from edge.core.matching import Ambiguous, Match, Matched, Unknown, assign, best, judge

ADA, BOB = PersonId("ada"), PersonId("bob")
cosines = st.floats(-1, 1, width=32)


def find(similarities, owners):
    return best(np.asarray(similarities, np.float32), np.asarray(owners, np.int32))


def test_an_empty_gallery_has_no_best():
    assert find([], []) is None


def test_the_margin_is_to_another_person_not_to_another_face_of_the_same():
    owner, similarity, margin = find([0.9, 0.89, 0.3], [0, 0, 1])
    assert owner == 0
    assert similarity == pytest.approx(0.9)
    assert margin == pytest.approx(0.6)


def test_a_single_person_has_the_margin_to_the_least_similarity():
    assert find([0.5], [0]) == (0, 0.5, 1.5)


def test_two_people_with_the_same_face_have_no_margin():
    assert find([0.8, 0.8], [0, 1])[2] == 0


@pytest.mark.parametrize("similarities", [[0.9, math.nan], [0.9, math.inf], [-math.inf]])
def test_a_similarity_that_is_no_number_matches_nobody(similarities):
    assert find(similarities, range(len(similarities))) is None


def test_rounding_does_not_make_a_similarity_above_one():
    assert find([1.0000002], [0])[1] == 1.0


@given(st.lists(st.tuples(cosines, st.integers(0, 4)), min_size=1, max_size=30))
def test_the_best_is_the_best(rows):
    owner, similarity, margin = find(*zip(*rows, strict=True))
    by_owner = {number: max(s for s, o in rows if o == number) for _, number in rows}
    others = [value for number, value in by_owner.items() if number != owner]
    assert similarity == max(by_owner.values()) == by_owner[owner]
    assert margin == pytest.approx(similarity - max(others, default=-1.0))


@pytest.mark.parametrize(
    ("match", "identity"),
    [
        (None, Unknown(None)),
        (Match(ADA, 0.59, 0.5), Unknown(0.59)),
        (Match(ADA, 0.6, 0.04), Ambiguous(0.6, 0.04)),
        (Match(ADA, 0.6, 0.05), Matched(ADA, 0.6, 0.05)),
    ],
)
def test_threshold_and_margin_are_both_needed(match, identity):
    assert judge(match, threshold=0.6, margin=0.05) == identity


@pytest.mark.parametrize("match", [Match(ADA, math.nan, 0.5), Match(ADA, 0.9, math.nan)])
def test_a_match_that_is_no_number_names_nobody(match):
    assert not isinstance(judge(match, threshold=0.6, margin=0.05), Matched)


def test_a_face_that_is_not_named_carries_no_name():
    assert not hasattr(Unknown(0.5), "person")
    assert not hasattr(Ambiguous(0.7, 0.0), "person")


def test_of_two_faces_of_one_person_the_better_keeps_the_name():
    worse, better, other = Match(ADA, 0.7, 0.3), Match(ADA, 0.8, 0.3), Match(BOB, 0.7, 0.3)
    assert assign([worse, better, other], threshold=0.6, margin=0.05) == [
        Ambiguous(0.7, 0.3),
        Matched(ADA, 0.8, 0.3),
        Matched(BOB, 0.7, 0.3),
    ]


def test_two_equal_claims_to_one_name_both_fail():
    twin = Match(ADA, 0.8, 0.3)
    assert assign([twin, twin], threshold=0.6, margin=0.05) == [Ambiguous(0.8, 0.3)] * 2


def test_a_face_below_the_threshold_takes_no_name_away():
    weak, strong = Match(ADA, 0.5, 0.3), Match(ADA, 0.8, 0.3)
    assert assign([weak, strong], threshold=0.6, margin=0.05) == [Unknown(0.5), Matched(ADA, 0.8, 0.3)]


@given(
    st.lists(st.none() | st.builds(Match, st.sampled_from([ADA, BOB]), cosines, st.floats(0, 2))),
    cosines,
    st.floats(0, 1),
)
def test_no_person_is_in_one_frame_twice(matches, threshold, margin):
    identities = assign(matches, threshold=threshold, margin=margin)
    named = [identity.person for identity in identities if isinstance(identity, Matched)]
    assert len(identities) == len(matches)
    assert len(named) == len(set(named))
    for match, identity in zip(matches, identities, strict=True):
        if isinstance(identity, Matched):
            assert match is not None
            assert (identity.person, identity.similarity) == (match.person, match.similarity)
            assert match.similarity >= threshold
            assert match.margin >= margin
