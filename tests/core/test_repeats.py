from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.core.repeats import COLUMNS, ROWS, Memory, Print, RepeatsConfig, recall, repeated
from edge.core.suspicion import Suspicion

FPS = 15.0
FACE = (slice(10, 30), slice(20, 40))


def a_print(number, face=FACE, quiet=False):
    """The grain of picture `number`; quiet: only inside the face is it another one than in the others."""
    grain = np.random.default_rng(7 if quiet else number).normal(0, 12, (ROWS, COLUMNS))
    if quiet:
        grain[face] = np.random.default_rng(number).normal(0, 12, grain[face].shape)
    return Print(np.clip(np.rint(grain), -127, 127).astype(np.int8), face)


def verdicts(prints, fps=FPS, config=None):
    memory, told = Memory(), []
    for number, new in enumerate(prints):
        memory, suspicion = recall(memory, new, number / fps, config or RepeatsConfig())
        told.append(suspicion)
    return told


def test_new_pictures_are_never_repeats():
    assert set(verdicts([a_print(n) for n in range(100)])) == {None}


def test_a_quiet_background_is_no_repeat():
    assert set(verdicts([a_print(n, quiet=True) for n in range(60)])) == {None}


@settings(max_examples=25, deadline=None)
@given(st.integers(20, 60), st.integers(0, 1000))
def test_a_loop_is_found_within_a_moment_of_its_second_round(length, seed):
    recording = [a_print(1000 * seed + n) for n in range(length)]
    told = verdicts([*recording, *recording[:5]])
    assert set(told[:length]) == {None}
    assert told[length + 2] is Suspicion.REPEATED


def test_a_loop_is_found_though_frames_are_dropped():
    recording = [a_print(n) for n in range(60)]
    kept = np.random.default_rng(0).random(180) < 0.5
    memory, told = Memory(), []
    for number in np.flatnonzero(kept):
        memory, suspicion = recall(memory, recording[number % 60], number / FPS)
        told.append(suspicion)
    assert Suspicion.REPEATED in told


def test_a_loop_that_was_compressed_anew_a_little_is_found():
    rng = np.random.default_rng(0)
    recording = [a_print(n) for n in range(30)]
    again = [
        Print((p.grain + (rng.random(p.grain.shape) < 0.1) * 5).astype(np.int8), p.face) for p in recording
    ]
    assert verdicts([*recording, *again])[-1] is Suspicion.REPEATED


def test_a_picture_that_stands_still_is_frozen_after_a_second():
    told = verdicts([a_print(0)] * 20)
    assert told[: int(FPS)] == [None] * int(FPS)
    assert told[-1] is Suspicion.FROZEN


def test_frames_that_come_twice_are_fine():
    assert set(verdicts([a_print(n // 2) for n in range(60)], fps=30.0)) == {None}


def test_a_short_standstill_of_the_network_is_forgiven():
    assert set(verdicts([*[a_print(0)] * 10, *[a_print(n) for n in range(1, 30)]])) == {None}


def test_a_thawed_stream_is_believed_again():
    told = verdicts([*[a_print(0)] * 20, *[a_print(n) for n in range(1, 40)]])
    assert told[19] is Suspicion.FROZEN
    assert told[-1] is None


def test_what_has_no_grain_cannot_be_a_repeat():
    smooth = Print(np.zeros((ROWS, COLUMNS), np.int8), FACE)
    assert set(verdicts([smooth] * 60)) == {None}


def test_a_face_of_no_cells_tells_nothing():
    assert set(verdicts([a_print(0, (slice(0, 0), slice(64, 64)))] * 60)) == {None}


def test_the_memory_is_bounded_in_frames_and_in_time():
    config = RepeatsConfig(memory=10, memory_s=2.0)
    memory = Memory()
    for number in range(50):
        memory, _ = recall(memory, a_print(number), number / FPS, config)
    assert len(memory.grains) == len(memory.times) == 10
    memory, _ = recall(memory, a_print(99), 100.0, config)
    assert len(memory.grains) == 1


def test_a_clock_that_went_back_begins_anew():
    memory, _ = recall(Memory(), a_print(0), 100.0)
    memory, suspicion = recall(memory, a_print(0), 3.0)
    assert suspicion is None
    assert memory.times.tolist() == [3.0]


def test_recalling_changes_no_earlier_memory():
    first, _ = recall(Memory(), a_print(0), 0.0)
    recall(first, a_print(1), 0.1)
    assert first.times.tolist() == [0.0]


def test_a_whole_clip_is_told_its_first_repeat():
    clip = [a_print(n % 30) for n in range(60)]
    times = [n / FPS for n in range(60)]
    assert repeated(clip, times) is Suspicion.REPEATED
    assert repeated(clip[:30], times[:30]) is None
