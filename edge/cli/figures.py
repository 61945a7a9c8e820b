"""Write measured figures as JSON for other programs."""

from __future__ import annotations

import json
import os
from pathlib import Path

from edge.errors import SettingsError


def check_writable(file: Path | None) -> None:
    """Refuse a file that could not be written, before minutes of measuring. Raises SettingsError."""
    if file is None:
        return
    if not file.parent.is_dir():
        raise SettingsError(f"cannot write {file}: there is no folder {file.parent}; make it first")
    if file.is_dir() or not os.access(file if file.exists() else file.parent, os.W_OK):
        raise SettingsError(f"cannot write {file}; give --json a path that may be written")


def write_json(file: Path, figures: object) -> None:
    """Raises SettingsError when the file cannot be written."""
    try:
        file.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise SettingsError(f"cannot write {file}: {error.strerror}; give --json another path") from None
