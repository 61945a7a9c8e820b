"""What the vetoes say of real living people, of their photographs, and of recordings of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.core.calibration import threshold_for
from edge.core.face import Vector
from edge.core.face_swap import ALIKE_FAR, swapped
from edge.core.frame import Frame, Image
from edge.core.planarity import Motion, planar
from edge.core.repeats import Memory, Print, recall, repeated
from edge.core.stream_hints import StreamLook, stream_look, suspicious
from edge.core.suspicion import Suspicion
from edge.vision.clip import timed_frames
from edge.vision.detector import FaceDetector
from edge.vision.embedding import AnyEmbedder, open_embedder
from edge.vision.engine import Engine
from edge.vision.fingerprint import fingerprint
from edge.vision.flow import FaceFlow
from edge.vision.manifest import find
from edge.vision.mesh import FaceMesh
from edge.vision.still import StillSearch

LIVING = ("live_a.webm", "live_c.mp4")
SIZE_WH, FOCAL = (640, 480), 560.0
GLIMPSES = 16


@dataclass
class Watched:
    """What every usable frame of one track gave."""

    times: list[float] = field(default_factory=list)
    motions: list[Motion | None] = field(default_factory=list)
    prints: list[Print] = field(default_factory=list)
    vectors: list[Vector] = field(default_factory=list)
    looks: list[StreamLook] = field(default_factory=list)

    def windows(self) -> Iterator[slice]:
        """As many frames as a track is judged by, again and again."""
        for end in range(1, len(self.times) + 1):
            yield slice(max(0, end - GLIMPSES), end)

    def planar(self) -> list[Suspicion | None]:
        """What is said after each frame."""
        windows = [self.motions[window] for window in self.windows()]
        return [planar([moved for moved in window if moved is not None]) for window in windows]


@pytest.fixture(scope="module")
def embedder() -> Iterator[AnyEmbedder]:
    opened: list[Engine] = []

    def engine(manifest) -> Engine:
        opened.append(Engine(manifest).__enter__())
        return opened[-1]

    yield open_embedder(find("embedding"), engine)
    for one in opened:
        one.__exit__(None, None, None)


@pytest.fixture(scope="module")
def watch(near, far, middle, wide, window, mesh_engine, embedder):
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    detector, mesh = FaceDetector(near, far, StillSearch(middle, wide, window)), FaceMesh(mesh_engine)

    def watch(frames: Iterator[Frame], with_vectors: bool = True) -> Watched:
        watched, flow = Watched(), FaceFlow()
        for frame in frames:
            watched.looks.append(stream_look(frame))
            faces = detector.detect(frame.image)
            if not faces:
                continue
            face = max(faces, key=lambda face: face.box.area)
            landmarks = mesh.locate(frame.image, face)
            if landmarks.presence < 0.5:
                continue
            at = frame.captured_at
            watched.times.append(at)
            watched.motions.append(flow.follow(1, at, frame.image, landmarks.points))
            watched.prints.append(fingerprint(frame.image, face.box))
            if with_vectors and len(watched.times) % 2:
                mirrored = len(watched.vectors) % 2 == 1
                watched.vectors.append(embedder.glance(frame.image, landmarks, mirrored).vector)
        return watched

    yield watch
    cv2.setNumThreads(threads)


@pytest.fixture(scope="module")
def living(data: Path, watch) -> dict[str, Watched]:
    return {name: watch(timed_frames(data / "liveness" / "video" / name)) for name in LIVING}


@pytest.fixture(scope="module")
def alike() -> float:
    curve = find("embedding").far_curve
    assert curve is not None
    return threshold_for(curve, ALIKE_FAR)


def test_living_people_are_never_called_flat(living) -> None:
    for watched in living.values():
        telling = [moved for moved in watched.motions if moved is not None and moved.warp > 0.004]
        assert len(telling) > 20, "nothing was put to the test"
        assert set(watched.planar()) == {None}


def test_living_people_never_repeat_themselves(living) -> None:
    for watched in living.values():
        assert repeated(watched.prints, watched.times) is None


def test_one_person_who_turns_and_talks_is_not_swapped(living, alike) -> None:
    for watched in living.values():
        windows = range(max(1, len(watched.vectors) - GLIMPSES))
        assert {swapped(watched.vectors[at : at + GLIMPSES], alike) for at in windows} == {None}


def test_the_times_of_a_clip_are_those_of_a_camera(living) -> None:
    for watched in living.values():
        assert suspicious(watched.looks) is None


def test_another_person_in_the_track_is_swapped(living, alike) -> None:
    first, second = (living[name].vectors for name in LIVING)
    for at in range(0, len(first) - 6, 9):
        after = second[at % (len(second) - 3) :][:2]
        assert swapped([*first[at : at + 6], *after], alike) is Suspicion.FACE_SWAP


@pytest.mark.parametrize("quality", [None, 60])
def test_a_clip_that_begins_again_is_noticed(data: Path, watch, quality: int | None) -> None:
    pictures = [frame.image for frame, _ in zip(timed_frames(_clip(data)), range(25), strict=False)]
    again = (_packed(image, quality) for image in [*pictures, *pictures[:6]])
    frames = (Frame(image, number / 15, number) for number, image in zip(count(), again, strict=False))
    watched = watch(frames, with_vectors=False)
    memory, told = Memory(), []
    for new, at in zip(watched.prints, watched.times, strict=True):
        memory, suspicion = recall(memory, new, at)
        told.append(suspicion)
    assert set(told[:25]) == {None}
    assert Suspicion.REPEATED in told[25:]


def test_a_photograph_that_a_hand_turns_is_flat(data: Path, watch) -> None:
    people = sorted((data / "lfw_dev").iterdir())[:: len(list((data / "lfw_dev").iterdir())) // 5][:5]
    called = []
    for person in people:
        picture = cv2.imread(str(sorted(person.iterdir())[0]))
        watched = watch(held_print(np.asarray(picture, np.uint8)), with_vectors=False)
        called.append(Suspicion.PLANAR in watched.planar())
    assert sum(called) >= 4


def test_a_photograph_that_is_held_still_tells_nothing(data: Path, watch) -> None:
    picture = cv2.imread(str(min((data / "lfw_dev" / "Aaron_Eckhart").iterdir())))
    watched = watch(held_print(np.asarray(picture, np.uint8), swing=0.5), with_vectors=False)
    assert set(watched.planar()) == {None}


def test_tracks_do_not_share_their_memory(data: Path) -> None:
    flow, points = FaceFlow(), np.zeros((468, 3), np.float32)
    points[:, :2] = np.random.default_rng(0).uniform((200, 120), (400, 360), (468, 2))
    points[33, :2], points[263, :2] = (250, 200), (350, 200)
    image = next(timed_frames(_clip(data))).image
    assert flow.follow(1, 0.0, image, points) is None
    assert flow.follow(2, 0.5, image, points) is None
    assert flow.follow(1, 0.5, image, points) is not None
    flow.forget(1)
    assert flow.follow(1, 0.9, image, points) is None
    assert flow.follow(2, 1.3, image, points) is not None


def test_a_collapsed_mesh_tells_nothing() -> None:
    image = np.zeros((480, 640, 3), np.uint8)
    assert FaceFlow().follow(1, 0.0, image, np.full((468, 3), 100, np.float32)) is None


@pytest.mark.parametrize("bad", [np.nan, np.inf, -5000.0])
def test_a_mesh_from_nowhere_tells_nothing(bad: float) -> None:
    points = np.random.default_rng(0).uniform(100, 300, (468, 3)).astype(np.float32)
    points[7] = bad
    flow, image = FaceFlow(), np.zeros((480, 640, 3), np.uint8)
    assert [flow.follow(1, at, image, points) for at in (0.0, 0.4)] == [None, None]


def held_print(picture: Image, swing: float = 20.0, frames: int = 24) -> Iterator[Frame]:
    """A photograph turned by a hand, seen by a camera with noise. swing: degrees."""
    rng = np.random.default_rng(0)
    height, width = picture.shape[:2]
    pixels_per_m = width / 0.3
    for number in range(frames):
        t = number / 15
        yaw, pitch = np.radians([swing * np.sin(4.2 * t), 0.5 * swing * np.sin(3.1 * t + 1.0)])
        about_y = np.array([[np.cos(yaw), 0, np.sin(yaw)], [0, 1, 0], [-np.sin(yaw), 0, np.cos(yaw)]])
        about_x = np.array([[1, 0, 0], [0, np.cos(pitch), -np.sin(pitch)], [0, np.sin(pitch), np.cos(pitch)]])
        turned = about_x @ about_y
        camera = np.array([[FOCAL, 0, SIZE_WH[0] / 2], [0, FOCAL, SIZE_WH[1] / 2], [0, 0, 1]])
        paper = np.array(
            [[1 / pixels_per_m, 0, -0.15], [0, 1 / pixels_per_m, -0.15 * height / width], [0, 0, 1]]
        )
        seen = camera @ np.column_stack([turned[:, 0], turned[:, 1], (0.0, 0.0, 0.4)]) @ paper
        image = cv2.warpPerspective(picture, seen, SIZE_WH, borderValue=(120, 125, 118))
        noisy = np.clip(image + rng.normal(0, 3, image.shape), 0, 255).astype(np.uint8)
        yield Frame(_packed(noisy, 85), t, number)


def _clip(data: Path) -> Path:
    return data / "liveness" / "video" / LIVING[0]


def _packed(image: Image, quality: int | None) -> Image:
    if quality is None:
        return image
    _, packed = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR), np.uint8)
