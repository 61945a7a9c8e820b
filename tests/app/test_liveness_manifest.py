"""Lists of live and attack pictures: what is read, and that every wrong line is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.app.liveness_manifest import Presented, read_presented
from edge.core.face import Box
from edge.errors import SettingsError

COLUMNS = "path,source,label,x,y,w,h"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("a.jpg", "b.jpg", "c.webm"):
        (tmp_path / name).write_bytes(b"any")
    return tmp_path


def write(root: Path, rows: str, header: str = COLUMNS) -> Path:
    file = root / "list.csv"
    file.write_text(f"{header}\n{rows}")
    return file


def test_pictures_and_clips_are_read_with_their_lines(root: Path) -> None:
    a, b, c = read_presented(
        write(root, "a.jpg,phone,spoof,1,2.5,30,40\nb.jpg,x,live,,,,\nc.webm,x,live,,,,"), root
    )
    assert a == Presented(root / "a.jpg", "a.jpg", "phone", False, None, Box(1, 2.5, 31, 42.5), 2)
    assert (b.live, b.box, b.line, b.is_clip) == (True, None, 3, False)
    assert c.is_clip


def test_the_type_of_an_attack_may_be_named(root: Path) -> None:
    rows = "a.jpg,x,spoof,,,,,print\nb.jpg,x,live,,,,,print\na.jpg,x,spoof,,,,,"
    found = read_presented(write(root, rows, f"{COLUMNS},attack"), root)
    assert [one.attack for one in found] == ["print", None, None]


def test_a_file_that_begins_with_a_byte_order_mark_is_read(root: Path) -> None:
    file = root / "list.csv"
    file.write_text(f"{COLUMNS}\na.jpg,x,live,,,,\n", encoding="utf-8-sig")
    assert len(read_presented(file, root)) == 1


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (",x,live,,,,", "the column path is empty"),
        ("a.jpg,,live,,,,", "the column source is empty"),
        ("a.jpg,x,alive,,,,", "the label 'alive' is neither live nor spoof"),
        ("a.jpg,x", "the label '' is neither"),
        ("gone.jpg,x,live,,,,", r"no file at .*gone\.jpg"),
        ("../,x,live,,,,", "no file at"),
        ("x" * 300 + ".jpg,x,live,,,,", "no file at"),
        ("a.jpg,x,live,1,2,3,", r"the box 1, 2, 3,  is neither four numbers nor empty"),
        ("a.jpg,x,live,1,2,three,4", "neither four numbers nor empty"),
        ("a.jpg,x,live,1,2,0,4", "the box 1, 2, 0, 4 has no area"),
        ("a.jpg,x,live,1,2,nan,4", "has no area"),
        ("a.jpg,x,live,1,2,3,-4", "has no area"),
    ],
)
def test_a_wrong_line_is_refused_and_named(root: Path, row: str, message: str) -> None:
    with pytest.raises(SettingsError, match=rf"list\.csv:3: .*{message}.*; correct the line"):
        read_presented(write(root, f"a.jpg,x,live,,,,\n{row}\n"), root)


def test_all_wrong_lines_are_named_at_once(root: Path) -> None:
    rows = "a.jpg,x,no,,,,\nb.jpg,x,live,,,,\ngone.jpg,x,live,,,,\na.jpg,x,live,1,1,1,\n"
    with pytest.raises(SettingsError) as caught:
        read_presented(write(root, rows), root)
    told = str(caught.value)
    assert [f"list.csv:{line}: " in told for line in (2, 3, 4, 5)] == [True, False, True, True]
    assert "\n" not in told


def test_of_very_many_wrong_lines_the_rest_is_counted(root: Path) -> None:
    with pytest.raises(SettingsError, match=r"list\.csv:9: .* and 32 more; correct the lines"):
        read_presented(write(root, "a.jpg,x,no,,,,\n" * 40), root)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"path,source,label\na.jpg,x,live", "the columns must be path, source"),
        (b"", "the columns must be"),
        (b"path,source,label,x,y,w,h\n", "lists nothing"),
        (b"\xff\xfe\x00\x01", "cannot read the list"),
        (None, "cannot read the list"),
    ],
)
def test_what_is_no_list_is_refused(root: Path, content: bytes | None, message: str) -> None:
    file = root / "list.csv"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(SettingsError, match=message):
        read_presented(file, root)
