"""Why a gallery is not followed as it should be, in one line."""

from __future__ import annotations

import logging
from collections.abc import Callable

logger = logging.getLogger(__name__)


class GalleryTrouble:
    """Of the reasons there are, the one noted first is told. tell: called with it when it changes, and with
    None when there is none."""

    def __init__(self, tell: Callable[[str | None], None]) -> None:
        self._tell = tell
        self._reasons: dict[str, str] = {}
        self._told: str | None = None

    def note(self, kind: str, reason: str | None) -> None:
        """There is trouble of a kind, or (None) there is not."""
        if reason is None:
            self._reasons.pop(kind, None)
        else:
            self._reasons[kind] = reason
        now = next(iter(self._reasons.values()), None)
        if now != self._told:
            self._told = now
            if now is not None:
                logger.warning("the gallery is not followed: %s", now)
            self._tell(now)
