"""How the board itself is: what the kernel tells in files. What a board does not have is None."""

from __future__ import annotations

import os
from pathlib import Path

SYS = Path("/sys")
PROC = Path("/proc")
_PROCESSOR = ("cpu", "soc", "x86_pkg", "k10temp", "coretemp")
_COLDEST_C, _HOTTEST_C = -40.0, 150.0
_THROTTLED = "devices/platform/soc/soc:firmware/get_throttled"
_THROTTLE_BITS = ("under_voltage", "frequency_capped", "throttled", "soft_temperature_limit")


def temperature_c(sys: Path = SYS) -> float | None:
    """Of the processor, degrees Celsius; of the hottest zone where none is called after it."""
    zones = [_zone(folder) for folder in sorted((sys / "class/thermal").glob("thermal_zone*"))]
    known = [zone for zone in zones if zone is not None]
    processor = [celsius for name, celsius in known if name.startswith(_PROCESSOR)]
    return max(processor or [celsius for _, celsius in known], default=None)


def throttled(sys: Path = SYS) -> list[str] | None:
    """What slows a Raspberry Pi down now, by the words of its `vcgencmd get_throttled`; often nothing."""
    text = _read(sys / _THROTTLED)
    try:
        bits = int(text or "", 16)
    except ValueError:
        return None
    return [word for place, word in enumerate(_THROTTLE_BITS) if bits >> place & 1]


def resident_bytes(proc: Path = PROC) -> int | None:
    """Memory of this process that is in RAM."""
    fields = (_read(proc / "self/statm") or "").split()
    if len(fields) < 2 or not fields[1].isdecimal():
        return None
    return int(fields[1]) * os.sysconf("SC_PAGE_SIZE")


def _zone(folder: Path) -> tuple[str, float] | None:
    """The name of a thermal zone and its temperature; some drivers give nonsense while they sleep."""
    name, text = _read(folder / "type"), _read(folder / "temp")
    try:
        celsius = int(text or "") / 1000.0
    except ValueError:
        return None
    return (name or "", celsius) if _COLDEST_C < celsius < _HOTTEST_C else None


def _read(file: Path) -> str | None:
    try:
        return file.read_text("ascii").strip().lower()
    except (OSError, UnicodeDecodeError):
        return None
