from __future__ import annotations

import numpy as np
import pytest

from edge.core.evidence import EvidenceConfig, Outcome
from edge.core.face import Embedding
from edge.core.quality import Problem
from edge.core.suspicion import Suspicion
from edge.errors import ModelMismatch
from tests.factories import a_face
from tests.service.door_world import ADA, BOB, World, enrolled


@pytest.fixture
def world():
    return World()


def near(blend, other):
    vector = blend + other
    return vector / np.linalg.norm(vector)


def test_an_enrolled_person_is_recognized_after_k_usable_frames(world):
    world.people["x"] = (a_face(320, 240, 150), ADA)
    (sighting,) = world.run(8)
    assert (sighting.verdict.outcome, sighting.verdict.person) == (Outcome.RECOGNIZED, "ada")
    assert sighting.first_seen == 0.0


def test_the_frames_of_a_face_show_its_sides_in_turns(world):
    world.people["x"] = (a_face(320, 240, 150), ADA)
    world.run(8)
    assert world.sides[:3] == [False, True, False]


def test_nobody_in_view_says_nothing(world):
    assert world.run(10) == []
    assert world.step.lead is None


def test_a_stranger_is_unknown(world):
    world.people["x"] = (a_face(320, 240, 150), np.eye(8, dtype=np.float32)[5])
    (sighting,) = world.run(12)
    assert sighting.verdict.outcome is Outcome.UNKNOWN


def test_a_face_between_two_people_is_ambiguous(world):
    world.people["x"] = (a_face(320, 240, 150), near(ADA, BOB))
    world.enrolled = enrolled(ada=near(ADA, 0.5 * BOB), bob=near(BOB, 0.5 * ADA))
    (sighting,) = world.run(12)
    assert (sighting.verdict.outcome, sighting.verdict.person) == (Outcome.AMBIGUOUS, None)


def test_an_attack_is_not_live(world):
    world.people["x"] = (a_face(320, 240, 150), ADA)
    world.live = 0.1
    (sighting,) = world.run(12)
    assert sighting.verdict.outcome is Outcome.NOT_LIVE


def test_two_faces_of_one_frame_are_never_both_the_same_person(world):
    """The face further back is the better match: the nearer one must not get the name."""
    world.people["back"] = (a_face(120, 240, 90), ADA)
    world.people["front"] = (a_face(420, 240, 180), near(ADA, 0.3 * np.eye(8, dtype=np.float32)[6]))
    assert [one.verdict.person for one in world.run(12)] == [None]


def test_a_name_given_to_a_track_is_not_given_to_another_while_it_lives(world):
    world.people["x"] = (a_face(120, 240, 150), ADA)
    assert [one.verdict.person for one in world.run(8)] == ["ada"]
    world.people["y"] = (a_face(450, 240, 250), near(ADA, 0.1 * BOB))
    world.people["x"] = (a_face(120, 240, 150), np.eye(8, dtype=np.float32)[5])
    assert [one.verdict.outcome for one in world.run(12)] == [Outcome.AMBIGUOUS]


def test_a_poor_face_says_what_is_wrong_and_is_refused_after_a_while(world):
    world.people["x"] = (a_face(320, 240, 150), ADA)
    world.pose = {"yaw": 50.0}
    sightings = world.run(60)
    assert world.step.problems == (Problem.OFF_AXIS,) or world.step.sighting is None
    assert sightings[0].verdict.outcome is Outcome.POOR_QUALITY
    assert sightings[0].verdict.problems == (Problem.OFF_AXIS,)


def test_a_small_face_costs_no_model(world):
    world.people["x"] = (a_face(320, 240, 50), ADA)
    world.run(10)
    assert world.embedded == 0
    assert world.step.problems == (Problem.TOO_SMALL,)


def test_a_mesh_that_is_no_face_is_an_occluded_face_and_ends_nothing(world):
    world.people["x"] = (a_face(320, 240, 150), ADA)
    world.collapsed = [world.people["x"][0]]
    (sighting,) = world.run(60)[:1]
    assert (sighting.verdict.outcome, sighting.verdict.problems) == (
        Outcome.POOR_QUALITY,
        (Problem.OCCLUDED,),
    )


def test_what_is_no_face_beside_a_person_does_not_keep_them_out(world):
    world.people["front"] = (a_face(420, 240, 180), ADA)
    world.people["thing"] = (a_face(120, 240, 90), ADA)
    world.collapsed = [world.people["thing"][0]]
    assert [one.verdict.person for one in world.run(8)] == ["ada"]


def test_the_threshold_rises_with_the_number_of_people(world):
    few = world.recognizer.threshold()
    world.enrolled = enrolled(**{f"p{i}": BOB for i in range(1000)})
    assert world.recognizer.threshold() > few


def test_a_template_of_another_model_is_never_compared(world):
    with pytest.raises(ModelMismatch):
        world.matcher.match(Embedding(ADA, "other@ffffffffffff"))


def test_evidence_of_a_face_that_left_is_forgotten(world):
    world.people["x"] = (a_face(320, 240, 150), ADA)
    world.run(4)
    world.people.clear()
    world.run(20)
    world.people["x"] = (a_face(320, 240, 150), BOB)
    assert [one.verdict.person for one in world.run(8)] == ["bob"]


def test_the_default_window_needs_more_than_one_frame():
    assert EvidenceConfig().agree >= 2


def person(share, noise):
    """A vector that is so much like the first of 16 directions, and else a direction of its own."""
    axes = np.eye(16, dtype=np.float32)
    return share * axes[0] + np.float32(np.sqrt(1 - share**2)) * axes[noise]


def test_frames_that_fail_alone_name_a_person_together(world):
    """Enrolled with much noise, each frame alone stays below the threshold; their mean has less noise."""
    world.enrolled = enrolled(ada=person(0.695, 15), bob=np.eye(16, dtype=np.float32)[14])
    frames = [person(0.9, noise) for noise in range(1, 9)]
    assert all(frame @ person(0.695, 15) < world.recognizer.threshold() for frame in frames)
    sightings = []
    for frame in frames:
        world.people["x"] = (a_face(320, 240, 150), frame)
        sightings += world.run(1)
    assert [(one.verdict.outcome, one.verdict.person) for one in sightings] == [(Outcome.RECOGNIZED, "ada")]


def test_a_track_that_slips_to_a_stranger_lends_them_no_name(world):
    world.people["x"] = (a_face(320, 240, 150), near(ADA, 0.3 * np.eye(8, dtype=np.float32)[6]))
    world.live = 0.1
    assert world.run(3) == []
    world.live = 0.9
    world.people["x"] = (a_face(320, 240, 150), near(0.55 * ADA, np.eye(8, dtype=np.float32)[5]))
    assert [one.verdict.person for one in world.run(12)] == [None]


def test_a_frame_of_somebody_else_never_passes_with_those_before_it(world):
    world.people["x"] = (a_face(320, 240, 150), ADA)
    assert world.run(4) == []
    world.people["x"] = (a_face(320, 240, 150), BOB)
    assert [one.verdict.person for one in world.run(6)] == [None]


def test_a_living_person_waits_for_four_tenths_of_a_second_at_most(world):
    world.people["x"] = (a_face(320, 240, 150), ADA)
    (sighting,) = world.run(8)
    assert sighting.verdict.method == "passive"
    assert sighting.at - sighting.first_seen <= 0.4 + 1e-9


def test_an_attack_that_starts_after_an_accept_on_the_same_track_is_judged_before_the_next_unlock(world):
    """A living person is let in, then holds a picture of somebody enrolled before their face."""
    world.people["x"] = (a_face(320, 240, 150), ADA)
    (first,) = world.run(10)
    world.live = 0.02
    later = world.run(400)
    assert {one.track for one in later} == {first.track}
    assert {one.verdict.outcome for one in later} == {Outcome.NOT_LIVE}


def test_a_face_too_near_for_its_surroundings_to_be_seen_is_asked_to_step_back(world):
    world.people["x"] = (a_face(320, 240, 420), ADA)
    (sighting,) = world.run(60)[:1]
    assert sighting.verdict.problems == (Problem.TOO_CLOSE,)
    assert sighting.verdict.person is None


@pytest.mark.parametrize("other", [a_face(440, 240, 120), a_face(320, 400, 140), a_face(320, 240, 90)])
def test_a_second_face_beside_or_before_the_first_is_no_decision_but_for_a_reason(world, other):
    world.people["x"] = (a_face(320, 240, 150), ADA)
    world.people["phone"] = (other, BOB)
    (sighting,) = world.run(60)[:1]
    assert (sighting.verdict.outcome, sighting.verdict.problems) == (
        Outcome.POOR_QUALITY,
        (Problem.SEVERAL_FACES,),
    )


def test_a_second_face_that_passes_by_lends_no_life_and_no_name(world):
    """Four living frames, a second face for one, and four frames more are not eight."""
    world.people["x"] = (a_face(320, 240, 150), ADA)
    world.run(6)
    world.people["phone"] = (a_face(440, 240, 120), BOB)
    world.run(1)
    del world.people["phone"]
    assert world.run(4) == []
    assert [one.verdict.person for one in world.run(1)] == ["ada"]


def test_a_stream_that_repeats_its_pictures_opens_nothing(world):
    world.people["x"] = (a_face(320, 240, 150), ADA)
    world.run(1)
    world.picture = np.random.default_rng(0).integers(60, 200, (480, 640, 3), np.uint8)
    found = world.run(80)
    assert Suspicion.FROZEN in found[-1].verdict.suspicions
    assert found[-1].verdict.outcome is Outcome.NOT_LIVE
