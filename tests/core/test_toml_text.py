"""Sections written into a configuration that has others."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.toml_text import Sections, merged, toml

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
KEY = st.from_regex(r"[a-z_]{1,8}", fullmatch=True)
VALUE = st.one_of(TEXT, st.integers(-(2**53), 2**53), st.booleans(), st.lists(TEXT, max_size=3))
SECTIONS = st.dictionaries(KEY, st.dictionaries(KEY, VALUE, max_size=4), max_size=4)


@given(SECTIONS)
def test_what_is_written_reads_back(sections: Sections) -> None:
    assert tomllib.loads(toml(sections)) == sections


@given(SECTIONS, SECTIONS)
def test_given_keys_win_and_everything_else_stays(before: Sections, sections: Sections) -> None:
    expected = {**before, **{name: {**before.get(name, {}), **values} for name, values in sections.items()}}
    assert tomllib.loads(merged(toml(before), sections)) == expected


def test_a_whole_section_is_replaced() -> None:
    text = merged('[mqtt]\nhost = "old"\nusername = "x"\n', {"mqtt": {"host": "new"}}, whole=("mqtt",))
    assert tomllib.loads(text) == {"mqtt": {"host": "new"}}


def test_comments_of_other_sections_stay_where_they_were() -> None:
    text = merged("# top\n[camera]\nindex = 0 # left\n[a.b]\nc = 1\n", {"mqtt": {"host": "new"}})
    assert text.startswith("# top\n[camera]\nindex = 0 # left\n[a.b]\nc = 1\n")


@pytest.mark.parametrize(
    "text",
    ["mqtt.host = 1", "mqtt = {host = 1}", "mqtt = 1", "[[mqtt]]\nhost = 1", "no toml", '["mqtt"]\nhost = 1'],
)
def test_what_cannot_be_merged_safely_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        merged(text, {"mqtt": {"port": 1}})
