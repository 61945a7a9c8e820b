"""A new model beside the one in charge: compared face by face, and harmless however it fails."""

from __future__ import annotations

import math

import numpy as np
import pytest

from edge.core import shadow_tally
from edge.core.face import Box, Face, Landmarks
from edge.core.jobs import ShadowTerms
from edge.errors import ModelError
from edge.service.shadowing import (
    Candidate,
    ShadowedDetector,
    ShadowedLandmarker,
    ShadowedLiveness,
    Understudies,
)

IMAGE = np.zeros((48, 64, 3), np.uint8)


def face(x=10.0, width=20.0):
    return Face(Box(x, 10.0, x + width, 30.0), np.zeros((6, 2), np.float32), 0.9)


class Says:
    """Answers every call with the next of its answers; an exception is raised."""

    def __init__(self, *answers):
        self.answers = list(answers)

    def __call__(self, *_):
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    detect = locate = score = __call__


def beside(role, model, **more):
    understudies = Understudies()
    setattr(understudies, role, Candidate(model, lambda: 0.0, **more))
    return understudies


def test_liveness_agrees_when_both_decide_the_same_by_their_own_thresholds():
    understudies = beside("liveness", Says(0.7, 0.4, math.nan), live=(0.5, 0.6))
    charge = ShadowedLiveness(Says(0.6, 0.6, 0.6), understudies)
    assert [charge.score(IMAGE, face()) for _ in range(3)] == [0.6, 0.6, 0.6]
    told = shadow_tally.told(understudies.liveness.tally)
    assert (told["faces"], told["agreement"], told["failed"]) == (3, 333, 0)
    assert told["difference"] == round((0.1 + 0.2 + 1.0) / 3 * 1000)


def test_detectors_agree_on_the_same_boxes_and_empty_frames_do_not_count():
    understudies = beside("detector", Says([face()], [face(40.0)], [], []))
    charge = ShadowedDetector(Says([face()], [face()], [], [face()]), understudies)
    assert [len(charge.detect(IMAGE)) for _ in range(4)] == [1, 1, 0, 1]
    tally = understudies.detector.tally
    assert (tally.faces, tally.agreed, tally.difference) == (3, 1, 2.0)


def test_meshes_agree_when_their_points_are_close():
    here = Landmarks(np.zeros((468, 3), np.float32), 1.0)
    far = Landmarks(np.full((468, 3), 10.0, np.float32), 1.0)
    understudies = beside("landmarker", Says(here, far))
    charge = ShadowedLandmarker(Says(here, here), understudies)
    for _ in range(2):
        assert charge.locate(IMAGE, face()) is here
    assert (understudies.landmarker.tally.faces, understudies.landmarker.tally.agreed) == (2, 1)


@pytest.mark.parametrize(
    "failure", [ModelError("no"), ValueError("shape"), IndexError("row"), RuntimeError("graph")]
)
def test_a_failing_candidate_disturbs_nobody(failure):
    understudies = beside("liveness", Says(failure))
    assert ShadowedLiveness(Says(0.6), understudies).score(IMAGE, face()) == 0.6
    assert understudies.liveness.tally.failed == 1


def test_nobody_beside_costs_nothing():
    assert ShadowedLiveness(Says(0.6), Understudies()).score(IMAGE, face()) == 0.6


def test_it_does_well_when_it_agrees_often_enough_and_is_close():
    terms = ShadowTerms(seconds=10, faces=4, agreement=750, difference=100)
    tally = shadow_tally.ShadowTally()
    assert not shadow_tally.does_well(tally, terms)
    for agrees in (True, True, True, False):
        assert not shadow_tally.is_enough(tally, terms, 9.0)
        tally = shadow_tally.add(tally, agrees=agrees, difference=0.1, took_s=0.001)
    assert shadow_tally.is_enough(tally, terms, 9.0)
    assert shadow_tally.does_well(tally, terms)
    worse = shadow_tally.add_failure(tally, 0.001)
    assert not shadow_tally.does_well(worse, terms)
    assert shadow_tally.is_enough(shadow_tally.ShadowTally(), terms, 10.0)
