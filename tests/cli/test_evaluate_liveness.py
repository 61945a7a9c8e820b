from __future__ import annotations

import json
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.demo.scenes import enrolment_pictures
from tests.cli.command import ostiary

COLUMNS = "path,source,label,x,y,w,h"


@pytest.fixture
def listed(tmp_path: Path) -> Path:
    """A portrait as the living person, an empty picture as the attack, which nobody could let in."""
    cv2.imwrite(str(tmp_path / "a.png"), enrolment_pictures()[0])
    cv2.imwrite(str(tmp_path / "empty.png"), np.full((240, 320, 3), 90, np.uint8))
    file = tmp_path / "list.csv"
    file.write_text(f"{COLUMNS},attack\na.png,portraits,live,,,,,\nempty.png,portraits,spoof,,,,,print\n")
    return file


def test_liveness_is_shown_and_written(listed: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    done = ostiary(
        "evaluate", "liveness", "--root", tmp_path, "--manifest", listed, "--json", out, "--jobs", 1
    )
    assert done.code == 0, done.err
    figures = json.loads(out.read_text())
    assert (figures["mean_auc"], figures["worst_auc"], figures["no_face"]) == (1.0, 1.0, 1)
    assert figures["at_threshold"]["apcer"] == 0.0
    assert figures["by_attack"] == {"print": {"attacks": 1, "apcer": 0.0, "apcer_interval": [0.0, 0.975]}}
    assert "portraits" in done.out
    assert "print: APCER 0.000 (0.000-0.975) of 1" in done.out


def test_wrong_lines_are_one_line_of_advice(listed: Path, tmp_path: Path) -> None:
    listed.write_text(f"{COLUMNS}\na.png,x,fake,,,,\ngone.png,x,live,,,,\n")
    done = ostiary("evaluate", "liveness", "--root", tmp_path, "--manifest", listed)
    assert done.code == 2
    assert done.is_one_line_error
    assert f"{listed}:2: the label 'fake' is neither live nor spoof, {listed}:3: no file at" in done.err


def test_plots_without_matplotlib_are_refused_before_the_work(
    listed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.delitem(sys.modules, "edge.app.paper", raising=False)
    done = ostiary(
        "evaluate", "liveness", "--root", tmp_path, "--manifest", listed, "--plots", tmp_path / "new"
    )
    assert done.code == 2
    assert done.is_one_line_error
    assert not (tmp_path / "new").exists()
