"""Covered regions of real faces: covered by a painted bar, and by real masks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import astuple
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.core.face import Landmarks
from edge.core.frame import Image
from edge.core.quality_levels import COVERED, Completeness
from edge.errors import NoFace
from edge.vision.detector import FaceDetector
from edge.vision.engine import Engine
from edge.vision.manifest import find
from edge.vision.mesh import FaceMesh
from edge.vision.occlusion import FaceOcclusion

REGIONS = tuple(Completeness.__dataclass_fields__)
BARS = {"eyes": (27, 119), "mouth": (164, 18), "chin": (18, 152)}
"""Mesh points between whose heights a bar lies over the whole face."""


class Finder:
    def __init__(self, near: Engine, far: Engine, mesh: Engine) -> None:
        self.detector, self.mesh = FaceDetector(near, far), FaceMesh(mesh)

    def faces(self, folder: Path, pattern: str, step: int) -> list[tuple[Image, Landmarks]]:
        found = []
        for path in sorted(folder.glob(pattern))[::step]:
            image = np.asarray(cv2.imread(str(path)), np.uint8)
            faces = self.detector.detect(image)
            if faces:
                landmarks = self.mesh.locate(image, max(faces, key=lambda face: face.box.area))
                if landmarks.presence > 0.5:
                    found.append((image, landmarks))
        return found


@pytest.fixture(scope="module")
def occlusion() -> Iterator[FaceOcclusion]:
    with Engine(find("occlusion")) as engine:
        yield FaceOcclusion(engine)


@pytest.fixture(scope="module")
def finder(near: Engine, far: Engine, mesh_engine: Engine) -> Finder:
    return Finder(near, far, mesh_engine)


@pytest.fixture(scope="module")
def faces(finder: Finder, data: Path) -> list[tuple[Image, Landmarks]]:
    return finder.faces(data / "lfw_dev", "*/*_0001.jpg", 60)


def measured(occlusion: FaceOcclusion, faces: list[tuple[Image, Landmarks]]) -> dict[str, np.ndarray]:
    rows = np.array([astuple(occlusion.measure(image, mesh)) for image, mesh in faces])
    return dict(zip(REGIONS, rows.T, strict=True))


def barred(image: Image, landmarks: Landmarks, part: str) -> Image:
    top, bottom = (int(landmarks.points[point, 1]) for point in BARS[part])
    covered = image.copy()
    covered[top : bottom + (8 if part == "chin" else 0)] = (70, 120, 90)
    return covered


def test_bare_faces_are_whole(occlusion: FaceOcclusion, faces: list[tuple[Image, Landmarks]]) -> None:
    for region, shares in measured(occlusion, faces).items():
        assert np.median(shares) > 0.85, region
        assert (shares < COVERED).mean() < 0.15, region


@pytest.mark.parametrize("part", BARS)
def test_what_a_bar_hides_is_covered(
    part: str, occlusion: FaceOcclusion, faces: list[tuple[Image, Landmarks]]
) -> None:
    shares = measured(occlusion, [(barred(image, mesh, part), mesh) for image, mesh in faces])
    assert (shares[part] < COVERED).mean() > 0.8
    far_away = "brows" if part == "chin" else "chin" if part == "eyes" else "eyes"
    assert (shares[far_away] < COVERED).mean() < 0.25


def test_real_masks_cover_nose_and_mouth(occlusion: FaceOcclusion, finder: Finder, data: Path) -> None:
    if not (data / "mask").is_dir():
        pytest.skip(f"no pictures of masks at {data}")
    with_mask = measured(occlusion, finder.faces(data / "mask" / "with_mask", "*", 6))
    without = measured(occlusion, finder.faces(data / "mask" / "without_mask", "*", 6))
    assert (with_mask["mouth"] < COVERED).mean() > 0.7
    assert (without["mouth"] < COVERED).mean() < 0.15


def test_a_collapsed_mesh_is_refused(occlusion: FaceOcclusion, faces: list[tuple[Image, Landmarks]]) -> None:
    with pytest.raises(NoFace):
        occlusion.measure(faces[0][0], Landmarks(np.full((468, 3), 9.0, np.float32), 1.0))
