"""What a console asks of the hub: an answer, or all pages of one."""

from __future__ import annotations

from collections.abc import Iterator

from edge.core.ack import AckStatus
from edge.core.events import Json
from edge.core.roles import roles_for
from edge.errors import RequestRefused
from edge.hub.console import Console


def asked(console: Console, type_: str, body: dict[str, Json], within_s: float = 30.0) -> dict[str, Json]:
    """The hub's answer. Raises RequestRefused with what the hub says against it, BrokerUnavailable."""
    ack = console.ask(type_, body, within_s)
    if ack.status is AckStatus.SUCCEEDED:
        return ack.detail
    text = ack.detail.get("text") or ack.reason or ack.status.value
    cure = f"; {needed(type_)}" if ack.reason == "auth" else ""
    raise RequestRefused(f"the hub refuses {type_}: {text}{cure}")


def needed(type_: str) -> str:
    """What somebody must have who asks for that, and how it is given."""
    roles = " or ".join(roles_for(type_)) or "of another kind"
    return (
        f"{type_} takes a key with the role {roles}; 'ostiary fleet provision list' shows who has which, and"
        " 'ostiary fleet provision keys --publish' tells everybody of new keys"
    )


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
