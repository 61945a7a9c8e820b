from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.core.planarity import LEAST_POINTS, Motion, motion, planar
from edge.core.suspicion import Suspicion

FOCAL, SIDE = 600.0, 150.0
turns = st.floats(-25.0, 25.0)


def spots(seed, count=60):
    """Points of a face 0.15 m across, meters."""
    rng = np.random.default_rng(seed)
    return rng.uniform(-0.075, 0.075, (count, 2))


def flat(points):
    return np.column_stack([points, np.zeros(len(points))])


def domed(points, depth=0.05):
    """A half ellipsoid with its tip towards the camera."""
    r = np.hypot(*points.T) / 0.11
    return np.column_stack([points, -depth * np.sqrt(np.maximum(0.0, 1 - r * r))])


def seen(body, yaw, pitch, roll=0.0, shift=(0.0, 0.0, 0.6), noise=0.0, seed=0):
    """Pixels, through a pinhole."""
    y, p, r = np.radians([yaw, pitch, roll])
    about_y = [[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]]
    about_x = [[1, 0, 0], [0, np.cos(p), -np.sin(p)], [0, np.sin(p), np.cos(p)]]
    about_z = [[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]]
    there = body @ (np.array(about_z) @ about_x @ about_y).T + shift
    pixels = FOCAL * there[:, :2] / there[:, 2:]
    return pixels + np.random.default_rng(seed).normal(0.0, noise, pixels.shape)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 1000), turns, turns, turns, st.floats(0.4, 1.2))
def test_of_a_flat_picture_a_homography_leaves_nothing(seed, yaw, pitch, roll, away):
    body = flat(spots(seed))
    moved = motion(0.0, seen(body, 0, 0), seen(body, yaw, pitch, roll, (0.05, -0.02, away)), SIDE)
    assert moved.rest < 1e-6


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 1000), turns, turns, st.floats(0.5, 2.0))
def test_what_only_shifts_turns_and_grows_has_no_warp(seed, yaw, roll, grown):
    body = seen(domed(spots(seed)), yaw, 0)
    turn = np.radians(roll)
    turned = body @ (grown * np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])) + (
        30,
        -8,
    )
    moved = motion(0.0, body, turned, SIDE)
    assert moved.warp < 1e-6


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 1000), st.floats(8.0, 25.0), st.sampled_from([-1, 1]), st.booleans())
def test_a_head_that_turns_is_not_flat(seed, angle, way, up):
    before = seen(domed(spots(seed)), 0, 0, noise=0.2, seed=seed)
    motions = []
    for number in range(6):
        turn = way * angle * (number + 1) / 6
        after = seen(domed(spots(seed)), *((0, turn) if up else (turn, 0)), noise=0.2, seed=seed + number)
        motions.append(motion(number / 10, before, after, SIDE))
    assert planar(motions) is None


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 1000), st.floats(12.0, 25.0), st.sampled_from([-1, 1]))
def test_a_flat_picture_that_turns_is(seed, angle, way):
    body = flat(spots(seed))
    before = seen(body, 0, 0, shift=(0, 0, 0.35), noise=0.2, seed=seed)
    after = [seen(body, way * angle, 3 * k, shift=(0, 0, 0.35), noise=0.2, seed=seed + k) for k in range(4)]
    motions = [motion(k / 10, before, pixels, 0.15 * FOCAL / 0.35) for k, pixels in enumerate(after)]
    assert planar(motions) is Suspicion.PLANAR


def test_a_few_lost_points_do_not_hide_a_flat_picture():
    body = flat(spots(3))
    before, after = seen(body, 0, 0), seen(body, 20, 10)
    after[:5] += (9.0, -7.0)
    moved = motion(0.0, before, after, SIDE)
    assert moved.rest < 0.25 * moved.warp


@pytest.mark.parametrize("shift", [(0.0, 0.0, 0.6), (0.03, 0.01, 0.5)])
def test_a_flat_picture_that_hardly_turns_is_not_accused(shift):
    body = flat(spots(1))
    before = seen(body, 0, 0, noise=0.1)
    motions = [
        motion(k / 10, before, seen(body, 0.5, 0, 3, shift, noise=0.1, seed=k), SIDE) for k in range(8)
    ]
    assert planar(motions) is None


def test_one_flat_motion_is_not_enough():
    assert planar([Motion(0.0, 0.05, 0.001)] * 2) is None
    assert planar([Motion(0.0, 0.05, 0.001)] * 3) is Suspicion.PLANAR


def test_motions_of_long_ago_do_not_count():
    flat_ones = [Motion(at, 0.05, 0.001) for at in (0.0, 0.1, 0.2)]
    assert planar([*flat_ones, Motion(5.0, 0.05, 0.001)]) is None
    assert planar([]) is None


def test_depth_outweighs_what_looks_flat():
    motions = [Motion(0.1 * k, 0.02, 0.004) for k in range(3)]
    assert planar(motions) is Suspicion.PLANAR
    assert planar([*motions, Motion(0.4, 0.06, 0.04)]) is None


def test_too_few_points_tell_nothing():
    points = spots(0, LEAST_POINTS - 1) * 1000
    assert motion(0.0, points, points, SIDE) is None


@pytest.mark.parametrize("bad", ["line", "spot", "nan", "inf"])
def test_points_that_span_nothing_tell_nothing(bad):
    good = spots(0) * 1000
    points = good.copy()
    match bad:
        case "line":
            points[:, 1] = 2 * points[:, 0]
        case "spot":
            points[:] = 5.0
        case "nan":
            points[3, 0] = math.nan
        case "inf":
            points[3, 0] = math.inf
    assert motion(0.0, points, good, SIDE) is None
    assert motion(0.0, good, points, SIDE) is None


@pytest.mark.parametrize("side", [0.0, -1.0, math.nan])
def test_a_face_without_a_size_tells_nothing(side):
    assert motion(0.0, spots(0), spots(0), side) is None
