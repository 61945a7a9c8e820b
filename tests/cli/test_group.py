from __future__ import annotations

import io
import json

import pytest

from tests.cli.command import ostiary


@pytest.fixture
def run(tmp_path):
    return lambda *arguments: ostiary("--store", tmp_path / "store", *arguments)


@pytest.fixture
def site(run):
    """Ada is in staff, which has a field."""
    for command in (
        ("group", "create", "staff", "--name", "All staff", "--field", "floor"),
        ("group", "create", "night"),
        ("person", "add", "ada", "--name", "Ada", "--group", "staff", "--describe", "staff:floor=3"),
        ("person", "add", "bob", "--group", "staff"),
    ):
        assert run(*command).code == 0
    return run


def answer(done):
    assert done.code == 0, done.err
    return json.loads(done.out)


def code(done):
    assert done.is_one_line_error
    assert done.code == 7
    return json.loads(done.out)["error"]["code"]


def test_a_group_is_made_shown_and_listed(site):
    shown = answer(site("group", "show", "staff", "--json"))
    assert (shown["name"], shown["fields"], shown["people"], shown["faces"]) == ("All staff", ["floor"], 2, 0)
    assert "All staff" in site("group", "show", "staff").out
    listed = answer(site("group", "list", "--json"))
    assert (listed["total"], [one["id"] for one in listed["groups"]]) == (2, ["night", "staff"])
    assert "All staff" in site("group", "list").out


def test_groups_and_members_come_in_pages(site):
    assert [one["id"] for one in answer(site("group", "list", "--offset", 1, "--json"))["groups"]] == [
        "staff"
    ]
    page = answer(site("group", "members", "staff", "--limit", 1, "--json"))
    assert (page["total"], [one["id"] for one in page["people"]]) == (2, ["ada"])
    assert "bob" in site("group", "members", "staff").out
    assert code(site("group", "list", "--offset", 3, "--json")) == "InvalidParameterValue.OffsetExceed"
    assert code(site("group", "members", "staff", "--limit", 1001, "--json")) == (
        "InvalidParameterValue.LimitExceed"
    )


def test_a_group_is_modified(site):
    changed = answer(
        site(
            "group", "modify", "staff", "--tag", "north", "--rename-field", "floor=level",
            "--field", "badge", "--json",
        )
    )  # fmt: skip
    assert (changed["tag"], changed["fields"], changed["name"]) == ("north", ["level", "badge"], "All staff")
    described = answer(site("person", "show", "ada", "--json"))["descriptions"]
    assert described == [{"group": "staff", "field": "level", "text": "3"}]
    assert answer(site("group", "modify", "staff", "--drop-field", "level", "--json"))["fields"] == ["badge"]
    assert site("group", "modify", "staff", "--rename-field", "badge").is_one_line_error


def test_people_join_leave_and_are_copied(site):
    assert answer(site("group", "join", "night", "ada", "--json"))["joined"] == 1
    assert answer(site("group", "leave", "staff", "ada", "--json"))["left"] == 1
    assert answer(site("person", "show", "ada", "--json"))["groups"] == ["night"]
    assert answer(site("group", "copy", "staff", "night", "--json"))["joined"] == 1
    assert code(site("group", "leave", "staff", "ada", "--json")) == "FailedOperation.GroupPersonMapNotExist"


def test_a_group_is_deleted_after_a_yes(site, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    assert site("group", "delete", "staff").code == 1
    assert site("group", "show", "staff").code == 0
    assert answer(site("group", "delete", "staff", "--yes", "--json")) == {"deleted": ["staff"]}
    assert code(site("group", "show", "staff", "--json")) == "InvalidParameterValue.GroupIdNotExist"
    assert answer(site("person", "list", "--json"))["total"] == 2


def test_of_several_groups_all_are_deleted_or_none(site):
    assert site("group", "delete", "staff", "none", "--yes").is_one_line_error
    assert site("group", "show", "staff").code == 0


def test_people_go_with_their_only_group_when_asked(site):
    site("group", "join", "night", "ada")
    site("group", "delete", "staff", "--with-people", "--yes")
    assert [one["id"] for one in answer(site("person", "list", "--json"))["people"]] == ["ada"]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("create", "staff"), "InvalidParameterValue.GroupIdAlreadyExist"),
        (("create", "a b"), "InvalidParameterValue.GroupIdIllegal"),
        (("create", "x" * 65), "InvalidParameterValue.GroupIdTooLong"),
        (("create", "day", "--name", "All staff"), "InvalidParameterValue.GroupNameAlreadyExist"),
        (("create", "day", "--name", "x" * 61), "InvalidParameterValue.GroupNameTooLong"),
        (("create", "day", "--tag", "a\tb"), "InvalidParameterValue.GroupTagIllegal"),
        (("create", "day", "--field", "a b"), "InvalidParameterValue.GroupExDescriptionsNameIllegal"),
        (("modify", "staff", "--field", "floor"), "FailedOperation.DuplicatedGroupDescription"),
        (("join", "staff", "nobody"), "InvalidParameterValue.PersonIdNotExist"),
        (("copy", "staff", "none"), "InvalidParameterValue.GroupIdNotExist"),
    ],
)
def test_a_refusal_has_its_code(site, arguments, expected):
    assert code(site("group", *arguments, "--json")) == expected


@pytest.mark.parametrize("name", ["Staff [/] night", "[red]Staff"])
def test_a_name_is_shown_as_it_is(run, name):
    run("group", "create", "staff", "--name", name)
    assert name in run("group", "list").out
    assert name in run("group", "show", "staff").out


def test_help_shows_an_example_for_every_command():
    for command in ("create", "modify", "delete", "list", "show", "members", "join", "leave", "copy"):
        assert f"ostiary group {command}" in ostiary("group", command, "--help").out


def test_a_limit_is_a_setting(run, monkeypatch):
    monkeypatch.setenv("OSTIARY_LIMITS__GROUPS", "1")
    assert run("group", "create", "staff").code == 0
    assert code(run("group", "create", "night", "--json")) == "InvalidParameterValue.GroupNumExceed"
