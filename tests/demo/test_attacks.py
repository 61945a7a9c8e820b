from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from edge.demo import phone, printed
from edge.demo.attacks import RAISE_S, show_phone, show_print, tremor
from edge.demo.hall import hall
from edge.demo.held import Grip, look_at
from edge.demo.mesh_motion import Stance
from edge.demo.optics import DOOR_CAMERA

STILL = Grip(0.0, -0.03, 0.31, 0.0, 0.0, 0.0)
PLAYED = Stance(0.0, -0.02, 0.54)


def test_a_flat_thing_is_seen_where_a_pinhole_camera_sees_it() -> None:
    sight = look_at(Grip(0.02, -0.01, 0.4, 0.0, 0.0, 0.0), DOOR_CAMERA, 100.0)
    a, b = sight.full(sight.a), sight.full(sight.b)
    x, y = 410, 250
    assert a[y, x] == pytest.approx((x - DOOR_CAMERA.center_x) * 0.4 / DOOR_CAMERA.focal - 0.02, abs=1e-5)
    assert b[y, x] == pytest.approx((y - DOOR_CAMERA.horizon_y) * 0.4 / DOOR_CAMERA.focal + 0.01, abs=1e-5)


@pytest.mark.parametrize("bend", [0.0, 0.9, 3.0])
def test_the_seen_point_of_a_turned_and_bent_sheet_projects_back_to_its_pixel(bend: float) -> None:
    grip = Grip(0.01, -0.02, 0.35, 12.0, 0.0, 0.0, bend)
    sight = look_at(grip, DOOR_CAMERA, 100.0)
    row, column = 30, 45
    a, b = float(sight.a[row, column]), float(sight.b[row, column])
    depth = bend * a * a
    turn = np.radians(12.0)
    x = np.cos(turn) * a + np.sin(turn) * depth + grip.x_m
    z = -np.sin(turn) * a + np.cos(turn) * depth + grip.distance_m
    seen = (
        DOOR_CAMERA.center_x + DOOR_CAMERA.focal * x / z,
        DOOR_CAMERA.horizon_y + DOOR_CAMERA.focal * (b + grip.y_m) / z,
    )
    assert seen == pytest.approx(((column - 0.5) * 8 - 0.5, (row - 0.5) * 8 - 0.5), abs=0.01)


def test_before_it_is_raised_nothing_is_seen_but_the_hall() -> None:
    image, _ = show_print("eileen_collins", tremor(0, 0.31, -0.04).grip_at(0.0))
    assert np.array_equal(image[:240], hall(DOOR_CAMERA)[:240])


def test_the_print_has_a_white_border_around_a_darker_picture() -> None:
    image, _ = show_print("eileen_collins", STILL)
    per_m = DOOR_CAMERA.focal / STILL.distance_m
    x = round(DOOR_CAMERA.center_x + (-printed.WIDTH_M / 2 + 0.003) * per_m)
    y = round(DOOR_CAMERA.horizon_y + STILL.y_m * per_m)
    assert image[y, x].min() > 215
    assert image[y - 40 : y + 40, 300:340].mean() < 180


def test_the_print_is_made_of_dots() -> None:
    sheet = printed.held_print("eileen_collins")
    rows, columns = sheet.shape[:2]
    patch = cv2.cvtColor(
        sheet[rows // 8 : rows // 8 + 64, columns // 8 : columns // 8 + 64, :3], cv2.COLOR_BGR2GRAY
    )
    grain = patch.astype(np.float32) - cv2.GaussianBlur(patch, (0, 0), 4.0)
    assert grain.std() > 2.0


def test_bending_the_print_curves_its_edge() -> None:
    tilted = replace(STILL, pitch=-20.0)
    flat, bent = (show_print("eileen_collins", replace(tilted, bend=k))[0].astype(int) for k in (0.0, 3.0))
    assert np.abs(flat - bent).max() > 60


def test_the_video_on_the_phone_plays() -> None:
    grip = replace(STILL, distance_m=0.225)
    one, _ = show_phone("eileen_collins", grip, PLAYED)
    other, _ = show_phone("eileen_collins", grip, replace(PLAYED, yaw=8.0))
    change = np.abs(one.astype(int) - other).max(axis=-1)
    inside = np.zeros_like(change, dtype=bool)
    half = round(phone.SCREEN_WIDTH_M / 2 * DOOR_CAMERA.focal / grip.distance_m) + 2
    inside[:, 320 - half : 320 + half] = True
    assert change[inside].max() > 40
    assert change[~inside].max() == 0


def test_a_lit_screen_shines_by_itself_but_the_hand_does_not() -> None:
    _, bright = show_phone("eileen_collins", replace(STILL, distance_m=0.225), PLAYED)
    _, turned_away = show_phone("eileen_collins", replace(STILL, distance_m=0.225, pitch=25.0), PLAYED)
    y, x = round(DOOR_CAMERA.horizon_y) - 90, 320
    assert bright[y, x] == pytest.approx(turned_away[y, x], abs=0.01)
    assert bright[y, x] > 1.0
    assert bright[430, 420] < 1.0


def test_the_hand_trembles_and_the_thing_is_up_in_time() -> None:
    shake = tremor(1, 0.31, -0.04)
    low, up = shake.grip_at(0.0), [shake.grip_at(RAISE_S + 0.2 * i) for i in range(10)]
    assert low.y_m > 0.2
    assert all(abs(grip.y_m + 0.04) < 0.02 for grip in up)
    assert len({grip.yaw for grip in up}) == len(up)
