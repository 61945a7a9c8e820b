"""Times as the tables hold them: ISO 8601 in UTC with microseconds, so that text order is time order."""

from __future__ import annotations

from datetime import UTC, datetime

from edge.errors import StoreCorrupt


def to_text(at: datetime) -> str:
    """Raises ValueError for a time without a zone."""
    if at.tzinfo is None:
        raise ValueError(f"{at.isoformat()} has no time zone; times are aware UTC")
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def from_text(text: str) -> datetime:
    """The aware UTC time that `to_text` wrote. Raises StoreCorrupt for anything else."""
    try:
        at = datetime.fromisoformat(text)
    except (ValueError, TypeError):
        at = None
    if at is None or at.tzinfo is None:
        raise StoreCorrupt(f"the store holds {text!r:.60} in place of a time; restore a backup")
    return at


def unix_ms(at: datetime) -> int:
    """Milliseconds since 1970 UTC, and 0 before: a clock that was never set must not stop an event."""
    if at.tzinfo is None:
        raise ValueError(f"{at.isoformat()} has no time zone; times are aware UTC")
    return max(0, int(at.timestamp() * 1000))
