from __future__ import annotations

import logging
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.cameras.replay import FramesCamera, ReplayCamera
from edge.errors import CameraLost, CameraNotFound, CameraStalled, EndOfReplay

TINY_JPEG = cv2.imencode(".jpg", np.zeros((8, 8, 3), np.uint8))[1].tobytes()


def gray(value: int) -> np.ndarray:
    return np.full((8, 8, 3), value, np.uint8)


def grays(*values: int):
    return lambda: (gray(value) for value in values)


def shade(frame) -> int:
    return int(frame.image[0, 0, 0])


def read_all(camera) -> list[int]:
    camera.start()
    shades = []
    while True:
        try:
            shades.append(shade(camera.read(1.0)))
        except EndOfReplay:
            return shades


class HandClock:
    """Stands still unless moved."""

    def __init__(self) -> None:
        self.now = 50.0

    def __call__(self) -> float:
        return self.now


def test_a_folder_is_shown_in_natural_order(tmp_path: Path) -> None:
    for number in (10, 9, 1, 100, 2):
        cv2.imwrite(str(tmp_path / f"frame{number}.png"), gray(number))
    assert read_all(ReplayCamera(tmp_path, realtime=False)) == [1, 2, 9, 10, 100]


def test_a_path_that_cannot_be_looked_at_is_no_camera(tmp_path: Path) -> None:
    with pytest.raises(CameraNotFound, match="cannot be read"):
        ReplayCamera(tmp_path / ("x" * 300)).start()


def test_a_folder_that_cannot_be_read_any_more_is_a_lost_camera(tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    cv2.imwrite(str(folder / "1.png"), gray(1))
    camera = ReplayCamera(folder, realtime=False, loop=True)
    camera.start()
    camera.read(1.0)
    folder.rename(tmp_path / "elsewhere")
    folder.symlink_to("x" * 300)
    with pytest.raises(CameraLost):
        camera.read(1.0)


def test_a_damaged_picture_is_skipped_with_one_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    cv2.imwrite(str(tmp_path / "2.png"), gray(2))
    (tmp_path / "0.jpg").write_bytes(b"")
    (tmp_path / "1.jpg").write_bytes(b"no picture at all")
    (tmp_path / "3.jpg").write_bytes(TINY_JPEG[:40])
    (tmp_path / "notes.txt").write_text("not meant to be one")
    (tmp_path / "folder.png").mkdir()
    cv2.imwrite(str(tmp_path / "4.png"), gray(4))
    camera = ReplayCamera(tmp_path, realtime=False)
    with caplog.at_level(logging.WARNING):
        assert read_all(camera) == [2, 4]
        assert read_all(camera) == [2, 4]
    assert [Path(record.args[0]).name for record in caplog.records] == ["0.jpg", "1.jpg", "3.jpg"]


def test_every_picture_is_given_once_and_then_the_replay_ends() -> None:
    camera = FramesCamera(grays(1, 2, 3), realtime=False)
    assert read_all(camera) == [1, 2, 3]
    with pytest.raises(EndOfReplay):
        camera.read(1.0)


def test_a_loop_begins_again() -> None:
    camera = FramesCamera(grays(1, 2), realtime=False, loop=True)
    camera.start()
    assert [shade(camera.read(1.0)) for _ in range(5)] == [1, 2, 1, 2, 1]


def test_a_loop_over_nothing_ends_instead_of_spinning() -> None:
    assert read_all(FramesCamera(grays(), realtime=False, loop=True)) == []


def test_a_late_reader_of_a_realtime_replay_skips_what_is_over() -> None:
    clock = HandClock()
    camera = FramesCamera(grays(0, 1, 2, 3, 4, 5), fps=10.0, clock=clock)
    camera.start()
    assert shade(camera.read(1.0)) == 0
    clock.now += 0.35
    late = camera.read(1.0)
    assert (shade(late), late.sequence) == (3, 3)


def test_a_picture_that_is_not_due_yet_is_kept() -> None:
    clock = HandClock()
    camera = FramesCamera(grays(0, 1), fps=10.0, clock=clock)
    camera.start()
    camera.read(1.0)
    with pytest.raises(CameraStalled):
        camera.read(0.01)
    clock.now += 0.1
    assert shade(camera.read(0.01)) == 1


def test_a_late_reader_of_the_last_picture_sees_the_end() -> None:
    clock = HandClock()
    camera = FramesCamera(grays(0, 1), fps=10.0, clock=clock)
    camera.start()
    clock.now += 5.0
    with pytest.raises(EndOfReplay):
        camera.read(1.0)


def test_a_clip_plays_at_its_own_rate_unless_told_otherwise(tmp_path: Path) -> None:
    path = tmp_path / "clip.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 5.0, (32, 32))
    for value in range(10):
        writer.write(np.full((32, 32, 3), value * 20, np.uint8))
    writer.release()
    for fps, expected in ((None, 5), (2.0, 2)):
        clock = HandClock()
        camera = ReplayCamera(path, fps=fps, clock=clock)
        camera.start()
        camera.read(1.0)
        clock.now += 1.05
        assert camera.read(1.0).sequence == expected
        camera.close()
