"""Liveness measured on a few real pictures: the figures, their file, and the pictures drawn of them."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.app.liveness_evaluation import LivenessEvaluation, evaluate_liveness
from edge.app.mistakes import mistakes
from edge.core.geometry import iou
from edge.demo.scenes import enrolment_pictures
from edge.errors import SettingsError

COLUMNS = ("path", "source", "label", "x", "y", "w", "h")


@pytest.fixture(scope="module")
def data() -> Path:
    default = Path(__file__).parents[3] / "shared" / "data"
    folder = Path(os.environ.get("OSTIARY_EVAL_DATA", default)) / "liveness"
    if not (folder / "manifest.csv").is_file():
        pytest.skip(f"no evaluation data at {folder}; set OSTIARY_EVAL_DATA")
    return folder


@pytest.fixture(scope="module")
def some(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten consecutive frames of each kind of two sources, only living ones of a third, an empty picture."""
    with (data / "manifest.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    wanted = (
        ("spp77", "live"),
        ("spp77", "spoof"),
        ("nuaa", "live"),
        ("nuaa", "spoof"),
        ("chamindu77", "live"),
    )
    chosen = []
    for kind in wanted:
        chosen += [row for row in rows if (row["source"], row["label"]) == kind][:10]
    folder = tmp_path_factory.mktemp("liveness")
    cv2.imwrite(str(folder / "empty.png"), np.full((240, 320, 3), 90, np.uint8))
    chosen.append(
        dict.fromkeys("xywh", "") | {"path": str(folder / "empty.png"), "source": "x", "label": "live"}
    )
    file = folder / "list.csv"
    with file.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, COLUMNS)
        writer.writeheader()
        writer.writerows(chosen)
    return file


@pytest.fixture(scope="module")
def measured(some: Path, data: Path) -> LivenessEvaluation:
    told: list[tuple[int, int]] = []
    result = evaluate_liveness(some, data, 1, lambda *done: told.append(done))
    assert told[-1] == (51, 51)
    return result


def test_the_file_of_figures_has_the_keys_promised(measured: LivenessEvaluation) -> None:
    figures = measured.as_json()
    for key in ("mean_auc", "worst_auc", "eer"):
        assert 0.0 <= figures[key] <= 1.0
    assert figures["worst_auc"] <= figures["mean_auc"]
    assert list(figures["apcer_at_bpcer"]) == ["0.01", "0.05"]
    for key in ("at_threshold", "at_threshold_8_frames"):
        rates = figures[key]
        assert list(rates) == ["apcer", "bpcer", "acer"]
        assert rates["acer"] == pytest.approx((rates["apcer"] + rates["bpcer"]) / 2, abs=1e-5)
    assert list(figures["by_source"]) == ["spp77", "nuaa", "chamindu77", "x"]
    assert (figures["pictures"], figures["live"], figures["attacks"], figures["no_face"]) == (51, 31, 20, 1)
    assert figures["clips"] == []


def test_a_source_of_living_people_alone_counts_only_in_bpcer(measured: LivenessEvaluation) -> None:
    figures = measured.as_json()["by_source"]["chamindu77"]
    assert (figures["auc"], figures["eer"], figures["apcer_interval"]) == (None, None, None)
    assert figures["at_threshold"]["apcer"] is None
    assert figures["at_threshold"]["bpcer"] is not None
    low, high = figures["bpcer_interval"]
    assert low <= figures["at_threshold"]["bpcer"] <= high


def test_a_picture_without_a_face_is_refused(measured: LivenessEvaluation) -> None:
    assert measured.scores[-1] is None
    assert measured.sources["x"].single.bpcer == 1.0
    assert mistakes(measured)[1][0] == (measured.frames[-1], None)


def test_people_the_network_knows_are_told_from_attacks(measured: LivenessEvaluation) -> None:
    """The network was trained on these: this is no measure of it, but of the way from file to figure."""
    assert measured.sources["spp77"].auc is not None
    assert measured.sources["spp77"].auc > 0.95


def test_the_marked_face_is_the_one_looked_at(measured: LivenessEvaluation) -> None:
    for one, scored in zip(measured.frames, measured.scores, strict=True):
        if one.box is not None:
            assert scored is not None
            assert scored.found
            assert iou(scored.box, one.box) > 0.15


def test_pictures_are_drawn(measured: LivenessEvaluation, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is an extra")
    from edge.app.liveness_plots import DET, MISTAKES, SCORES, draw

    assert draw(measured, tmp_path) == tuple(tmp_path / name for name in (SCORES, DET, MISTAKES))
    for name, least_blue in ((SCORES, 1000), (DET, 100)):
        image = cv2.imread(str(tmp_path / name))
        assert image.shape[1] >= 1200
        hue, saturation, _ = cv2.split(cv2.cvtColor(image, cv2.COLOR_BGR2HSV))
        blue, orange = (hue > 95) & (hue < 125), (hue > 3) & (hue < 20)
        assert np.count_nonzero((saturation > 60) & blue) > least_blue, "living people, or the mean"
        assert np.count_nonzero((saturation > 60) & orange) > 100, "attacks, or the threshold"
    sheet = cv2.imread(str(tmp_path / MISTAKES))
    assert (sheet == 90).all(axis=2).sum() > 10_000, "the empty picture is on the sheet"


def test_a_marked_face_that_the_detector_does_not_see_is_looked_at_all_the_same(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "empty.png"), np.full((240, 320, 3), 90, np.uint8))
    file = write(tmp_path, "empty.png,x,live,100,60,60,80\nempty.png,x,live,,,,\n")
    result = evaluate_liveness(file, tmp_path, 1, lambda *_: None)
    marked, unmarked = result.scores
    assert unmarked is None
    assert marked is not None
    assert not marked.found
    assert result.as_json()["marked_only"] == 1


def test_damaged_pictures_and_boxes_outside_are_named_with_their_lines(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), enrolment_pictures()[0])
    (tmp_path / "bad.jpg").write_bytes(b"\xff\xd8\xff\xe0 and nothing more")
    rows = [
        "a.png,x,live,,,,",
        "bad.jpg,x,live,,,,",
        "a.png,x,spoof,9000,10,50,50",
        "a.png,x,live,-60,0,50,50",
    ]
    with pytest.raises(SettingsError) as caught:
        evaluate_liveness(write(tmp_path, "\n".join(rows)), tmp_path, 1, lambda *_: None)
    told = str(caught.value)
    assert "list.csv:3: " in told
    assert "list.csv:4: the box lies outside the picture of" in told
    assert "list.csv:5: the box lies outside the picture of" in told
    assert "list.csv:2: " not in told
    assert "\n" not in told


def write(folder: Path, rows: str) -> Path:
    file = folder / "list.csv"
    file.write_text(f"{','.join(COLUMNS)}\n{rows}")
    return file


def test_clips_are_decided_on_as_a_whole(data: Path, tmp_path: Path) -> None:
    still = tmp_path / "empty.avi"
    writer = cv2.VideoWriter(str(still), cv2.VideoWriter.fourcc(*"MJPG"), 15, (320, 240))
    for _ in range(10):
        writer.write(np.full((240, 320, 3), 90, np.uint8))
    writer.release()
    file = write(tmp_path, f"video/live_a.webm,x,live,,,,\n{still},x,spoof,,,,\n")
    result = evaluate_liveness(file, data, 1, lambda *_: None)
    alive, empty = result.as_json()["clips"]
    assert list(alive) == ["path", "label", "decision", "seconds"]
    assert (alive["path"], alive["label"], alive["decision"]) == ("video/live_a.webm", "live", "live")
    assert 0.0 < alive["seconds"] < 2.0
    assert empty == {"path": str(still), "label": "spoof", "decision": "no_face", "seconds": None}
    assert [clip.is_right for clip in result.clips] == [True, True]
    assert result.as_json()["mean_auc"] is None
    assert result.sources == {}


def test_a_clip_that_cannot_be_read_is_named_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"no clip")
    with pytest.raises(
        SettingsError, match=r"list\.csv:2: .*a\.mp4 is not a clip that can be read; correct the line"
    ):
        evaluate_liveness(write(tmp_path, "a.mp4,x,live,,,,"), tmp_path, 1, lambda *_: None)
