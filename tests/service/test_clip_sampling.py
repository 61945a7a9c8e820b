"""A clip is judged at the door's pace, by its own clock."""

from __future__ import annotations

import pytest

from edge.service.clip_liveness import sampled
from tests.factories import a_frame


@pytest.mark.parametrize("fps", [16.0, 24.0, 30.0, 60.0, 240.0])
def test_a_faster_clip_gives_as_many_frames_as_a_door_looks_at(fps: float) -> None:
    frames = [a_frame(number / fps, number, 8, 8) for number in range(round(4 * fps))]
    taken = list(sampled(frames, 15.0))
    assert 56 <= len(taken) <= 61
    beats = [int(frame.captured_at * 15.0 + 1e-6) for frame in taken]
    assert beats == sorted(set(beats))


def test_a_slower_clip_gives_every_frame() -> None:
    frames = [a_frame(number / 10.0, number, 8, 8) for number in range(40)]
    assert list(sampled(frames, 15.0)) == frames


def test_after_a_gap_no_frames_are_made_up_for() -> None:
    times = [0.0, 0.02, 5.0, 5.01, 5.02, 5.07]
    assert [frame.captured_at for frame in sampled([a_frame(at) for at in times], 15.0)] == [0.0, 5.0, 5.07]
