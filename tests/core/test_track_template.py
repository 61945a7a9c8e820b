from __future__ import annotations

import numpy as np
import pytest

from edge.core.face import PersonId
from edge.core.matching import Match, agrees
from edge.core.track_template import MOST, Look, follow, template

ALIKE, GAP_S = 0.8, 2.0
ADA, BOB, NOISE = np.eye(16, dtype=np.float32)[:3]


def look(at, vector=ADA, quality=1.0):
    return Look(at, np.asarray(vector / np.linalg.norm(vector), np.float32), quality)


def followed(*looks):
    kept = ()
    for one in looks:
        kept = follow(kept, one, alike=ALIKE, gap_s=GAP_S)
    return kept


def test_frames_of_one_face_are_kept_up_to_a_number():
    kept = followed(*(look(n * 0.1) for n in range(MOST + 3)))
    assert [one.at for one in kept] == pytest.approx([0.1 * n for n in range(3, MOST + 3)])


def test_a_frame_of_somebody_else_begins_anew():
    assert [one.at for one in followed(look(0.0), look(0.1), look(0.2, BOB))] == [0.2]


def test_a_slow_change_from_one_face_to_another_begins_anew():
    """Each frame is like the last one, and the last is not like the first."""
    angles = np.linspace(0.0, np.pi / 2, MOST)
    kept = followed(*(look(n * 0.1, np.cos(a) * ADA + np.sin(a) * BOB) for n, a in enumerate(angles)))
    assert all(float(one.vector @ other.vector) >= ALIKE for one in kept for other in kept)
    assert kept[0].at > 0.0


def test_what_is_not_a_number_is_like_nothing():
    assert len(followed(look(0.0), Look(0.1, np.full(16, np.nan, np.float32), 1.0))) == 1
    assert len(followed(Look(0.0, np.full(16, np.nan, np.float32), 1.0), look(0.1))) == 1


def test_frames_before_a_gap_are_forgotten():
    assert [one.at for one in followed(look(0.0), look(0.1), look(0.1 + GAP_S + 0.01))] == [2.11]


def test_a_template_has_less_noise_than_its_frames():
    frames = [look(0.0, ADA + 0.4 * noise) for noise in np.eye(16, dtype=np.float32)[2:6]]
    fused = template(tuple(frames))
    assert float(fused @ ADA) > max(float(one.vector @ ADA) for one in frames)
    assert np.linalg.norm(fused) < 1.0


def test_a_better_frame_counts_more():
    fused = template((look(0.0, ADA + 0.5 * NOISE, 0.1), look(0.1, ADA - 0.5 * NOISE, 0.9)))
    assert fused @ NOISE < 0.0


@pytest.mark.parametrize(
    ("own", "whole", "agree"),
    [
        (Match(PersonId("ada"), 0.7, 0.1), Match(PersonId("ada"), 0.8, 0.2), True),
        (Match(PersonId("ada"), 0.4, 0.1), Match(PersonId("ada"), 0.8, 0.2), False),
        (Match(PersonId("bob"), 0.7, 0.1), Match(PersonId("ada"), 0.8, 0.2), False),
        (Match(PersonId("ada"), float("nan"), 0.1), Match(PersonId("ada"), 0.8, 0.2), False),
        (None, Match(PersonId("ada"), 0.8, 0.2), False),
        (Match(PersonId("ada"), 0.7, 0.1), None, False),
    ],
)
def test_a_frame_agrees_when_it_is_like_the_same_person_enough(own, whole, agree):
    assert agrees(own, whole, least=0.5) is agree
