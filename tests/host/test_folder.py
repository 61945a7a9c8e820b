from __future__ import annotations

import os
from pathlib import Path

import pytest

from edge.host.folder import folder_trouble, free_bytes

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "state"
    made.mkdir(mode=0o700)
    return made


def test_a_private_folder_of_ours_is_fine(folder: Path) -> None:
    (folder / "ostiary.db").touch(mode=0o600)
    assert folder_trouble(folder) is None


def test_a_folder_that_can_still_be_made_is_fine(tmp_path: Path) -> None:
    assert folder_trouble(tmp_path / "not" / "yet") is None


def test_a_folder_open_to_others_is_closed(folder: Path) -> None:
    folder.chmod(0o755)
    assert folder_trouble(folder) == (f"{folder} is open to other users (mode 755)", f"chmod 700 {folder}")


def test_a_file_in_its_place_is_told(tmp_path: Path) -> None:
    (tmp_path / "state").touch()
    trouble = folder_trouble(tmp_path / "state")
    assert trouble is not None
    assert "is not a folder" in trouble[0]


def test_a_folder_that_cannot_be_written_names_its_owner() -> None:
    # /proc is no place for files, not even for root.
    trouble = folder_trouble(Path("/proc"))
    assert trouble is not None
    assert "/proc cannot be written" in trouble[0]
    assert "sudo -u root" in trouble[1]


def test_another_user_is_told_to_run_as_the_owner(folder: Path) -> None:
    trouble = folder_trouble(folder, uid=folder.stat().st_uid + 12345)
    assert trouble is not None
    assert "run as its owner" in trouble[1]


@as_root
def test_a_file_that_root_left_behind_is_found(folder: Path) -> None:
    os.chown(folder, 65534, 65534)
    (folder / "ostiary.db-wal").touch()
    trouble = folder_trouble(folder)
    assert trouble is not None
    assert "ostiary.db-wal belongs to root" in trouble[0]
    assert trouble[1].startswith("sudo chown -R ")


def test_free_space_is_that_of_the_disk_the_folder_will_lie_on(tmp_path: Path) -> None:
    expected = os.statvfs(tmp_path)
    free = free_bytes(tmp_path / "not" / "yet")
    assert free == pytest.approx(expected.f_bavail * expected.f_frsize, abs=64 << 20)
