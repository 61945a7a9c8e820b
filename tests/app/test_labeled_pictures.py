from __future__ import annotations

from pathlib import Path

import pytest

from edge.app.labeled_pictures import Pair, read_pairs, read_people
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


def test_each_folder_is_a_person_and_other_files_are_left_out(tmp_path: Path) -> None:
    for name in (
        "bob/2.png",
        "bob/1.jpg",
        "ann/a.JPG",
        "ann/notes.txt",
        ".trash/x.jpg",
        "empty/readme",
        "top.jpg",
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert read_people(tmp_path) == {
        "ann": [tmp_path / "ann" / "a.JPG"],
        "bob": [tmp_path / "bob" / "1.jpg", tmp_path / "bob" / "2.png"],
    }


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        ([], "no folders with pictures"),
        (["a.jpg", "b.jpg"], "no folders with pictures"),
        (["ann/1.jpg", "ann/2.jpg", "bob/notes.txt"], "1 folders with pictures"),
        (["ann/1.jpg", "bob/1.jpg"], "each of the 2 people .* has one picture only"),
    ],
)
def test_a_folder_that_cannot_tell_people_apart_is_refused(
    tmp_path: Path, names: list[str], reason: str
) -> None:
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    with pytest.raises(SettingsError, match=reason):
        read_people(tmp_path)


def test_a_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"cannot read .*gone: No such file"):
        read_people(tmp_path / "gone")
