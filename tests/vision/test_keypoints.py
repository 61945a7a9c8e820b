"""The 90 keypoints, on real pictures."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.core.face import Landmarks
from edge.core.frame import Image
from edge.core.geometry import head_pose, inside
from edge.core.keypoints import Keypoints, Part, keypoints
from edge.vision.detector import FaceDetector
from edge.vision.engine import Engine
from edge.vision.iris import IrisFinder
from edge.vision.mesh import FaceMesh

PICTURES = 40
MOUTH_MIRRORED = [6, 5, 4, 3, 2, 1, 0, 11, 10, 9, 8, 7, 16, 15, 14, 13, 12, 21, 20, 19, 18, 17]
NOSE_MIRRORED = [0, 1, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2]


class Locator:
    def __init__(self, near: Engine, far: Engine, mesh: Engine, iris: Engine) -> None:
        self.detector, self.mesh, self.eyes = FaceDetector(near, far), FaceMesh(mesh), IrisFinder(iris)

    def locate(self, image: Image) -> tuple[Landmarks, Keypoints] | None:
        faces = self.detector.detect(image)
        if not faces:
            return None
        landmarks = self.mesh.locate(image, max(faces, key=lambda face: face.box.area))
        return landmarks, keypoints(landmarks, *self.eyes.locate(image, landmarks))


@pytest.fixture(scope="module")
def locator(near: Engine, far: Engine, mesh_engine: Engine, iris_engine: Engine) -> Locator:
    return Locator(near, far, mesh_engine, iris_engine)


@pytest.fixture(scope="module")
def pictures(data: Path) -> list[Image]:
    paths = sorted((data / "lfw_dev").glob("*/*_0001.jpg"))[:: 1800 // PICTURES]
    return [np.asarray(cv2.imread(str(path)), np.uint8) for path in paths]


@pytest.fixture(scope="module")
def found(locator: Locator, pictures: list[Image]) -> list[tuple[Landmarks, Keypoints]]:
    located = [locator.locate(picture) for picture in pictures]
    sure = [one for one in located if one is not None and one[0].presence > 0.9]
    assert len(sure) > 0.9 * PICTURES
    return sure


def test_every_point_is_a_number_near_the_face(found: list[tuple[Landmarks, Keypoints]]) -> None:
    for landmarks, points in found:
        assert np.isfinite(points.points).all()
        low, high = landmarks.points[:, :2].min(axis=0), landmarks.points[:, :2].max(axis=0)
        margin = 0.05 * (high - low)
        assert (points.points >= low - margin).all()
        assert (points.points <= high + margin).all()


def test_pupils_lie_in_their_eyes(found: list[tuple[Landmarks, Keypoints]]) -> None:
    for _, points in found:
        for eye, pupil in ((Part.LEFT_EYE, Part.LEFT_PUPIL), (Part.RIGHT_EYE, Part.RIGHT_PUPIL)):
            x, y = points.part(pupil)[0].tolist()
            assert inside((x, y), [(float(a), float(b)) for a, b in points.part(eye)])


def test_the_contour_goes_around_the_face_once(found: list[tuple[Landmarks, Keypoints]]) -> None:
    for landmarks, points in found:
        if abs(head_pose(landmarks).yaw) > 20:
            continue
        around = points.part(Part.FACE_PROFILE) - points.part(Part.NOSE)[0]
        angles = np.unwrap(np.arctan2(around[:, 1], around[:, 0]))
        assert (np.diff(angles) < 0).all()


def test_left_is_the_pictures_left(found: list[tuple[Landmarks, Keypoints]]) -> None:
    for _, points in found:
        assert points.part(Part.LEFT_PUPIL)[0, 0] < points.part(Part.RIGHT_PUPIL)[0, 0]
        assert points.part(Part.LEFT_BROW)[0, 0] < points.part(Part.RIGHT_BROW)[0, 0]
        assert points.part(Part.MOUTH)[0, 0] < points.part(Part.MOUTH)[6, 0]


def test_a_mirrored_picture_has_mirrored_points(locator: Locator, pictures: list[Image]) -> None:
    errors = []
    for picture in pictures:
        one, other = locator.locate(picture), locator.locate(np.ascontiguousarray(picture[:, ::-1]))
        if one is None or other is None:
            continue
        width = picture.shape[1]
        flipped = {part: (width, 0) + np.array([-1, 1]) * points for part, points in other[1].parts()}
        swapped = [
            flipped[Part.FACE_PROFILE][::-1],
            flipped[Part.RIGHT_EYE],
            flipped[Part.LEFT_EYE],
            flipped[Part.RIGHT_BROW],
            flipped[Part.LEFT_BROW],
            flipped[Part.MOUTH][MOUTH_MIRRORED],
            flipped[Part.NOSE][NOSE_MIRRORED],
            flipped[Part.RIGHT_PUPIL],
            flipped[Part.LEFT_PUPIL],
        ]
        apart = np.linalg.norm(np.concatenate(swapped) - one[1].points, axis=1)
        errors.append(float(apart.mean()) / float(np.ptp(one[1].points[:, 0])))
    assert np.median(errors) < 0.03
    assert np.quantile(errors, 0.9) < 0.06


def test_points_turn_with_the_picture(locator: Locator, pictures: list[Image]) -> None:
    matrix = cv2.getRotationMatrix2D((125, 125), 15, 1.0)
    errors = []
    for picture in pictures[::4]:
        turned = np.asarray(cv2.warpAffine(picture, matrix, (250, 250)), np.uint8)
        one, other = locator.locate(picture), locator.locate(turned)
        if one is None or other is None:
            continue
        expected = one[1].points @ matrix[:, :2].T + matrix[:, 2]
        apart = np.linalg.norm(expected - other[1].points, axis=1).mean()
        errors.append(float(apart) / float(np.ptp(one[1].points[:, 0])))
    assert np.median(errors) < 0.04
