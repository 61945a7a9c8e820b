from __future__ import annotations

from tests.cli.command import ostiary


def test_a_replay_that_is_not_there_is_refused_at_once(tmp_path):
    done = ostiary("--store", tmp_path, "run", "--replay", tmp_path / "absent.mp4")
    assert done.is_one_line_error
    assert done.code == 4
    assert "absent.mp4" in done.err
