"""Hiding faces in files: none is left, nothing else of the file is, and nothing is half written."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.app.faces import open_faces
from edge.demo.scenes import enrolment_pictures
from edge.settings import Settings
from edge.vision.clip import clip_frames, write_clip
from edge.vision.image import load_picture
from tests.cli.command import ostiary
from tests.vision.test_image import with_orientation

NAMES = ("eileen_collins", "grace_hopper")


@pytest.fixture(scope="module")
def portraits() -> list[np.ndarray]:
    return [enrolment_pictures(name)[0] for name in NAMES]


@pytest.fixture(scope="module")
def find():
    """What redaction itself takes for faces."""
    with open_faces(Settings()) as faces:
        yield faces.redaction.faces


@pytest.fixture
def redact(tmp_path: Path):
    return lambda *arguments: ostiary("--store", tmp_path / "store", "face", "redact", *arguments)


@pytest.mark.parametrize("method", ["blur", "pixelate", "fill"])
def test_no_face_is_left(redact, portraits, tmp_path, find, method) -> None:
    source, output = tmp_path / "in.jpg", tmp_path / "out.jpg"
    cv2.imwrite(str(source), portraits[0])
    before = source.read_bytes()
    done = redact(source, "--output", output, "--method", method, "--json")
    assert done.code == 0, done.err
    (told,) = json.loads(done.out)["files"]
    assert (told["hidden"] >= 1, told["kept"], told["left"]) == (True, 0, 0)
    assert find(load_picture(source))
    assert find(load_picture(output)) == []
    assert load_picture(output).shape == portraits[0].shape
    assert source.read_bytes() == before


def test_nothing_is_written_through_a_link_that_lies_in_the_folder(redact, portraits, tmp_path) -> None:
    source, output, other = tmp_path / "in.jpg", tmp_path / "out.jpg", tmp_path / "other"
    cv2.imwrite(str(source), portraits[0])
    other.write_bytes(b"somebody's")
    link = tmp_path / ".out.part.jpg"
    link.symlink_to(other)
    assert redact(source, "--output", output).code == 0
    assert other.read_bytes() == b"somebody's"
    assert link.is_symlink()
    assert output.is_file()
    assert sorted(tmp_path.glob(".*")) == [link]


def test_metadata_stays_behind_and_the_picture_is_upright(redact, portraits, tmp_path) -> None:
    source, output = tmp_path / "in.jpg", tmp_path / "out.jpg"
    jpeg = cv2.imencode(".jpg", np.rot90(portraits[0]))[1].tobytes()
    comment = b"taken at home by Ada"
    tagged = with_orientation(jpeg, 6)
    source.write_bytes(tagged[:2] + b"\xff\xfe" + struct.pack(">H", len(comment) + 2) + comment + tagged[2:])
    assert redact(source, "--output", output).code == 0
    written = output.read_bytes()
    assert b"Exif" not in written
    assert comment not in written
    assert load_picture(output).shape == portraits[0].shape


def test_nothing_is_overwritten_unless_asked_for(redact, portraits, tmp_path) -> None:
    source = tmp_path / "in.png"
    cv2.imwrite(str(source), portraits[0])
    before = source.read_bytes()
    refused = redact(source, "--output", source)
    assert refused.is_one_line_error
    assert "--overwrite" in refused.err
    assert source.read_bytes() == before
    assert redact(source, "--output", source, "--overwrite").code == 0
    assert source.read_bytes() != before


def test_several_files_go_into_a_folder(redact, portraits, tmp_path) -> None:
    sources = [tmp_path / "a.jpg", tmp_path / "b.png"]
    for source, picture in zip(sources, portraits, strict=True):
        cv2.imwrite(str(source), picture)
    assert redact(*sources, "--output", tmp_path / "out").code == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a.jpg", "b.png"]


def test_a_folder_is_redacted_as_far_as_it_can_be_read(redact, portraits, tmp_path) -> None:
    album = tmp_path / "album"
    (album / "deep").mkdir(parents=True)
    cv2.imwrite(str(album / "a.jpg"), portraits[0])
    cv2.imwrite(str(album / "deep" / "b.png"), portraits[1])
    (album / "c.jpg").write_bytes(b"garbage" * 50)
    (album / "notes.txt").write_text("not a picture")
    done = redact(album, "--output", tmp_path / "out", "--json")
    assert done.code == 5
    assert "1 of 3 files were not redacted" in done.err
    files = json.loads(done.out)["files"]
    assert [one["hidden"] for one in files if "hidden" in one] == [1, 1]
    assert [one["source"] for one in files if "error" in one] == [str(album / "c.jpg")]
    written = sorted(path.relative_to(tmp_path / "out") for path in (tmp_path / "out").rglob("*.*"))
    assert list(map(str, written)) == ["a.jpg", "deep/b.png"]


def test_nothing_is_redacted_when_one_output_is_there(redact, portraits, tmp_path) -> None:
    album = tmp_path / "album"
    album.mkdir()
    for name in ("a.jpg", "b.jpg"):
        cv2.imwrite(str(album / name), portraits[0])
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "b.jpg").write_bytes(b"mine")
    done = redact(album, "--output", tmp_path / "out")
    assert done.is_one_line_error
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["b.jpg"]


def test_a_folder_without_pictures_is_refused(redact, tmp_path) -> None:
    (tmp_path / "album").mkdir()
    done = redact(tmp_path / "album", "--output", tmp_path / "out")
    assert done.is_one_line_error
    assert "no pictures in the folder" in done.err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("source", "output"), [("garbage.jpg", "out.jpg"), ("garbage.mp4", "out.mp4"), ("gone.jpg", "out.jpg")]
)
def test_a_file_that_cannot_be_read_leaves_nothing(redact, tmp_path, source, output) -> None:
    if source != "gone.jpg":
        (tmp_path / source).write_bytes(b"garbage" * 50)
    done = redact(tmp_path / source, "--output", tmp_path / output)
    assert done.is_one_line_error
    assert {path.name for path in tmp_path.iterdir()} <= {source}


@pytest.mark.parametrize("output", ["out.gif", "out.mp4", "missing/out.jpg"])
def test_an_output_that_cannot_be_written_is_refused(redact, portraits, tmp_path, output) -> None:
    source = tmp_path / "in.jpg"
    cv2.imwrite(str(source), portraits[0])
    done = redact(source, "--output", tmp_path / output)
    assert done.is_one_line_error
    assert "cannot write" in done.err
    assert {path.name for path in tmp_path.iterdir()} == {"in.jpg"}


def test_enrolled_people_may_be_kept(redact, portraits, tmp_path, find) -> None:
    (tmp_path / "store").mkdir()
    enrolled = [tmp_path / f"{number}.jpg" for number in range(2)]
    for path, picture in zip(enrolled, enrolment_pictures(NAMES[1])[1:], strict=True):
        cv2.imwrite(str(path), picture)
    store = ("--store", tmp_path / "store")
    assert ostiary(*store, "person", "add", "grace", *enrolled, "--group", "staff").code == 0
    both, output = tmp_path / "both.jpg", tmp_path / "out.jpg"
    height = min(picture.shape[0] for picture in portraits)
    image = np.hstack([picture[:height] for picture in portraits])
    cv2.imwrite(str(both), image)
    done = redact(both, "--output", output, "--keep-enrolled", "--group", "staff", "--json")
    assert done.code == 0, done.err
    (told,) = json.loads(done.out)["files"]
    assert told["kept"] == 1
    (left,) = find(load_picture(output))
    assert left.box.center[0] > portraits[0].shape[1]
    nobody = redact(both, "--output", tmp_path / "all.jpg", "--keep-enrolled", "--group", "ghosts")
    assert nobody.is_one_line_error


def test_a_clip_is_redacted_frame_by_frame(redact, portraits, tmp_path, find) -> None:
    """The face comes in from the side, so that it is cut off where it is first seen."""
    portrait = cv2.resize(portraits[0], (320, 240))
    scene = np.full((240, 480, 3), 110, np.uint8)
    frames = []
    for number in range(8):
        frame = scene.copy()
        x = 480 - 60 * number
        shown = portrait[:, : max(0, min(320, 480 - x))]
        frame[:, x : x + shown.shape[1]] = shown
        frames.append(frame)
    source, output = tmp_path / "in.mp4", tmp_path / "out.mp4"
    write_clip(source, iter(frames), 8.0)
    done = redact(source, "--output", output)
    assert done.code == 0, done.err
    assert "without their sound" in done.err
    written = list(clip_frames(output))
    assert len(written) == 8
    assert any(find(frame) for frame in clip_frames(source))
    assert not any(face.score > 0.6 for frame in written for face in find(frame))
    assert not list(tmp_path.glob(".*"))
