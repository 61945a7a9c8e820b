from __future__ import annotations

import json

import pytest

from edge.resources import schema_names
from tests.cli.command import ostiary


def test_every_schema_is_listed_with_what_it_is_of():
    listed = ostiary("schema").out.splitlines()
    assert [line.split()[0] for line in listed] == schema_names()
    assert any(line.split(maxsplit=1) == ["door.unlock", "Open a door once"] for line in listed)


def test_the_list_is_there_for_programs():
    rows = json.loads(ostiary("schema", "--json").out)
    assert [row["name"] for row in rows] == schema_names()
    assert {"name": "state", "id": "urn:ostiary:1:state"}.items() <= rows[
        schema_names().index("state")
    ].items()


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_one_schema_is_printed_whole(options):
    printed = json.loads(ostiary("schema", "door.unlock", *options).out)
    assert printed["$id"] == "urn:ostiary:1:door.unlock"
    assert "exp" in printed["required"]


@pytest.mark.parametrize("name", ["door.unlok", "../schemas/state", "state.json", ""])
def test_an_unknown_name_is_refused_with_the_nearest(name):
    done = ostiary("schema", name)
    assert done.is_one_line_error
    assert done.code == 2
    if name == "door.unlok":
        assert "did you mean door.unlock?" in done.err
