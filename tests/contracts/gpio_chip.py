"""A GPIO chip of the kernel's simulator to run the contracts on, where there is one.

Only lines of gpio-sim are ever taken: those of a real board may have a door on them.
"""

from pathlib import Path

import pytest

from edge.door.board import Board, BoardLock

LINES = 20


def a_chip():
    """The label of a gpio-sim chip with enough lines; skips the test where there is none."""
    for chip in sorted(Path("/sys/bus/gpio/devices").glob("gpiochip*")):
        if "gpio-sim" in str(chip.resolve()):
            pytest.importorskip("lgpio", reason="lgpio is not installed")
            return _label(int(chip.name.removeprefix("gpiochip")))
    pytest.skip("no gpio-sim chip on this machine")


def a_board(chip):
    return Board(
        name="simulator",
        title="gpio-sim",
        chip=chip,
        compatible=(),
        boot="device-tree",
        lock=BoardLock(pin=17, header=11, active_high=True),
        inputs=(),
    )


def _label(number):
    import lgpio

    handle = lgpio.gpiochip_open(number)
    try:
        _, lines, _, label = lgpio.gpio_get_chip_info(handle)
    finally:
        lgpio.gpiochip_close(handle)
    if lines < LINES:
        pytest.skip(f"the gpio-sim chip has {lines} lines, the tests need {LINES}")
    return label
