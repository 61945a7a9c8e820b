"""`ostiary liveness`, on the demo's portraits and scenes."""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.demo.scenes import FPS, enrolment_pictures, frames
from edge.service.liveness_check import WARNING
from edge.vision.clip import write_clip
from tests.cli.command import ostiary


@pytest.fixture(scope="module")
def portrait(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A living face, as a good camera in a studio takes it."""
    file = tmp_path_factory.mktemp("pictures") / "portrait.png"
    cv2.imwrite(str(file), enrolment_pictures()[1])
    return file


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Somebody walking up to the door, and a photo held up to it."""
    folder = tmp_path_factory.mktemp("clips")
    walk, photo = folder / "walk.mp4", folder / "photo.mp4"
    write_clip(walk, islice(frames("enrolled_walks_up"), 10, 50), FPS)
    write_clip(photo, islice(frames("printed_photo"), 10, 40), FPS)
    return walk, photo


def test_a_picture_is_answered_with_score_thresholds_and_the_warning(portrait: Path) -> None:
    done = ostiary("liveness", portrait, "--json")
    assert done.code == 0, done.err
    (told,) = json.loads(done.out)["files"]
    assert set(told) == {
        "file",
        "decision",
        "score",
        "threshold",
        "reject",
        "box",
        "problems",
        "warning",
    }
    assert (told["file"], told["warning"], told["problems"]) == (str(portrait), WARNING, [])
    assert 0.0 <= told["score"] <= 1.0
    is_alive, is_attack = told["score"] >= told["threshold"], told["score"] <= told["reject"]
    assert told["decision"] == ("live" if is_alive else "attack" if is_attack else "unsure")


def test_clips_are_judged_to_their_end(clips: tuple[Path, Path]) -> None:
    walk, photo = clips
    done = ostiary("liveness", walk, photo, "--json")
    assert done.code == 0, done.err
    alive, attack = json.loads(done.out)["files"]
    assert (alive["decision"], alive["refused_at"]) == ("live", [])
    assert len(alive["opened_at"]) > 1
    assert len(alive["scores"]) == 3
    assert (attack["decision"], attack["opened_at"]) == ("attack", [])
    assert 0.0 < attack["seconds"] < 2.0


def test_a_person_reads_a_table_and_the_warning(portrait: Path, clips: tuple[Path, Path]) -> None:
    done = ostiary("liveness", portrait, clips[1])
    assert done.code == 0, done.err
    assert "decided after" in done.out
    assert WARNING in done.err


def test_a_dark_picture_gets_no_decision_and_plain_words(portrait: Path, tmp_path: Path) -> None:
    file = tmp_path / "dark.png"
    cv2.imwrite(str(file), (cv2.imread(str(portrait)) * 0.12).astype(np.uint8))
    done = ostiary("liveness", file, "--json")
    assert done.code == 0, done.err
    (told,) = json.loads(done.out)["files"]
    assert (told["decision"], told["score"]) == ("no_decision", None)
    assert {"problem": "dark", "say": told["problems"][0]["say"]} in told["problems"]


def test_a_folder_stands_for_its_pictures_and_clips(
    portrait: Path, clips: tuple[Path, Path], tmp_path: Path
) -> None:
    (tmp_path / "a.png").write_bytes(portrait.read_bytes())
    (tmp_path / "b.mp4").write_bytes(clips[1].read_bytes())
    cv2.imwrite(str(tmp_path / "c.png"), np.full((200, 200, 3), 127, np.uint8))
    done = ostiary("liveness", tmp_path, "--json")
    assert done.code == 0, done.err
    told = {Path(one["file"]).name: one for one in json.loads(done.out)["files"]}
    assert list(told) == ["a.png", "b.mp4", "c.png"]
    assert "threshold" in told["a.png"]
    assert told["b.mp4"]["decision"] == "attack"
    assert told["c.png"]["error"]["code"] == "InvalidParameterValue.NoFaceInPhoto"


@pytest.mark.parametrize("name", ["gone.jpg", "gone.mp4", "damaged.mp4", "damaged.png"])
def test_what_cannot_be_read_is_refused_in_one_line(tmp_path: Path, name: str) -> None:
    if name.startswith("damaged"):
        (tmp_path / name).write_bytes(b"neither a picture nor a clip" * 40)
    done = ostiary("liveness", tmp_path / name)
    assert done.is_one_line_error
    assert done.code == 5
    assert name in done.err


def test_a_face_that_is_not_there_is_refused(portrait: Path) -> None:
    done = ostiary("liveness", portrait, "--face", 2)
    assert done.is_one_line_error
    assert done.code == 7
    assert "no face 2" in done.err
