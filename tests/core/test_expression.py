"""Open and closed eyes and mouths, on a mesh whose lids and lips are moved."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from edge.core.expression import Openness, openness
from edge.core.eyes import Eye
from edge.core.face import Landmarks, Points

MESH = Path(__file__).parents[2] / "edge" / "demo" / "portraits" / "eileen_collins_mesh.csv"
RIGHT_LIDS = (33, 7, 163, 144, 145, 153, 154, 155, 133, 246, 161, 160, 159, 158, 157, 173)
LEFT_LIDS = (263, 249, 390, 373, 374, 380, 381, 382, 362, 466, 388, 387, 386, 385, 384, 398)
LIPS = ((82, 87), (13, 14), (312, 317))


@pytest.fixture
def mesh() -> Points:
    with MESH.open() as stream:
        return np.array(list(csv.reader(stream))[1:], np.float32)


def eye(mesh: Points, lids: tuple[int, ...], open_: float = 1.0) -> Eye:
    """An eye whose upper lid has come down to so much of its height."""
    contour = mesh[list(lids)].copy()
    lower = contour[[1, 2, 3, 4, 5, 6, 7]]
    contour[9:16] = lower + (contour[9:16] - lower) * open_
    iris = np.tile(contour.mean(axis=0), (5, 1))
    return Eye(np.concatenate([contour, np.zeros((55, 3), np.float32)]), iris.astype(np.float32))


def seen(mesh: Points, right: float = 1.0, left: float = 1.0) -> Openness:
    return openness(Landmarks(mesh, 1.0), eye(mesh, RIGHT_LIDS, right), eye(mesh, LEFT_LIDS, left))


def test_open_eyes_and_a_laughing_mouth_are_open(mesh: Points) -> None:
    found = seen(mesh)
    assert found.left_eye > 0.9
    assert found.right_eye > 0.9
    assert found.mouth > 0.9


def test_each_eye_is_told_by_its_side_of_the_picture(mesh: Points) -> None:
    found = seen(mesh, right=0.1)
    assert found.left_eye < 0.2
    assert found.right_eye > 0.9


def test_lips_that_meet_are_a_closed_mouth(mesh: Points) -> None:
    for upper, lower in LIPS:
        mesh[lower] = mesh[upper]
    assert seen(mesh).mouth < 0.1


def test_size_and_turn_change_nothing(mesh: Points) -> None:
    turn = np.array([[0.0, -3.0, 0.0], [3.0, 0.0, 0.0], [0.0, 0.0, 3.0]], np.float32)
    before, after = seen(mesh, 0.5, 0.5), seen(mesh @ turn, 0.5, 0.5)
    assert after.left_eye == pytest.approx(before.left_eye, abs=1e-3)
    assert after.mouth == pytest.approx(before.mouth, abs=1e-3)


def test_a_collapsed_mesh_breaks_nothing() -> None:
    found = seen(np.full((468, 3), 7.0, np.float32))
    assert 0.0 <= found.left_eye <= 1.0
    assert 0.0 <= found.mouth <= 1.0
