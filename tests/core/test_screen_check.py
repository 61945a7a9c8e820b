from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.core.quality import Limits
from edge.core.screen_check import confirmed, in_depth, in_infrared
from edge.core.suspicion import Suspicion

SIZE_WH = (320, 240)
CENTER, RADIUS = (160, 120), 60
_NOSE = {1: (0, 4), 4: (0, 0), 5: (0, -8), 195: (0, -14), 44: (-5, 2), 274: (5, 2), 45: (-4, 0), 275: (4, 0)}
_NOSE |= {51: (-4, -8), 281: (4, -8)}
_CHEEKS = {36: (22, 0), 50: (34, 0), 101: (27, -6), 117: (36, -12), 118: (28, -12), 205: (27, 12)}
_OTHER = dict(zip((36, 50, 101, 117, 118, 205), (266, 280, 330, 346, 347, 425), strict=True))


def mesh(center=CENTER, scale=1.0):
    """All 468 points within a face, those of nose and cheeks in their places; offsets in pixels."""
    rng = np.random.default_rng(0)
    angle, r = rng.uniform(0, 2 * np.pi, 468), RADIUS * np.sqrt(rng.random(468))
    points = np.zeros((468, 3), np.float32)
    points[:, 0], points[:, 1] = r * np.cos(angle), r * np.sin(angle)
    for index, (x, y) in _NOSE.items():
        points[index, :2] = x, y
    for index, (x, y) in _CHEEKS.items():
        points[index, :2] = -x, y
        points[_OTHER[index], :2] = x, y
    points[:, :2] = points[:, :2] * scale + center
    return points


def grid():
    x, y = np.meshgrid(np.arange(SIZE_WH[0], dtype=np.float64), np.arange(SIZE_WH[1], dtype=np.float64))
    return (x - CENTER[0]) / RADIUS, (y - CENTER[1]) / RADIUS


def plane(distance=0.5, yaw=0.0, pitch=0.0):
    """A board seen through a pinhole of 400 pixels, turned by degrees."""
    x, y = grid()
    rays = np.stack([x * RADIUS / 400, y * RADIUS / 400, np.ones_like(x)], axis=-1)
    normal = np.array([np.tan(np.radians(yaw)), np.tan(np.radians(pitch)), 1.0])
    return (distance / (rays @ normal)).astype(np.float32)


def head(distance=0.5, yaw=0.0, pitch=0.0):
    """The board with a face 0.15 m across on it: a ball, and a nose 2 cm high."""
    x, y = grid()
    ball = 0.06 * np.sqrt(np.maximum(0.0, 1 - x * x - y * y))
    nose = 0.02 * np.exp(-((x / 0.13) ** 2) - (y / 0.25) ** 2)
    return (plane(distance, yaw, pitch) - ball - nose).astype(np.float32)


def measured(depth, noise=0.003, holes=0.15, seed=0):
    rng = np.random.default_rng(seed)
    seen = depth + rng.normal(0, noise, depth.shape)
    seen[rng.random(depth.shape) < holes] = rng.choice([0.0, np.nan])
    return seen.astype(np.float32)


@settings(max_examples=60, deadline=None)
@given(st.floats(0.3, 1.2), st.floats(-30, 30), st.floats(-20, 20), st.floats(0, 0.003), st.integers(0, 999))
def test_a_head_is_never_flat(distance, yaw, pitch, noise, seed):
    assert in_depth(measured(head(distance, yaw, pitch), noise, seed=seed), mesh()) is None


@settings(max_examples=15, deadline=None)
@given(st.floats(0.3, 1.2), st.floats(-35, 35), st.floats(-25, 25), st.floats(0, 0.002), st.integers(0, 999))
def test_a_board_is_flat_however_it_is_turned(distance, yaw, pitch, noise, seed):
    # Of some frames the holes take too much of nose or cheeks.
    board, points = plane(distance, yaw, pitch), mesh()
    told = [in_depth(measured(board, noise, seed=5 * seed + k), points) for k in range(5)]
    assert confirmed(told) is Suspicion.FLAT_IN_DEPTH


@pytest.mark.parametrize("radius_m", [0.12, 0.2])
def test_bent_paper_is_flat_as_well(radius_m):
    x, _ = grid()
    across = np.clip(x * 0.075, -0.1, 0.1)
    paper = 0.5 - (np.sqrt(radius_m**2 - across**2) - radius_m)
    assert in_depth(measured(paper.astype(np.float32), 0.001), mesh()) is Suspicion.FLAT_IN_DEPTH


@pytest.mark.parametrize("unknown", [0.0, np.nan, np.inf, -1.0])
def test_an_unknown_depth_tells_nothing(unknown):
    assert in_depth(np.full(SIZE_WH[::-1], unknown, np.float32), mesh()) is None


def test_a_nose_in_the_shadow_of_the_sensor_tells_nothing():
    seen = plane()
    seen[95:145, 140:180] = 0.0
    assert in_depth(seen, mesh()) is None


def test_a_depth_too_noisy_tells_nothing():
    told = [in_depth(measured(plane(), 0.03, seed=seed), mesh()) for seed in range(30)]
    assert told.count(Suspicion.FLAT_IN_DEPTH) <= 3


def test_a_face_outside_the_picture_tells_nothing():
    away = mesh(center=(-500, -500))
    assert in_depth(plane(), away) is None
    assert in_infrared(color(), infrared(), away) is None


def color(level=130):
    return np.full((*SIZE_WH[::-1], 3), level, np.uint8)


def infrared(face=120, around=90, seed=0):
    x, y = grid()
    picture = np.where(x * x + y * y < 1.3, face, around) + np.random.default_rng(seed).normal(0, 4, x.shape)
    return np.clip(picture, 0, 255).astype(np.uint8)


@settings(max_examples=60, deadline=None)
@given(st.integers(50, 255), st.integers(0, 200), st.integers(24, 230), st.integers(0, 99))
def test_a_face_that_infrared_lights_is_not_accused(face, around, level, seed):
    assert in_infrared(color(level), infrared(face, around, seed), mesh()) is None


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 16), st.integers(0, 255), st.integers(24, 230), st.integers(0, 99))
def test_a_face_that_shows_in_color_alone_is_on_a_screen(face, around, level, seed):
    told = in_infrared(color(level), infrared(face, around, seed), mesh())
    assert told is Suspicion.DARK_IN_INFRARED


def test_a_gray_screen_before_a_bright_hand_is_dark():
    assert in_infrared(color(), infrared(35, 235), mesh()) is Suspicion.DARK_IN_INFRARED


def test_a_screen_turned_down_until_it_just_passes_the_gate_is_dark():
    level = int(Limits().dark) - 10
    assert in_infrared(color(level), infrared(5, 5), mesh()) is Suspicion.DARK_IN_INFRARED


def test_nothing_is_told_of_a_face_in_the_dark():
    assert in_infrared(color(20), infrared(5, 5), mesh()) is None


@pytest.mark.parametrize(
    ("frames", "says"),
    [("", None), ("x", None), ("xx", "x"), ("x-", None), ("-x-x", "x"), ("x-x--", None), ("xxx-", "x")],
)
def test_one_frame_of_a_second_sensor_is_not_enough(frames, says):
    found = [Suspicion.FLAT_IN_DEPTH if frame == "x" else None for frame in frames]
    assert confirmed(found) is (Suspicion.FLAT_IN_DEPTH if says else None)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, -1e9])
def test_stray_points_of_a_mesh_do_no_harm(bad):
    points = mesh()
    points[10] = bad
    assert in_infrared(color(), infrared(4, 200), points) is Suspicion.DARK_IN_INFRARED
    assert in_infrared(color(), infrared(35, 235), points) is Suspicion.DARK_IN_INFRARED
    assert in_depth(plane(), points) is Suspicion.FLAT_IN_DEPTH
