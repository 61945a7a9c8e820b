from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.cameras.recording import recorded
from edge.cameras.replay import ReplayCamera
from edge.core.screen_check import in_depth, in_infrared
from edge.core.suspicion import Suspicion
from tests.core.test_screen_check import color, head, infrared, measured, mesh, plane


def write(folder: Path, name: str, *, ir=None, depth=None) -> None:
    cv2.imwrite(str(folder / f"{name}.png"), color())
    if ir is not None:
        cv2.imwrite(str(folder / f"{name}.nir.png"), ir)
    if depth is not None:
        millimeters = np.nan_to_num(depth * 1000.0).round().astype(np.uint16)
        cv2.imwrite(str(folder / f"{name}.depth.png"), millimeters)


def test_what_other_sensors_saw_is_replayed_with_its_picture(tmp_path: Path) -> None:
    write(tmp_path, "1", ir=infrared(), depth=plane(0.5))
    write(tmp_path, "2")
    camera = ReplayCamera(tmp_path, realtime=False)
    camera.start()
    first, second = camera.read(1.0), camera.read(1.0)
    assert first.infrared.dtype == np.uint8
    assert first.depth.dtype == np.float32
    np.testing.assert_array_equal(first.infrared, infrared())
    np.testing.assert_allclose(first.depth, plane(0.5), atol=0.0006)
    assert second.infrared is second.depth is None


@pytest.mark.parametrize(
    ("seen", "lit", "says"),
    [
        (head(), infrared(), (None, None)),
        (plane(), infrared(4, 200), (Suspicion.DARK_IN_INFRARED, Suspicion.FLAT_IN_DEPTH)),
    ],
)
def test_a_recording_tells_a_head_from_a_screen(tmp_path: Path, seen, lit, says) -> None:
    write(tmp_path, "a", ir=lit, depth=measured(seen, 0.002))
    camera = ReplayCamera(tmp_path, realtime=False)
    camera.start()
    frame = camera.read(1.0)
    assert says == (in_infrared(frame.image, frame.infrared, mesh()), in_depth(frame.depth, mesh()))


def test_another_size_is_brought_to_that_of_the_picture(tmp_path: Path) -> None:
    write(tmp_path, "a", ir=infrared()[::2, ::2], depth=plane()[::2, ::2])
    (only,) = recorded(tmp_path, set())
    assert only.infrared.shape == only.depth.shape == only.image.shape[:2]


@pytest.mark.parametrize("kind", ["nir", "depth"])
def test_a_damaged_file_beside_a_picture_costs_only_itself(tmp_path: Path, kind: str, caplog) -> None:
    write(tmp_path, "a", ir=infrared(), depth=plane())
    (tmp_path / f"a.{kind}.png").write_bytes(b"not a picture")
    skipped: set[Path] = set()
    for _ in range(2):
        (only,) = recorded(tmp_path, skipped)
    assert (only.infrared is None, only.depth is None) == (kind == "nir", kind == "depth")
    assert len(caplog.records) == 1


def test_a_depth_of_eight_bits_is_none(tmp_path: Path) -> None:
    write(tmp_path, "a")
    cv2.imwrite(str(tmp_path / "a.depth.png"), infrared())
    (only,) = recorded(tmp_path, set())
    assert only.depth is None
