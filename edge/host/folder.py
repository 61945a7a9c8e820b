"""The folder the daemon keeps its state in: is it ours, private and writable?"""

from __future__ import annotations

import os
import pwd
import shutil
import stat
import tempfile
from pathlib import Path


def free_bytes(folder: Path) -> int:
    """Room left where the folder lies or would lie."""
    return shutil.disk_usage(_existing(folder)).free


def folder_trouble(folder: Path, uid: int | None = None) -> tuple[str, str] | None:
    """What is wrong with the folder, and the cure; None when all is well. uid: who asks, we unless told."""
    if not folder.exists():
        parent = _existing(folder)
        if os.access(parent, os.W_OK | os.X_OK):
            return None
        return (
            f"{folder} is missing, and {parent} cannot be written",
            f"sudo install -d -m 700 -o $USER {folder}",
        )
    if not folder.is_dir():
        return f"{folder} is not a folder", "move it away, or set store.folder"
    try:
        # Only a real file tells; permissions say nothing of a read-only or a broken disk.
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        owner = _user(folder.stat().st_uid)
        return (
            f"{folder} cannot be written ({error.strerror})",
            f"run as its owner: sudo -u {owner} ostiary …",
        )
    return _closed_to_others(folder) or _one_owner(folder, os.geteuid() if uid is None else uid)


def _closed_to_others(folder: Path) -> tuple[str, str] | None:
    mode = stat.S_IMODE(folder.stat().st_mode)
    if mode & 0o077:
        return f"{folder} is open to other users (mode {mode:o})", f"chmod 700 {folder}"
    return None


def _one_owner(folder: Path, uid: int) -> tuple[str, str] | None:
    """A command run as root leaves files that the daemon cannot write."""
    owner = folder.stat().st_uid
    for file in folder.iterdir():
        if file.stat().st_uid != owner:
            return (
                f"{file} belongs to {_user(file.stat().st_uid)}, its folder to {_user(owner)}",
                f"sudo chown -R {_user(owner)}: {folder}",
            )
    if owner != uid:
        return (
            f"{folder} belongs to {_user(owner)}, and this is {_user(uid)}",
            f"run as its owner: sudo -u {_user(owner)} ostiary …",
        )
    return None


def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _existing(folder: Path) -> Path:
    return next(path for path in (folder.absolute(), *folder.absolute().parents) if path.is_dir())
