from __future__ import annotations

import io
import json
import os
import sqlite3
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.demo.scenes import enrolment_pictures
from tests.cli.command import ostiary
from tests.journeys.daemon_process import write_clip, write_config


@pytest.fixture(scope="module")
def portraits(tmp_path_factory):
    """people/<id>/<picture> of two people, and one picture that shows nobody."""
    folder = tmp_path_factory.mktemp("people")
    for name in ("eileen_collins", "grace_hopper"):
        (folder / name).mkdir()
        for number, picture in enumerate(enrolment_pictures(name)):
            cv2.imwrite(str(folder / name / f"{number}.jpg"), picture)
    cv2.imwrite(str(folder / "grace_hopper" / "nobody.png"), np.full((300, 300, 3), 90, np.uint8))
    return folder


@pytest.fixture
def person(tmp_path):
    return lambda *arguments: ostiary("--store", tmp_path / "store", "person", *arguments)


@pytest.fixture
def made(tmp_path):
    (tmp_path / "store").mkdir()


pytestmark = pytest.mark.usefixtures("made")


def test_a_folder_of_people_is_imported_in_one_command(person, portraits):
    done = person("import", portraits, "--json")
    result = json.loads(done.out)
    assert done.code == 0
    assert (result["people"], result["accepted"], result["refused"]) == (2, 6, 1)
    (refusal,) = [one for person in result["results"] for one in person["refused"]]
    assert refusal["source"] == "nobody.png"
    assert "no face" in refusal["reason"]
    listed = json.loads(person("list", "--json").out)
    assert [(one["id"], one["faces"]) for one in listed["people"]] == [
        ("eileen_collins", 3),
        ("grace_hopper", 3),
    ]


def test_importing_the_same_folder_again_enrolls_nothing_twice(person, portraits):
    person("import", portraits)
    again = person("import", portraits, "--json")
    result = json.loads(again.out)
    assert again.code == 0
    assert (result["accepted"], result["known"], result["refused"]) == (0, 6, 1)
    assert [one["faces"] for one in json.loads(person("list", "--json").out)["people"]] == [3, 3]


def test_a_person_is_added_shown_and_removed(person, portraits):
    pictures = sorted((portraits / "eileen_collins").iterdir())
    assert person("add", "eileen", *pictures, "--name", "Eileen", "--group", "crew").code == 0
    shown = json.loads(person("show", "eileen", "--json").out)
    assert (shown["name"], shown["groups"], len(shown["faces"])) == ("Eileen", ["crew"], 3)
    assert "Eileen" in person("show", "eileen").out
    assert "eileen" in person("list").out
    assert person("remove", "eileen", "--yes").code == 0
    gone = person("show", "eileen")
    assert gone.is_one_line_error
    assert gone.code == 7


@pytest.mark.parametrize("name", ["Ada [/] Lovelace", "[red]Ada", "Ada [/bold]"])
def test_a_name_is_shown_as_it_is(person, name):
    assert person("add", "ada", "--name", name).code == 0
    assert name in person("list").out
    assert name in person("show", "ada").out


def test_somebody_is_enrolled_from_lying_pictures(person, portraits, tmp_path):
    lying = []
    for number in range(3):
        picture = cv2.imread(str(portraits / "eileen_collins" / f"{number}.jpg"))
        lying.append(tmp_path / f"{number}.png")
        cv2.imwrite(str(lying[-1]), np.rot90(picture, number + 1))
    assert person("add", "eileen", *lying[:2], "--json").code != 0
    assert json.loads(person("add", "eileen", *lying[:2], "--rotate", "--json").out)["accepted"] == [
        "0.png",
        "1.png",
    ]
    added = json.loads(person("faces", "add", "eileen", lying[2], "--rotate", "--json").out)
    assert [face["source"] for face in added["added"]] == ["2.png"]


def test_dates_and_a_name_given_later_count_for_a_known_person(person):
    person("add", "ada", "--name", "Ada")
    assert person("add", "ada", "--valid-until", "2026-01-01").code == 0
    shown = json.loads(person("show", "ada", "--json").out)
    assert (shown["name"], shown["valid_until"]) == ("Ada", "2026-01-01T00:00:00+00:00")
    person("add", "ada", "--name", "Ada Lovelace")
    shown = json.loads(person("show", "ada", "--json").out)
    assert (shown["name"], shown["valid_until"]) == ("Ada Lovelace", "2026-01-01T00:00:00+00:00")


def test_nobody_is_erased_without_an_answer_to_the_question(person, monkeypatch):
    person("add", "ada")
    for answer in ("", "n\n"):
        monkeypatch.setattr("sys.stdin", io.StringIO(answer))
        assert person("remove", "ada").code == 1
    assert json.loads(person("list", "--json").out)["total"] == 1
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    assert person("remove", "ada").code == 0
    assert json.loads(person("list", "--json").out)["total"] == 0


def test_of_several_people_all_are_erased_or_none(person):
    person("add", "ada")
    assert person("remove", "ada", "bob", "--yes").is_one_line_error
    assert json.loads(person("list", "--json").out)["total"] == 1
    assert person("remove", "ada", "ada", "--yes").code == 0


def test_a_refused_picture_changes_nothing_of_a_known_person(person, tmp_path):
    person("add", "ada")
    (tmp_path / "bad.jpg").write_bytes(b"no picture")
    assert person("add", "ada", tmp_path / "bad.jpg", "--valid-until", "2026-01-01").is_one_line_error
    assert json.loads(person("show", "ada", "--json").out)["valid_until"] is None


def test_file_names_that_are_not_text_are_told_and_end_nothing(person, tmp_path):
    folder = tmp_path / "people"
    (folder / os.fsdecode(b"\xff\xfe")).mkdir(parents=True)
    (folder / "ada" / "folder.jpg").mkdir(parents=True)
    (folder / "ada" / os.fsdecode(b"\xff.jpg")).write_bytes(b"no picture")
    done = person("import", folder, "--json")
    assert done.is_one_line_error
    done.out.encode()
    assert json.loads(done.out)["refused"] == 3


def test_a_phones_pictures_are_refused_by_name_not_passed_over(person, tmp_path):
    (tmp_path / "people" / "ada").mkdir(parents=True)
    (tmp_path / "people" / "ada" / "one.heic").write_bytes(b"no picture OpenCV reads")
    done = person("import", tmp_path / "people")
    assert done.is_one_line_error
    assert "one.heic" in done.err


def test_a_folder_whose_name_is_no_id_is_named_once(person, tmp_path):
    (tmp_path / "people" / "a b").mkdir(parents=True)
    assert "a b: a b:" not in person("import", tmp_path / "people").err


def test_a_path_that_cannot_be_looked_at_is_named(person, tmp_path):
    assert person("import", tmp_path / ("x" * 300)).is_one_line_error


def test_a_duplicate_person_is_warned_of(person, portraits):
    pictures = sorted((portraits / "eileen_collins").iterdir())
    person("add", "eileen", pictures[0])
    done = person("add", "eve", pictures[1])
    assert done.code == 0
    assert "warning" in done.err
    assert "eileen" in done.err


def test_an_export_is_encrypted_and_comes_back(person, portraits, tmp_path):
    person("import", portraits)
    (tmp_path / "secret").write_text("correct horse\n")
    file = tmp_path / "gallery.ostiary"
    assert person("export", file, "--passphrase-file", tmp_path / "secret").code == 0
    assert b"eileen" not in file.read_bytes()
    assert file.stat().st_mode & 0o077 == 0
    person("remove", "eileen_collins", "grace_hopper", "--yes")
    assert person("import", file, "--passphrase-file", tmp_path / "secret").code == 0
    assert json.loads(person("list", "--json").out)["total"] == 2
    (tmp_path / "other").write_text("wrong horse\n")
    assert person("import", file, "--passphrase-file", tmp_path / "other").is_one_line_error


def broken_pictures(portraits):
    good = (portraits / "eileen_collins" / "0.jpg").read_bytes()
    return {
        "zero.jpg": b"",
        "truncated.jpg": good[: len(good) // 3],
        "text.jpg": b"this is no picture",
        "animated.gif": b"GIF89a" + bytes(200),
        "bomb.png": b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x01\x86\xa0\x00\x01\x86\xa0\x08\x02\x00\x00\x00"
        + bytes(64),
    }


@pytest.mark.parametrize(
    "name", ["zero.jpg", "truncated.jpg", "text.jpg", "animated.gif", "bomb.png", "absent.jpg"]
)
def test_a_file_that_is_no_usable_picture_is_refused_and_nobody_is_added(person, portraits, tmp_path, name):
    content = broken_pictures(portraits).get(name)
    if content is not None:
        (tmp_path / name).write_bytes(content)
    done = person("add", "ada", tmp_path / name)
    assert done.is_one_line_error
    assert name in done.err
    assert json.loads(person("list", "--json").out)["total"] == 0


@pytest.mark.parametrize("identifier", ["a b", "../etc", "", "x" * 65, "ä"])
def test_an_illegal_id_is_refused(person, portraits, identifier):
    done = person("add", identifier, portraits / "eileen_collins" / "0.jpg")
    assert done.is_one_line_error
    assert done.code == 7


def test_a_corrupt_database_is_named_with_its_cure(person, tmp_path):
    (tmp_path / "store" / "ostiary.db").write_bytes(b"not a database at all" * 100)
    done = person("list")
    assert done.is_one_line_error
    assert "ostiary.db" in done.err


def test_a_locked_database_is_named(person, tmp_path):
    assert person("list").code == 0
    holder = sqlite3.connect(tmp_path / "store" / "ostiary.db", isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    try:
        done = person("remove", "ada", "--yes")
    finally:
        holder.close()
    assert done.is_one_line_error


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    done = ostiary("--store", tmp_path / "file", "person", "list")
    assert done.is_one_line_error
    assert str(tmp_path / "file") in done.err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
def test_an_export_to_a_full_disk_is_named(person, portraits, tmp_path):
    (tmp_path / "secret").write_text("correct horse\n")
    assert person("export", "/dev/full", "--passphrase-file", tmp_path / "secret").is_one_line_error


def test_an_import_of_nothing_is_refused(person, tmp_path):
    assert person("import", tmp_path / "absent").is_one_line_error
    (tmp_path / "empty").mkdir()
    assert person("import", tmp_path / "empty").is_one_line_error


def test_help_shows_an_example_for_every_command():
    for command in ("add", "list", "show", "remove", "import", "export"):
        assert f"ostiary person {command}" in ostiary("person", command, "--help").out


def test_a_person_is_enrolled_in_front_of_the_camera(tmp_path):
    config = write_config(tmp_path, write_clip(tmp_path / "clip"), loop=False)
    done = ostiary("--config", config, "person", "add", "ada", "--camera", "--json")
    assert done.code == 0
    assert json.loads(done.out)["accepted"] == ["camera"] * 5


def test_an_empty_view_enrolls_nobody_and_says_why(tmp_path):
    config = write_config(tmp_path, write_clip(tmp_path / "clip", "mqtt_unlock"), loop=False)
    done = ostiary("--config", config, "person", "add", "ada", "--camera")
    assert done.is_one_line_error
    assert "0 of 5 good frames" in done.err


@pytest.fixture
def run(tmp_path):
    return lambda *arguments: ostiary("--store", tmp_path / "store", *arguments)


def error(done):
    assert done.is_one_line_error
    return json.loads(done.out)["error"]


def test_all_that_is_known_of_a_person_is_given_and_changed(run):
    run("group", "create", "staff", "--field", "floor", "--field", "badge")
    added = run("person", "add", "ada", "--gender", 2, "--tag", "north", "--group", "staff",
                "--describe", "staff:floor=3")  # fmt: skip
    assert added.code == 0
    assert run("person", "describe", "ada", "staff", "floor=", "badge=17").code == 0
    assert run("person", "modify", "ada", "--name", "Ada", "--revoked").code == 0
    shown = json.loads(run("person", "show", "ada", "--json").out)
    assert (shown["name"], shown["gender"], shown["tag"], shown["revoked"]) == ("Ada", 2, "north", True)
    assert shown["descriptions"] == [{"group": "staff", "field": "badge", "text": "17"}]
    for text in ("female", "north", "badge: 17"):
        assert text in run("person", "show", "ada").out


def test_a_person_is_copied_to_more_groups(run):
    run("group", "create", "night")
    run("person", "add", "ada", "--group", "staff")
    assert run("person", "copy", "ada", "night").code == 0
    listed = json.loads(run("person", "groups", "ada", "--limit", 1, "--json").out)
    assert listed == {"total": 2, "offset": 0, "groups": ["night"]}
    assert "staff" in run("person", "groups", "ada").out
    assert (
        error(run("person", "copy", "ada", "night", "--json"))["code"]
        == "FailedOperation.GroupPersonMapExist"
    )


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("modify", "ada", "--gender", "3"), "InvalidParameterValue.PersonGenderIllegal"),
        (("add", "bob", "--gender", "3"), "InvalidParameterValue.PersonGenderIllegal"),
        (("modify", "ada", "--name", "x" * 61), "InvalidParameterValue.PersonNameTooLong"),
        (("modify", "ada", "--name", "a\nb"), "InvalidParameterValue.PersonNameIllegal"),
        (("add", "x" * 65), "InvalidParameterValue.PersonIdTooLong"),
        (("add", ""), "MissingParameter.ErrorParameterEmpty"),
        (("add", "bob", "--group", "a b"), "InvalidParameterValue.GroupIdIllegal"),
        (("add", "bob", "--describe", "staff"), "MissingParameter.ErrorParameterEmpty"),
        (("add", "bob", "--describe", "staff:floor=3"), "InvalidParameterValue.GroupIdNotExist"),
        (("describe", "ada", "staff", "floor"), "MissingParameter.ErrorParameterEmpty"),
        (("list", "--offset", "5"), "InvalidParameterValue.OffsetExceed"),
        (("list", "--limit", "0"), "InvalidParameterValue.LimitExceed"),
        (("faces", "delete", "ada", "none", "--yes"), "InvalidParameter.InvalidParameter"),
        (("remove", "nobody", "--yes"), "InvalidParameterValue.PersonIdNotExist"),
    ],
)
def test_a_refusal_has_its_code_and_changes_nothing(run, arguments, code):
    run("person", "add", "ada")
    before = run("person", "list", "--json").out
    assert error(run("person", *arguments, "--json"))["code"] == code
    assert run("person", "list", "--json").out == before


def test_a_group_that_is_full_keeps_the_person_from_being_enrolled(run, portraits, monkeypatch):
    monkeypatch.setenv("OSTIARY_LIMITS__PEOPLE_PER_GROUP", "1")
    run("person", "add", "ada", "--group", "staff")
    picture = portraits / "eileen_collins" / "0.jpg"
    assert error(run("person", "add", "eileen", picture, "--group", "staff", "--json"))["number"] == -1310
    assert json.loads(run("person", "list", "--json").out)["total"] == 1


def test_faces_are_added_listed_and_deleted(run, portraits):
    pictures = sorted((portraits / "eileen_collins").iterdir())
    run("person", "add", "eileen", pictures[0])
    added = json.loads(run("person", "faces", "add", "eileen", *pictures, "--json").out)
    assert len(added["added"]) == 2
    assert [(one["source"], one["number"]) for one in added["refused"]] == [(pictures[0].name, -1312)]
    listed = json.loads(run("person", "faces", "list", "eileen", "--json").out)["faces"]
    assert [one["id"] for one in listed[1:]] == [one["id"] for one in added["added"]]
    assert pictures[1].name in run("person", "faces", "list", "eileen").out
    every = [one["id"] for one in listed]
    assert error(run("person", "faces", "delete", "eileen", *every, "--yes", "--json"))["code"] == (
        "InvalidParameterValue.DeleteFaceNumExceed"
    )
    assert run("person", "faces", "delete", "eileen", *every[1:], "--yes").code == 0
    assert json.loads(run("person", "show", "eileen", "--json").out)["faces"] == listed[:1]


def test_a_picture_enrolled_before_is_refused_as_a_new_face(run, portraits, tmp_path):
    picture = portraits / "eileen_collins" / "0.jpg"
    run("person", "add", "eileen", picture)
    assert error(run("person", "faces", "add", "eileen", picture, "--json"))["number"] == -1312
    saved_anew = tmp_path / "saved-anew.jpg"
    cv2.imwrite(str(saved_anew), cv2.imread(str(picture)), [cv2.IMWRITE_JPEG_QUALITY, 80])
    assert error(run("person", "faces", "add", "eileen", saved_anew, "--json"))["number"] == -1312
    assert error(run("person", "faces", "add", "eileen", *[picture] * 5, "--json"))["code"] == (
        "InvalidParameterValue.UploadFaceNumExceed"
    )


def test_groups_and_descriptions_travel_with_an_export(run, tmp_path):
    (tmp_path / "secret").write_text("correct horse\n")
    run("group", "create", "staff", "--name", "All staff", "--tag", "north", "--field", "floor")
    run("person", "add", "ada", "--gender", 2, "--group", "staff", "--describe", "staff:floor=3")
    commands = (("group", "list", "--json"), ("person", "show", "ada", "--json"))
    before = [run(*command).out for command in commands]
    file = tmp_path / "gallery.ostiary"
    assert run("person", "export", file, "--passphrase-file", tmp_path / "secret").code == 0
    run("group", "delete", "staff", "--with-people", "--yes")
    assert run("person", "import", file, "--passphrase-file", tmp_path / "secret").code == 0
    assert [
        run(*command, "--json").out for command in (("group", "list"), ("person", "show", "ada"))
    ] == before


def test_help_shows_an_example_for_every_command_that_manages():
    for command in ("modify", "describe", "copy", "groups", "faces add", "faces list", "faces delete"):
        assert f"ostiary person {command}" in ostiary("person", *command.split(), "--help").out


def test_who_is_enrolled_under_another_id_is_refused_where_people_must_be_unique(person, portraits):
    eileen, grace = portraits / "eileen_collins", portraits / "grace_hopper"
    assert person("add", "eileen", eileen / "0.jpg").code == 0
    twin = ("add", "twin", eileen / "1.jpg", "--group", "staff", "--unique")
    done = person(*twin, "2", "--json")
    assert done.code == 7
    assert done.err.strip() == "ostiary: twin was not enrolled: the faces look like eileen, who is enrolled"
    told = json.loads(done.out)
    assert (told["similar"], told["created"], told["accepted"]) == ("eileen", False, [])
    assert [one["id"] for one in json.loads(person("list", "--json").out)["people"]] == ["eileen"]
    assert person("groups", "twin").code == 7
    assert person("add", "grace", grace / "0.jpg", "--unique", "1").code == 0
    assert person("add", "eileen", eileen / "2.jpg", "--unique", "4").code == 0, "is like nobody else"
    assert person("add", "eileen", grace / "1.jpg", "--unique", "2").code == 7, "but is like grace"
    assert json.loads(person("faces", "list", "eileen", "--json").out)["faces"][1]["source"] == "2.jpg"
    assert person(*twin, "0").code == 0
    assert person(*twin, "5").code == 2
