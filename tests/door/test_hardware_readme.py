"""The table of lines in hardware/README.md and the profiles say the same."""

import tomllib

import pytest

from edge.door.board import board_names
from edge.resources import folder

HARDWARE = folder("hardware")
ORDER = ("lock", "contact", "rex", "tamper", "fire")


@pytest.mark.parametrize("name", board_names())
def test_the_table_of_lines_agrees_with_the_profile(name):
    profile = tomllib.loads((HARDWARE / "boards" / f"{name}.toml").read_text())
    used = {"lock": profile["lock"], **profile["inputs"]}
    cells = " | ".join(f"GPIO {used[key]['line']}, pin {used[key]['header']}" for key in ORDER)
    assert f"| `{name}` | {cells} |" in (HARDWARE / "README.md").read_text()


@pytest.mark.parametrize("name", board_names())
def test_no_pin_of_the_header_is_used_twice(name):
    profile = tomllib.loads((HARDWARE / "boards" / f"{name}.toml").read_text())
    pins = [profile["lock"]["header"], *(one["header"] for one in profile["inputs"].values())]
    assert len(set(pins)) == len(pins)
