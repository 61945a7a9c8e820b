from __future__ import annotations

from itertools import count

import numpy as np
import pytest

from edge.cameras.replay import FramesCamera
from edge.core.frame import Frame
from edge.errors import BrokerUnavailable, CameraNotFound, CameraStalled, StoreCorrupt
from edge.service.health import (
    LITTLE_SPACE,
    NO_SPACE,
    Check,
    Status,
    as_json,
    check_camera,
    check_space,
    has_failed,
    run_checks,
)

OK = Check("disk", Status.OK, "plenty")


def frames(level: int, number: int = 10):
    return lambda: [np.full((48, 64, 3), level, np.uint8)] * number


def tenths():
    ticks = count()
    return lambda: next(ticks) / 10


def test_an_error_of_ours_becomes_a_failed_check_with_its_cure() -> None:
    def corrupt() -> Check:
        raise StoreCorrupt("ostiary.db is damaged; restore the last export")

    checks = list(run_checks([("disk", lambda: OK), ("gallery", corrupt), ("again", lambda: OK)]))
    assert checks == [
        OK,
        Check("gallery", Status.FAIL, "ostiary.db is damaged", "restore the last export"),
        OK,
    ]
    assert has_failed(checks)


def test_a_file_that_this_user_may_not_see_is_a_failed_check() -> None:
    def closed() -> Check:
        raise PermissionError(13, "Permission denied", "/var/lib/ostiary/ostiary.db")

    (check,) = run_checks([("gallery", closed)])
    assert (check.status, check.detail) == (Status.FAIL, "/var/lib/ostiary/ostiary.db: Permission denied")
    assert "user" in check.cure


def test_an_error_that_is_not_ours_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError):
        list(run_checks([("odd", lambda: Check("odd", Status.OK, str(1 // 0)))]))


def test_a_cure_may_have_several_parts() -> None:
    def refuse() -> Check:
        raise BrokerUnavailable("refused; check the user; then the password")

    (check,) = run_checks([("broker", refuse)])
    assert check.cure == "check the user; then the password"


def test_warnings_and_skipped_checks_are_no_failure() -> None:
    assert not has_failed([Check("clock", Status.WARN, ""), Check("broker", Status.SKIPPED, ""), OK])


@pytest.mark.parametrize(
    ("free", "status"),
    [
        (0, Status.FAIL),
        (NO_SPACE - 1, Status.FAIL),
        (NO_SPACE, Status.WARN),
        (LITTLE_SPACE - 1, Status.WARN),
        (LITTLE_SPACE, Status.OK),
    ],
)
def test_little_space_is_warned_of_before_it_is_too_late(free: int, status: Status) -> None:
    check = check_space(free)
    assert check.status is status
    assert bool(check.cure) is (status is not Status.OK)


def test_a_camera_that_sees_is_told_with_its_size_and_rate() -> None:
    clock = tenths()
    check = check_camera(FramesCamera(frames(100), realtime=False, clock=clock), clock)
    assert (check.status, check.cure) == (Status.OK, "")
    assert check.detail.startswith("64x48, ")


def test_a_camera_in_the_dark_is_warned_of() -> None:
    clock = tenths()
    check = check_camera(FramesCamera(frames(3), realtime=False, clock=clock), clock)
    assert check.status is Status.WARN
    assert "lens cap" in check.cure


def test_a_replay_of_one_picture_is_a_camera_too() -> None:
    clock = tenths()
    check = check_camera(FramesCamera(frames(100, 1), realtime=False, clock=clock), clock)
    assert (check.status, check.detail) == (Status.OK, "64x48")


class SilentCamera:
    """Opens, and gives nothing."""

    def __init__(self) -> None:
        self.is_open = False

    def start(self) -> None:
        self.is_open = True

    def read(self, timeout_s: float) -> Frame:
        raise CameraStalled("front is open but gives no pictures; check its cable")

    def close(self) -> None:
        self.is_open = False


def test_a_silent_camera_fails_and_is_closed_again() -> None:
    camera = SilentCamera()
    (check,) = run_checks([("camera", lambda: check_camera(camera, tenths()))])
    assert check == Check("camera", Status.FAIL, "front is open but gives no pictures", "check its cable")
    assert not camera.is_open


def test_an_absent_camera_fails() -> None:
    class Absent(SilentCamera):
        def start(self) -> None:
            raise CameraNotFound("no camera at /dev/video0; plug it in")

    (check,) = run_checks([("camera", lambda: check_camera(Absent(), tenths()))])
    assert check.status is Status.FAIL


def test_json_holds_every_field_as_text() -> None:
    assert as_json([Check("disk", Status.WARN, "9 MiB free", "make room")]) == [
        {"name": "disk", "status": "warn", "detail": "9 MiB free", "cure": "make room"}
    ]
