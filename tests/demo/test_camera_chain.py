from __future__ import annotations

import numpy as np

from edge.demo.camera_chain import CameraChain, SensorModel

GRAY = np.full((120, 160, 3), 128, np.uint8)


def test_white_balance_keeps_gray_gray() -> None:
    center = CameraChain(160, 120, seed=1).capture(GRAY, 0)[50:70, 70:90]
    assert np.abs(center.mean(axis=(0, 1)) - 128).max() < 4


def test_noise_changes_from_frame_to_frame_but_not_from_run_to_run() -> None:
    one, two = (CameraChain(160, 120, seed=1) for _ in range(2))
    assert np.array_equal(one.capture(GRAY, 5), two.capture(GRAY, 5))
    assert not np.array_equal(one.capture(GRAY, 5), one.capture(GRAY, 6))


def test_fewer_electrons_mean_more_noise() -> None:
    deviations = [
        CameraChain(160, 120, 1, SensorModel(full_well=well)).capture(GRAY, 0)[40:80, 60:100].std()
        for well in (20000.0, 2000.0, 500.0)
    ]
    assert deviations[0] < deviations[1] < deviations[2]


def test_corners_are_darker_than_the_middle() -> None:
    picture = CameraChain(160, 120, seed=1).capture(GRAY, 0).astype(np.float32)
    assert picture[:12, :12].mean() < picture[54:66, 74:86].mean() - 5


def test_light_and_exposure_brighten_in_linear_light() -> None:
    chain = CameraChain(160, 120, seed=1)
    half = np.full((120, 160), 0.5, np.float32)
    dim, back = chain.capture(GRAY, 0, half), chain.capture(GRAY, 0, half, gain=2.0)
    center = (slice(50, 70), slice(70, 90))
    assert abs(dim[center].mean() - 128 * 0.5 ** (1 / 2.2)) < 4
    assert abs(back[center].mean() - 128) < 4


def test_fine_gray_stripes_turn_colored_under_the_filter_mosaic() -> None:
    stripes = np.zeros((120, 160, 3), np.uint8)
    stripes[:, ::2] = 255
    clear = SensorModel(lens_sigma=0.05, full_well=1e6, read_noise=0.1, sharpening=0.0, jpeg_quality=100)
    picture = CameraChain(160, 120, 1, clear).capture(stripes, 0)[40:80, 40:80].astype(np.float32)
    assert np.ptp(picture.mean(axis=(0, 1))) > 40
