"""Bring the file of a roll-out to the hub, in pieces; one that was cut off goes on where it was."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from pathlib import Path

from edge.core.events import Json
from edge.core.jobs import CHUNK_BYTES
from edge.errors import SettingsError
from edge.hub.asking import asked
from edge.hub.console import Console


def upload(console: Console, file: Path, progress: Callable[[int, int], None]) -> dict[str, Json]:
    """Send a file and return how a job names it: `sha256` and `bytes`.

    progress: told bytes sent, of how many. Raises SettingsError for a file that cannot be read,
    RequestRefused, BrokerUnavailable.
    """
    told, data = described(file)
    chunk: Json = 0
    while isinstance(chunk, int):
        start = chunk * CHUNK_BYTES
        piece = base64.b64encode(data[start : start + CHUNK_BYTES]).decode("ascii")
        chunk = asked(console, "file.put", {**told, "chunk": chunk, "data": piece}).get("next")
        progress(min(len(data), start + CHUNK_BYTES), len(data))
    return told


def described(file: Path) -> tuple[dict[str, Json], bytes]:
    """How a job names a file, and what is in it. Raises SettingsError for one that cannot be read."""
    try:
        data = file.read_bytes()
    except OSError as error:
        raise SettingsError(f"cannot read {file}: {error.strerror}; give the file to roll out") from None
    if not data:
        raise SettingsError(f"{file} is empty; give the file to roll out")
    return {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}, data
