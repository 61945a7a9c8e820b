"""Room on the disk that is left to the door: a gallery that arrives must not take what decisions need."""

from __future__ import annotations

import os
from pathlib import Path

from edge.errors import StoreFull

SPARE_BYTES = 4 * 2**20


def require(store: Path, wanted: int = 0) -> None:
    """See that SPARE_BYTES stay free beside the store when `wanted` bytes are written. Raises StoreFull."""
    status = os.statvfs(store.parent)
    if status.f_bavail * status.f_frsize < wanted + SPARE_BYTES:
        raise StoreFull(
            f"no space left beside the store {store} for the gallery; free some on that disk: the last"
            f" {SPARE_BYTES >> 20} MiB are left to the door"
        )
