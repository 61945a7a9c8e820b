"""Finding similar faces, and sorting faces into groups, in the pictures of a request."""

from __future__ import annotations

import numpy as np
import pytest

from edge.core.face import Embedding
from edge.errors import NoFace, SeveralFaces
from edge.refusals import ParameterMissing
from edge.service.grouping import FaceGrouping
from edge.service.pictures import Wanted
from edge.service.similar import FaceGatherer, FaceSimilarity, Mode
from tests.service.picture_world import MODEL, SCALE, Shown, World, template

MOST = 12


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def similarity(world: World) -> FaceSimilarity:
    return FaceSimilarity(FaceGatherer(world.reader(), world, MOST), SCALE)


@pytest.fixture
def grouping(world: World) -> FaceGrouping:
    return FaceGrouping(FaceGatherer(world.reader(), world, MOST), SCALE)


def places(faces) -> list[tuple[int, int]]:
    return [(one.picture, one.face) for one in faces]


def test_person_mode_gives_only_the_same_person(world: World, similarity: FaceSimilarity) -> None:
    """The example of the service it is modelled on: of five candidates A and B are the same person."""
    candidates = [world.add(Shown(who, take=take)) for who, take in ((1, 1), (1, 2), (2, 0), (3, 0), (4, 0))]
    found = similarity.find(world.add(Shown(1)), candidates)
    assert sorted(places(found.faces)) == [(0, 0), (1, 0)]
    assert found.compared == 5
    assert all(one.is_match for one in found.faces)


def test_face_mode_gives_the_most_similar_whoever_they_are(world: World, similarity: FaceSimilarity) -> None:
    candidates = [world.add(Shown(who, take=take)) for who, take in ((1, 1), (1, 2), (2, 0), (3, 0), (4, 0))]
    found = similarity.find(world.add(Shown(1)), candidates, mode=Mode.FACE, count=4)
    assert sorted(places(found.faces[:2])) == [(0, 0), (1, 0)]
    assert [one.is_match for one in found.faces] == [True, True, False, False]
    likeness = [one.similarity for one in found.faces]
    assert likeness == sorted(likeness, reverse=True)


def test_a_template_that_is_no_number_is_like_nobody(world: World, monkeypatch) -> None:
    broken = Embedding(np.full_like(template(1, 0).vector, np.nan), MODEL)
    monkeypatch.setattr(world, "embed", lambda image, landmarks: broken)
    similarity = FaceSimilarity(FaceGatherer(world.reader(), world, MOST), SCALE)
    found = similarity.find(world.add(Shown(1)), [world.add(Shown(2))], mode=Mode.FACE)
    assert [(one.is_match, one.similarity) for one in found.faces] == [(False, -1.0)]


def test_every_face_of_a_candidate_counts(world: World, similarity: FaceSimilarity) -> None:
    crowd = world.add(Shown(2, x=100, size=120), Shown(1, take=1, x=300, size=60))
    found = similarity.find(world.add(Shown(1)), [crowd])
    assert places(found.faces) == [(0, 1)]
    assert found.faces[0].box.center == (300, 150)


def test_a_candidate_that_cannot_be_used_does_not_stop_the_others(
    world: World, similarity: FaceSimilarity
) -> None:
    told: list[tuple[int, int]] = []
    candidates = [b"garbage", world.add(), world.add(Shown(1, take=1)), world.add(Shown(1, level=0))]
    found = similarity.find(
        world.add(Shown(1)), candidates, Wanted(quality=1), progress=lambda *done: told.append(done)
    )
    assert places(found.faces) == [(2, 0)]
    assert [(one.picture, one.code) for one in found.unusable] == [
        (0, "FailedOperation.ImageDecodeFailed"),
        (1, "InvalidParameterValue.NoFaceInPhoto"),
        (3, "FailedOperation.FaceQualityNotQualified"),
    ]
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_a_face_that_cannot_be_aligned_is_passed_over(world: World, similarity: FaceSimilarity) -> None:
    crowd = world.add(Shown(-1, x=100, size=120), Shown(1, take=1, x=300, size=60))
    found = similarity.find(world.add(Shown(1)), [crowd])
    assert places(found.faces) == [(0, 1)]
    assert found.compared == 1


def test_a_probe_that_cannot_be_used_is_refused(world: World, similarity: FaceSimilarity) -> None:
    with pytest.raises(NoFace):
        similarity.find(world.add(), [world.add(Shown(1))])
    with pytest.raises(ParameterMissing):
        similarity.find(world.add(Shown(1)), [])


def test_faces_are_sorted_by_who_they_show(world: World, grouping: FaceGrouping) -> None:
    sources = [
        world.add(Shown(1, take=0, x=100, size=90), Shown(2, take=0, x=300, size=50)),
        world.add(Shown(1, take=1)),
        world.add(Shown(9)),
        world.add(Shown(2, take=1, x=100, size=90), Shown(1, take=2, x=300, size=50)),
        world.add(),
    ]
    found = grouping.group(sources)
    assert [places(one) for one in found.groups] == [[(0, 0), (1, 0), (3, 1)], [(0, 1), (3, 0)]]
    assert places(found.messy) == [(2, 0)]
    assert [one.picture for one in found.unusable] == [4]


def test_pictures_of_nobody_make_no_group(world: World, grouping: FaceGrouping) -> None:
    found = grouping.group([world.add(), world.add()])
    assert (found.groups, found.messy, len(found.unusable)) == ((), (), 2)


def test_too_many_faces_and_no_pictures_are_refused(world: World, grouping: FaceGrouping) -> None:
    exactly = [world.add(Shown(who)) for who in range(MOST)]
    assert len(grouping.group(exactly).messy) == MOST
    with pytest.raises(SeveralFaces, match=f"more than {MOST}"):
        grouping.group([*exactly, world.add(Shown(99))])
    with pytest.raises(ParameterMissing):
        grouping.group([])
