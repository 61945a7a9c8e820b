"""The drop-in for software from afar, and the launcher, as systemd and a shell read them."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.systemd.test_unit import FOLDER, UNIT, needs_systemd_analyze, run

DROP_IN = (FOLDER / "ota.conf").read_text()


@needs_systemd_analyze
def test_the_drop_in_is_accepted_and_leaves_the_service_confined(tmp_path: Path) -> None:
    unit = tmp_path / UNIT.name
    folder = tmp_path / f"{UNIT.name}.d"
    folder.mkdir()
    program = re.compile(r"/opt/ostiary/(bin/ostiary|ostiary-launch)")
    unit.write_text(program.sub(sys.executable, UNIT.read_text()))
    (folder / "ota.conf").write_text(program.sub(sys.executable, DROP_IN))
    result = run("systemd-analyze", "verify", "--man=no", unit)
    assert (result.returncode, result.stdout + result.stderr) == (0, "")
    whole = tmp_path / "whole.service"
    whole.write_text(UNIT.read_text().replace("\n[Install]", DROP_IN.split("[Service]")[1] + "\n[Install]"))
    assert run("systemd-analyze", "security", "--offline=true", "--threshold=20", whole).returncode == 0


def test_the_launcher_lies_beside_the_slots_that_the_readme_makes() -> None:
    readme = (FOLDER / "README.md").read_text()
    for path in ("/opt/ostiary/slots", "/opt/ostiary/ostiary-launch"):
        assert path in DROP_IN
    assert "systemd/ostiary-launch /opt/ostiary/" in readme
    assert "ln -s a /opt/ostiary/slots/current" in readme


@pytest.mark.skipif(shutil.which("dash") is None, reason="dash is not installed")
def test_the_launcher_needs_no_more_than_a_posix_shell() -> None:
    checked = subprocess.run(["dash", "-n", str(FOLDER / "ostiary-launch")], capture_output=True, check=False)
    assert (checked.returncode, checked.stderr) == (0, b"")
