from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.app.detection_evaluation import evaluate_detection, read_boxes
from edge.errors import PictureUnreadable, SettingsError

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def crowd() -> Path:
    folder = Path(os.environ.get("OSTIARY_EVAL_DATA", ROOT.parent / "shared" / "data")) / "detection"
    if not folder.is_dir():
        pytest.skip(f"no evaluation data at {folder}; set OSTIARY_EVAL_DATA")
    return folder


def write(folder: Path, rows: str, header: str = "image,x0,y0,x1,y1") -> Path:
    file = folder / "boxes.csv"
    file.write_text(f"{header}\n{rows}")
    return file


def test_boxes_are_gathered_by_picture_with_the_first_line(tmp_path: Path) -> None:
    for name in ("x.jpg", "y.jpg"):
        (tmp_path / name).write_bytes(b"any")
    file = write(tmp_path, "x.jpg,0,0,10,20\ny.jpg,,,,\nx.jpg,5,5,9.5,9\n")
    x, y = read_boxes(file, tmp_path)
    assert (x.path, x.line, x.boxes) == (tmp_path / "x.jpg", 2, ((0, 0, 10, 20), (5, 5, 9.5, 9)))
    assert (y.path, y.line, y.boxes) == (tmp_path / "y.jpg", 3, ())


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("x.jpg,1,2,3", "boxes.csv:2: 1, 2, 3,  are not four numbers"),
        ("x.jpg,1,2,three,4", "are not four numbers"),
        ("x.jpg,5,0,5,9", "is no box"),
        ("x.jpg,0,0,nan,9", "is no box"),
        (",0,0,5,9", "image is empty"),
        ("", "lists no picture"),
    ],
)
def test_a_wrong_line_is_refused_and_named(tmp_path: Path, row: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        read_boxes(write(tmp_path, row), tmp_path)


def test_wrong_columns_and_missing_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="the columns must be image, x0"):
        read_boxes(write(tmp_path, "x.jpg,1,2,3,4", "image,x,y,w,h"), tmp_path)
    with pytest.raises(SettingsError, match="cannot read the boxes"):
        read_boxes(tmp_path / "absent.csv", tmp_path)
    with pytest.raises(PictureUnreadable, match=r"boxes.csv:2: no picture at .*x\.jpg"):
        read_boxes(write(tmp_path, "x.jpg,1,2,3,4"), tmp_path)


def test_a_damaged_picture_is_named_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "x.jpg").write_bytes(b"no picture")
    with pytest.raises(PictureUnreadable, match=r"boxes.csv:2: "):
        evaluate_detection(write(tmp_path, "x.jpg,1,2,3,4"), tmp_path, 1, lambda done, of: None)


def test_faces_of_a_crowd_are_counted(tmp_path: Path, crowd: Path) -> None:
    listed = (crowd / "boxes.csv").read_text().splitlines()[1:]
    names = sorted({line.split(",")[0] for line in listed})[::28]
    rows = "\n".join(line for line in listed if line.split(",")[0] in names)
    told: list[tuple[int, int]] = []
    found = evaluate_detection(write(tmp_path, rows), crowd, 1, lambda done, of: told.append((done, of)))
    table = found.as_json()
    assert table["pictures"] == len(names)
    assert told[-1] == (2 * len(names), 2 * len(names))
    assert found.figures.ap50 is not None
    assert 0.2 < found.figures.ap50 < 1.0
    assert list(found.figures.recall) == ["20-32", "32-48", "48-64", "64-96", "96-160", "160+"]
    assert found.ms_per_image_p50 > 0


def test_sizes_are_those_of_a_picture_scaled_to_640(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "x.png"), np.full((240, 320, 3), 90, np.uint8))
    file = write(tmp_path, "x.png,10,10,40,40\n")
    figures = evaluate_detection(file, tmp_path, 1, lambda done, of: None).figures
    assert figures.faces["48-64"] == 1
    assert figures.recall["48-64"] == 0.0
    assert figures.false_positives_per_image == 0.0
