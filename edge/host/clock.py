"""Whether the wall clock can be trusted: the kernel knows, whichever daemon keeps it."""

from __future__ import annotations

import ctypes
import time
from collections.abc import Callable
from pathlib import Path

from edge.core.clock_state import ClockState

TIMESYNCD_MARK = Path("/run/systemd/timesync/synchronized")
HOLDOVER_S = 24 * 3600.0
"""How long a clock that lost its source is still good enough for expiry dates."""

_TIME_ERROR = 5
_STA_UNSYNC = 0x0040
_STA_NANO = 0x2000


class ClockWatch:
    """Tells the clock's state, and remembers when it was last set.

    SYNCED: a time source keeps the clock. HOLDOVER: one did within the last HOLDOVER_S, and the clock
    runs on alone. UNSYNCED: nobody has set it for longer than that, or it cannot be known.

    kernel: whether the kernel calls its clock synchronized, None when it does not say. mark: touched
    by systemd-timesyncd whenever it sets the clock. monotonic: seconds. wall: seconds since 1970, as
    the mark's time is.
    """

    def __init__(
        self,
        kernel: Callable[[], bool | None] | None = None,
        mark: Path = TIMESYNCD_MARK,
        monotonic: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._kernel = kernel_is_synced if kernel is None else kernel
        self._mark = mark
        self._monotonic = monotonic
        self._wall = wall
        self._marked: float | None = None
        self._synced_at = float("-inf")

    def state(self) -> ClockState:
        """Never raises."""
        now = self._monotonic()
        if self._kernel():
            self._synced_at = now
            return ClockState.SYNCED
        self._read_mark(now)
        return ClockState.HOLDOVER if now - self._synced_at <= HOLDOVER_S else ClockState.UNSYNCED

    def _read_mark(self, now: float) -> None:
        """Take over the time of a mark not seen before; a step of the clock must not make it younger."""
        try:
            marked = self._mark.stat().st_mtime
        except OSError:
            return
        if marked != self._marked:
            self._marked = marked
            self._synced_at = max(self._synced_at, now - max(0.0, self._wall() - marked))


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
    asked = _ask()
    if asked is None:
        return None
    state, timex = asked
    return state != _TIME_ERROR and not timex.status & _STA_UNSYNC


def kernel_offset_ms() -> float | None:
    """How far the clock is still off, by the last word of whoever keeps it; None while nobody does."""
    asked = _ask()
    if asked is None or asked[0] == _TIME_ERROR or asked[1].status & _STA_UNSYNC:
        return None
    timex = asked[1]
    return float(timex.offset) / (1e6 if timex.status & _STA_NANO else 1e3)


def _ask() -> tuple[int, _Timex] | None:
    try:
        libc = ctypes.CDLL(None)
        timex = _Timex()
        state = libc.adjtimex(ctypes.byref(timex))
    except (OSError, AttributeError):
        return None
    return None if state < 0 else (state, timex)
