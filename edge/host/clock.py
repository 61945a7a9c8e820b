"""Whether the wall clock can be trusted: the kernel knows, whichever daemon keeps it."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from pathlib import Path

from edge.core.envelope import ClockState

TIMESYNCD_MARK = Path("/run/systemd/timesync/synchronized")

_TIME_ERROR = 5
_STA_UNSYNC = 0x0040


class ClockWatch:
    """Tells the clock's state, and remembers that it was set.

    SYNCED: a time source keeps the clock. HOLDOVER: one did since the machine started, and the
    clock runs on alone. UNSYNCED: nobody has set it, or that cannot be known.

    kernel: whether the kernel calls its clock synchronized, None when it does not say. mark:
    exists once systemd-timesyncd has set the clock since the machine started.
    """

    def __init__(self, kernel: Callable[[], bool | None] | None = None, mark: Path = TIMESYNCD_MARK) -> None:
        self._kernel = kernel_is_synced if kernel is None else kernel
        self._mark = mark
        self._was_synced = False

    def state(self) -> ClockState:
        """Never raises."""
        is_synced = self._kernel()
        self._was_synced = self._was_synced or bool(is_synced) or self._mark.exists()
        if is_synced:
            return ClockState.SYNCED
        return ClockState.HOLDOVER if self._was_synced else ClockState.UNSYNCED


def clock_state() -> ClockState:
    """The state at this moment, without a memory. Never raises."""
    return ClockWatch().state()


class _Timex(ctypes.Structure):
    """struct timex of adjtimex(2), as far as we read it; the rest is room for the kernel."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_byte * 256),
    )


def kernel_is_synced() -> bool | None:
    """Ask the kernel, as `timedatectl` does; None where it may not be asked."""
    try:
        libc = ctypes.CDLL(None)
        timex = _Timex()
        state = libc.adjtimex(ctypes.byref(timex))
    except (OSError, AttributeError):
        return None
    if state < 0:
        return None
    return state != _TIME_ERROR and not timex.status & _STA_UNSYNC
