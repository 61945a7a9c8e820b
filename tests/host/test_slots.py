"""Two places for the software: real virtual environments, the real launcher, and a wheel made here."""

from __future__ import annotations

import hashlib
import io
import shutil
import subprocess
import tarfile
import zipfile
from base64 import urlsafe_b64encode

import pytest

from edge import resources
from edge.errors import JobFailed, StoreUnwritable
from edge.host.slots import Slots

LAUNCHER = resources.folder("systemd") / "ostiary-launch"


def make_wheel(folder, version, says=None, needs=""):
    """A wheel whose command `ostiary` tells a version. needs: what it depends on."""
    files = {
        "tiny.py": f"def main():\n    print('ostiary {says or version}')\n",
        f"ostiary-{version}.dist-info/METADATA": (
            f"Metadata-Version: 2.1\nName: ostiary\nVersion: {version}\n"
            + (f"Requires-Dist: {needs}\n" if needs else "")
        ),
        f"ostiary-{version}.dist-info/WHEEL": (
            "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        ),
        f"ostiary-{version}.dist-info/entry_points.txt": "[console_scripts]\nostiary = tiny:main\n",
    }
    record = f"ostiary-{version}.dist-info/RECORD"
    lines = [
        f"{name},sha256={urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip('=')},{len(text)}"
        for name, text in files.items()
    ]
    path = folder / f"ostiary-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
        archive.writestr(record, "\n".join([*lines, f"{record},,"]) + "\n")
    return path


class Box:
    """The folder of a device, with two places that are scripts telling which they are."""

    def __init__(self, folder):
        self.folder = folder
        shutil.copy(LAUNCHER, folder / "ostiary-launch")
        for place in ("a", "b"):
            home = folder / "slots" / place / "bin"
            home.mkdir(parents=True)
            (home / "ostiary").write_text(f'#!/bin/sh\necho {place} "$@"\n')
            (home / "ostiary").chmod(0o755)
        (folder / "slots" / "current").symlink_to("a")
        self.slots = self.running("a")

    def running(self, place):
        return Slots(self.folder / "slots", prefix=self.folder / "slots" / place)

    def launch(self, *arguments):
        command = [str(self.folder / "ostiary-launch"), *(arguments or ("run",))]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()


@pytest.fixture
def box(tmp_path):
    return Box(tmp_path)


def test_without_a_trial_the_current_place_is_started(box):
    assert box.launch("--config", "x.toml", "run") == "a --config x.toml run"
    assert box.slots.is_ours
    assert not box.running("b").is_ours
    assert box.slots.trial() is None


def test_a_candidate_that_proves_itself_stays(box):
    box.slots.switch("b", "job-1", frozenset({"camera"}))
    assert box.launch() == "b run"
    new = box.running("b")
    run = new.trial()
    assert (run.candidate, run.previous, run.starts, run.excused) == ("b", "a", 1, frozenset({"camera"}))
    new.confirm()
    assert new.last() == ("job-1", "")
    assert [box.launch() for _ in range(4)] == ["b run"] * 4
    assert new.trial() is None


def test_a_candidate_that_ends_twice_is_left(box):
    box.slots.switch("b", "job-1")
    assert [box.launch() for _ in range(4)] == ["b run", "b run", "a run", "a run"]
    assert box.slots.last() == ("job-1", "crashed")
    assert box.slots.trial() is None


def test_a_candidate_that_is_not_well_is_left_at_once(box):
    box.slots.switch("b", "job-1")
    box.launch()
    box.running("b").roll_back("unhealthy")
    assert box.launch() == "a run"
    assert box.slots.last() == ("job-1", "unhealthy")


def test_other_commands_and_orderly_ends_do_not_count(box):
    box.slots.switch("b", "job-1")
    for _ in range(4):
        assert box.launch("board", "secure") == "b board secure"
        assert box.launch() == "b run"
        box.running("b").excuse()
    assert box.running("b").trial().starts == 0


@pytest.mark.parametrize("interrupted", ["switching", "rolling back"])
def test_a_trial_interrupted_between_two_steps_counts_for_nothing(box, interrupted):
    box.slots.switch("b", "job-1")
    box.launch()
    if interrupted == "switching":
        (box.folder / "slots" / "current").unlink()
        (box.folder / "slots" / "current").symlink_to("a")
    else:
        box.running("b")._link("a")
    assert box.slots.trial() is None
    assert [box.launch() for _ in range(4)] == ["a run"] * 4


@pytest.mark.parametrize("text", ["", "candidate=b\n", "candidate=b\nprevious=../x\nstarts=1\n", "\0\n"])
def test_a_damaged_note_of_a_trial_stops_nobody(box, text):
    box.slots.switch("b", "job-1")
    (box.folder / "slots" / "trial").write_text(text)
    assert [box.launch() for _ in range(3)] == ["b run"] * 3


def test_a_trial_with_an_unreadable_count_is_ended(box):
    box.slots.switch("b", "job-1")
    (box.folder / "slots" / "trial").write_text("candidate=b\nprevious=a\nstarts=x\njob=job-1\n")
    assert box.launch() == "a run"


def test_a_place_is_not_tried_against_itself(box):
    with pytest.raises(StoreUnwritable):
        box.slots.switch("a", "job-1")


def test_a_wheel_is_installed_into_the_other_place_and_started_from_there(box, tmp_path):
    pytest.importorskip("ensurepip", reason="this Python cannot make virtual environments")
    beats = []

    def install(wheel, version):
        return box.slots.install(wheel, version, beat=lambda: beats.append(1))

    assert install(make_wheel(tmp_path, "2.0.0"), "2.0.0") == "b"
    assert box.launch() == "a run"
    box.slots.switch("b", "job-1")
    assert box.launch() == "ostiary 2.0.0"
    assert beats
    assert Slots(box.folder / "slots", prefix=box.folder / "slots" / "b").other == "a"


def test_a_wheel_that_cannot_be_installed_changes_nothing(box, tmp_path):
    pytest.importorskip("ensurepip", reason="this Python cannot make virtual environments")
    broken = tmp_path / "ostiary-3.0.0-py3-none-any.whl"
    broken.write_bytes(b"no wheel")
    with pytest.raises(JobFailed) as failed:
        box.slots.install(broken, "3.0.0", beat=lambda: None)
    assert failed.value.reason == "install"
    assert box.launch() == "a run"


def make_source(folder, marker):
    """Sources of `needed` that leave a mark when something is built of them."""
    files = {
        "PKG-INFO": "Metadata-Version: 2.1\nName: needed\nVersion: 1\n",
        "pyproject.toml": '[build-system]\nrequires = []\nbuild-backend = "mark"\nbackend-path = ["."]\n',
        "mark.py": f"open({str(marker)!r}, 'w').close()\n",
    }
    with tarfile.open(folder / "needed-1.tar.gz", "w:gz") as archive:
        for name, text in files.items():
            entry = tarfile.TarInfo(f"needed-1/{name}")
            entry.size = len(text)
            archive.addfile(entry, io.BytesIO(text.encode()))


def test_nothing_is_built_on_the_device(box, tmp_path):
    pytest.importorskip("ensurepip", reason="this Python cannot make virtual environments")
    wheels, marker = tmp_path / "wheels", tmp_path / "built"
    wheels.mkdir()
    make_source(wheels, marker)
    wheel = make_wheel(tmp_path, "2.0.0", needs="needed")
    with pytest.raises(JobFailed):
        box.slots.install(wheel, "2.0.0", wheels=wheels, beat=lambda: None)
    assert not marker.exists()


def test_a_stop_ends_the_installation(box, tmp_path):
    def stop():
        raise JobFailed("the daemon stops", "interrupted")

    with pytest.raises(JobFailed, match="stops"):
        box.slots.install(make_wheel(tmp_path, "2.0.0"), "2.0.0", beat=stop)
