"""What a device says can be shown on a terminal."""

from __future__ import annotations

import pytest

from edge.core.printable import printable, printable_json


@pytest.mark.parametrize("text", ["ready", "Tür 7, größer: 5 °C", "門 [bold]", ""])
def test_what_can_be_read_stays(text: str) -> None:
    assert printable(text) == text


@pytest.mark.parametrize(
    "text", ["\x1b]52;c;ZXZpbA==\x07", "\x1b[2J", "a\rb", "a\nb", "\x9b31m", "\u202egnp.exe", "\u2066a"]
)
def test_what_would_move_the_cursor_does_not(text: str) -> None:
    assert printable(text).isprintable()
    assert len(printable(text)) == len(text)


def test_all_of_a_document_is_looked_at() -> None:
    said = {"state": "\x1b[2J", "doors": [{"\x07": ["\x1b", 5, None, True, 0.5]}]}
    assert printable_json(said) == {
        "state": "\ufffd[2J",
        "doors": [{"\ufffd": ["\ufffd", 5, None, True, 0.5]}],
    }
