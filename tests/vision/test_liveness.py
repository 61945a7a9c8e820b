"""Liveness: the square it looks at, how it prepares it, and what the network says of it."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
import pytest

from edge.core.face import Box, Face
from edge.core.frame import Image
from edge.demo import scenes
from edge.errors import ModelError
from edge.vision.engine import Engine, open_model
from edge.vision.liveness import PassiveLiveness, cut_square, standardized_rgb
from edge.vision.manifest import find


@pytest.fixture(scope="module")
def liveness() -> Iterator[PassiveLiveness]:
    with open_model(find("liveness")) as engine:
        yield PassiveLiveness(engine)


def face_at(box: Box) -> Face:
    return Face(box, np.zeros((6, 2), np.float32), 1.0)


def smooth_noise(height: int = 480, width: int = 640) -> Image:
    noise = np.random.default_rng(4).integers(0, 256, (height, width, 3), np.uint8)
    return np.asarray(cv2.GaussianBlur(noise, (0, 0), 6), np.uint8)


def test_a_crop_is_the_square_around_the_center() -> None:
    image = np.zeros((400, 400, 3), np.uint8)
    image[:] = 60
    image[150:250, 100:200] = 255
    crop = cut_square(image, (150.0, 200.0), 200.0, 96)
    inside = crop[26:70, 26:70]
    assert inside.min() == 255
    assert crop[:20].max() == 60
    assert crop[:, 76:].max() == 60


@pytest.mark.parametrize("center", [(5.0, 5.0), (635.0, 470.0), (320.0, 2.0)])
def test_what_lies_outside_repeats_the_edge(center: tuple[float, float]) -> None:
    image = smooth_noise()
    crop = cut_square(image, center, 192.0, 96)
    left, top = center[0] - 96, center[1] - 96
    columns = np.clip(np.round(left + (np.arange(96) + 0.5) * 2 - 0.5), 0, 639).astype(int)
    rows = np.clip(np.round(top + (np.arange(96) + 0.5) * 2 - 0.5), 0, 479).astype(int)
    expected = image[rows[:, None], columns[None, :]].astype(int)
    assert crop.shape == (96, 96, 3)
    assert np.abs(crop.astype(int) - expected).mean() < 6


def test_a_square_larger_than_the_picture_still_gives_a_crop() -> None:
    crop = cut_square(smooth_noise(60, 40), (20.0, 30.0), 500.0, 96)
    assert crop.shape == (96, 96, 3)


def test_a_square_beside_the_picture_is_refused() -> None:
    with pytest.raises(ValueError, match="outside the picture"):
        cut_square(smooth_noise(), (-900.0, 100.0), 200.0, 96)


def test_black_bars_above_and_below_count_as_outside() -> None:
    picture = np.maximum(smooth_noise(), 40)
    barred = picture.copy()
    barred[:90], barred[400:] = 0, 0
    crop = cut_square(barred, (320.0, 240.0), 480.0, 96)
    assert crop.min() >= 24, "no bar is left that could pass for a bezel"
    np.testing.assert_array_equal(crop, cut_square(picture[90:400], (320.0, 150.0), 480.0, 96))


def test_a_dark_band_that_ends_within_the_picture_stays() -> None:
    picture = np.maximum(smooth_noise(), 40)
    picture[:90, :600] = 0
    assert cut_square(picture, (320.0, 240.0), 480.0, 96).min() == 0


def test_a_picture_that_is_all_black_still_gives_a_crop() -> None:
    assert cut_square(np.zeros((48, 64, 3), np.uint8), (32.0, 24.0), 30.0, 96).shape == (96, 96, 3)


def test_shrinking_does_not_alias() -> None:
    stripes = np.zeros((960, 960, 3), np.uint8)
    stripes[:, ::2] = 255
    crop = cut_square(stripes, (480.0, 480.0), 900.0, 96)
    assert crop.std() < 4
    assert abs(float(crop.mean()) - 127.5) < 4


def test_channels_are_standardized_and_come_as_rgb() -> None:
    crop = cut_square(smooth_noise(), (300.0, 200.0), 300.0, 96)
    crop = np.asarray(crop * np.array([1.0, 0.5, 0.8]), np.uint8)
    made = standardized_rgb(crop, 1.0)
    assert made.dtype == np.float32
    np.testing.assert_allclose(made.reshape(-1, 3).mean(0), 0, atol=1e-4)
    np.testing.assert_allclose(made.reshape(-1, 3).std(0), 1, atol=1e-4)
    assert np.corrcoef(made[..., 0].ravel(), crop[..., 2].ravel())[0, 1] > 0.999


def test_a_flat_channel_is_not_blown_up() -> None:
    made = standardized_rgb(np.full((96, 96, 3), 70, np.uint8), 8.0)
    assert np.abs(made).max() < 1e-5


def test_brightness_and_contrast_of_the_camera_do_not_matter() -> None:
    crop = cv2.normalize(smooth_noise()[100:196, 100:196], None, 0, 255, cv2.NORM_MINMAX)
    dim = np.asarray(np.round(crop * 0.7 + 20), np.uint8)
    assert np.abs(standardized_rgb(crop, 1.0) - standardized_rgb(dim, 1.0)).max() < 0.05


def test_the_score_is_a_probability_for_any_face_in_any_picture(liveness: PassiveLiveness) -> None:
    image = smooth_noise()
    for box in (Box(0, 0, 640, 480), Box(-40, -30, 20, 30), Box(600, 440, 700, 540), Box(300, 200, 301, 201)):
        assert 0.0 <= liveness.score(image, face_at(box)) <= 1.0


def test_a_score_that_is_no_number_is_an_error_and_not_a_living_face() -> None:
    manifest = find("liveness")

    class Broken(Engine):
        def invoke(self) -> list[np.ndarray]:
            return [np.full((1, 1), np.nan, np.float32)]

    with pytest.raises(ModelError, match="gives no score"):
        PassiveLiveness(Broken(manifest)).score(smooth_noise(), face_at(Box(200, 200, 300, 320)))


def test_what_the_manifest_rejects_lies_below_what_it_accepts() -> None:
    manifest = find("liveness")
    assert 0.0 < manifest.threshold("reject") < manifest.threshold("live") < 1.0


def test_the_manifest_carries_error_rates() -> None:
    manifest = find("liveness")
    for rate in ("apcer", "bpcer", "auc"):
        assert 0.0 <= manifest.measured[rate] <= 1.0
    assert manifest.measured["live_pictures"] > 100
    assert manifest.measured["attack_pictures"] > 100


def test_the_model_stays_within_its_budget() -> None:
    assert find("liveness").bytes < 800_000


@pytest.fixture(scope="module")
def averages(liveness: PassiveLiveness) -> dict[str, float]:
    """Mean score of the last second of each demo scene with a face."""
    from edge.vision.detector import FaceDetector

    found = {}
    with open_model(find("detection", "near")) as near, open_model(find("detection", "far")) as far:
        detector = FaceDetector(near, far)
        for scene in scenes.SCENES[:4]:
            scores = []
            for number, image in enumerate(scene.frames(seed=3)):
                if number < scene.frame_count - 15 or number % 2:
                    continue
                faces = detector.detect(image)
                if faces:
                    scores.append(liveness.score(image, max(faces, key=lambda face: face.box.area)))
            found[scene.name] = float(np.mean(scores))
    return found


@pytest.mark.parametrize("name", ["enrolled_walks_up", "stranger_walks_up"])
def test_somebody_who_walks_up_is_alive(averages: dict[str, float], name: str) -> None:
    assert averages[name] >= find("liveness").threshold("live")


@pytest.mark.parametrize("name", ["printed_photo", "phone_replay"])
def test_a_picture_that_is_held_up_is_not_alive(averages: dict[str, float], name: str) -> None:
    assert averages[name] < find("liveness").threshold("live")
