from __future__ import annotations

from datetime import UTC, datetime

import pytest

from edge.core.log_line import LONGEST, LogLine, redacted


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("cannot open rtsp://admin:hunter2@camera/1", "hunter2"),
        ("asked ada.lovelace@example.org for help", "ada.lovelace"),
        ("mqtt password=hunter2 was refused", "hunter2"),
        ("api_token: hunter2", "hunter2"),
        ("template " + "QUJD" * 20 + "==", "QUJDQUJD"),
    ],
)
def test_what_must_stay_is_hidden(text: str, secret: str) -> None:
    assert secret not in redacted(text)
    assert "***" in redacted(text)


def test_an_ordinary_line_stays_as_it_is() -> None:
    for text in ("camera up", "denied: deny_unknown_face", "3f1c2b4a-0000-7000-8000-000000000001 is done"):
        assert redacted(text) == text


def test_several_lines_become_one_of_limited_length() -> None:
    assert redacted("a\n  b\r\n\nc") == "a | b | c"
    assert len(redacted("word " * 1000)) == LONGEST


def test_a_line_says_when_how_bad_and_who() -> None:
    line = LogLine(datetime(2026, 5, 1, 12, tzinfo=UTC), "warning", "edge.app", "camera down")
    assert str(line) == "2026-05-01T12:00:00.000Z WARNING edge.app: camera down"


def test_a_line_that_is_made_to_be_slow_is_cut_first() -> None:
    # Looking through all of it would take hours.
    line = redacted("a." * 2_000_000)
    assert len(line) == LONGEST
    assert "hunter2" not in redacted("a " * 230 + "password=hunter2" + " b" * 9000)
