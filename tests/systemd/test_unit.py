"""The unit as systemd itself reads and rates it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from edge import resources
from edge.app.restarting import RESTART

FOLDER = resources.folder("systemd")
UNIT = FOLDER / "ostiary.service"

needs_systemd_analyze = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed (apt install systemd)"
)


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)


def value(key: str) -> str:
    return re.findall(rf"^{key}=(.*)$", UNIT.read_text(), re.MULTILINE)[-1]


def test_it_runs_the_daemon_from_the_folder_the_readme_installs_to() -> None:
    assert value("ExecStart") == "/opt/ostiary/bin/ostiary run"
    assert "venv --system-site-packages /opt/ostiary" in (FOLDER / "README.md").read_text()


def test_the_relay_is_secured_however_the_daemon_ended() -> None:
    assert value("ExecStopPost") == "-/opt/ostiary/bin/ostiary board secure"


@needs_systemd_analyze
def test_systemd_accepts_every_line(tmp_path: Path) -> None:
    # `verify` also wants the program to exist, so the copy names one that does.
    copy = tmp_path / UNIT.name
    copy.write_text(UNIT.read_text().replace("/opt/ostiary/bin/ostiary", sys.executable))
    result = run("systemd-analyze", "verify", "--man=no", copy)
    assert (result.returncode, result.stdout + result.stderr) == (0, "")


@needs_systemd_analyze
def test_systemd_would_say_if_a_line_were_wrong(tmp_path: Path) -> None:
    copy = tmp_path / UNIT.name
    text = UNIT.read_text().replace("/opt/ostiary/bin/ostiary", sys.executable)
    copy.write_text(text.replace("ProtectHome=yes", "ProtectHomes=yes"))
    assert "ProtectHomes" in run("systemd-analyze", "verify", "--man=no", copy).stderr


@needs_systemd_analyze
def test_its_exposure_is_at_most_two() -> None:
    result = run("systemd-analyze", "security", "--offline=true", "--threshold=20", UNIT)
    rating = re.search(r"Overall exposure level for ostiary.service: ([\d.]+)", result.stdout)
    assert rating is not None, result.stderr
    assert float(rating[1]) <= 2.0
    assert result.returncode == 0


@needs_systemd_analyze
def test_the_jetson_drop_in_is_accepted_too(tmp_path: Path) -> None:
    unit = tmp_path / UNIT.name
    drop_in = (FOLDER / "jetson-csi.conf").read_text().split("[Service]\n")[1]
    text = UNIT.read_text().replace("/opt/ostiary/bin/ostiary", sys.executable)
    unit.write_text(text.replace("\n[Install]", drop_in + "\n[Install]"))
    result = run("systemd-analyze", "verify", "--man=no", unit)
    assert (result.returncode, result.stdout + result.stderr) == (0, "")


def test_a_restart_follows_every_end_within_a_second_and_without_limit() -> None:
    assert value("Restart") == "always"
    assert int(value("SuccessExitStatus")) == RESTART
    assert float(value("RestartSec")) <= 1
    assert value("StartLimitIntervalSec") == "0"


def test_the_watchdog_is_on_and_the_daemon_must_notify() -> None:
    assert value("Type") == "notify"
    assert int(value("WatchdogSec")) == 10


def test_every_credential_is_named_as_a_setting() -> None:
    from edge.settings import Settings

    for name in re.findall(r"^LoadCredential=([^:\n]+)", UNIT.read_text(), re.MULTILINE):
        section, key = name.split(".")
        assert key in type(getattr(Settings(), section)).model_fields


def test_lgpio_finds_a_folder_it_can_write() -> None:
    folder = "/run/" + value("RuntimeDirectory")
    assert value("WorkingDirectory") == folder
    assert f"LG_WD={folder}" in UNIT.read_text()


@pytest.mark.skipif(shutil.which("systemd-sysusers") is None, reason="systemd-sysusers is not installed")
def test_the_accounts_are_made(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    result = run("systemd-sysusers", f"--root={tmp_path}", FOLDER / "sysusers.conf")
    assert result.returncode == 0, result.stderr
    groups = dict(line.split(":x:") for line in (tmp_path / "etc/group").read_text().splitlines())
    assert groups["gpio"].endswith(":ostiary")
    assert groups["video"].endswith(":ostiary")
    assert "ostiary:x:" in (tmp_path / "etc/passwd").read_text()


@pytest.mark.skipif(shutil.which("systemd-tmpfiles") is None, reason="systemd-tmpfiles is not installed")
def test_the_folders_are_made_closed_to_others(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    run("systemd-sysusers", f"--root={tmp_path}", FOLDER / "sysusers.conf")
    result = run("systemd-tmpfiles", "--create", f"--root={tmp_path}", FOLDER / "tmpfiles.conf")
    if "Operation not permitted" in result.stderr:
        pytest.skip("only root may give folders away")
    assert result.returncode == 0, result.stderr
    for folder, mode in (("var/lib/ostiary", 0o700), ("etc/ostiary", 0o750), ("etc/credstore", 0o700)):
        assert (tmp_path / folder).stat().st_mode & 0o777 == mode


INFERENCE = """
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
PR_SET_MDWE, REFUSE_EXEC_GAIN = 65, 1
if "again" not in sys.argv:
    if libc.prctl(PR_SET_MDWE, REFUSE_EXEC_GAIN, 0, 0, 0) != 0:
        sys.exit(77)
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:], "again"])
import mmap
try:
    mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
except OSError:
    pass
else:
    sys.exit("the rule is not in force")
import cv2, numpy as np
from ai_edge_litert.interpreter import Interpreter
interpreter = Interpreter(sys.argv[1], num_threads=1)
interpreter.allocate_tensors()
entry = interpreter.get_input_details()[0]
interpreter.set_tensor(entry["index"], np.zeros(entry["shape"], entry["dtype"]))
interpreter.invoke()
cv2.resize(np.zeros((48, 64, 3), np.uint8), (32, 24))
print("inferred")
"""


@pytest.mark.parametrize(
    "model", sorted(resources.folder("models").glob("*.tflite")), ids=lambda path: path.stem
)
def test_inference_needs_no_memory_both_writable_and_executable(model: Path) -> None:
    """MemoryDenyWriteExecute=yes as the kernel enforces it, kept across the exec of a fresh Python."""
    result = run(sys.executable, "-c", INFERENCE, model)
    if result.returncode == 77:
        pytest.skip("this kernel cannot refuse memory both writable and executable (needs Linux 6.3)")
    assert result.stdout == "inferred\n", result.stderr
    assert value("MemoryDenyWriteExecute") == "yes"
