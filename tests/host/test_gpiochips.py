from __future__ import annotations

from pathlib import Path

from edge.host.gpiochips import gpio_trouble


def test_a_machine_without_lines_is_told_so(tmp_path: Path) -> None:
    trouble = gpio_trouble(tmp_path)
    assert trouble is not None
    assert "no GPIO chip" in trouble[0]
    assert "simulated" in trouble[1]


def test_one_chip_we_may_use_is_enough(tmp_path: Path) -> None:
    (tmp_path / "gpiochip0").touch()
    (tmp_path / "gpiochip1").touch()
    assert gpio_trouble(tmp_path) is None
    assert gpio_trouble(tmp_path, lambda chip: chip.name == "gpiochip1") is None


def test_chips_we_may_not_use_name_the_group(tmp_path: Path) -> None:
    (tmp_path / "gpiochip0").touch()
    trouble = gpio_trouble(tmp_path, lambda chip: False)
    assert trouble is not None
    assert "gpiochip0 may not be used" in trouble[0]
    assert "usermod -aG gpio" in trouble[1]
