"""Comparing, verifying, searching and grouping on the command line, with the real networks and gallery."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.demo.scenes import enrolment_pictures
from tests.cli.command import Done, ostiary

NAMES = ("eileen_collins", "grace_hopper")
MANY_GROUPS = [word for number in range(101) for word in ("--group", f"group-{number}")]


@pytest.fixture(scope="module")
def portraits(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Path]]:
    """Three pictures of each of two people."""
    folder = tmp_path_factory.mktemp("portraits")
    made: dict[str, list[Path]] = {}
    for name in NAMES:
        made[name] = [folder / f"{name}-{number}.jpg" for number in range(3)]
        for path, picture in zip(made[name], enrolment_pictures(name), strict=True):
            cv2.imwrite(str(path), picture)
    return made


@pytest.fixture(scope="module")
def store(portraits: dict[str, list[Path]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both people enrolled, each in a group of their own; a group with nobody in it."""
    folder = tmp_path_factory.mktemp("store")
    for name, group, tag in zip(NAMES, ("astronauts", "admirals"), ("", "badge 17"), strict=True):
        pictures = portraits[name][:2]
        done = ostiary("--store", folder, "person", "add", name, *pictures, "--group", group, "--tag", tag)
        assert done.code == 0, done.err
    return folder


@pytest.fixture
def face(store: Path):
    return lambda *arguments: ostiary("--store", store, "face", *arguments)


def answer(done: Done) -> dict:
    assert done.code == 0, done.err
    return json.loads(done.out)


def test_two_pictures_are_compared(face, portraits) -> None:
    eileen, grace = (portraits[name] for name in NAMES)
    same, different = (answer(face("compare", eileen[0], b, "--json")) for b in (eileen[2], grace[0]))
    assert same["is_match"]
    assert same["score"] > 50 > different["score"]
    assert not different["is_match"]
    assert same["model"] == different["model"]
    assert "the same person: score" in face("compare", eileen[0], eileen[2]).out
    assert "not the same person" in face("compare", eileen[0], grace[0]).out


def test_no_store_is_needed_for_pictures_alone(tmp_path, portraits) -> None:
    done = ostiary("--store", tmp_path / "none", "face", "compare", *portraits[NAMES[0]][:2])
    assert done.code == 0
    assert not (tmp_path / "none").exists()


def test_a_person_is_verified(face, portraits) -> None:
    eileen, grace = (portraits[name] for name in NAMES)
    found = answer(face("verify", eileen[2], "--person", NAMES[0], "--json"))
    assert (found["is_match"], found["person"], found["faces"]) == (True, NAMES[0], 2)
    assert not answer(face("verify", grace[2], "--person", NAMES[0], "--json"))["is_match"]
    assert f"{NAMES[0]}: the same person" in face("verify", eileen[2], "--person", NAMES[0]).out


def test_people_are_searched_in_all_or_some_groups(face, portraits) -> None:
    probe = portraits[NAMES[1]][2]
    found = answer(face("search", probe, "--json"))
    assert [one["person"] for one in found["faces"][0]["candidates"]] == [NAMES[1], NAMES[0]]
    assert [one["tag"] for one in found["faces"][0]["candidates"]] == ["badge 17", ""]
    assert [one["is_match"] for one in found["faces"][0]["candidates"]] == [True, False]
    assert found["compared"] == 2
    others = answer(face("search", probe, "--group", "astronauts", "--json"))
    assert [one["is_match"] for one in others["faces"][0]["candidates"]] == [False]
    faces = answer(face("search", probe, "--faces", "--top", "3", "--json"))
    assert (faces["compared"], len(faces["faces"][0]["candidates"])) == (4, 3)
    table = face("search", probe).out
    assert NAMES[1] in table
    assert "a match needs" in table


def test_both_people_of_a_picture_are_found(face, portraits, tmp_path) -> None:
    both = tmp_path / "both.jpg"
    pair = [cv2.imread(str(portraits[name][2])) for name in NAMES]
    height = min(picture.shape[0] for picture in pair)
    cv2.imwrite(str(both), np.hstack([picture[:height] for picture in pair]))
    found = answer(face("search", both, "--max-faces", "2", "--top", "1", "--json"))
    names = {one["candidates"][0]["person"] for one in found["faces"]}
    assert names == set(NAMES)


def test_a_duplicate_is_told(face, portraits, store) -> None:
    found = answer(face("duplicate", portraits[NAMES[0]][2], "--json"))
    assert [one["person"] for one in found["duplicates"]] == [NAMES[0]]
    assert answer(face("duplicate", "--person", NAMES[0], "--json"))["duplicates"] == []
    assert "nobody enrolled" in face("duplicate", "--person", NAMES[0]).out


def test_similar_faces_are_found_among_pictures_and_in_groups(face, portraits) -> None:
    eileen, grace = (portraits[name] for name in NAMES)
    person = answer(face("similar", eileen[0], *eileen[1:], *grace, "--json"))
    assert sorted(one["picture"] for one in person["faces"]) == [0, 1]
    ranked = answer(face("similar", eileen[0], *eileen[1:], *grace, "--mode", "face", "--top", "4", "--json"))
    assert len(ranked["faces"]) == 4
    assert {one["picture"] for one in ranked["faces"][:2]} == {0, 1}
    enrolled = answer(face("similar", eileen[2], "--group", "astronauts", "--json"))
    assert {one["person"] for one in enrolled["faces"][0]["candidates"]} == {NAMES[0]}
    assert "2 of 5 faces" in face("similar", eileen[0], *eileen[1:], *grace).out


def test_pictures_are_grouped_copied_and_drawn(face, portraits, tmp_path) -> None:
    folder = portraits[NAMES[0]][0].parent
    found = answer(
        face("group", folder, "--copy-to", tmp_path / "sorted", "--sheet", tmp_path / "sheet.png", "--json")
    )
    groups = [{Path(found["pictures"][one["picture"]]).name for one in group} for group in found["groups"]]
    assert sorted(map(sorted, groups)) == [sorted(path.name for path in portraits[name]) for name in NAMES]
    assert found["messy"] == found["unusable"] == []
    copied = {path.name: {one.name for one in path.iterdir()} for path in (tmp_path / "sorted").iterdir()}
    assert list(copied.values()) in (groups, groups[::-1])
    sheet = cv2.imread(str(tmp_path / "sheet.png"))
    assert min(sheet.shape[:2]) > 200
    again = face("group", folder, "--copy-to", tmp_path / "sorted")
    assert again.is_one_line_error
    assert "not empty" in again.err


def test_a_lying_picture_is_turned_when_asked_for(face, portraits, tmp_path) -> None:
    lying = tmp_path / "lying.png"
    cv2.imwrite(str(lying), np.rot90(cv2.imread(str(portraits[NAMES[0]][2])), 2))
    found = answer(face("verify", lying, "--person", NAMES[0], "--rotate", "--json"))
    assert found["is_match"]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("compare", "{nobody}", "{face}"), "InvalidParameterValue.NoFaceInPhoto"),
        (("compare", "{face}", "{empty}"), "InvalidParameterValue.ImageEmpty"),
        (("compare", "{tiny}", "{face}"), "FailedOperation.ImageResolutionTooSmall"),
        (("compare", "{wide}", "{face}"), "FailedOperation.ImageResolutionExceed"),
        (("compare", "{webp}", "{face}"), "FailedOperation.ImageDecodeFailed"),
        (("verify", "{face}", "--person", "nobody"), "InvalidParameterValue.PersonIdNotExist"),
        (("search", "{face}", "--group", "ghosts"), "InvalidParameterValue.GroupIdNotExist"),
        (("verify", "{face}", "--person", "a b"), "InvalidParameterValue.PersonIdIllegal"),
        (("verify", "{face}", "--person", "a" * 65), "InvalidParameterValue.PersonIdTooLong"),
        (("verify", "{face}", "--person", ""), "MissingParameter.ErrorParameterEmpty"),
        (("search", "{face}", "--group", "a b"), "InvalidParameterValue.GroupIdIllegal"),
        (("search", "{face}", "--group", "a" * 65), "InvalidParameterValue.GroupIdTooLong"),
        (
            ("compare", "{face}", "{face}", "--min-quality", "5"),
            "InvalidParameterValue.QualityControlIllegal",
        ),
        (("compare", "{face}", "{gif}"), "FailedOperation.ImageDecodeFailed"),
        (("search", "{face}", "--top", "101"), "InvalidParameterValue.SearchPersonsExceed"),
        (("search", "{face}", "--min-face", "900"), "FailedOperation.FaceSizeTooSmall"),
        (("search", "{face}", *MANY_GROUPS), "InvalidParameterValue.GroupIdsExceed"),
        (("duplicate",), "MissingParameter.ErrorParameterEmpty"),
        (("similar", "{face}"), "MissingParameter.ErrorParameterEmpty"),
    ],
)
def test_each_refusal_has_the_code_that_others_give_it(face, portraits, tmp_path, arguments, code) -> None:
    pictures = {"face": portraits[NAMES[0]][0]}
    for name, shape in {"nobody": (200, 200), "tiny": (63, 300), "wide": (100, 2001)}.items():
        pictures[name] = tmp_path / f"{name}.png"
        cv2.imwrite(str(pictures[name]), np.full((*shape, 3), 90, np.uint8))
    pictures["webp"] = tmp_path / "picture.webp"
    cv2.imwrite(str(pictures["webp"]), np.full((200, 200, 3), 90, np.uint8))
    pictures["gif"] = tmp_path / "picture.gif"
    pictures["gif"].write_bytes(b"GIF89a" + bytes(20))
    pictures["empty"] = tmp_path / "empty.jpg"
    pictures["empty"].touch()
    done = face(*(str(argument).format(**pictures) for argument in arguments), "--json")
    assert done.is_one_line_error
    error = json.loads(done.out)["error"]
    assert error["code"] == code
    assert code != "FailedOperation.ImageDecodeFailed" or "use JPEG, PNG, BMP" in error["message"]
