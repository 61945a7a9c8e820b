"""The figures behind the liveness model, and what its training reads and writes."""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

TOOLS = Path(__file__).resolve().parents[2] / "tools"
sys.path.insert(0, str(TOOLS))

from liveness import augment, card, figures, kinds, material, people, simulate  # noqa: E402

from edge.core.face import Box  # noqa: E402
from edge.vision.manifest import load_manifest  # noqa: E402

LIVE = np.array([0.9, 0.8, 0.7, 0.2])
ATTACKS = np.array([0.1, 0.3, 0.75])


def test_auc_is_the_share_of_pairs_in_the_right_order() -> None:
    assert figures.auc(LIVE, ATTACKS) == pytest.approx((3 + 3 + 2 + 1) / 12)
    assert figures.auc(np.array([1.0]), np.array([1.0])) == 0.5


def test_error_rates_count_the_threshold_itself_as_alive() -> None:
    assert figures.apcer(ATTACKS, 0.3) == pytest.approx(2 / 3)
    assert figures.bpcer(LIVE, 0.7) == pytest.approx(1 / 4)


def test_the_common_threshold_weighs_sources_not_pictures() -> None:
    crowded = np.full(1000, 0.5), np.full(1000, -1.0)
    small = np.array([0.9]), np.array([0.1, 0.2, 0.3, 0.4, 0.5])
    threshold = figures.common_threshold({"crowded": crowded, "small": small}, allowed=0.1)
    assert threshold == pytest.approx(0.45)


def test_the_common_threshold_is_the_least_that_lets_few_enough_attacks_pass() -> None:
    scores = {"a": (np.array([2.0]), np.arange(10.0))}
    assert figures.common_threshold(scores, allowed=0.3) == pytest.approx(6.5)
    assert figures.common_threshold(scores, allowed=0.0) > 9.0


def test_a_transferred_threshold_comes_from_the_other_sources() -> None:
    easy = np.array([5.0, 6.0]), np.array([-5.0, -4.0])
    shifted = np.array([-6.0, -5.5]), np.array([-9.0, -8.0])
    passed, refused = figures.transferred({"easy": easy, "shifted": shifted})
    assert passed == pytest.approx((1.0 + 0.0) / 2)
    assert refused == pytest.approx((0.0 + 1.0) / 2)


def test_the_written_manifest_loads_and_names_the_file_by_its_digest(tmp_path: Path) -> None:
    rows = [figures.row("a", LIVE, ATTACKS, 0.5), figures.row("b", LIVE, ATTACKS - 1, 0.5)]
    counts = dict.fromkeys(
        ("sources", "real_live", "real_attacks", "simulated_live", "simulated_screen", "simulated_print"), 7
    )
    card.write(tmp_path, b"model", rows, 0.0, (0.2, 0.3), counts)
    manifest = load_manifest(tmp_path / "liveness-context.toml")
    assert manifest.bytes == 5
    assert manifest.file.read_bytes() == b"model"
    assert manifest.threshold("live") == 0.5
    assert manifest.parameter("crop") == augment.CROP
    assert manifest.measured["apcer"] == pytest.approx((1 / 3 + 0) / 2, abs=1e-4)
    assert manifest.measured["bpcer_threshold_of_other_sources"] == 0.3
    assert "| a | 4 | 3 |" in (tmp_path / "liveness-context.md").read_text()


def test_the_labelled_face_is_chosen_and_not_the_largest() -> None:
    holder, shown = Box(0, 0, 200, 200), Box(300, 300, 380, 380)
    assert material.chosen([holder, shown], Box(290, 280, 400, 420)) == shown
    assert material.chosen([holder, shown], None) == holder
    assert material.chosen([holder], Box(290, 280, 400, 420)) is None


def _person() -> people.Person:
    rng = np.random.default_rng(0)
    picture = cv2.GaussianBlur(rng.integers(0, 256, (250, 250, 3), np.uint8), (0, 0), 4)
    mask = np.zeros((250, 250), np.float32)
    cv2.circle(mask, (125, 125), 70, 1.0, -1)
    return people.Person(np.asarray(picture, np.uint8), mask, (125.0, 125.0), 100.0, True)


@pytest.mark.parametrize("kind", sorted(material.SIMULATIONS))
def test_the_same_seed_makes_the_same_scene(kind: str) -> None:
    rooms = [np.asarray(np.random.default_rng(1).integers(0, 256, (120, 160, 3)), np.uint8)]
    make = material.SIMULATIONS[kind]
    first, again, other = (make(np.random.default_rng(seed), [_person()], rooms) for seed in (3, 3, 4))
    assert first.dtype == np.uint8
    assert first.shape[0] == first.shape[1]
    np.testing.assert_array_equal(first, again)
    assert first.shape != other.shape or (first != other).any()


def test_augmentation_keeps_shape_and_type() -> None:
    scene = simulate.live_scene(np.random.default_rng(2), [_person()], [_person().image])
    scene = np.asarray(cv2.resize(scene, (material.SCENE, material.SCENE)), np.uint8)
    rng = np.random.default_rng(5)
    for _ in range(40):
        crop = augment.augment(rng, scene)
        assert crop.shape == (augment.INPUT, augment.INPUT, 3)
        assert crop.dtype == np.uint8


def test_the_central_crop_shows_the_stated_share_of_a_scene() -> None:
    scene = np.zeros((material.SCENE, material.SCENE, 3), np.uint8)
    half = round(material.SCENE / kinds.SPAN * augment.CROP / 2)
    middle = material.SCENE // 2
    scene[middle - half : middle + half, middle - half : middle + half] = 255
    assert augment.central_crop(scene).min() == 255
    assert augment.central_crop(scene, augment.CROP + 0.4).min() == 0
