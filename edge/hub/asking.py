"""What a console asks of the hub: an answer, or all pages of one."""

from __future__ import annotations

from collections.abc import Iterator

from edge.core.ack import Ack, AckStatus
from edge.core.authorization import WHY, Denial
from edge.core.events import Json
from edge.core.roles import roles_for
from edge.errors import RequestRefused
from edge.hub.console import Console


def asked(console: Console, type_: str, body: dict[str, Json], within_s: float = 30.0) -> dict[str, Json]:
    """The hub's answer. Raises RequestRefused with what the hub says against it, BrokerUnavailable."""
    ack = console.ask(type_, body, within_s)
    if ack.status is AckStatus.SUCCEEDED:
        return ack.detail
    raise RequestRefused(refusal("the hub", type_, ack))


def refusal(who: str, type_: str, ack: Ack) -> str:
    """In one line, what somebody has against it, and what would help."""
    text = ack.detail.get("text") or ack.reason or ack.status.value
    cure = f"; {needed(type_, text)}" if ack.reason == "auth" else ""
    return f"{who} refuses {type_}: {text}{cure}"


def needed(type_: str, why: Json) -> str:
    """What helps who was not authorized. why: the words of whoever refused it."""
    if why == WHY[Denial.SIGNATURE]:
        return "'ostiary fleet provision keys --publish' tells everybody of new keys"
    roles = " or ".join(roles_for(type_)) or "of another kind"
    return f"{type_} takes the role {roles}; 'ostiary fleet provision list' shows who has which"


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
