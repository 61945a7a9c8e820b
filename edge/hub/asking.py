"""What a console asks of the hub: an answer, or all pages of one."""

from __future__ import annotations

from collections.abc import Iterator

from edge.core.ack import AckStatus
from edge.core.events import Json
from edge.errors import RequestRefused
from edge.hub.console import Console


def asked(console: Console, type_: str, body: dict[str, Json], within_s: float = 30.0) -> dict[str, Json]:
    """The hub's answer. Raises RequestRefused with what the hub says against it, BrokerUnavailable."""
    ack = console.ask(type_, body, within_s)
    if ack.status is AckStatus.SUCCEEDED:
        return ack.detail
    text = ack.detail.get("text") or ack.reason or ack.status.value
    raise RequestRefused(f"the hub refuses {type_}: {text}")


def listed(console: Console, type_: str, body: dict[str, Json], key: str) -> Iterator[dict[str, Json]]:
    """All rows of an answer that comes in pages. key: of the list in it. Raises as `asked`."""
    after: Json = body.get("after")
    while True:
        page = asked(console, type_, body if after is None else {**body, "after": after})
        rows = page.get(key)
        for row in rows if isinstance(rows, list) else ():
            if isinstance(row, dict):
                yield row
        after = page.get("after")
        if after is None or not rows:
            return
