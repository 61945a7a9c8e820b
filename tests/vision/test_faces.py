"""From a detected face to mesh, irises and template, on real pictures of the evaluation data."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.core.face import Box, Face, Landmarks
from edge.core.frame import Image
from edge.errors import NoFace
from edge.vision.describe import FaceDescriber, prominence
from edge.vision.detector import FaceDetector
from edge.vision.embedder import FaceEmbedder
from edge.vision.engine import Engine
from edge.vision.iris import IrisFinder
from edge.vision.manifest import find
from edge.vision.mesh import FaceMesh

PEOPLE = 12
"""Of these, two pictures each are compared."""


@pytest.fixture(scope="module")
def detector(near: Engine, far: Engine) -> FaceDetector:
    return FaceDetector(near, far)


@pytest.fixture(scope="module")
def mesh(mesh_engine: Engine) -> FaceMesh:
    return FaceMesh(mesh_engine)


@pytest.fixture(scope="module")
def embedder(embedding_engine: Engine) -> FaceEmbedder:
    return FaceEmbedder(embedding_engine)


@pytest.fixture(scope="module")
def describer(detector: FaceDetector, mesh: FaceMesh, embedder: FaceEmbedder) -> FaceDescriber:
    return FaceDescriber(detector, mesh, embedder)


@pytest.fixture(scope="module")
def pairs(data: Path) -> list[tuple[Image, Image]]:
    """Two pictures of each of several people."""
    seconds = sorted((data / "lfw_dev").glob("*/*_0002.jpg"))[::50][:PEOPLE]
    return [
        (read(path.with_name(path.name.replace("0002", "0001"))), read(path))
        for path in seconds
        if path.with_name(path.name.replace("0002", "0001")).exists()
    ]


def read(path: Path) -> Image:
    return np.asarray(cv2.imread(str(path)), np.uint8)


@pytest.fixture(scope="module")
def portrait(pairs: list[tuple[Image, Image]]) -> Image:
    return pairs[0][0]


@pytest.fixture(scope="module")
def face(detector: FaceDetector, portrait: Image) -> Face:
    return detector.detect(portrait)[0]


def turned(image: Image, degrees: float) -> tuple[Image, np.ndarray]:
    height, width = image.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    return np.asarray(cv2.warpAffine(image, matrix, (width, height)), np.uint8), matrix


def test_the_mesh_agrees_with_the_detector(mesh: FaceMesh, portrait: Image, face: Face) -> None:
    landmarks = mesh.locate(portrait, face)
    assert landmarks.points.shape == (468, 3)
    assert landmarks.points.dtype == np.float32
    assert landmarks.presence > 0.9
    right_eye = landmarks.points[[33, 133], :2].mean(axis=0)
    left_eye = landmarks.points[[362, 263], :2].mean(axis=0)
    assert np.linalg.norm(right_eye - face.keypoints[0]) < 0.12 * face.box.width
    assert np.linalg.norm(left_eye - face.keypoints[1]) < 0.12 * face.box.width


def test_the_nose_is_nearer_than_the_ears(mesh: FaceMesh, portrait: Image, face: Face) -> None:
    z = mesh.locate(portrait, face).points[:, 2]
    assert z[1] < z[234]
    assert z[1] < z[454]


def test_where_there_is_no_face_the_mesh_says_so(mesh: FaceMesh, face: Face) -> None:
    wall = np.full((250, 250, 3), 120, np.uint8)
    assert mesh.locate(wall, face).presence < mesh.engine.manifest.threshold("presence")


def test_the_mesh_turns_with_the_head(
    detector: FaceDetector, mesh: FaceMesh, portrait: Image, face: Face
) -> None:
    upright = mesh.locate(portrait, face).points[:, :2]
    picture, matrix = turned(portrait, 20)
    found = mesh.locate(picture, detector.detect(picture)[0]).points[:, :2]
    expected = upright @ matrix[:, :2].T + matrix[:, 2]
    assert np.linalg.norm(found - expected, axis=1).mean() < 0.04 * face.box.width


def test_the_irises_lie_in_their_eyes(
    iris_engine: Engine, mesh: FaceMesh, portrait: Image, face: Face
) -> None:
    landmarks = mesh.locate(portrait, face)
    finder = IrisFinder(iris_engine)
    for eye, (inner, outer) in zip(finder.locate(portrait, landmarks), ((33, 133), (362, 263)), strict=True):
        width = float(np.linalg.norm(landmarks.points[inner, :2] - landmarks.points[outer, :2]))
        middle = landmarks.points[[inner, outer], :2].mean(axis=0)
        assert np.linalg.norm(eye.iris[0, :2] - middle) < 0.3 * width
        assert np.linalg.norm(eye.iris[:, :2].mean(axis=0) - eye.iris[0, :2]) < 0.1 * width
        assert 0.25 * width < eye.diameter < 0.65 * width
        assert np.linalg.norm(eye.contour[:, :2].mean(axis=0) - middle) < width


def test_the_lids_run_from_the_outer_corner_to_the_inner(
    iris_engine: Engine, mesh: FaceMesh, portrait: Image, face: Face
) -> None:
    landmarks = mesh.locate(portrait, face)
    eyes = IrisFinder(iris_engine).locate(portrait, landmarks)
    for eye, (outer, inner) in zip(eyes, ((33, 133), (263, 362)), strict=True):
        for corner, at in ((outer, 0), (inner, 8)):
            apart = np.linalg.norm(eye.contour[at, :2] - landmarks.points[corner, :2])
            assert apart < 0.2 * eye.width
        assert eye.upper_lid[1:-1, 1].mean() < eye.pupil[1] < eye.lower_lid[1:-1, 1].mean()


def test_a_template_has_norm_one_and_its_models_id(
    embedder: FaceEmbedder, mesh: FaceMesh, portrait: Image, face: Face
) -> None:
    template = embedder.embed(portrait, mesh.locate(portrait, face))
    assert template.vector.shape == (128,)
    assert np.linalg.norm(template.vector) == pytest.approx(1.0, abs=1e-5)
    assert template.model == embedder.engine.manifest.model_id


def test_the_chip_is_upright_rgb_and_aligned(
    embedder: FaceEmbedder, mesh: FaceMesh, portrait: Image, face: Face
) -> None:
    red = portrait.copy()
    red[:, :, :2] = 0
    landmarks = mesh.locate(portrait, face)
    chip = embedder.align(red, landmarks)
    assert chip.shape == (150, 150, 3)
    assert chip[:, :, 0].any()
    assert not chip[:, :, 1:].any()
    for degrees in (-30, 30):
        picture, matrix = turned(portrait, degrees)
        points = landmarks.points.copy()
        points[:, :2] = points[:, :2] @ matrix[:, :2].T + matrix[:, 2]
        again = embedder.align(picture, Landmarks(points.astype(np.float32), 1.0))
        upright = embedder.align(portrait, landmarks)
        center = np.s_[40:110, 40:110]
        assert np.abs(again[center].astype(int) - upright[center]).mean() < 6


def test_one_person_is_more_alike_than_two(
    describer: FaceDescriber, pairs: list[tuple[Image, Image]]
) -> None:
    firsts, seconds = ([describer.describe(picture) for picture in side] for side in zip(*pairs, strict=True))
    vectors = [np.stack([found.embedding.vector for found in side if found]) for side in (firsts, seconds)]
    scores = vectors[0] @ vectors[1].T
    assert scores.shape == (len(pairs), len(pairs))
    curve = find("embedding", "dlib-resnet").far_curve
    assert curve is not None
    threshold = curve.similarity_at(1e-3)
    others = ~np.eye(len(pairs), dtype=bool)
    assert (np.diag(scores) >= threshold).mean() > 0.8
    assert (scores[others] >= threshold).mean() < 0.03


def test_averaging_with_the_mirror_makes_the_template_blind_to_mirroring(
    embedding_engine: Engine, mesh: FaceMesh, portrait: Image, face: Face
) -> None:
    landmarks = mesh.locate(portrait, face)
    flipped = landmarks.points.copy()
    flipped[:, 0] = portrait.shape[1] - 1 - flipped[:, 0]
    for ours, theirs in ((263, 33), (362, 133)):
        flipped[[ours, theirs]] = flipped[[theirs, ours]]
    mirror = np.ascontiguousarray(portrait[:, ::-1])
    both = FaceEmbedder(embedding_engine, mirror=True)
    one = both.embed(portrait, landmarks).vector
    other = both.embed(mirror, replace(landmarks, points=flipped)).vector
    assert float(one @ other) > 0.995


def test_a_large_face_gives_the_same_template_as_a_small_one(
    describer: FaceDescriber, portrait: Image
) -> None:
    large = np.asarray(cv2.resize(portrait, None, fx=5, fy=5, interpolation=cv2.INTER_CUBIC), np.uint8)
    one, other = describer.describe(portrait), describer.describe(large)
    assert one is not None
    assert other is not None
    assert float(one.embedding.vector @ other.embedding.vector) > 0.98


def test_a_collapsed_mesh_is_refused(embedder: FaceEmbedder, portrait: Image) -> None:
    with pytest.raises(NoFace, match="coincide"):
        embedder.embed(portrait, Landmarks(np.full((468, 3), 10, np.float32), 1.0))


def test_a_picture_without_a_face_is_described_as_none(describer: FaceDescriber) -> None:
    assert describer.describe(np.full((300, 300, 3), 128, np.uint8)) is None


def test_all_faces_of_a_picture_are_listed(describer: FaceDescriber, portrait: Image) -> None:
    assert len(describer.faces(np.hstack([portrait, portrait]))) == 2


def test_the_larger_and_more_central_face_is_the_subject() -> None:
    picture = np.zeros((400, 400, 3), np.uint8)

    def at(x: float, y: float, side: float) -> Face:
        return Face(Box(x, y, x + side, y + side), np.zeros((6, 2), np.float32), 0.9)

    assert prominence(at(150, 150, 100), picture) > prominence(at(0, 0, 100), picture)
    assert prominence(at(150, 150, 100), picture) > prominence(at(170, 170, 60), picture)
