"""What the occlusion network is trained on and how it is judged."""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

from occlusion import card, figures, material, occluders, samples  # noqa: E402
from occlusion.regions import REGIONS, region_masks, visible  # noqa: E402

from edge.vision.manifest import load_manifest  # noqa: E402

MESH = ROOT / "edge" / "demo" / "portraits" / "grace_hopper_mesh.csv"
SIDE = material.STORED


@pytest.fixture(scope="module")
def faces() -> material.Faces:
    """One face in the middle of noise."""
    with MESH.open() as stream:
        points = np.array(list(csv.reader(stream))[1:], np.float32)[:, :2]
    low, high = points.min(axis=0), points.max(axis=0)
    scale = SIDE / material.ROOM / float((high - low).max())
    points = (points - (low + high) / 2) * scale + SIDE / 2
    crop = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 3), np.uint8)
    return material.Faces(crop[None], points[None].astype(np.float32), np.array([False]))


def test_the_regions_lie_where_their_names_say(faces: material.Faces) -> None:
    masks = dict(zip(REGIONS, faces.masks(0), strict=True))
    heights = {name: np.argwhere(mask)[:, 0].mean() for name, mask in masks.items()}
    order = ["brows", "eyes", "nose", "mouth", "chin"]
    assert [heights[name] for name in order] == sorted(heights[name] for name in order)
    assert all(mask.sum() > 20 for mask in masks.values())
    assert not (masks["eyes"] & masks["mouth"]).any()


def test_the_visible_share_is_what_is_not_covered(faces: material.Faces) -> None:
    masks = region_masks(faces.points[0], SIDE)
    nothing, everything = (np.full((SIDE, SIDE), value, np.float32) for value in (0, 1))
    np.testing.assert_array_equal(visible(masks, nothing), np.ones(6))
    np.testing.assert_array_equal(visible(masks, everything), np.zeros(6))
    below = nothing.copy()
    below[int(faces.points[0][164, 1]) :] = 1
    shares = dict(zip(REGIONS, visible(masks, below), strict=True))
    assert shares["mouth"] == shares["chin"] == 0.0
    assert shares["eyes"] == shares["brows"] == 1.0


@pytest.mark.parametrize("kind", [*occluders.TRAINED, *occluders.HELD_OUT], ids=lambda kind: kind.__name__)
def test_every_cover_hides_something_now_and_then(kind: occluders.Occluder, faces: material.Faces) -> None:
    least = np.ones(6)
    for seed in range(12):
        scene, shares = samples.covered(np.random.default_rng(seed), faces, 0, [kind])
        assert scene.dtype == np.uint8
        assert scene.shape == (SIDE, SIDE, 3)
        least = np.minimum(least, shares)
    assert least.min() < 0.7


def test_spectacles_hide_nothing(faces: material.Faces) -> None:
    _, shares = samples.covered(np.random.default_rng(1), faces, 0, [occluders.spectacles])
    np.testing.assert_array_equal(shares, np.ones(6))


def test_no_kind_of_the_figures_is_trained_on() -> None:
    assert not set(occluders.HELD_OUT) & set(occluders.TRAINED)


def test_the_same_seed_makes_the_same_sample(faces: material.Faces) -> None:
    first, again = (samples.sample(np.random.default_rng(4), faces, 0) for _ in range(2))
    np.testing.assert_array_equal(first[0], again[0])
    np.testing.assert_array_equal(first[1], again[1])
    assert first[0].shape == (material.SIDE, material.SIDE, 3)


def test_figures_count_what_is_read_wrongly() -> None:
    row = figures.row("masks", "nose", np.array([0.1, 0.6]), np.array([0.9, 0.9, 0.4, 0.8]), 0.2)
    assert (row.covered, row.uncovered, row.missed, row.alarmed) == (2, 4, 0.5, 0.25)
    assert row.auc == pytest.approx(7 / 8)


def test_the_written_manifest_loads_and_names_the_file_by_its_digest(tmp_path: Path) -> None:
    rows = [figures.row("real masks", "nose", np.array([0.1]), np.array([0.9]), float("nan"))]
    card.write(tmp_path, b"model", rows, 1234)
    manifest = load_manifest(tmp_path / "occlusion-regions.toml")
    assert manifest.file.read_bytes() == b"model"
    assert manifest.parameter("crop") == material.CROP
    assert manifest.outputs[0].shape == (1, len(REGIONS))
    assert manifest.measured["real_masks_nose_auc"] == 1.0
    assert (
        "| real masks | nose | 1 | 1 | 1.000 | 0.000 | 0.000 | - |"
        in (tmp_path / "occlusion-regions.md").read_text()
    )
