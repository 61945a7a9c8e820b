"""The figures behind the liveness model, and what its training reads, makes and writes."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ROOT / "tools"
sys.path.insert(0, str(TOOLS))

from liveness import augment, calibration, card, figures, labelled, material, people, sheet  # noqa: E402
from liveness.figures import Held  # noqa: E402
from liveness.kinds import STORED, VIEWS  # noqa: E402
from liveness.report import Report, measure  # noqa: E402

from edge.core.face import Box  # noqa: E402
from edge.resources import folder  # noqa: E402
from edge.vision.manifest import load_manifest  # noqa: E402

COUNTS = dict.fromkeys(
    ("sources", "real_live", "real_attacks", "live", "screen", "print", "parameters", "macs"), 7
)


def held(live: list[float], attacks: list[float], kind: str = "screen") -> Held:
    return Held(np.array(live), np.array(attacks), np.array([kind] * len(attacks)))


@pytest.fixture(scope="module")
def eval_data() -> Path:
    found = Path(os.environ.get("OSTIARY_EVAL_DATA", ROOT.parent / "shared" / "data"))
    if not (found / "liveness").is_dir():
        pytest.skip(f"no evaluation data at {found}; set OSTIARY_EVAL_DATA")
    return found


def nothing(items: object, _title: str, _total: int) -> object:
    return items


def test_the_threshold_for_live_weighs_sources_not_pictures() -> None:
    crowded = held([5.0] * 1000, [-1.0])
    small = held([float(k) for k in range(10)], [-2.0])
    found = figures.thresholds({"crowded": crowded, "small": small})
    assert found.live == 1.0, "one of the ten refused is a mean of 5 %, two are 10 %"
    assert found.reject == 0.0


def test_a_transferred_threshold_comes_from_the_other_sources() -> None:
    easy, shifted = held([5.0, 6.0], [-5.0, -4.0]), held([-6.0, -5.5], [-9.0, -8.0])
    passed, refused = figures.transferred({"easy": easy, "shifted": shifted})
    assert passed == pytest.approx((1.0 + 0.0) / 2)
    assert refused == pytest.approx((0.0 + 1.0) / 2)


def made_up() -> Report:
    return measure(
        {
            "a": held([0.9, 0.8, 0.7, 0.6, 0.5, 0.9, 0.9, 0.9], [0.1, 0.3, 0.75], "print"),
            "b": held([0.9, 0.8, 0.7, 0.6, 0.5, 0.9, 0.9, 0.9], [0.1, -0.3, -0.75, 0.2]),
        },
        "made up for a test",
        0.9,
    )


def test_the_scorecard_counts_frames_by_type_of_attack() -> None:
    rows = {row.type: row for row in made_up().scorecard.attacks}
    assert rows["print"].attacks == 3
    assert rows["print"].apcer == pytest.approx(1 / 3)
    assert rows["screen"].apcer == 0.0
    assert rows["screen"].interval.low == 0.0
    assert 0.3 < rows["screen"].interval.high < 0.9


def test_the_written_manifest_loads_with_its_digest_thresholds_and_scorecard(tmp_path: Path) -> None:
    report = made_up()
    card.write(tmp_path, b"model", report, COUNTS)
    manifest = load_manifest(tmp_path / "liveness-context.toml")
    assert manifest.bytes == 5
    assert manifest.file.read_bytes() == b"model"
    assert manifest.threshold("live") == pytest.approx(figures.logistic(report.thresholds.live), abs=1e-5)
    assert manifest.threshold("reject") <= manifest.threshold("live")
    assert manifest.input.shape[0] == len(VIEWS)
    assert (manifest.parameter("crop"), manifest.parameter("crop_near")) == tuple(v.crop for v in VIEWS)
    assert manifest.measured["apcer"] == pytest.approx((1 / 3 + 0) / 2, abs=1e-4)
    assert [row.type for row in manifest.scored().attacks] == ["print", "screen"]
    assert "| a | 8 | 3 |" in (tmp_path / "liveness-context.md").read_text()


def test_the_labelled_face_is_chosen_and_not_the_largest() -> None:
    holder, shown = Box(0, 0, 200, 200), Box(300, 300, 380, 380)
    assert labelled.chosen([holder, shown], Box(290, 280, 400, 420)) == shown
    assert labelled.chosen([holder, shown], None) == holder
    assert labelled.chosen([holder], Box(290, 280, 400, 420)) is None


def test_a_wrong_line_of_a_site_s_list_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.png").touch()
    (tmp_path / "b.mp4").touch()
    listed = tmp_path / "manifest.csv"
    for line, what in {
        "none.jpg,door,live,,,,": "no file",
        "a.png,door,alive,,,,": "neither live nor spoof",
        "a.png,door,live,1,2,c,4": "neither four numbers nor empty",
        "b.mp4,door,live,,,,": "is a clip",
    }.items():
        listed.write_text(f"path,source,label,x,y,w,h\n{line}\n")
        with pytest.raises(SystemExit, match=rf"manifest\.csv:2: .*{what}"):
            labelled.site_frames(tmp_path)
    listed.write_text("path,label\na.png,live\n")
    with pytest.raises(SystemExit, match="the columns must be"):
        labelled.site_frames(tmp_path)


def test_a_site_needs_both_kinds(tmp_path: Path) -> None:
    (tmp_path / "live").mkdir()
    cv2.imwrite(str(tmp_path / "live" / "a.png"), np.zeros((8, 8, 3), np.uint8))
    with pytest.raises(SystemExit, match="both kinds"):
        labelled.site_frames(tmp_path)
    (tmp_path / "attack" / "tablet").mkdir(parents=True)
    cv2.imwrite(str(tmp_path / "attack" / "tablet" / "b.png"), np.zeros((8, 8, 3), np.uint8))
    assert {one.attack for one in labelled.site_frames(tmp_path)} == {"", "tablet"}


def _person() -> people.Person:
    rng = np.random.default_rng(0)
    picture = cv2.GaussianBlur(rng.integers(0, 256, (250, 250, 3), np.uint8), (0, 0), 4)
    mask = np.zeros((250, 250), np.float32)
    cv2.circle(mask, (125, 125), 70, 1.0, -1)
    return people.Person(np.asarray(picture, np.uint8), mask, (125.0, 125.0), 100.0, True)


def _rooms() -> list[np.ndarray]:
    return [np.asarray(np.random.default_rng(1).integers(0, 256, (120, 160, 3)), np.uint8)]


@pytest.mark.parametrize("kind", sorted(material.SIMULATIONS))
def test_the_same_seed_makes_the_same_scene(kind: str) -> None:
    make = material.SIMULATIONS[kind]
    first, again, other = (make(np.random.default_rng(seed), [_person()], _rooms()) for seed in (3, 3, 4))
    assert first.dtype == np.uint8
    assert first.shape[0] == first.shape[1]
    np.testing.assert_array_equal(first, again)
    assert first.shape != other.shape or (first != other).any()


@pytest.mark.parametrize("kind", sorted(material.SIMULATIONS))
def test_every_kind_goes_through_the_one_camera(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from liveness import simulate

    shots = []
    real = simulate.photograph
    monkeypatch.setattr(simulate, "photograph", lambda rng, light: shots.append(kind) or real(rng, light))
    material.SIMULATIONS[kind](np.random.default_rng(3), [_person()], _rooms())
    assert shots == [kind]


def test_simulation_in_processes_is_reproducible_and_tells_whose_people_it_shows(tmp_path: Path) -> None:
    casts = {"lfw": [_person()], "door": [_person()]}
    counts = {"lfw": {"live": 2, "screen": 1}, "door": {"print": 2}}
    first, again = (material.simulate(casts, _rooms(), counts, 5, 2, nothing) for _ in range(2))
    np.testing.assert_array_equal(first.scenes, again.scenes)
    assert first.scenes.shape == (5, len(VIEWS), STORED, STORED, 3)
    assert sorted(zip(first.source, first.kind, strict=True)) == [
        ("door", "print"),
        ("door", "print"),
        ("lfw", "live"),
        ("lfw", "live"),
        ("lfw", "screen"),
    ]
    sheet.write(tmp_path / "sheet.png", first)
    assert cv2.imread(str(tmp_path / "sheet.png")).shape[1] == sheet.COLUMNS * sheet.SIDE


def test_augmentation_keeps_shape_and_type() -> None:
    stored = material.views(material.live_scene(np.random.default_rng(2), [_person()], _rooms()))
    rng = np.random.default_rng(5)
    for view, scene in zip(VIEWS, stored, strict=True):
        for _ in range(20):
            crop = augment.augment(rng, scene, view)
            assert crop.shape == (augment.INPUT, augment.INPUT, 3)
            assert crop.dtype == np.uint8


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_the_central_crop_shows_the_stated_share_of_a_scene(view: object) -> None:
    scene = np.zeros((STORED, STORED, 3), np.uint8)
    half = round(STORED / view.span * view.crop / 2)
    middle = STORED // 2
    scene[middle - half : middle + half, middle - half : middle + half] = 255
    assert augment.central_crop(scene, view).min() >= 250
    assert augment.window(scene, view, view.crop * 1.1, 0.0, 0.0).min() == 0


def test_a_site_calibrates_the_shipped_network_by_its_own_pictures(eval_data: Path, tmp_path: Path) -> None:
    frames = labelled.shared_frames(eval_data)
    few = [one for one in frames if one.source == "chamindu77" and not one.attack][::30]
    few += [one for one in frames if one.source == "chamindu77" and one.attack][::30]
    report = calibration.calibrate(few, folder("models"), tmp_path, nothing)
    shipped, made = (load_manifest(where / f"{card.STEM}.toml") for where in (folder("models"), tmp_path))
    assert made.sha256 == shipped.sha256
    assert made.file.read_bytes() == shipped.file.read_bytes()
    assert made.scored().method == calibration.METHOD
    assert made.scored().live.live == report.sources["site"].live
    assert [row.type for row in made.scored().attacks] == ["screen"]
    assert 0.0 < made.threshold("reject") <= made.threshold("live") < 1.0
