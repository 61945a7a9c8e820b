"""What was deleted is zeroed in the file; emptying the write-ahead log leaves no copy there either."""

from __future__ import annotations

import logging

from edge.errors import StoreError
from edge.store.database import Database
from edge.store.erased_rows import erase_removed

logger = logging.getLogger(__name__)


def erase(database: Database) -> bool:
    """Leave nothing of what was deleted on the disk; call it after the transaction. Whether that is so."""
    try:
        erase_removed(database)
        is_erased = database.checkpoint()
    except StoreError as error:
        logger.warning("erased data stays in the write-ahead log until its next checkpoint: %s", error)
        return False
    if not is_erased:
        logger.warning("erased data stays in the write-ahead log until no other process reads it")
    return is_erased
