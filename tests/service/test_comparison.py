"""One against one: two pictures, and a picture against an enrolled person."""

from __future__ import annotations

import numpy as np
import pytest

from edge.core.calibration import threshold_for
from edge.core.face import Embedding, ModelId, PersonId
from edge.errors import ModelMismatch, NoFace, PoorQuality
from edge.refusals import NobodyToSearch, PersonNotFound
from edge.service.comparison import FaceComparison, FaceVerification
from edge.service.pictures import Wanted
from tests.factories import MODEL
from tests.service.picture_world import CURVE, SCALE, Shown, World, template

ADA = PersonId("ada")


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def comparison(world: World) -> FaceComparison:
    return FaceComparison(world.reader(), world, SCALE)


def verification(comparison: FaceComparison, *templates: tuple[Embedding, float]) -> FaceVerification:
    def of(person: PersonId) -> list[tuple[Embedding, float]]:
        if person != ADA:
            raise PersonNotFound(f"no person {person}")
        return list(templates)

    return FaceVerification(comparison, of, MODEL)


def test_two_pictures_of_one_person_match_and_of_two_people_do_not(
    world: World, comparison: FaceComparison
) -> None:
    first, second, other = world.add(Shown(1)), world.add(Shown(1, take=1)), world.add(Shown(2))
    same, different = comparison.compare(first, second), comparison.compare(first, other)
    assert same.likeness.is_match
    assert not different.likeness.is_match
    assert same.likeness.score > 60 > 40 > different.likeness.score
    assert same.likeness.model == MODEL


def test_the_score_is_that_of_the_curve(world: World, comparison: FaceComparison) -> None:
    found = comparison.compare(world.add(Shown(1)), world.add(Shown(1, take=1))).likeness
    assert found.similarity == pytest.approx(float(template(1).vector @ template(1, 1).vector), abs=1e-6)
    assert found.score == SCALE.score(found.similarity)


def test_the_largest_face_of_each_picture_counts(world: World, comparison: FaceComparison) -> None:
    crowd = world.add(Shown(3, x=60, size=40), Shown(1, x=250, size=120), Shown(2, x=140, size=50))
    found = comparison.compare(crowd, world.add(Shown(1, take=1, x=150)))
    assert found.likeness.is_match
    assert (found.a.center, found.b.center) == ((250, 150), (150, 150))


def test_what_is_a_match_follows_the_rate_asked_for(world: World, comparison: FaceComparison) -> None:
    a, b = world.add(Shown(1)), world.add(Shown(1, take=1))
    similarity = comparison.compare(a, b).likeness.similarity
    rate = CURVE.fmr_at(similarity)
    assert comparison.compare(a, b, far=rate * 1.01).likeness.is_match
    assert not comparison.compare(a, b, far=rate * 0.99).likeness.is_match


def test_either_picture_may_be_refused(world: World, comparison: FaceComparison) -> None:
    good, empty, poor = world.add(Shown(1)), world.add(), world.add(Shown(1, level=1))
    for pair in ((good, empty), (empty, good)):
        with pytest.raises(NoFace):
            comparison.compare(*pair)
    with pytest.raises(PoorQuality):
        comparison.compare(good, poor, Wanted(quality=2))


def test_a_person_is_verified_by_all_faces_together(world: World, comparison: FaceComparison) -> None:
    probe = world.add(Shown(1, take=9))
    enrolled = [(template(1, take), 0.9) for take in range(5)]
    single = [verification(comparison, one).verify(probe, ADA).likeness.similarity for one in enrolled]
    fused = verification(comparison, *enrolled).verify(probe, ADA)
    assert fused.likeness.similarity > sum(single) / len(single)
    assert fused.likeness.is_match
    assert (fused.person, fused.faces) == (ADA, 5)


def test_a_poor_face_weighs_little(world: World, comparison: FaceComparison) -> None:
    """A stranger's face that came into the gallery by mistake, of poor quality."""
    probe = world.add(Shown(1, take=9))
    wrong = verification(comparison, (template(1), 0.9), (template(2), 0.05)).verify(probe, ADA)
    alone = verification(comparison, (template(1), 0.9)).verify(probe, ADA)
    assert wrong.likeness.similarity == pytest.approx(alone.likeness.similarity, abs=0.05)


def test_a_stranger_is_not_verified(world: World, comparison: FaceComparison) -> None:
    found = verification(comparison, (template(1), 0.9)).verify(world.add(Shown(2)), ADA)
    assert not found.likeness.is_match


def test_who_is_unknown_or_has_no_face_cannot_be_verified(world: World, comparison: FaceComparison) -> None:
    probe = world.add(Shown(1))
    with pytest.raises(PersonNotFound):
        verification(comparison).verify(probe, PersonId("eve"))
    with pytest.raises(NobodyToSearch, match="ada has no face"):
        verification(comparison).verify(probe, ADA)


def test_templates_of_another_model_are_never_compared(world: World, comparison: FaceComparison) -> None:
    foreign = Embedding(template(1).vector, ModelId("other@000000000000"))
    with pytest.raises(ModelMismatch):
        verification(comparison, (foreign, 0.9)).verify(world.add(Shown(1)), ADA)


def test_a_likeness_beyond_one_by_rounding_is_one(comparison: FaceComparison) -> None:
    vector = template(1).vector * np.float32(1.0000002)
    assert comparison.likeness(vector, vector, 1e-4).similarity == 1.0
    assert comparison.likeness(vector, vector, 1e-4).score == 100.0
    assert threshold_for(CURVE, 1e-4) < 1.0
