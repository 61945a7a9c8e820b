"""What a board tells of itself, from files as kernels write them."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.host.sensors import resident_bytes, temperature_c, throttled


def board(folder: Path, zones: dict[str, str], throttling: str | None = None) -> Path:
    for number, (name, milli) in enumerate(zones.items()):
        zone = folder / f"class/thermal/thermal_zone{number}"
        zone.mkdir(parents=True)
        (zone / "type").write_text(f"{name}\n")
        (zone / "temp").write_text(f"{milli}\n")
    if throttling is not None:
        file = folder / "devices/platform/soc/soc:firmware/get_throttled"
        file.parent.mkdir(parents=True)
        file.write_text(throttling)
    return folder


@pytest.mark.parametrize(
    ("zones", "celsius"),
    [
        ({"cpu-thermal": "48312"}, 48.312),
        ({"acpitz": "70000", "x86_pkg_temp": "51000"}, 51.0),
        ({"gpu-thermal": "39000", "CPU-therm": "41500", "cpu1": "43000"}, 43.0),
        ({"battery": "31000", "ddr": "40000"}, 40.0),
        ({"cpu-thermal": "-274000", "ddr": "40000"}, 40.0),
        ({"cpu-thermal": "", "ddr": "hot"}, None),
        ({}, None),
    ],
)
def test_the_temperature_is_that_of_the_processor(
    tmp_path: Path, zones: dict[str, str], celsius: float | None
) -> None:
    assert temperature_c(board(tmp_path, zones)) == celsius


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("0\n", []),
        ("50005\n", ["under_voltage", "throttled"]),
        ("0x8", ["soft_temperature_limit"]),
        ("80000", []),
        ("?", None),
        (None, None),
    ],
)
def test_a_board_that_slows_down_says_why(tmp_path: Path, text: str | None, words: list[str] | None) -> None:
    assert throttled(board(tmp_path, {}, text)) == words


def test_this_process_has_memory_and_a_machine_without_proc_does_not_tell(tmp_path: Path) -> None:
    assert resident_bytes(tmp_path) is None
    mine = resident_bytes()
    assert mine is None or 1 << 20 < mine < 1 << 36
