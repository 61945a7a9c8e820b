"""Faces of a request's picture: the largest, upright, large and good enough, or a refusal that says why."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from edge.core.face import Face
from edge.core.frame import Image
from edge.core.picture import Turned, turn
from edge.errors import FaceTooSmall, FaceUnlocated, NoFace, PictureUnreadable, PoorQuality
from edge.refusals import QualityLevelIllegal
from edge.service.pictures import Wanted
from tests.factories import a_face
from tests.service.picture_world import HEIGHT, WIDTH, Shown, World


@pytest.fixture
def world() -> World:
    return World()


def test_the_largest_faces_come_first_and_only_as_many_as_wanted(world: World) -> None:
    source = world.add(Shown(1, x=50, size=40), Shown(2, x=150, size=80), Shown(3, x=300, size=60))
    assert [found.size_px for found in world.reader().faces(source, most=2).faces] == [80, 60]
    assert len(world.reader().faces(source, most=9).faces) == 3
    assert [found.size_px for found in world.reader().faces(source).faces] == [80]


def test_nobody_is_told_from_something_that_only_looks_like_a_face(world: World) -> None:
    with pytest.raises(NoFace):
        world.reader().faces(world.add())
    with pytest.raises(FaceUnlocated):
        world.reader().faces(world.add(Shown(1, presence=0.1)))
    assert world.reader().look(world.add()).faces == ()


@pytest.mark.parametrize("quarters", [0, 1])
def test_a_face_that_fills_its_picture_is_found_with_room_around_it(world: World, quarters: int) -> None:
    source = world.add(Shown(1, x=100, y=60, size=40), turned=quarters)
    plain = world.reader()

    def detect(image: Image, thorough: bool = False) -> list[Face]:
        room = (image.shape[0] - HEIGHT) // 2
        if room <= 0 or not image[room, room:-room, 1].all():
            return []
        return [a_face(100 + room, 60 + room, 40)]

    reader = replace(plain, detector=SimpleNamespace(detect=detect))
    rotated = Wanted(rotate=bool(quarters))
    close, seen = reader.faces(source, rotated), plain.faces(source, rotated)
    assert close.box(close.faces[0]) == seen.box(seen.faces[0])
    assert np.array_equal(close.faces[0].face.keypoints, seen.faces[0].face.keypoints)
    assert close.image.shape == seen.image.shape


def test_a_small_face_is_passed_over_or_refused_when_there_is_no_other(world: World) -> None:
    source = world.add(Shown(1, size=90), Shown(2, x=350, size=30))
    assert len(world.reader().faces(source, Wanted(least_px=40), most=5).faces) == 1
    with pytest.raises(FaceTooSmall, match="90 px, wanted are 91"):
        world.reader().faces(source, Wanted(least_px=91))


def test_a_face_below_the_wanted_level_is_refused(world: World) -> None:
    source = world.add(Shown(1, level=2))
    assert world.reader().faces(source, Wanted(quality=2)).faces
    with pytest.raises(PoorQuality, match="level 2, wanted is 3"):
        world.reader().faces(source, Wanted(quality=3))


@pytest.mark.parametrize("level", [-1, 5])
def test_a_level_that_is_none_is_refused(level: int) -> None:
    with pytest.raises(QualityLevelIllegal):
        Wanted(quality=level)


def test_a_face_inside_another_is_the_same_head(world: World) -> None:
    source = world.add(Shown(1, size=100), Shown(2, x=205, size=60))
    assert len(world.reader().faces(source, most=5).faces) == 1


def test_a_doubtful_face_counts_only_where_there_is_no_sure_one(world: World) -> None:
    doubtful = Shown(1, x=80, size=120, score=0.4)
    assert world.reader().faces(world.add(doubtful)).faces[0].size_px == 120
    assert world.reader().faces(world.add(doubtful, Shown(2, x=300, size=50))).faces[0].size_px == 50


def test_a_picture_that_cannot_be_read_is_refused(world: World) -> None:
    with pytest.raises(PictureUnreadable):
        world.reader().faces(b"garbage")


@pytest.mark.parametrize("quarters", [0, 1, 2, 3])
def test_a_lying_picture_is_turned_and_its_face_found_where_it_is(world: World, quarters: int) -> None:
    source = world.add(Shown(1, x=100, y=60, size=40), turned=quarters)
    view = world.reader().faces(source, Wanted(rotate=True))
    assert view.image.shape[:2] == (HEIGHT, WIDTH)
    # The face of the upright picture, found again by turning a picture with a mark there.
    marked = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    marked[40:80, 80:120] = 255
    rows, columns = np.nonzero(turn(marked, quarters)[..., 0])
    box = view.box(view.faces[0])
    assert (box.x0, box.y0, box.x1, box.y1) == (
        columns.min(),
        rows.min(),
        columns.max() + 1,
        rows.max() + 1,
    )
    assert (view.given.width, view.given.height) == turn(marked, quarters).shape[1::-1]


def test_only_a_picture_that_does_not_say_which_side_is_up_is_turned(world: World) -> None:
    with pytest.raises(NoFace):
        world.reader().faces(world.add(Shown(1), turned=1, oriented=True), Wanted(rotate=True))
    with pytest.raises(NoFace):
        world.reader().faces(world.add(Shown(1), turned=1))


@pytest.mark.parametrize("quarters", [0, 1, 2, 3])
def test_points_are_carried_back_as_the_pixels_were_turned(quarters: int) -> None:
    given = np.zeros((30, 50, 3), np.uint8)
    given[7, 41] = 255
    upright = turn(given, quarters)
    ((y, x),) = np.argwhere(upright[..., 0])
    middle = np.array([[x + 0.5, y + 0.5, 3.0]], np.float32)
    back = Turned(quarters, width=50, height=30).points(middle)
    assert back.tolist() == [[41.5, 7.5, 3.0]]
