"""Clips are read and written picture by picture."""

from __future__ import annotations

import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from edge.errors import PictureUnreadable, SettingsError
from edge.vision.clip import CODECS, clip_frames, clip_info, timed_frames, write_clip


def pictures(count: int = 12) -> list[np.ndarray]:
    made = []
    for number in range(count):
        picture = np.full((96, 128, 3), 90, np.uint8)
        picture[30:60, 8 * number : 8 * number + 20] = (20, 20, 220)
        made.append(picture)
    return made


@contextmanager
def small_files() -> Iterator[None]:
    """No file grows beyond 20 kB: the disk is as good as full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


@pytest.mark.parametrize("suffix", CODECS)
def test_a_clip_that_is_cut_off_is_refused(tmp_path: Path, suffix: str) -> None:
    noise = np.random.default_rng(1)
    frames = (noise.integers(0, 256, (96, 128, 3), np.uint8) for _ in range(40))
    with small_files(), pytest.raises(SettingsError, match="of 40 pictures"):
        write_clip(tmp_path / f"clip{suffix}", frames, 10)


@pytest.mark.parametrize("suffix", CODECS)
def test_what_is_written_is_read_again(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"clip{suffix}"
    assert write_clip(path, iter(pictures()), 12.5) == 12
    info = clip_info(path)
    assert (info.width, info.height, round(info.fps, 1)) == (128, 96, 12.5)
    read = list(clip_frames(path))
    assert len(read) == 12
    assert all(np.abs(a.astype(int) - b).mean() < 6 for a, b in zip(read, pictures(), strict=True))


@pytest.mark.parametrize("suffix", CODECS)
def test_frames_come_with_their_times(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"clip{suffix}"
    write_clip(path, iter(pictures(6)), 5.0)
    frames = list(timed_frames(path))
    assert [frame.sequence for frame in frames] == list(range(6))
    assert [frame.captured_at for frame in frames] == pytest.approx([0.0, 0.2, 0.4, 0.6, 0.8, 1.0], abs=0.02)


def test_what_is_no_clip_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"no clip at all" * 100)
    for source in (path, tmp_path / "gone.mp4", tmp_path):
        with pytest.raises(PictureUnreadable, match=r"clip"):
            clip_info(source)
        for read in (clip_frames, timed_frames):
            with pytest.raises(PictureUnreadable):
                list(read(source))


def test_a_name_with_a_number_pattern_is_a_name(tmp_path: Path) -> None:
    path = tmp_path / "a%02d.mp4"
    write_clip(path, iter(pictures(3)), 10)
    assert len(list(clip_frames(path))) == 3


def test_a_kind_that_cannot_be_written_and_a_folder_that_is_not_there_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="gif"):
        write_clip(tmp_path / "clip.gif", iter(pictures(2)), 10)
    with pytest.raises(SettingsError, match="cannot write"):
        write_clip(tmp_path / "gone" / "clip.mp4", iter(pictures(2)), 10)


def test_a_clip_without_pictures_is_none(tmp_path: Path) -> None:
    assert write_clip(tmp_path / "clip.mp4", iter([]), 10) == 0
