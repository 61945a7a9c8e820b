"""The closer look at doubtful faces. Real pictures from the evaluation data."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.core.face import Box
from edge.core.frame import Image
from edge.errors import ManifestInvalid
from edge.vision.anchors import look, merge
from edge.vision.detector import whole
from edge.vision.engine import Engine
from edge.vision.second_look import SecondLook

DOUBT = 0.3


@pytest.fixture
def second(window: Engine) -> SecondLook:
    return SecondLook(window)


@pytest.fixture(scope="module")
def portraits(data: Path) -> list[Image]:
    paths = sorted((data / "lfw_dev").glob("*/*_0001.jpg"))[::60]
    return [np.asarray(cv2.imread(str(path)), np.uint8) for path in paths]


def face_of(near: Engine, portrait: Image) -> Box:
    return max(merge(look(near, portrait, whole(portrait))), key=lambda face: face.box.area).box


def moved(box: Box, across: float, down: float, times: float = 1.0) -> Box:
    """By so many of its sides, and so many times as large."""
    x, y = box.center
    x, y = x + across * box.width, y + down * box.height
    half = box.width * times / 2
    return Box(x - half, y - half, x + half, y + half)


def test_faces_are_confirmed_and_places_beside_them_are_not(
    near: Engine, second: SecondLook, portraits: list[Image]
) -> None:
    faces = [(portrait, face_of(near, portrait)) for portrait in portraits]
    seen = np.array([second.confidence(image, box) for image, box in faces])
    beside = np.array([second.confidence(image, moved(box, 0.9, 0.9)) for image, box in faces])
    assert (seen > 0).mean() > 0.9
    assert (beside > 0).mean() < 0.2


@pytest.mark.parametrize("times", [0.45, 2.2])
def test_a_box_of_the_wrong_size_around_a_face_is_not_confirmed(
    near: Engine, second: SecondLook, portraits: list[Image], times: float
) -> None:
    boxes = [(portrait, moved(face_of(near, portrait), 0, 0, times)) for portrait in portraits]
    assert np.mean([second.confidence(image, box) > 0 for image, box in boxes]) < 0.25


@pytest.mark.parametrize("scale", [0.35, 0.6, 2.0])
def test_the_answer_does_not_depend_on_the_picture_s_size(
    near: Engine, second: SecondLook, portraits: list[Image], scale: float
) -> None:
    same = []
    for portrait in portraits[:12]:
        box = face_of(near, portrait)
        other = np.asarray(
            cv2.resize(portrait, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8
        )
        scaled = Box(box.x0 * scale, box.y0 * scale, box.x1 * scale, box.y1 * scale)
        same.append((second.confidence(portrait, box) > 0) == (second.confidence(other, scaled) > 0))
    assert np.mean(same) > 0.8


def test_a_doubtful_face_becomes_likely_and_a_doubtful_wall_less_so(
    near: Engine, second: SecondLook, portraits: list[Image]
) -> None:
    portrait = portraits[0]
    box = face_of(near, portrait)
    wall = np.full((240, 320, 3), 120, np.uint8)
    assert second.probability(DOUBT, portrait, box, 1.0) > 0.8
    assert second.probability(DOUBT, wall, Box(100, 80, 180, 160), 1.0) < DOUBT


def test_the_more_likely_it_was_the_more_likely_it_is(
    near: Engine, second: SecondLook, portraits: list[Image]
) -> None:
    box = face_of(near, portraits[0])
    after = [second.probability(first, portraits[0], box, 1.0) for first in (0.06, 0.1, 0.3, 0.5)]
    assert after == sorted(after)
    assert all(0.0 < one < 1.0 for one in after)


@pytest.mark.parametrize("first", [0.0, 0.01, 0.61, 0.9, 1.0])
def test_what_is_not_doubtful_is_not_looked_at_again(
    window: Engine, second: SecondLook, portraits: list[Image], first: float
) -> None:
    before = window.invokes
    assert second.probability(first, portraits[0], Box(70, 70, 170, 170), 1.0) == first
    assert window.invokes == before


def test_a_tiny_face_is_not_looked_at_again(
    window: Engine, second: SecondLook, portraits: list[Image]
) -> None:
    before = window.invokes
    box = Box(70, 70, 170, 170)
    assert second.probability(DOUBT, portraits[0], box, 0.3) == DOUBT
    assert window.invokes == before
    assert second.probability(DOUBT, portraits[0], box, 0.4) != DOUBT


@pytest.mark.parametrize(
    ("answers", "looks", "confidence"),
    [
        ((-1.5, 0.9), 1, -1.2),
        ((0.9, -1.5), 1, 0.9),
        ((-0.5, 0.2), 2, 0.2),
        ((0.3, -1.0), 2, 0.3),
        ((-0.5, 3.0), 2, 1.1),
    ],
)
def test_a_clear_answer_spares_the_other_size(
    window: Engine,
    second: SecondLook,
    monkeypatch: pytest.MonkeyPatch,
    answers: tuple[float, ...],
    looks: int,
    confidence: float,
) -> None:
    given = []

    def invoke() -> list[np.ndarray]:
        given.append(answers[len(given)])
        field = np.full((1, 13, 13, 1), -2.0, np.float32)
        field[0, 6, 6, 0] = given[-1]
        field[0, 0, 0, 0] = 5.0  # a face elsewhere
        return [field]

    monkeypatch.setattr(window, "invoke", invoke)
    wall = np.full((240, 320, 3), 120, np.uint8)
    assert second.confidence(wall, Box(100, 80, 180, 160)) == pytest.approx(confidence)
    assert len(given) == looks


@pytest.mark.parametrize(
    "box",
    [
        Box(-277, 100, -147, 230),
        Box(-50, -50, 20, 20),
        Box(300, 200, 400, 300),
        Box(0, 0, 320, 320),
        Box(10, 10, 10, 10),
        Box(5, 5, 6, 6),
    ],
)
def test_a_box_over_the_edge_or_of_no_size_has_an_answer(second: SecondLook, box: Box) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (240, 320, 3), np.uint8)
    assert -1.2 <= second.confidence(picture, box) <= 1.1
    assert math.isfinite(second.probability(DOUBT, picture, box, 1.0))


def test_it_needs_its_own_decoder(near: Engine) -> None:
    with pytest.raises(ManifestInvalid, match="window-8"):
        SecondLook(near)


@pytest.mark.parametrize("thresholds", [(0.0, 0.6), (0.05, 1.1), (0.7, 0.6)])
def test_its_thresholds_must_be_probabilities(window: Engine, thresholds: tuple[float, float]) -> None:
    wrong = dict(zip(("doubtful", "sure"), thresholds, strict=True))
    with pytest.raises(ManifestInvalid, match="doubtful <= sure"):
        SecondLook(Engine(replace(window.manifest, thresholds=wrong)))


def test_a_network_of_another_size_is_refused(window: Engine) -> None:
    (output,) = window.manifest.outputs
    other = replace(window.manifest, outputs=(replace(output, shape=(1, 11, 11, 1)),))
    with pytest.raises(ManifestInvalid, match="gives"):
        SecondLook(Engine(other))
