from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.app.evaluation import Pair, default_jobs, evaluate, read_pairs
from edge.demo.scenes import enrolment_pictures
from edge.errors import PictureUnreadable, SettingsError


def write(folder: Path, rows: str, header: str = "a,b,same") -> Path:
    file = folder / "pairs.csv"
    file.write_text(f"{header}\n{rows}")
    return file


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    for name in ("x.jpg", "y.jpg"):
        (tmp_path / name).write_bytes(b"any")
    return tmp_path


def test_pairs_are_read_with_their_lines(pictures: Path) -> None:
    file = write(pictures, "x.jpg,y.jpg,1\ny.jpg,x.jpg,0\n")
    x, y = pictures / "x.jpg", pictures / "y.jpg"
    assert read_pairs(file, pictures) == [Pair(x, y, True, 2), Pair(y, x, False, 3)]


def test_missing_picture_is_refused_with_the_line(pictures: Path) -> None:
    file = write(pictures, "x.jpg,y.jpg,1\nx.jpg,gone.jpg,0\n")
    with pytest.raises(PictureUnreadable, match=r"pairs\.csv:3: no picture at .*gone\.jpg"):
        read_pairs(file, pictures)


@pytest.mark.parametrize("row", ["x.jpg,y.jpg,maybe", "x.jpg,,1", "x.jpg", "x.jpg,y.jpg,"])
def test_malformed_line_is_refused_with_its_number(pictures: Path, row: str) -> None:
    with pytest.raises(SettingsError, match=r"pairs\.csv:2: "):
        read_pairs(write(pictures, row + "\n"), pictures)


def test_a_name_too_long_for_a_file_is_a_missing_picture(pictures: Path) -> None:
    with pytest.raises(PictureUnreadable, match=r"pairs\.csv:2: no picture"):
        read_pairs(write(pictures, "x" * 300 + ".jpg,y.jpg,1\n"), pictures)


def test_wrong_columns_are_refused(pictures: Path) -> None:
    with pytest.raises(SettingsError, match="columns must be a, b, same"):
        read_pairs(write(pictures, "x.jpg,y.jpg,1\n", header="left,right,label"), pictures)


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00\x01", b""])
def test_unreadable_pairs_are_refused(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "pairs.csv"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(SettingsError, match=r"pairs\.csv"):
        read_pairs(file, tmp_path)


def test_pictures_of_one_person_are_told_from_empty_ones(tmp_path: Path) -> None:
    """Every same pair is of one person; every different pair has a picture without a face."""
    for name, picture in zip("abc", enrolment_pictures(), strict=True):
        cv2.imwrite(str(tmp_path / f"{name}.png"), picture)
    cv2.imwrite(str(tmp_path / "empty.png"), np.full((240, 240, 3), 90, np.uint8))
    rows = [f"{a}.png,{b}.png,1" for a, b in ("ab", "ac", "bc", "ba")] * 3
    rows += [f"{a}.png,empty.png,0" for a in "abc"] * 4
    told: list[tuple[int, int]] = []
    result = evaluate(write(tmp_path, "\n".join(rows)), tmp_path, 1, lambda *done: told.append(done))
    assert (result.pictures, result.no_face) == (4, 1)
    assert told[-1] == (4, 4)
    document = result.as_json()
    assert document["accuracy"] == 1.0
    assert document["tar_at_far"] == {"1e-2": 1.0, "1e-3": 1.0}
    assert document["pairs_same"] == document["pairs_different"] == 12


def test_damaged_picture_ends_it_with_the_line(tmp_path: Path) -> None:
    (tmp_path / "bad.jpg").write_bytes(b"\xff\xd8\xff\xe0 and nothing more")
    file = write(tmp_path, "bad.jpg,bad.jpg,1\n")
    with pytest.raises(PictureUnreadable, match=r"pairs\.csv:2: "):
        evaluate(file, tmp_path, 1, lambda *_: None)


@pytest.fixture(scope="module")
def lfw() -> Path:
    default = Path(__file__).parents[3] / "shared" / "data"
    folder = Path(os.environ.get("OSTIARY_EVAL_DATA", default))
    if not (folder / "lfw_dev_pairs.csv").is_file():
        pytest.skip(f"no evaluation data at {folder}; set OSTIARY_EVAL_DATA")
    return folder


def test_some_development_pairs_are_told_apart(lfw: Path, tmp_path: Path) -> None:
    """Every 30th pair of either kind."""
    rows = (lfw / "lfw_dev_pairs.csv").read_text().splitlines()[1:]
    same, different = ([row for row in rows if row.endswith(kind)][::30] for kind in (",1", ",0"))
    result = evaluate(write(tmp_path, "\n".join(same + different)), lfw / "lfw_dev", 1, lambda *_: None)
    assert result.no_face == 0
    assert result.verification.accuracy >= 0.97


@pytest.mark.nightly
@pytest.mark.timeout(900)
def test_development_pairs_reach_the_bar(lfw: Path) -> None:
    result = evaluate(lfw / "lfw_dev_pairs.csv", lfw / "lfw_dev", default_jobs(), lambda *_: None)
    assert (result.verification.pairs_same, result.verification.pairs_different) == (3000, 3000)
    assert result.no_face <= 3
    assert result.verification.accuracy >= 0.99
