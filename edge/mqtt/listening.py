"""What a client wants to hear, and how it asks the broker for that."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from paho.mqtt.matcher import MQTTMatcher
from paho.mqtt.subscribeoptions import SubscribeOptions

from edge.mqtt.codec import MAX_BYTES

GALLERY_BYTES = 128 * 1024
"""The longest message about a gallery: a delta, or a piece of a snapshot."""
_SHARED = "$share/"


class Listening:
    """The topics of one connection.

    filters: of MQTT, with + and #, or `$share/name/filter`. hold_acks: a message is acknowledged when it
    was settled, not when it arrived. max_bytes: the longest payload wanted.
    """

    def __init__(
        self, filters: Sequence[str], *, hold_acks: bool = False, max_bytes: int = MAX_BYTES
    ) -> None:
        self.hold_acks = hold_acks
        self.max_bytes = max_bytes
        self._filters = tuple(filters)
        self._matcher = MQTTMatcher()  # type: ignore[no-untyped-call]
        for one in self._filters:
            self._matcher[_plain(one)] = True

    def wants(self, topic: str) -> bool:
        """Whether we asked for it; a broker may send what nobody asked for."""
        return any(self._matcher.iter_match(topic))  # type: ignore[no-untyped-call]

    @property
    def filters(self) -> tuple[str, ...]:
        return self._filters

    def request(self, filters: Sequence[str], *, is_v5: bool) -> list[tuple[str, Any]]:
        """What `Client.subscribe` takes for some of the filters; empty where nothing is to be heard.

        With MQTT 5 the retain flag is left on a message that the broker passes on at once, and what we
        say ourselves does not come back, which a shared filter forbids to ask for.
        """
        if not is_v5:
            return [(one, 1) for one in filters]
        return [
            (
                one,
                SubscribeOptions(
                    qos=1,
                    noLocal=not one.startswith(_SHARED),
                    retainAsPublished=True,
                    retainHandling=SubscribeOptions.RETAIN_SEND_ON_SUBSCRIBE,
                ),
            )
            for one in filters
        ]


def refused(filters: Sequence[str], reasons: Sequence[Any]) -> list[str]:
    """Which filters the broker did not grant. reasons: its answers, in the order of the request."""
    return [one for one, reason in zip(filters, reasons, strict=False) if getattr(reason, "is_failure", 0)]


def _plain(one: str) -> str:
    """`$share/name/a/b` hears `a/b`."""
    return one.split("/", 2)[2] if one.startswith(_SHARED) and one.count("/") >= 2 else one
