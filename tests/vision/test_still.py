"""Searching single pictures. Real pictures from the evaluation data."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.core.face import Box
from edge.core.frame import Image
from edge.core.geometry import iou
from edge.errors import ManifestInvalid
from edge.vision.anchors import Region
from edge.vision.detector import FaceDetector
from edge.vision.engine import Engine
from edge.vision.faceboxes import as_labeled, look_wide, places
from edge.vision.still import StillSearch, framed, parts


@pytest.fixture
def search(middle: Engine, wide: Engine, window: Engine) -> StillSearch:
    return StillSearch(middle, wide, window)


@pytest.fixture(scope="module")
def portrait(data: Path) -> Image:
    first = sorted((data / "lfw_dev").glob("*/*_0001.jpg"))[0]
    return np.asarray(cv2.imread(str(first)), np.uint8)


def room(portrait: Image, face_px: int, x: int, y: int, width: int = 640, height: int = 480) -> Image:
    """A gray room with the portrait in it, so that its face (100 of 250 pixels) has about `face_px`."""
    side = round(face_px * 2.5)
    walls = np.linspace(60, 160, width, dtype=np.uint8)[None, :, None].repeat(height, 0).repeat(3, 2).copy()
    walls[y : y + side, x : x + side] = cv2.resize(portrait, (side, side), interpolation=cv2.INTER_AREA)
    return walls


@pytest.mark.parametrize("face_px", [40, 48, 64, 96, 160])
@pytest.mark.parametrize("size", [(640, 480), (480, 640), (640, 640)])
def test_a_face_is_found_once_at_any_size(
    search: StillSearch, portrait: Image, face_px: int, size: tuple[int, int]
) -> None:
    (face,) = search.search(room(portrait, face_px, 30, 40, *size))
    assert face.box.center[0] == pytest.approx(30 + 1.25 * face_px, abs=0.2 * face_px)
    assert face.box.center[1] == pytest.approx(40 + 1.25 * face_px, abs=0.25 * face_px)
    assert face.score > search.wide.manifest.threshold("face")


@pytest.mark.parametrize("y", [0, 150, 260, 300, 340, 520])
def test_no_seam_of_an_upright_picture_hides_a_small_face(
    search: StillSearch, portrait: Image, y: int
) -> None:
    (face,) = search.search(room(portrait, 48, 200, y, 480, 640))
    assert face.box.center[1] == pytest.approx(y + 60, abs=15)


def test_a_face_that_fills_the_picture_is_found(search: StillSearch, portrait: Image) -> None:
    close = portrait[70:180, 70:180]
    for picture in (close, cv2.resize(close, (1200, 1200))):
        assert len(search.search(np.ascontiguousarray(picture))) == 1


def test_two_people_are_two_faces_best_first(search: StillSearch, portrait: Image) -> None:
    frame = np.hstack([room(portrait, 60, 10, 50, width=320), room(portrait, 120, 10, 50, width=320)])
    faces = search.search(frame)
    assert len(faces) == 2
    assert faces[0].score >= faces[1].score


def test_a_lower_score_finds_no_less(search: StillSearch, data: Path) -> None:
    crowd = cv2.imread(str(sorted((data / "detection").glob("*.jpg"))[0]))
    counts = [len(search.search(np.asarray(crowd, np.uint8), least)) for least in (0.05, 0.3, 0.6, 0.95)]
    assert counts == sorted(counts, reverse=True)
    assert counts[0] > counts[-1]


def test_a_door_s_detector_searches_single_pictures_so(
    near: Engine, far: Engine, search: StillSearch, portrait: Image
) -> None:
    frame = room(portrait, 48, 200, 100)
    (still,) = FaceDetector(near, far, search).detect(frame, thorough=True)
    (alone,) = search.search(frame)
    assert still.box == alone.box
    assert FaceDetector(near, far, search).detect(frame, thorough=True, least=1.0) == []


@pytest.mark.parametrize("level", [0, 90, 255])
@pytest.mark.parametrize("size", [(480, 640), (640, 480), (1, 1), (3, 400), (400, 3)])
def test_an_empty_picture_of_any_shape_has_no_face(
    search: StillSearch, size: tuple[int, int], level: int
) -> None:
    assert search.search(np.full((*size, 3), level, np.uint8)) == []


def test_keypoints_stay_in_order_where_only_the_wide_network_looks(wide: Engine, portrait: Image) -> None:
    frame = room(portrait, 80, 100, 100)
    found = look_wide(wide, frame, framed(frame, wide))
    right_eye, left_eye, nose, mouth, right_ear, left_ear = found[found[:, 16].argmax()][4:16].reshape(6, 2)
    assert right_ear[0] < right_eye[0] < nose[0] < left_eye[0] < left_ear[0]
    assert max(right_eye[1], left_eye[1]) < nose[1] < mouth[1]


def test_the_wide_network_needs_its_own_decoder(near: Engine, portrait: Image) -> None:
    with pytest.raises(ManifestInvalid, match="faceboxes"):
        look_wide(near, portrait, Region(0, 0, 250))


def test_anchors_are_as_many_as_the_wide_network_s_outputs(wide: Engine) -> None:
    grid = places(640, 480)
    assert grid.shape == (wide.manifest.outputs[0].shape[1], 3)
    # Sixteen of 32 pixels eight pixels apart, down first, around the first place's center.
    assert grid[0].tolist() == [4.0, 4.0, 32.0]
    assert grid[1].tolist() == [4.0, 12.0, 32.0]
    assert grid[-1, 2] == 512.0


def test_a_label_is_taller_and_narrower_than_the_square_and_lies_higher() -> None:
    box = as_labeled(Box(100, 100, 200, 200))
    assert box.width == pytest.approx(87)
    assert box.height == pytest.approx(118)
    assert box.center[1] == pytest.approx(140)
    assert iou(box, Box(100, 100, 200, 200)) > 0.6


@pytest.mark.parametrize(("width", "height"), [(640, 480), (480, 640), (250, 250), (300, 1200), (1200, 300)])
def test_parts_cover_the_picture_and_overlap(wide: Engine, width: int, height: int) -> None:
    places_ = parts(np.zeros((height, width, 3), np.uint8), wide)
    tall = [round(part.side * 480 / 640) for part in places_]
    assert places_[0].x <= 0
    assert places_[0].y <= 0
    assert places_[0].x + places_[0].side >= width
    assert places_[-1].y + tall[-1] >= height - 1
    for (one, other), its in zip(pairwise(places_), tall, strict=False):
        assert one.y + its - other.y >= 0.15 * its
