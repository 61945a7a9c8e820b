"""Write results to files: figures as JSON for other programs, and pictures."""

from __future__ import annotations

import json
import os
from pathlib import Path

from edge.errors import SettingsError


def check_writable(file: Path | None) -> None:
    """Refuse a file that could not be written, before minutes of work. Raises SettingsError."""
    if file is None:
        return
    try:
        if not file.parent.is_dir():
            raise SettingsError(f"cannot write {file}: there is no folder {file.parent}; make it first")
        is_writable = not file.is_dir() and os.access(file if file.exists() else file.parent, os.W_OK)
    except OSError:
        is_writable = False
    if not is_writable:
        raise SettingsError(f"cannot write {file}; give a path that may be written")


def write_json(file: Path, figures: object) -> None:
    """Raises SettingsError when the file cannot be written."""
    write_file(file, json.dumps(figures, indent=2).encode() + b"\n")


def write_file(file: Path, data: bytes) -> None:
    """Raises SettingsError when the file cannot be written."""
    try:
        file.write_bytes(data)
    except OSError as error:
        raise SettingsError(f"cannot write {file}: {error.strerror}; give another path") from None
