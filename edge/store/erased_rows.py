"""What is erased from the store is erased from its snapshot as well."""

from __future__ import annotations

import json
import logging

import numpy as np

from edge.store import snapshot
from edge.store.database import Database
from edge.store.face_changes import changed_since
from edge.store.snapshot import SnapshotUnusable

logger = logging.getLogger(__name__)


def erase_removed(database: Database) -> None:
    """Overwrite in the snapshot, when there is one, the faces that are no longer in the store.

    A file of which it is not known what to erase is removed. Raises StoreError.
    """
    path = snapshot.path_beside(database.path)
    try:
        with snapshot.opened_for_change(path) as file:
            header = snapshot.read_header(file)
            changes = changed_since(database, header.position)
            if changes is None:
                raise SnapshotUnusable("it is not of this store, or too old")
            rows = database.rows(
                "SELECT value FROM json_each(?) WHERE NOT EXISTS "
                "(SELECT 1 FROM templates WHERE face = value AND model = ?) ORDER BY value",
                (json.dumps(changes[1]), header.model),
            )
            if rows:
                snapshot.blank(file, header, np.array([row[0] for row in rows], np.int64))
    except FileNotFoundError:
        return
    except (SnapshotUnusable, OSError, ValueError, TypeError) as error:
        logger.info("the index %s is removed: %s", path, error)
        path.unlink(missing_ok=True)
