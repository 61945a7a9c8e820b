from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from edge.demo.mesh_motion import Stance, compose, draw_person
from edge.demo.optics import DOOR_CAMERA
from edge.demo.portrait import FACE_WIDTH_M, FOLDER, load_portrait

PEOPLE = ["eileen_collins", "grace_hopper"]
WALL = np.full((480, 640, 3), 120, np.uint8)


def test_no_file_of_the_portraits_is_large() -> None:
    assert all(path.stat().st_size < 150_000 for path in FOLDER.iterdir())


@pytest.mark.parametrize("name", PEOPLE)
def test_the_readme_names_the_source_of_each_portrait(name: str) -> None:
    assert f"`{name}.jpg`" in (FOLDER / "README.md").read_text(encoding="utf-8")


def test_a_missing_portrait_is_named() -> None:
    with pytest.raises(FileNotFoundError, match=r"nobody\.jpg"):
        load_portrait("nobody")


@pytest.mark.parametrize("name", PEOPLE)
def test_the_nose_is_nearest_and_the_silhouette_farther(name: str) -> None:
    portrait = load_portrait(name)
    x0, y0, x1, y1 = (round(v / 2) for v in portrait.face_box)
    depth = portrait.field[..., 0]
    nose_y, nose_x = np.unravel_index(np.argmin(depth[y0:y1, x0:x1]), (y1 - y0, x1 - x0))
    assert 0.3 < nose_x / (x1 - x0) < 0.7
    assert 0.3 < nose_y / (y1 - y0) < 0.8
    assert depth[(y0 + y1) // 2, x0] - depth[y0:y1, x0:x1].min() > 0.04


@pytest.mark.parametrize("name", PEOPLE)
def test_a_person_half_as_far_is_twice_as_large(name: str) -> None:
    portrait = load_portrait(name)
    shares = []
    for distance in (2.4, 1.2):
        layer = draw_person(portrait, Stance(0.0, 0.0, distance), DOOR_CAMERA)
        top = np.nonzero(layer.color[..., 3].max(axis=1) > 128)[0][0] + layer.origin[1]
        shares.append(DOOR_CAMERA.horizon_y - top)
    assert shares[1] / shares[0] == pytest.approx(2.0, rel=0.12)


def test_turning_the_head_moves_the_nose_but_not_the_shoulders() -> None:
    portrait = load_portrait("grace_hopper")
    pictures = [
        compose(WALL, draw_person(portrait, Stance(0.0, 0.0, 0.8, yaw=yaw), DOOR_CAMERA))[0]
        for yaw in (-12.0, 12.0)
    ]
    gray = [cv2.cvtColor(p, cv2.COLOR_BGR2GRAY) for p in pictures]
    half = round(FACE_WIDTH_M / 2 * DOOR_CAMERA.focal / 0.8)
    eye_x, eye_y = round(DOOR_CAMERA.center_x), round(DOOR_CAMERA.horizon_y)
    face = (slice(eye_y - half // 2, eye_y + half), slice(eye_x - half // 2, eye_x + half // 2))
    body = (slice(470, 480), slice(None))
    assert np.abs(gray[0][face].astype(int) - gray[1][face]).mean() > 15
    assert np.abs(gray[0][body].astype(int) - gray[1][body]).mean() < 1


def test_the_background_shows_unchanged_beside_the_person() -> None:
    layer = draw_person(load_portrait("eileen_collins"), Stance(0.0, 0.0, 1.6), DOOR_CAMERA)
    image, light = compose(WALL, layer)
    assert (image[:, :40] == 120).all()
    assert (light[:, :40] == 1.0).all()
    assert (image != WALL).any()


def test_a_blink_changes_the_eyes_and_nothing_else() -> None:
    portrait = load_portrait("eileen_collins")
    stance = Stance(0.0, 0.0, 0.56)
    opened = compose(WALL, draw_person(portrait, stance, DOOR_CAMERA))[0].astype(int)
    closed = compose(WALL, draw_person(portrait, replace(stance, closed=1.0), DOOR_CAMERA))[0]
    rows, columns = np.nonzero(np.abs(opened - closed).max(axis=-1) > 20)
    per_m = DOOR_CAMERA.focal / stance.distance_m
    assert rows.size > 100
    assert np.abs(rows - DOOR_CAMERA.horizon_y).max() < 0.025 * per_m
    assert np.abs(columns - DOOR_CAMERA.center_x).max() < 0.07 * per_m
