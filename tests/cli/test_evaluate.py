from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import cv2
import pytest

from edge.cli.figures import check_writable, write_json
from edge.demo.scenes import enrolment_pictures
from edge.errors import SettingsError
from tests.cli.command import ostiary as in_process


def ostiary(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "edge", *map(str, arguments)],
        cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False, timeout=100,
    )  # fmt: skip


def ours(stderr: str) -> list[str]:
    """What we wrote ourselves; the inference engine announces itself there, too."""
    return [line for line in stderr.splitlines() if not line.startswith("INFO:")]


@pytest.mark.parametrize("file", ["absent/out.json", "x" * 300 + "/out.json"])
def test_a_file_whose_folder_cannot_be_looked_at_is_refused_beforehand(tmp_path: Path, file: str) -> None:
    with pytest.raises(SettingsError, match="cannot write"):
        check_writable(tmp_path / file)


def test_figures_are_shown_and_written(tmp_path: Path) -> None:
    for name, picture in zip("abc", enrolment_pictures(), strict=True):
        cv2.imwrite(str(tmp_path / f"{name}.png"), picture)
    (tmp_path / "empty.png").write_bytes(cv2.imencode(".png", enrolment_pictures()[0][:60, :60])[1].tobytes())
    rows = ["a,b,same", *["a.png,b.png,1", "a.png,c.png,1", "a.png,empty.png,0", "b.png,empty.png,0"] * 5]
    pairs, out = tmp_path / "pairs.csv", tmp_path / "out.json"
    pairs.write_text("\n".join(rows))
    run = ostiary("evaluate", "recognition", "--root", tmp_path, "--pairs", pairs, "--json", out, "--jobs", 1)
    assert run.returncode == 0, run.stderr
    figures = json.loads(out.read_text())
    assert (figures["pictures"], figures["no_face"]) == (4, 1)
    assert (figures["pairs_same"], figures["pairs_different"]) == (10, 10)
    assert figures["accuracy"] == 1.0
    assert figures["tar_at_far"] == dict.fromkeys(("1e-2", "1e-3", "1e-4", "1e-5", "1e-6"))
    assert figures["far_at_score"] == dict.fromkeys(("40", "50", "60"))
    assert "too few pairs" in run.stdout
    assert "without a found face" in run.stdout


@pytest.mark.parametrize(
    ("options", "reason"),
    [([], "nothing to compare; give --pairs"), (["--all-pairs"], "no folders with pictures in")],
)
def test_nothing_to_measure_is_one_line(tmp_path: Path, options: list[str], reason: str) -> None:
    run = ostiary("evaluate", "recognition", "--root", tmp_path, *options)
    assert run.returncode == 2
    (line,) = ours(run.stderr)
    assert line.startswith(f"ostiary: {reason}")


def test_plots_without_matplotlib_are_refused_before_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.delitem(sys.modules, "edge.app.paper", raising=False)
    done = in_process(
        "evaluate", "recognition", "--root", tmp_path, "--all-pairs", "--plots", tmp_path / "new"
    )
    assert done.code == 2
    assert done.is_one_line_error
    assert "--plots needs matplotlib; pip install matplotlib" in done.err
    assert not (tmp_path / "new").exists()


def test_missing_picture_is_one_line_and_names_its_line(tmp_path: Path) -> None:
    pairs = tmp_path / "pairs.csv"
    pairs.write_text("a,b,same\nx.jpg,y.jpg,1\n")
    run = ostiary("evaluate", "recognition", "--root", tmp_path, "--pairs", pairs)
    assert run.returncode == 5
    (line,) = ours(run.stderr)
    assert line.startswith(f"ostiary: {pairs}:2: no picture at {tmp_path / 'x.jpg'}")


@pytest.mark.parametrize("command", [["bench"], ["evaluate", "recognition", "--root", ".", "--pairs", "x"]])
def test_unwritable_result_is_refused_before_the_work(tmp_path: Path, command: list[str]) -> None:
    run = ostiary(*command, "--json", tmp_path / "nowhere" / "out.json")
    assert run.returncode == 2
    (line,) = ours(run.stderr)
    assert "there is no folder" in line


def test_folder_is_no_file_for_figures(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="may be written"):
        check_writable(tmp_path)
    with pytest.raises(SettingsError, match="Is a directory"):
        write_json(tmp_path, {})


def test_absent_file_needs_no_check() -> None:
    check_writable(None)


def test_detection_is_shown_and_written(tmp_path: Path) -> None:
    picture = enrolment_pictures()[0]
    cv2.imwrite(str(tmp_path / "a.png"), picture)
    boxes, out = tmp_path / "boxes.csv", tmp_path / "out.json"
    boxes.write_text("image,x0,y0,x1,y1\na.png,,,,\n")
    run = ostiary("evaluate", "detection", "--root", tmp_path, "--boxes", boxes, "--json", out, "--jobs", 1)
    assert run.returncode == 0, run.stderr
    figures = json.loads(out.read_text())
    assert figures["false_positives_per_image"] == 1.0
    assert figures["recall"]["48-64"] is None
    assert figures["ap50"] is None
    assert figures["ms_per_image_p50"] > 0
    assert "no such face" in run.stdout
