"""Finding faces, near and far. Real pictures from the evaluation data."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.core.frame import Image
from edge.vision.detector import FaceDetector, tiles, whole
from edge.vision.engine import Engine


@pytest.fixture
def detector(near: Engine, far: Engine) -> FaceDetector:
    return FaceDetector(near, far)


@pytest.fixture(scope="module")
def portrait(data: Path) -> Image:
    first = sorted((data / "lfw_dev").glob("*/*_0001.jpg"))[0]
    return np.asarray(cv2.imread(str(first)), np.uint8)


def scene(portrait: Image, face_px: int, x: int, y: int, width: int = 640, height: int = 480) -> Image:
    """A gray room with the portrait in it, so that its face (100 of 250 pixels) has about `face_px`."""
    side = round(face_px * 2.5)
    room = np.linspace(60, 160, width, dtype=np.uint8)[None, :, None].repeat(height, 0).repeat(3, 2).copy()
    small = cv2.resize(portrait, (side, side), interpolation=cv2.INTER_AREA)
    room[y : y + side, x : x + side] = small
    return room


@pytest.mark.parametrize("face_px", [80, 120, 180])
def test_a_near_face_is_found_at_once(detector: FaceDetector, portrait: Image, face_px: int) -> None:
    faces = detector.detect(scene(portrait, face_px, 100, 10))
    assert len(faces) == 1
    x, y = faces[0].box.center
    assert x == pytest.approx(100 + 1.25 * face_px, abs=0.35 * face_px)
    assert y == pytest.approx(10 + 1.25 * face_px, abs=0.35 * face_px)
    assert faces[0].score >= detector.near.manifest.threshold("score")


@pytest.mark.parametrize(("x", "y"), [(20, 20), (300, 200), (500, 340), (20, 340), (500, 20)])
def test_a_face_of_48_pixels_is_found_anywhere_in_a_640_frame(
    detector: FaceDetector, portrait: Image, x: int, y: int
) -> None:
    frame = scene(portrait, 48, x, y)
    found = [face for _ in range(2 * len(tiles(frame, 0.5))) for face in detector.detect(frame)]
    assert any(
        abs(face.box.center[0] - x - 60) < 20 and abs(face.box.center[1] - y - 60) < 20 for face in found
    )


def test_a_far_face_once_found_is_found_in_every_frame(detector: FaceDetector, portrait: Image) -> None:
    frame = scene(portrait, 48, 300, 200)
    first = next(number for number in range(12) if detector.detect(frame))
    assert first < 12
    assert all(detector.detect(frame) for _ in range(10))


def test_a_visitor_who_walks_off_is_followed_beyond_the_near_network(
    detector: FaceDetector, portrait: Image
) -> None:
    assert detector.detect(scene(portrait, 120, 200, 100))
    for face_px in (100, 80, 64, 56, 48):
        faces = detector.detect(
            scene(portrait, face_px, 350 - round(1.25 * face_px), 250 - round(1.25 * face_px))
        )
        assert len(faces) == 1
        assert faces[0].box.center[0] == pytest.approx(350, abs=0.5 * face_px)


def test_the_search_around_a_lost_face_ends(detector: FaceDetector, portrait: Image) -> None:
    detector.detect(scene(portrait, 120, 200, 100))
    empty = np.full((480, 640, 3), 90, np.uint8)
    for _ in range(20):
        detector.detect(empty)
    before = detector.near.invokes + detector.far.invokes
    detector.detect(empty)
    assert detector.near.invokes + detector.far.invokes - before == 2


def test_the_eyes_are_in_order_and_above_the_mouth(detector: FaceDetector, portrait: Image) -> None:
    right_eye, left_eye, nose, mouth, right_ear, left_ear = detector.detect(portrait)[0].keypoints
    assert right_ear[0] < right_eye[0] < nose[0] < left_eye[0] < left_ear[0]
    assert max(right_eye[1], left_eye[1]) < nose[1] < mouth[1]


def test_the_mirrored_picture_gives_the_mirrored_face(detector: FaceDetector, portrait: Image) -> None:
    face = detector.detect(portrait)[0]
    mirrored = detector.detect(np.ascontiguousarray(portrait[:, ::-1]))[0]
    assert 250 - mirrored.box.center[0] == pytest.approx(face.box.center[0], abs=6)
    assert mirrored.box.width == pytest.approx(face.box.width, rel=0.1)


@pytest.mark.parametrize("size", [(480, 640), (640, 480), (1, 1), (3, 2000), (1080, 1920)])
@pytest.mark.parametrize("level", [0, 90, 255])
def test_an_empty_picture_of_any_shape_has_no_face(
    detector: FaceDetector, size: tuple[int, int], level: int
) -> None:
    image = np.full((*size, 3), level, np.uint8)
    assert detector.detect(image) == []
    assert detector.detect(image, thorough=True) == []


def test_an_empty_frame_costs_two_small_networks(detector: FaceDetector) -> None:
    image = np.full((480, 640, 3), 90, np.uint8)
    before = detector.near.invokes + detector.far.invokes
    for _ in range(20):
        detector.detect(image)
    assert detector.near.invokes + detector.far.invokes - before == 40


def test_a_near_face_costs_one_network(detector: FaceDetector, portrait: Image) -> None:
    frame = scene(portrait, 150, 100, 20)
    before = detector.near.invokes, detector.far.invokes
    detector.detect(frame)
    assert (detector.near.invokes, detector.far.invokes) == (before[0] + 1, before[1])


def test_two_people_are_two_faces(detector: FaceDetector, portrait: Image) -> None:
    frame = np.hstack([scene(portrait, 120, 10, 50, width=320), scene(portrait, 120, 10, 50, width=320)])
    faces = detector.detect(frame)
    assert len(faces) == 2
    assert abs(faces[0].box.center[0] - faces[1].box.center[0]) > 250


@pytest.mark.parametrize(("width", "height"), [(640, 480), (480, 640), (250, 250), (1920, 1080), (100, 9)])
@pytest.mark.parametrize("share", [0.67, 0.5, 0.34])
def test_tiles_cover_every_pixel(width: int, height: int, share: float) -> None:
    image = np.zeros((height, width, 3), np.uint8)
    seen = np.zeros((height, width), bool)
    for tile in tiles(image, share):
        seen[max(0, tile.y) : tile.y + tile.side, max(0, tile.x) : tile.x + tile.side] = True
    assert seen.all()


def test_the_whole_is_square_and_centered() -> None:
    region = whole(np.zeros((480, 640, 3), np.uint8))
    assert (region.x, region.y, region.side) == (0, -80, 640)
