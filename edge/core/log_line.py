"""One line of the log, fit to leave the device."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from edge.core.envelope import to_timestamp

LONGEST = 500
_LOOKED_AT = 4000
"""What is looked through takes the square of its length; whoever waits for the log must not wait for that."""
_HIDDEN = (
    (re.compile(r"(?<=://)[^/\s@]+@"), "***@"),
    (re.compile(r"\b[\w.+-]+@[\w-]+(\.[\w-]+)+"), "***@***"),
    (re.compile(r"(?i)\b((?:[a-z_]*(?:password|passwd|secret|token|credential))\s*[=:]\s*)\S+"), r"\1***"),
    (re.compile(r"[A-Za-z0-9+/_-]{48,}={0,2}"), "***"),
)
"""Users and passwords of addresses, addresses of people, values that call themselves secret, and what may be
a key, a template or a picture."""


@dataclass(frozen=True, slots=True)
class LogLine:
    """at: aware UTC. level: debug, info, warning, error. name: of the logger. text: redacted, one line."""

    at: datetime
    level: str
    name: str
    text: str

    def __str__(self) -> str:
        return f"{to_timestamp(self.at)} {self.level.upper()} {self.name}: {self.text}"


def redacted(text: str) -> str:
    """Hide what must not leave the device, and make it one line of at most `LONGEST` characters.

    Names and pictures are not logged in the first place; this is the second fence.
    """
    line = " | ".join(part.strip() for part in text[:_LOOKED_AT].splitlines() if part.strip())
    for pattern, shown in _HIDDEN:
        line = pattern.sub(shown, line)
    return line if len(line) <= LONGEST else line[: LONGEST - 3] + "..."
