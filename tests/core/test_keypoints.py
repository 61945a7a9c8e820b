"""The choice of the 90 points, on a made-up face whose mirror image is known."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edge.core import keypoints as module
from edge.core.eyes import Eye
from edge.core.face import Landmarks, Points
from edge.core.geometry import inside
from edge.core.keypoints import COUNTS, TOTAL, Keypoints, Part, keypoints

PORTRAITS = Path(__file__).parents[2] / "edge" / "demo" / "portraits"
MIRROR = {
    Part.LEFT_EYE: Part.RIGHT_EYE,
    Part.LEFT_BROW: Part.RIGHT_BROW,
    Part.LEFT_PUPIL: Part.RIGHT_PUPIL,
}
RIGHT_LIDS = (33, 7, 163, 144, 145, 153, 154, 155, 133, 246, 161, 160, 159, 158, 157, 173)
LEFT_LIDS = (263, 249, 390, 373, 374, 380, 381, 382, 362, 466, 388, 387, 386, 385, 384, 398)


@pytest.fixture(params=["eileen_collins", "grace_hopper"])
def mesh(request: pytest.FixtureRequest) -> Points:
    with (PORTRAITS / f"{request.param}_mesh.csv").open() as stream:
        rows = list(csv.reader(stream))[1:]
    points = np.array(rows, np.float32)
    # Level the head, so that up and down mean what they say.
    across = points[263, :2] - points[33, :2]
    angle = np.arctan2(across[1], across[0])
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    points[:, :2] = points[:, :2] @ turn
    return points


def eye(mesh: Points, lids: tuple[int, ...]) -> Eye:
    contour = np.concatenate([mesh[list(lids)], np.zeros((55, 3), np.float32)])
    middle = mesh[list(lids)].mean(axis=0)
    return Eye(contour, np.tile(middle, (5, 1)).astype(np.float32))


def found_in(mesh: Points) -> Keypoints:
    return keypoints(Landmarks(mesh, 1.0), eye(mesh, RIGHT_LIDS), eye(mesh, LEFT_LIDS))


@pytest.fixture
def found(mesh: Points) -> Keypoints:
    return found_in(mesh)


def test_there_are_ninety_in_the_order_of_the_parts(found: Keypoints) -> None:
    assert TOTAL == 90
    assert found.points.shape == (90, 2)
    assert found.points.dtype == np.float32
    assert np.isfinite(found.points).all()
    assert [part for part, _ in found.parts()] == list(Part)
    assert {part: len(points) for part, points in found.parts()} == COUNTS
    np.testing.assert_array_equal(np.concatenate([points for _, points in found.parts()]), found.points)


def test_left_is_the_pictures_left(found: Keypoints) -> None:
    for left, right in MIRROR.items():
        assert found.part(left)[:, 0].max() < found.part(right)[:, 0].min()
    assert found.part(Part.FACE_PROFILE)[0, 0] < found.part(Part.FACE_PROFILE)[20, 0]
    assert found.part(Part.MOUTH)[0, 0] < found.part(Part.MOUTH)[6, 0]


def test_outer_points_come_first_and_the_lower_edge_before_the_upper(found: Keypoints) -> None:
    for part in (Part.LEFT_EYE, Part.LEFT_BROW):
        points = found.part(part)
        assert points[:, 0].argmin() == 0
        assert points[:, 0].argmax() == 4
        assert points[1:4, 1].mean() > points[5:8, 1].mean()
        assert (np.diff(points[:5, 0]) > 0).all()
        assert (np.diff(points[4:, 0]) < 0).all()


def test_the_contour_runs_once_from_temple_over_chin_to_temple(found: Keypoints) -> None:
    profile = found.part(Part.FACE_PROFILE)
    assert profile[:, 1].argmax() in (9, 10, 11)
    around = profile - found.part(Part.NOSE)[0]
    angles = np.unwrap(np.arctan2(around[:, 1], around[:, 0]))
    assert (np.diff(angles) < 0).all()
    steps = np.linalg.norm(np.diff(profile, axis=0), axis=1)
    assert steps.min() > 0.5 * steps.max()
    eyes = (found.part(Part.LEFT_PUPIL)[0, 1] + found.part(Part.RIGHT_PUPIL)[0, 1]) / 2
    mouth = found.part(Part.MOUTH)[0, 1]
    for end in (0, 20):
        assert abs(profile[end, 1] - eyes) < 0.25 * abs(mouth - eyes)


def test_the_mouth_is_two_rings_the_lower_lip_first(found: Keypoints) -> None:
    mouth = found.part(Part.MOUTH)
    assert (np.diff(mouth[:7, 0]) > 0).all()
    assert (np.diff(mouth[6:12, 0]) < 0).all()
    assert (np.diff(mouth[12:17, 0]) > 0).all()
    assert (np.diff(mouth[17:22, 0]) < 0).all()
    # Down the middle: upper lip's edges, lower lip's edges.
    middle = [mouth[9, 1], mouth[19, 1], mouth[14, 1], mouth[3, 1]]
    assert middle == sorted(middle)


def test_the_nose_begins_at_its_tip_and_its_root(found: Keypoints) -> None:
    nose = found.part(Part.NOSE)
    assert nose[1, 1] == nose[:, 1].min()
    assert nose[1, 1] < nose[0, 1] < nose[7, 1]
    assert nose[:, 0].argmin() == 5
    assert nose[:, 0].argmax() == 9
    assert (np.diff(nose[1:6, 1]) > 0).all()
    assert (np.diff(nose[9:13, 1]) < 0).all()
    assert inside(tuple(nose[0].tolist()), [tuple(p) for p in nose[1:].tolist()])


def test_pupils_lie_in_their_eyes(found: Keypoints) -> None:
    for eye_part, pupil in ((Part.LEFT_EYE, Part.LEFT_PUPIL), (Part.RIGHT_EYE, Part.RIGHT_PUPIL)):
        polygon = [tuple(p) for p in found.part(eye_part).tolist()]
        assert inside(tuple(found.part(pupil)[0].tolist()), polygon)


def test_a_pupil_under_the_lid_is_put_at_the_lid(mesh: Points) -> None:
    hidden = eye(mesh, RIGHT_LIDS)
    hidden = replace(hidden, iris=hidden.iris - np.array([0, 2 * hidden.width, 0], np.float32))
    found = keypoints(Landmarks(mesh, 1.0), hidden, eye(mesh, LEFT_LIDS))
    polygon = [tuple(p) for p in found.part(Part.LEFT_EYE).tolist()]
    pupil = found.part(Part.LEFT_PUPIL)[0]
    assert inside(tuple(pupil.tolist()), polygon)
    assert pupil[1] <= hidden.contour[:16, 1].mean()


def test_a_mirrored_mesh_gives_mirrored_points(mesh: Points) -> None:
    """The chosen mesh points mirror each other: exchanging the two halves exchanges left and right."""
    symmetric = mesh.copy()
    axis = float(mesh[module.CHIN, 0])
    lines = (
        module._JAW,
        module._NOSE_SIDE,
        module._LOWER_LIP_OUTER,
        module._LOWER_LIP_INNER,
        module._UPPER_LIP_INNER,
        module._BROW_LOWER,
        module._BROW_UPPER,
        *zip(*module._BROW_ENDS, strict=True),
        (module._UPPER_LIP_OUTER[:2], module._UPPER_LIP_OUTER[:-3:-1]),
        (RIGHT_LIDS, LEFT_LIDS),
        ((97,), (326,)),
    )
    for left, right in (pair for line in lines for pair in zip(*line, strict=True)):
        symmetric[right] = symmetric[left] * (-1, 1, 1) + (2 * axis, 0, 0)
    for point in (module._NOSE_TIP, *module._NOSE_ROOT, 0, 2, 13, 14, 17):
        symmetric[point, 0] = axis
    found = found_in(symmetric)
    mirrored = [(2 * axis, 0) - np.array([1, -1]) * points for _, points in found.parts()]
    by_part = dict(zip(Part, mirrored, strict=True))
    for left, right in MIRROR.items():
        np.testing.assert_allclose(by_part[left], found.part(right), atol=1e-3)
    np.testing.assert_allclose(by_part[Part.FACE_PROFILE][::-1], found.part(Part.FACE_PROFILE), atol=1e-3)
    order = [0, 1, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2]
    np.testing.assert_allclose(by_part[Part.NOSE][order], found.part(Part.NOSE), atol=1e-3)
    order = [6, 5, 4, 3, 2, 1, 0, 11, 10, 9, 8, 7, 16, 15, 14, 13, 12, 21, 20, 19, 18, 17]
    np.testing.assert_allclose(by_part[Part.MOUTH][order], found.part(Part.MOUTH), atol=1e-3)
