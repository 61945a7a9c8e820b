"""A console without a broker: what it hears is given, what it sends is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from edge.core.ack import Ack, AckStatus
from edge.core.envelope import Envelope, document
from edge.hub.console import Answer, Heard
from edge.mqtt.topics import SiteTopics
from tests.factories import NOON


class QuietConsole:
    """retained: what is there when somebody looks. after: what is heard once an order is given, by its id.
    asked: how the hub answers a request."""

    def __init__(
        self,
        retained: Iterable[Heard] = (),
        *,
        after: Callable[[str, str, str, dict[str, Any]], list[Heard]] = lambda *_: [],
        asked: Callable[[str, dict[str, Any]], Ack] = lambda *_: Ack(AckStatus.SUCCEEDED),
    ) -> None:
        self.topics = SiteTopics("north")
        self.hub = "ready"
        self.orders: list[tuple[str, str, dict[str, Any], float | None]] = []
        self.requests: list[tuple[str, dict[str, Any]]] = []
        self._coming = list(retained)
        self._after = after
        self._asked = asked

    def order(self, topic: str, type_: str, body: dict[str, Any], valid_s: float | None) -> str:
        self.orders.append((topic, type_, body, valid_s))
        order = f"order-{len(self.orders)}"
        self._coming += self._after(order, topic, type_, body)
        return order

    def heard(self, within_s: float | None = None) -> Iterator[Heard | None]:
        while self._coming:
            yield self._coming.pop(0)
        # Nothing more comes; whoever waits for a time to pass sees it pass.
        for _ in range(1000):
            yield None

    def answer(self, heard: Heard) -> Answer | None:
        corr = heard.document.get("corr")
        if heard.leaf != "cmd-ack" or corr is None:
            return None
        body = dict(heard.document["body"])
        return Answer(
            corr, heard.dev, Ack(AckStatus(body.pop("status")), body.pop("reason", None), body), 0.1
        )

    def answers(self, orders: list[str], within_s: float) -> Iterator[Answer | None]:
        for heard in self.heard(within_s):
            answer = None if heard is None else self.answer(heard)
            if answer is None or (answer.order in orders and answer.ack.status.is_final):
                yield answer

    def ask(self, type_: str, body: dict[str, Any], within_s: float = 30.0) -> Ack:
        self.requests.append((type_, body))
        return self._asked(type_, body)


def state(dev: str, state: str = "ready", session: int = 1, *, retained: bool = True, **more: Any) -> Heard:
    return Heard(dev, "state", {"state": state, "session": session, "boot": "b", **more}, retained)


def info(dev: str, *groups: str) -> Heard:
    return Heard(dev, "info", {"groups": list(groups), "version": "1"}, True)


def ack(dev: str, order: str, status: str = "succeeded", **body: Any) -> Heard:
    told = Envelope("id", NOON, "cmd.ack", {"status": status, **body}, corr=order)
    return Heard(dev, "cmd-ack", document(told), False)


def clock(step_s: float = 0.1) -> Callable[[], float]:
    """Each look at it is a little later."""
    now = 0.0

    def monotonic() -> float:
        nonlocal now
        now += step_s
        return now

    return monotonic
