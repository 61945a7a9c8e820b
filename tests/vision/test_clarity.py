"""Blur and light of real faces, made worse step by step."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.core.face import Landmarks
from edge.core.frame import Image
from edge.core.quality_levels import EXTREME, PRESENT, SLIGHT, Clarity
from edge.errors import NoFace
from edge.vision.clarity import clarity
from edge.vision.detector import FaceDetector
from edge.vision.engine import Engine
from edge.vision.mesh import FaceMesh

FACE_PX = 130.0
"""About the height of the faces below."""


@pytest.fixture(scope="module")
def faces(data: Path, near: Engine, far: Engine, mesh_engine: Engine) -> list[tuple[Image, Landmarks]]:
    detector, mesh = FaceDetector(near, far), FaceMesh(mesh_engine)
    found = []
    for path in sorted((data / "lfw_dev").glob("*/*_0001.jpg"))[5::60]:
        image = np.asarray(cv2.imread(str(path)), np.uint8)
        faces = detector.detect(image)
        if faces:
            found.append((image, mesh.locate(image, faces[0])))
    return found


def blurred(image: Image, share: float) -> Image:
    return np.asarray(cv2.GaussianBlur(image, (0, 0), share * FACE_PX), np.uint8)


def medians(faces: list[tuple[Image, Landmarks]], change: object = None) -> Clarity:
    found = [clarity(change(image) if callable(change) else image, mesh) for image, mesh in faces]
    rows = np.median([(one.sharpness, one.light, one.moderation) for one in found], axis=0)
    return Clarity(*rows.tolist())


def test_most_press_photographs_have_no_flaw(faces: list[tuple[Image, Landmarks]]) -> None:
    found = [clarity(image, mesh) for image, mesh in faces]
    worst = np.array([min(one.sharpness, one.light, one.moderation) for one in found])
    assert (worst >= SLIGHT).mean() > 0.75
    assert (worst >= PRESENT).mean() > 0.95


def test_blur_lowers_the_sharpness_alone(faces: list[tuple[Image, Landmarks]]) -> None:
    shares = [medians(faces, lambda image, s=s: blurred(image, s)) for s in (1e-4, 1 / 80, 1 / 50, 1 / 28)]
    assert [one.sharpness for one in shares] == sorted((one.sharpness for one in shares), reverse=True)
    assert shares[2].sharpness < PRESENT
    assert shares[3].sharpness < EXTREME
    assert shares[3].light > SLIGHT


def test_dark_pictures_are_dark_and_not_blurred(faces: list[tuple[Image, Landmarks]]) -> None:
    found = medians(faces, lambda image: (image * 0.3).astype(np.uint8))
    assert found.light < PRESENT
    assert found.sharpness > SLIGHT
    assert found.moderation == 1.0


def test_bleached_pictures_are_too_bright(faces: list[tuple[Image, Landmarks]]) -> None:
    found = medians(faces, lambda image: np.clip(image.astype(int) * 2 + 20, 0, 255).astype(np.uint8))
    assert found.moderation < PRESENT
    assert found.light == 1.0


def test_grain_does_not_make_a_blurred_picture_sharp(faces: list[tuple[Image, Landmarks]]) -> None:
    rng = np.random.default_rng(0)

    def grainy(image: Image) -> Image:
        grain = rng.normal(0, 4, image.shape)
        return np.clip(blurred(image, 1 / 28) + grain, 0, 255).astype(np.uint8)

    assert medians(faces, grainy).sharpness < PRESENT


def test_a_face_of_one_shade_has_no_sharpness(faces: list[tuple[Image, Landmarks]]) -> None:
    assert clarity(np.full((250, 250, 3), 128, np.uint8), faces[0][1]).sharpness == 0.0


def test_a_collapsed_mesh_is_refused(faces: list[tuple[Image, Landmarks]]) -> None:
    with pytest.raises(NoFace):
        clarity(faces[0][0], Landmarks(np.full((468, 3), 9.0, np.float32), 1.0))
