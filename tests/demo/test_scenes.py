from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import cv2
import numpy as np
import pytest

from edge.core.face import Pose
from edge.core.frame import Image
from edge.core.geometry import head_pose
from edge.demo import scenes
from edge.demo.scenes import SCENES, Scene
from edge.errors import ModelMissing
from edge.vision.describe import FaceDescriber
from edge.vision.detector import FaceDetector
from edge.vision.embedding import open_embedder
from edge.vision.engine import open_model
from edge.vision.liveness import PassiveLiveness
from edge.vision.manifest import find
from edge.vision.mesh import FaceMesh

WITH_A_FACE = [scene.name for scene in SCENES if not scene.command]
SHOWS_THE_ENROLLED = ["enrolled_walks_up", "printed_photo", "phone_replay"]


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """A frame's face: width in pixels, head pose, likeness to the enrolment pictures, how alive."""

    width: float
    pose: Pose
    likeness: float
    alive: float


@pytest.fixture(scope="module")
def describer() -> Iterator[FaceDescriber]:
    tasks = ("detection", "detection", "landmarks")
    try:
        manifests = [find(task, name) for task, name in zip(tasks, ("near", "far", None), strict=True)]
        embedding = find("embedding")
    except ModelMissing as error:
        pytest.skip(str(error))
    near, far, mesh = (open_model(manifest) for manifest in manifests)
    embedder = open_embedder(embedding)
    yield FaceDescriber(FaceDetector(near, far), FaceMesh(mesh), embedder)
    for engine in (near, far, mesh, *embedder.engines):
        engine.close()


@pytest.fixture(scope="module")
def enrolled(describer: FaceDescriber) -> np.ndarray:
    descriptions = [describer.describe(picture) for picture in scenes.enrolment_pictures()]
    return np.stack([d.embedding.vector for d in descriptions if d is not None])


@pytest.fixture(scope="module")
def liveness() -> Iterator[PassiveLiveness]:
    try:
        manifest = find("liveness")
    except ModelMissing as error:
        pytest.skip(str(error))
    with open_model(manifest) as engine:
        yield PassiveLiveness(engine)


@pytest.fixture(scope="module")
def sightings(
    describer: FaceDescriber, liveness: PassiveLiveness, enrolled: np.ndarray
) -> dict[str, list[Seen]]:
    """What is seen in eight frames of the end of each scene that has a face in it."""
    return {
        name: [look(describer, liveness, enrolled, frame) for frame in last_frames(name, 16, 2)]
        for name in WITH_A_FACE
    }


def at(far: float) -> float:
    """The likeness that this share of pairs of different people reaches."""
    curve = find("embedding").far_curve
    assert curve is not None
    return curve.similarity_at(far)


def last_frames(name: str, count: int, step: int) -> list[Image]:
    scene = scenes.scene(name)
    return list(islice(scene.frames(), scene.frame_count - count, None, step))


def look(describer: FaceDescriber, liveness: PassiveLiveness, enrolled: np.ndarray, image: Image) -> Seen:
    faces = describer.faces(image, thorough=False)
    assert len(faces) == 1
    face, landmarks = faces[0]
    vector = describer.embedder.embed(image, landmarks).vector
    alive = liveness.score(image, face)
    return Seen(face.box.width, head_pose(landmarks), float((enrolled @ vector).max()), alive)


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_frames_are_what_a_camera_of_the_door_gives(scene: Scene) -> None:
    pictures = list(islice(scene.frames(), 3))
    assert {p.shape for p in pictures} == {(480, 640, 3)}
    assert {p.dtype for p in pictures} == {np.dtype(np.uint8)}


def test_a_scene_has_as_many_frames_as_it_says() -> None:
    scene = scenes.scene("mqtt_unlock")
    assert sum(1 for _ in scene.frames()) == scene.frame_count


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_the_same_seed_gives_the_same_pictures(scene: Scene) -> None:
    first, again = (next(islice(scene.frames(seed=3), 20, None)) for _ in range(2))
    assert np.array_equal(first, again)


@pytest.mark.parametrize("name", WITH_A_FACE)
def test_another_seed_moves_differently(name: str) -> None:
    one, other = (next(islice(scenes.frames(name, seed), 20, None)) for seed in (3, 4))
    blurred = [cv2.GaussianBlur(p, (0, 0), 2.0).astype(np.float32) for p in (one, other)]
    assert np.abs(blurred[0] - blurred[1]).max() > 30


def test_the_person_moves_before_a_background_that_does_not() -> None:
    pictures = [p.astype(np.float32) for p in islice(scenes.frames("enrolled_walks_up"), 5, 31, 25)]
    change = cv2.GaussianBlur(np.abs(pictures[0] - pictures[1]).mean(axis=-1), (0, 0), 4.0)
    assert change[:, 600:].max() < 8
    assert change[200:400, 250:400].max() > 40


@pytest.mark.parametrize("name", WITH_A_FACE)
def test_the_detector_finds_exactly_one_face_of_good_size(
    name: str, sightings: dict[str, list[Seen]]
) -> None:
    assert all(seen.width >= 80 for seen in sightings[name])


def test_a_face_far_away_is_found_while_it_is_still_small(describer: FaceDescriber) -> None:
    widths = [
        face.box.width
        for image in islice(scenes.frames("enrolled_walks_up"), 12)
        for face, _ in describer.faces(image, thorough=False)
    ]
    assert min(widths) < 64


@pytest.mark.parametrize("name", WITH_A_FACE)
def test_the_head_sways_within_the_limits_of_quality(name: str, sightings: dict[str, list[Seen]]) -> None:
    for seen in sightings[name]:
        assert abs(seen.pose.yaw) < 20
        assert abs(seen.pose.pitch) < 20
        assert abs(seen.pose.roll) < 20


@pytest.mark.parametrize("name", SHOWS_THE_ENROLLED)
def test_the_enrolled_face_is_like_its_enrolment(name: str, sightings: dict[str, list[Seen]]) -> None:
    assert all(seen.likeness > at(1e-6) for seen in sightings[name])


def test_the_stranger_is_not_like_the_enrolled(sightings: dict[str, list[Seen]]) -> None:
    assert all(seen.likeness < at(3e-2) for seen in sightings["stranger_walks_up"])


@pytest.mark.parametrize("name", WITH_A_FACE)
def test_eight_frames_tell_the_living_from_print_and_screen(
    name: str, sightings: dict[str, list[Seen]]
) -> None:
    mean = np.mean([seen.alive for seen in sightings[name]])
    assert (mean >= find("liveness").threshold("live")) == name.endswith("walks_up")


def test_the_enrolment_pictures_show_one_person_from_three_sides(
    describer: FaceDescriber, enrolled: np.ndarray
) -> None:
    descriptions = [describer.describe(picture) for picture in scenes.enrolment_pictures()]
    yaws = [head_pose(d.landmarks).yaw for d in descriptions if d is not None]
    assert len(yaws) == 3
    assert max(yaws) - min(yaws) > 10
    assert (enrolled @ enrolled.T).min() > at(1e-6)
