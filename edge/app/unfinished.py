"""Finish what was begun and cut short, by a power cut or a killed process: deletions of groups."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from edge.app.wiring import open_roster
from edge.errors import StoreError
from edge.settings import Settings
from edge.store.revision import PAUSE_S

logger = logging.getLogger(__name__)
STALE_S = 60.0
"""The last step of a deletion overwrites what was in the files."""


def finish_deletions(settings: Settings, stop: threading.Event, beat: Callable[[], None]) -> None:
    """Delete the groups whose deletion has begun, step by step beside the door, until `stop` is set.

    What a store in trouble leaves is finished at the next start.
    """
    try:
        with open_roster(settings) as roster:
            for group in roster.groups.unfinished():
                logger.info("finishing the deletion of group %s", group)
                while roster.groups.remove_some(group):
                    beat()
                    if stop.wait(PAUSE_S):
                        return
                roster.groups.erase()
    except StoreError as error:
        logger.warning("a deletion of a group stays unfinished: %s", error)
