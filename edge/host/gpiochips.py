"""The GPIO chips of this machine, and whether we may use them."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path


def _is_usable(chip: Path) -> bool:
    return os.access(chip, os.R_OK | os.W_OK)


def gpio_trouble(
    devices: Path = Path("/dev"), is_usable: Callable[[Path], bool] = _is_usable
) -> tuple[str, str] | None:
    """What keeps us from every GPIO line, and the cure; None when there is a chip we may use."""
    chips = sorted(devices.glob("gpiochip*"))
    if not chips:
        return (
            f"this machine has no GPIO chip ({devices}/gpiochip*)",
            'run on a board, or set door.kind = "simulated" to try without one',
        )
    if not any(is_usable(chip) for chip in chips):
        return (
            f"{chips[0]} may not be used by this user",
            "sudo usermod -aG gpio $USER and log in again; without that group see systemd/60-ostiary.rules",
        )
    return None
