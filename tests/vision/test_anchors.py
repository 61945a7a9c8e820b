"""Squares of a picture, anchors, and overlapping answers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edge.errors import ManifestInvalid
from edge.vision.anchors import Region, cut, merge, overlaps, places, show
from edge.vision.detector import whole
from edge.vision.engine import Engine


def candidate(x: float, y: float, side: float, score: float) -> np.ndarray:
    keypoints = [value for _ in range(6) for value in (x + side / 2, y + side / 2)]
    return np.array([x, y, x + side, y + side, *keypoints, score], np.float32)


def test_anchors_are_as_many_as_the_networks_outputs() -> None:
    assert places("anchors-8x2-16x6", 128, 128).shape == (896, 2)
    assert places("anchors-4x1", 192, 192).shape == (2304, 2)


def test_a_broad_input_has_broad_rows() -> None:
    grid = places("anchors-8x2-16x6", 320, 240)
    assert grid.shape == (4200, 2)
    assert grid[79].tolist() == [316.0, 4.0]
    assert grid[2399].tolist() == [316.0, 236.0]


def test_anchors_run_along_rows_first() -> None:
    first = places("anchors-8x2-16x6", 128, 128)
    assert first[0].tolist() == [4.0, 4.0]
    assert first[1].tolist() == [4.0, 4.0]
    assert first[2].tolist() == [12.0, 4.0]
    assert first[512].tolist() == [8.0, 8.0]


def test_an_unknown_decoder_is_refused() -> None:
    with pytest.raises(ManifestInvalid, match="anchors-1x1"):
        places("anchors-1x1", 64, 64)


def test_a_cut_keeps_proportions_and_swaps_colors() -> None:
    image = np.zeros((50, 100, 3), np.uint8)
    image[:, :, 0] = 200
    seen = cut(image, Region(0, -25, 100), (64, 64))
    assert seen.shape == (64, 64, 3)
    assert seen[32, 32].tolist() == [0, 0, 200]
    assert seen[2, 32].tolist() == seen[61, 32].tolist() == [128, 128, 128]


def test_a_broad_cut_shows_the_height_that_its_width_asks_for() -> None:
    image = np.zeros((60, 40, 3), np.uint8)
    image[20:50] = 200
    seen = cut(image, Region(0, 20, 40), (80, 60))
    assert seen.shape == (60, 80, 3)
    assert (seen == 200).all()
    lower = cut(image, Region(0, 35, 40), (80, 60))
    assert (lower[:28] == 200).all()
    assert not lower[32:48].any()
    assert np.unique(lower[50:]).tolist() == [128]


@pytest.mark.parametrize("region", [Region(-256, 0, 257), Region(0, -400, 401), Region(49, 49, 400)])
def test_a_cut_that_shows_less_than_a_pixel_of_the_picture_is_nearly_blank(region: Region) -> None:
    seen = cut(np.zeros((50, 50, 3), np.uint8), region, (128, 128))
    assert seen.shape == (128, 128, 3)
    assert (seen == 128).mean() > 0.95


def test_what_was_shown_before_leaves_nothing_behind(near: Engine) -> None:
    bright = np.full((200, 300, 3), 255, np.uint8)
    show(near, bright, whole(bright))
    show(near, np.zeros((60, 300, 3), np.uint8), Region(0, -120, 300))
    assert np.unique(near.input).tolist() == [0, 128]
    show(near, bright, Region(900, 900, 50))
    assert np.unique(near.input).tolist() == [128]


def test_a_network_that_takes_floats_is_shown_them_normalized(near: Engine) -> None:
    spec = replace(near.manifest.input, dtype="float32", mean=(28.0,), std=(100.0,))
    floats = Engine(replace(near.manifest, input=spec))
    show(floats, np.full((50, 50, 3), 78, np.uint8), Region(0, 0, 50))
    np.testing.assert_allclose(floats.input, 0.5, atol=1e-6)


def test_a_cut_outside_the_picture_is_blank() -> None:
    assert np.unique(cut(np.zeros((50, 50, 3), np.uint8), Region(80, 0, 20), (16, 16))).tolist() == [128]


def test_overlapping_candidates_become_one_face_between_them() -> None:
    faces = merge(np.stack([candidate(0, 0, 100, 0.6), candidate(10, 0, 100, 0.6)]))
    assert len(faces) == 1
    assert faces[0].box.x0 == pytest.approx(5.0)
    assert faces[0].keypoints.shape == (6, 2)
    assert faces[0].score == pytest.approx(0.6)


def test_the_surer_candidate_weighs_more() -> None:
    faces = merge(np.stack([candidate(0, 0, 100, 0.9), candidate(10, 0, 100, 0.1)]))
    assert faces[0].box.x0 == pytest.approx(1.0, abs=1e-4)


def test_distant_candidates_stay_apart_best_first() -> None:
    faces = merge(np.stack([candidate(0, 0, 100, 0.6), candidate(200, 0, 100, 0.8)]))
    assert [round(face.score, 2) for face in faces] == [0.8, 0.6]


def test_no_candidates_are_no_faces() -> None:
    assert merge(np.empty((0, 17), np.float32)) == []


def test_a_box_without_area_overlaps_nothing() -> None:
    flat = candidate(5, 5, 0, 0.9)
    assert overlaps(flat, np.stack([flat, candidate(0, 0, 10, 0.5)])).tolist() == [0.0, 0.0]
    assert len(merge(np.stack([flat, flat]))) == 2
