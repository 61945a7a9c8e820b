"""What the networks say of faces: the demo's portraits, and pictures whose labels were made by eye."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest

from edge.core.appearance import Appearance, Expression, Gender, Glasses, Hair
from edge.core.face import Landmarks
from edge.core.frame import Image
from edge.errors import (
    AgeFailed,
    ExpressionFailed,
    GenderFailed,
    GlassesFailed,
    ModelError,
    NoFace,
)
from edge.resources import folder
from edge.vision.attributes import FaceAttributes, open_attributes
from edge.vision.describe import prominence
from edge.vision.detector import FaceDetector
from edge.vision.engine import Engine
from edge.vision.manifest import find
from edge.vision.mesh import FaceMesh

ROOT = Path(__file__).resolve().parents[2]
LABELS = ROOT / "tools" / "attributes" / "labels.csv"


@pytest.fixture(scope="module")
def attributes() -> Iterator[FaceAttributes]:
    with ExitStack() as stack:
        yield open_attributes(lambda task, name: stack.enter_context(Engine(find(task, name))))


class Looker:
    """Finds the main face of a picture and describes it."""

    def __init__(self, detector: FaceDetector, mesh: FaceMesh, attributes: FaceAttributes) -> None:
        self.detector, self.mesh, self.attributes = detector, mesh, attributes

    def landmarks(self, image: Image) -> Landmarks:
        faces = self.detector.detect(image, thorough=True)
        return self.mesh.locate(image, max(faces, key=lambda face: prominence(face, image)))

    def look(self, image: Image) -> Appearance:
        return self.attributes.describe(image, self.landmarks(image))


@pytest.fixture(scope="module")
def looker(near: Engine, far: Engine, mesh_engine: Engine, attributes: FaceAttributes) -> Looker:
    return Looker(FaceDetector(near, far), FaceMesh(mesh_engine), attributes)


def read(path: Path) -> Image:
    return np.asarray(cv2.imread(str(path)), np.uint8)


def portrait(name: str) -> Image:
    return read(ROOT / "edge" / "demo" / "portraits" / f"{name}.jpg")


def test_an_admiral_in_hat_and_glasses(looker: Looker) -> None:
    seen = looker.look(portrait("grace_hopper"))
    assert seen.hair.label is Hair.COVERED
    assert seen.glasses.label is Glasses.GLASSES
    assert seen.age > 50
    assert seen.mask < 0.1


def test_a_smiling_astronaut(looker: Looker) -> None:
    seen = looker.look(portrait("eileen_collins"))
    assert seen.expression.label is Expression.HAPPINESS
    assert seen.glasses.label is Glasses.NONE
    assert seen.hair.label in (Hair.SHORT, Hair.LONG)
    assert seen.gender.label is Gender.FEMALE
    assert 25 < seen.age < 55
    assert seen.mask < 0.1


def test_a_mirrored_face_looks_the_same(looker: Looker) -> None:
    image = portrait("grace_hopper")
    seen = looker.look(image)
    mirrored = looker.look(np.ascontiguousarray(image[:, ::-1]))
    assert (mirrored.hair.label, mirrored.glasses.label) == (seen.hair.label, seen.glasses.label)
    assert abs(mirrored.age - seen.age) < 10


def test_a_face_turned_on_its_side_looks_the_same(looker: Looker) -> None:
    image = portrait("grace_hopper")
    landmarks = looker.landmarks(image)
    points = landmarks.points.copy()
    points[:, 0], points[:, 1] = image.shape[0] - 1 - landmarks.points[:, 1], landmarks.points[:, 0]
    turned = np.ascontiguousarray(np.rot90(image, -1))
    seen = looker.attributes.describe(image, landmarks)
    again = looker.attributes.describe(turned, replace(landmarks, points=points))
    assert (again.hair.label, again.glasses.label, again.expression.label) == (
        seen.hair.label,
        seen.glasses.label,
        seen.expression.label,
    )
    assert abs(again.age - seen.age) < 5


def test_whatever_the_picture_the_estimates_are_in_range(looker: Looker) -> None:
    landmarks = looker.landmarks(portrait("eileen_collins"))
    noise = np.random.default_rng(2).integers(0, 256, (300, 400, 3), np.uint8)
    for image in (noise, np.zeros((40, 40, 3), np.uint8), np.full((512, 512, 3), 255, np.uint8)):
        seen = looker.attributes.describe(image, landmarks)
        assert 0.0 <= seen.mask <= 1.0
        assert 0.0 <= seen.age < 130
        assert 0.0 < seen.age_deviation < 50
        for estimate, labels in ((seen.gender, 2), (seen.glasses, 3), (seen.hair, 4), (seen.expression, 7)):
            assert 1 / labels - 1e-3 <= estimate.probability <= 1.0 + 1e-3


def test_a_collapsed_mesh_is_no_face(attributes: FaceAttributes) -> None:
    with pytest.raises(NoFace):
        attributes.describe(np.zeros((100, 100, 3), np.uint8), Landmarks(np.zeros((468, 3), np.float32), 1.0))


class Broken:
    """An engine that answers with what is no number in one of its outputs."""

    def __init__(self, engine: Engine, output: int) -> None:
        self.manifest = engine.manifest
        self.input = engine.input
        self.output = output

    def invoke(self) -> list[np.ndarray]:
        answers = [np.full(one.shape, 0.1, np.float32) for one in self.manifest.outputs]
        answers[self.output][...] = np.nan
        return answers

    def infer(self, _: Image) -> list[np.ndarray]:
        return self.invoke()


@pytest.mark.parametrize(
    ("network", "output", "failure"),
    [
        ("faceres", 1, GenderFailed),
        ("faceres", 2, AgeFailed),
        ("heads", 0, GlassesFailed),
        ("expression", 0, ExpressionFailed),
    ],
)
def test_an_answer_that_is_no_number_is_refused_by_name(
    looker: Looker, network: str, output: int, failure: type[ModelError]
) -> None:
    engines: dict[str, Any] = {
        name: getattr(looker.attributes, name) for name in ("faceres", "heads", "expression")
    }
    engines[network] = Broken(engines[network], output)
    image = portrait("grace_hopper")
    with pytest.raises(failure, match="build_models"):
        FaceAttributes(**engines).describe(image, looker.landmarks(image))


def test_the_heads_were_trained_on_the_features_they_are_given() -> None:
    assert find("attributes", "faceres").model_id in find("appearance").source


def test_the_heads_are_small() -> None:
    assert find("appearance").bytes < 100_000


def test_each_network_is_asked_for_once(attributes: FaceAttributes) -> None:
    asked = []

    def engine(task: str, name: str | None) -> Any:
        asked.append(task)
        return SimpleNamespace(manifest=find(task, name))

    open_attributes(engine)
    assert sorted(asked) == ["appearance", "attributes", "expression"]


@pytest.fixture(scope="module")
def labelled(data: Path) -> dict[str, list[tuple[str, Path]]]:
    """By column: labels and pictures that were drawn by lot."""
    files = {
        hashlib.sha256(path.read_bytes()).hexdigest()[:16]: path
        for path in (data / "lfw_dev").glob("*/*.jpg")
    }
    found: dict[str, list[tuple[str, Path]]] = {"glasses": [], "hair": [], "gender": [], "expression": []}
    for row in csv.DictReader(LABELS.open()):
        for column, pictures in found.items():
            if row[column] and row["drawn"] == "random" and row["picture"] in files:
                pictures.append((row[column], files[row["picture"]]))
    return found


@pytest.mark.parametrize(
    ("column", "labels"),
    [
        ("glasses", ("none", "glasses", "sunglasses")),
        ("hair", ("bald", "short", "long", "covered")),
        ("gender", ("male", "female")),
        ("expression", ("happiness", "neutral")),
    ],
)
def test_most_labels_made_by_eye_are_found(
    looker: Looker, labelled: dict[str, list[tuple[str, Path]]], column: str, labels: tuple[str, ...]
) -> None:
    for label in labels:
        some = [path for said, path in labelled[column] if said == label][:10]
        said = [getattr(looker.look(read(path)), column).label for path in some]
        assert sum(one == label for one in said) >= 0.6 * len(some), (label, said)


def test_masks_are_told_from_open_faces(looker: Looker, data: Path) -> None:
    def share(kind: str) -> float:
        files = sorted((data / "mask" / kind).glob("*"))[::25]
        return float(np.mean([looker.look(read(path)).mask >= 0.5 for path in files]))

    assert share("with_mask") >= 0.9
    assert share("without_mask") <= 0.1


def test_the_card_is_there() -> None:
    assert (folder("models") / "appearance-heads.md").is_file()
