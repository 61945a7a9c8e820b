"""What is erased from the store is erased from its snapshot as well."""

from __future__ import annotations

import logging
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from edge.store import face_rows, snapshot
from edge.store.database import Database
from edge.store.face_changes import changed_since
from edge.store.quantized import quantized
from edge.store.snapshot import Header, SnapshotUnusable

logger = logging.getLogger(__name__)


def erase_removed(database: Database) -> None:
    """Overwrite in the snapshot, when there is one, the templates that are no longer in the store.

    A file of which it is not known what to erase is removed. Raises StoreError.
    """
    path = snapshot.path_beside(database.path)
    try:
        with snapshot.opened_for_change(path) as file:
            header = snapshot.read_header(file)
            changes = changed_since(database, header.position)
            if changes is None:
                raise SnapshotUnusable("it is not of this store, or too old")
            for start in range(0, len(changes[1]), face_rows.BLOCK):
                some = np.array(changes[1][start : start + face_rows.BLOCK], np.int64)
                gone = _gone(database, file, header, some)
                if len(gone):
                    snapshot.blank(file, header, gone)
    except FileNotFoundError:
        return
    except (SnapshotUnusable, OSError, ValueError, TypeError) as error:
        logger.info("the index %s is removed: %s", path, error)
        path.unlink(missing_ok=True)


def _gone(
    database: Database, file: BinaryIO, header: Header, changed: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Which of these faces the file has with a template that the store has not. changed, result: rising."""
    numbers, stored = snapshot.vectors_of(file, header, changed)
    there = face_rows.of_faces(database, header.model, numbers.tolist())
    if not there:
        return numbers
    # A number that was free may have been given to another face.
    at = np.searchsorted(numbers, [row.number for row in there])
    same = (quantized(np.stack([row.vector for row in there]), header.scale) == stored[at]).all(axis=1)
    return np.delete(numbers, at[same])
