from __future__ import annotations

import threading

import pytest

from edge.app.frame_tap import FrameTap, TapCamera
from edge.app.threads import LatestSlot
from edge.errors import CameraStalled
from tests.factories import a_frame


def test_frames_go_on_to_the_door() -> None:
    slot = LatestSlot()
    tap = FrameTap(slot)
    tap.put(a_frame(1.0))
    assert slot.take(0.0).captured_at == 1.0


def test_while_frames_are_borrowed_the_door_gets_none() -> None:
    slot = LatestSlot()
    tap = FrameTap(slot)
    with tap.borrowed(), tap.borrowed():
        tap.put(a_frame(1.0))
    assert slot.take(0.0) is None
    tap.put(a_frame(2.0))
    assert slot.take(0.0).captured_at == 2.0


def test_a_camera_over_it_gives_only_what_is_new() -> None:
    tap = FrameTap(LatestSlot())
    tap.put(a_frame(1.0))
    camera = TapCamera(tap)
    camera.start()
    with pytest.raises(CameraStalled):
        camera.read(0.0)
    threading.Timer(0.02, lambda: tap.put(a_frame(2.0))).start()
    assert camera.read(5.0).captured_at == 2.0
    with pytest.raises(CameraStalled):
        camera.read(0.0)
    camera.close()
