"""The two sessions that the hub has at the broker, and what it hears on each."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

from edge.mqtt.topics import SiteTopics


class Line(Enum):
    """ORDERS: what somebody waits for, and all that the hub says. EVENTS: what devices report; it may wait
    long, and must not hold up the other."""

    ORDERS = "orders"
    EVENTS = "events"


def filters(site: SiteTopics, line: Line) -> Sequence[str]:
    """What the hub listens to on one of its lines."""
    if line is Line.ORDERS:
        return [site.hub_cmd, site.hub_state, site.all_cmd, site.keys, site.each("gal/req")]
    leaves = "state info door/+/state evt/+ cmd-ack cfg/reported gal/ack gal/offer job/+/update tele/health"
    return [site.each(leaf) for leaf in leaves.split()]
