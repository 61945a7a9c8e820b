"""Why the hub does not do what it was asked to."""

from __future__ import annotations

from edge.core.events import Json


class Refused(Exception):
    """reason: a stable word. text: one line for who asked. detail: more keys for the answer."""

    def __init__(self, reason: str, text: str, detail: dict[str, Json] | None = None) -> None:
        super().__init__(text)
        self.reason = reason
        self.detail = detail or {}
