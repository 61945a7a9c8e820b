"""A rehearsal as an installer sees it, with the real networks and real clips in place of people."""

from __future__ import annotations

import io
import json
import os
import stat
from pathlib import Path

import pytest

from tests.cli.command import Done, ostiary

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def clips() -> Path:
    folder = Path(os.environ.get("OSTIARY_EVAL_DATA", ROOT.parent / "shared" / "data")) / "liveness" / "video"
    if not folder.is_dir():
        pytest.skip(f"no evaluation data at {folder}; set OSTIARY_EVAL_DATA")
    return folder


@pytest.fixture
def at_the_door(tmp_path: Path, clips: Path):
    """Run the command before a camera that shows a living person, with what is typed."""
    config = tmp_path / "ostiary.toml"
    config.write_text(
        f'[camera]\nkind = "replay"\npath = "{clips / "live_a.webm"}"\n'
        f'[store]\nfolder = "{tmp_path / "store"}"\n'
    )

    def run(*arguments: object, typed: str = "") -> Done:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("sys.stdin", io.StringIO(typed))
            return ostiary("--config", config, "rehearse", *arguments)

    return run


def test_clips_as_tries_give_the_rates_and_a_line_for_the_configuration(tmp_path, clips):
    store = tmp_path / "store"
    asked = [f"--clip=live={clips / 'live_a.webm'}", f"--clip=replay={clips / 'replay_a.webm'}"]
    done = ostiary("--store", store, "rehearse", *asked, "--json")
    assert done.code == 0, done.err
    figures = json.loads(done.out)
    assert figures["configured"]["live"]["bpcer"] == 0
    assert figures["configured"]["attacks"]["replay"]["apcer"] == 0
    assert figures["configured"]["attacks"]["replay"]["interval"][1] > 0.9
    assert figures["advice"][-1].startswith("  threshold = ") or "reject" in figures["advice"][-1]
    kept = store / "rehearsal.json"
    assert [file.name for file in store.iterdir()] == ["rehearsal.json"]
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert str(clips) not in kept.read_text()
    shown = ostiary("--store", store, "rehearse", "--report")
    assert "too few" in shown.out
    assert "[liveness]" in shown.out


def test_a_rehearsal_is_led_and_goes_on_where_it_was_stopped(at_the_door, tmp_path):
    # The first is kept, the second skipped, the third repeated and kept; then the input ends.
    done = at_the_door("--people", 1, "--kinds", "live", typed="\n\ns\n\nr\n\n")
    assert done.code == 0, done.err
    assert "1 of 4" in done.err
    assert done.err.count("let in") == 3
    assert "No relay moves" in done.err
    kept = json.loads((tmp_path / "store" / "rehearsal.json").read_text())
    assert len(kept["tries"]) == 2
    again = at_the_door("--people", 1, "--kinds", "live", typed="q\n")
    assert "1 of 2" in again.err
    fresh = at_the_door("--fresh", "--people", 1, "--kinds", "live", typed="q\n")
    assert fresh.is_one_line_error
    assert "nothing was tried" in fresh.err


def test_nothing_is_kept_of_a_try_that_is_stopped(at_the_door, tmp_path):
    done = at_the_door(typed="\nq\n")
    assert done.code != 0
    assert not (tmp_path / "store" / "rehearsal.json").exists()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--clip", "attack.mp4"), "KIND=FILE"),
        (("--clip", "a b=attack.mp4"), "kind"),
        (("--clip", "phone=/nowhere.mp4"), "nowhere"),
        (("--kinds", "live,"), "kind"),
        (("--report",), "nothing was tried"),
    ],
)
def test_what_cannot_be_tried_is_refused(tmp_path, arguments, told):
    done = ostiary("--store", tmp_path, "rehearse", *arguments)
    assert done.is_one_line_error
    assert told in done.err


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "not what a rehearsal writes"),
        ('{"version": 1}', "not what a rehearsal writes"),
        (
            '{"version": 1, "model": "", "tries": [{"kind": "live", "situation": "", "runs": [],'
            ' "number": Infinity}]}',
            "not what a rehearsal writes",
        ),
        ('{"version": 1, "model": "old@1", "tries": []}', "old@1"),
    ],
)
def test_notes_that_cannot_be_used_are_refused_and_kept(tmp_path, text, told):
    file = tmp_path / "rehearsal.json"
    file.write_text(text)
    done = ostiary("--store", tmp_path, "rehearse", "--report")
    assert done.is_one_line_error
    assert told in done.err
    assert file.read_text() == text


def test_a_camera_that_cannot_be_opened_says_that_the_daemon_may_hold_it(tmp_path):
    config = tmp_path / "ostiary.toml"
    config.write_text(f'[camera]\nkind = "replay"\npath = "{tmp_path / "gone.mp4"}"\n')
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.stdin", io.StringIO("\n"))
        done = ostiary("--config", config, "--store", tmp_path, "rehearse")
    assert done.is_one_line_error
    assert "systemctl stop ostiary" in done.err
