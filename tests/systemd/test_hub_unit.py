"""The hub's unit as systemd itself reads and rates it."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from edge import resources
from edge.settings import Settings
from tests.systemd.test_unit import needs_systemd_analyze, run

UNIT = resources.folder("systemd") / "ostiary-hub.service"


@needs_systemd_analyze
def test_systemd_accepts_every_line(tmp_path: Path) -> None:
    copy = tmp_path / UNIT.name
    copy.write_text(UNIT.read_text().replace("/opt/ostiary/bin/ostiary", sys.executable))
    result = run("systemd-analyze", "verify", "--man=no", copy)
    assert (result.returncode, result.stdout + result.stderr) == (0, "")


@needs_systemd_analyze
def test_its_exposure_is_at_most_two() -> None:
    result = run("systemd-analyze", "security", "--offline=true", "--threshold=20", UNIT)
    rating = re.search(r"Overall exposure level for ostiary-hub.service: ([\d.]+)", result.stdout)
    assert rating is not None, result.stderr
    assert float(rating[1]) <= 2.0


def test_every_credential_is_named_as_a_setting() -> None:
    names = re.findall(r"^LoadCredential=([^:\n]+)", UNIT.read_text(), re.MULTILINE)
    assert "hub.database" in names
    for name in names:
        section, key = name.split(".")
        assert key in type(getattr(Settings(), section)).model_fields


def test_it_is_started_again_however_it_ended() -> None:
    assert re.search(r"^Restart=always$", UNIT.read_text(), re.MULTILINE)
    assert re.search(r"^StartLimitIntervalSec=0$", UNIT.read_text(), re.MULTILINE)
