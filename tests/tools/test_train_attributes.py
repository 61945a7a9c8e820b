"""The labels, the figures, and what the training of the attribute heads writes."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

TOOLS = Path(__file__).resolve().parents[2] / "tools"
sys.path.insert(0, str(TOOLS))

from attributes import card, figures, labels, material  # noqa: E402

from edge.core.appearance import Glasses, Hair  # noqa: E402
from edge.core.face import Landmarks  # noqa: E402
from edge.vision.manifest import find, load_manifest  # noqa: E402

CHANCES = np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8], [0.7, 0.3]])
ANSWERS = np.array([0, 0, 1, 1])


def test_labels_are_kept_by_digest_and_every_word_is_known() -> None:
    known = labels.read()
    assert all(len(digest) == 16 and int(digest, 16) >= 0 for digest in known)
    drawn = [one for one in known.values() if one.random]
    assert len(drawn) > 700
    hair = Counter(one.hair for one in known.values() if one.hair)
    assert all(hair[label] > 100 for label in Hair)
    assert sum(one.glasses is Glasses.SUNGLASSES for one in known.values()) > 40
    assert all(10 <= one.age <= 101 for one in known.values() if one.age is not None)


def test_a_word_that_is_no_label_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "labels.csv"
    file.write_text("picture,drawn,glasses,hair,gender,expression,age\n0123456789abcdef,random,monocle,,,,\n")
    with pytest.raises(ValueError, match="monocle"):
        labels.read(file)


def test_rows_count_what_is_right_and_what_is_called_so() -> None:
    first, second = figures.rows("x", ("a", "b"), CHANCES, ANSWERS)
    assert (first.pictures, first.right, first.called) == (2, 1.0, pytest.approx(2 / 3))
    assert (second.pictures, second.right, second.called) == (2, 0.5, 1.0)
    assert figures.balanced([first, second]) == 0.75


def test_a_label_without_pictures_does_not_count() -> None:
    found = figures.rows("x", ("a", "b", "c"), np.eye(3)[[0, 1]], np.array([0, 1]))
    assert figures.balanced(found) == 1.0


def test_calibration_error_is_none_for_honest_sureness() -> None:
    honest = np.array([[0.75, 0.25]] * 4)
    assert figures.calibration_error(honest, np.array([0, 0, 0, 1])) == pytest.approx(0.0)
    assert figures.calibration_error(honest, np.array([1, 1, 1, 1])) == pytest.approx(0.75)


def test_what_is_put_round_a_picture_keeps_the_picture_and_moves_the_points() -> None:
    rng = np.random.default_rng(1)
    image = rng.integers(0, 256, (50, 40, 3), np.uint8)
    points = np.array([[10.0, 20.0, 0.0]], np.float32)
    for _ in range(4):
        larger, moved = material.framed(rng, image, points, image)
        np.testing.assert_array_equal(larger[30:80, 30:70], image)
        np.testing.assert_array_equal(moved, points + np.array([30, 30, 0], np.float32))


def test_a_varied_crop_keeps_shape_and_type() -> None:
    rng = np.random.default_rng(3)
    image = rng.integers(0, 256, (120, 100, 3), np.uint8)
    points = rng.uniform(30, 80, (468, 3)).astype(np.float32)
    for around in (None, image):
        crop = material.vary(rng, image, Landmarks(points, 1.0), around)
        assert (crop.shape, crop.dtype) == ((material.COARSE, material.COARSE, 3), np.uint8)


def test_the_written_manifest_loads_and_carries_the_calibration(tmp_path: Path) -> None:
    shipped = find("appearance")
    parameters = {
        name: value for name, value in shipped.parameters.items() if name not in ("crop", "expression_crop")
    }
    rows = figures.rows("glasses", ("none", "sunglasses"), CHANCES, ANSWERS)
    result = SimpleNamespace(rows=rows, parameters=parameters, measured=dict(shipped.measured))
    card.write(tmp_path, b"model", result, "faceres@0123456789ab")  # type: ignore[arg-type]
    manifest = load_manifest(tmp_path / "appearance-heads.toml")
    assert manifest.file.read_bytes() == b"model"
    assert manifest.parameter("crop") == material.CROP
    assert manifest.parameter("age_slope") == shipped.parameter("age_slope")
    assert "faceres@0123456789ab" in manifest.source
    assert "| glasses | sunglasses | 2 | 0.500 |" in (tmp_path / "appearance-heads.md").read_text()


def test_the_shipped_heads_look_where_they_were_trained_to_look() -> None:
    assert find("appearance").parameter("crop") == material.CROP
    assert find("appearance").parameter("expression_crop") == material.EXPRESSION_CROP
