"""Recordings of living people and of recordings, judged by everything the door has, for half a minute."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from edge.app.liveness_checks import CLIP_FPS, LivenessChecks, open_liveness_checks
from edge.core.clip_verdict import Decision
from edge.core.frame import Frame
from edge.service.clip_liveness import sampled
from edge.settings import Settings
from edge.vision.clip import timed_frames

ANSWER_S = 2.0
"""So soon after a face stands still a living one must be let in."""
WATCH_S = 30.0
"""So long an attack must be refused."""


@pytest.fixture(scope="module")
def clips() -> Path:
    data = os.environ.get("OSTIARY_EVAL_DATA", Path(__file__).parents[3] / "shared" / "data")
    folder = Path(data) / "liveness" / "video"
    if not folder.is_dir():
        pytest.skip(f"no evaluation data at {folder}; set OSTIARY_EVAL_DATA")
    return folder


@pytest.fixture(scope="module")
def checks() -> Iterator[LivenessChecks]:
    with open_liveness_checks(Settings()) as opened:
        yield opened


@pytest.mark.parametrize("name", ["live_a.webm", "live_c.mp4"])
def test_a_living_person_is_let_in_at_once(clips: Path, checks: LivenessChecks, name: str) -> None:
    answer = checks.clip(clips / name)
    assert (answer.decision, answer.refused_at) == (Decision.LIVE, ())
    assert answer.suspicions == ()
    assert answer.seconds is not None
    assert answer.seconds <= ANSWER_S


@pytest.mark.parametrize("name", ["replay_a.webm", "replay_b.mp4"])
def test_a_replay_never_opens(clips: Path, checks: LivenessChecks, name: str) -> None:
    answer = checks.clips.check(sampled(again_and_again(clips / name), CLIP_FPS))
    assert (answer.opened_at, answer.at_the_door[0]) == ((), Decision.ATTACK)
    assert len(answer.scores) >= WATCH_S


def again_and_again(path: Path) -> Iterator[Frame]:
    """A clip from its beginning, whenever it ends, for half a minute."""
    began, sequence = 0.0, 0
    while True:
        at = began
        for frame in timed_frames(path):
            at = began + frame.captured_at
            yield replace(frame, captured_at=at, sequence=sequence)
            if at > WATCH_S:
                return
            sequence += 1
        began = at + 1 / CLIP_FPS
