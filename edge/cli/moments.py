"""Times as people type them: one of the calendar, or a span from now."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

_SPANS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def ahead(text: str) -> str:
    """A time, or so long from now (`30m`), in RFC 3339. Raises RequestRefused."""
    return _moment(text, 1)


def ago(text: str) -> str:
    """A time, or so long before now (`2h`), in RFC 3339. Raises RequestRefused."""
    return _moment(text, -1)


def _moment(text: str, direction: int) -> str:
    """A time without a zone is one of this place."""
    from edge.core.envelope import to_timestamp
    from edge.errors import RequestRefused

    if (span := re.fullmatch(r"(\d{1,4})([smhd])", text, re.ASCII)) is not None:
        return to_timestamp(datetime.now(UTC) + direction * timedelta(**{_SPANS[span[2]]: int(span[1])}))
    try:
        moment = datetime.fromisoformat(text)
        return to_timestamp(moment if moment.tzinfo is not None else moment.astimezone())
    except (ValueError, OverflowError, OSError):
        raise RequestRefused(f"{text!r} is no time; give one such as 2026-11-20T18:00Z, or 30m, 2h") from None
