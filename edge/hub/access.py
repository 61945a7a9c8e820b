"""Who may say and hear what on a site's broker: the one table that all its rules are made of.

What is not listed is denied. The broker's rules are the first of two fences: what is signed is checked
again by whoever gets it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from edge.core.roles import Role
from edge.keys.bundle import Kind
from edge.mqtt.topics import DISCOVERY_BIRTH, SiteTopics

SAYS = (
    "state",
    "info",
    "door/+/state",
    "evt/+",
    "cmd-ack",
    "cfg/reported",
    "gal/req",
    "gal/ack",
    "gal/offer",
    "job/+/update",
    "tele/health",
    "log/+",
)
"""What a device says, below `d/{dev}/`."""

HEARS = ("cmd", "evt-ack", "cfg/desired", "gal/delta", "gal/chunk/+/+", "job/next", "ha/+")
"""What a device is told, below `d/{dev}/`."""

_SHOWN = ("state", "info", "door/+/state", "evt/+", "tele/health")
"""What a home automation may see of a device."""


@dataclass(frozen=True, slots=True)
class Member:
    """One who has a certificate of the site; id: its common name, and the user name at the broker."""

    id: str
    kind: Kind
    roles: frozenset[Role] = frozenset()
    groups: tuple[str, ...] = ()
    gallery: str | None = None
    may_unlock: bool = False
    is_revoked: bool = False


@dataclass(frozen=True, slots=True)
class Access:
    """Topic filters: what may be published, and what may be received."""

    writes: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()


def access(site: SiteTopics, member: Member) -> Access:
    """All that a member may do; nothing once it is revoked."""
    if member.is_revoked:
        return Access()
    match member.kind:
        case Kind.DEVICE:
            own, chosen = every_device(site, member.id), chosen_for_device(site, member)
            return Access(own.writes, own.reads + chosen.reads)
        case Kind.HUB:
            return _hub(site, member)
        case Kind.OPERATOR:
            return _operator(site, member)
        case Kind.HOME_AUTOMATION:
            return _home_automation(site, member)


def every_device(site: SiteTopics, dev: str) -> Access:
    """What each device may do on its own topics. dev: its id, or a broker's placeholder for it."""
    base = site.every_device.removesuffix("+/#") + dev
    return Access(
        writes=(*(f"{base}/{leaf}" for leaf in SAYS), f"homeassistant/device/{dev}/config"),
        reads=tuple(f"{base}/{leaf}" for leaf in HEARS),
    )


def left_behind(site: SiteTopics, revoked: Iterable[Member]) -> tuple[str, ...]:
    """What the hub may write besides, to clear what is retained of devices that can no longer do it."""
    base = site.every_device.removesuffix("+/#")
    return tuple(f"{base}{one.id}/#" for one in revoked if one.is_revoked and one.kind is Kind.DEVICE)


def chosen_for_device(site: SiteTopics, device: Member) -> Access:
    """What a device may hear besides: commands to all and to its groups, the keys, and its gallery."""
    groups = tuple(site.group_cmd(group) for group in device.groups)
    gallery = () if device.gallery is None else (site.head(device.gallery), site.delta(device.gallery, "+"))
    return Access(reads=(site.all_cmd, site.keys, DISCOVERY_BIRTH, *groups, *gallery))


def _hub(site: SiteTopics, hub: Member) -> Access:
    any_group, any_head, any_delta = _any(site)
    return Access(
        writes=(
            *(site.each(leaf) for leaf in HEARS if leaf not in ("cmd", "ha/+")),
            site.each("evt/+").replace("/d/+/", f"/d/{hub.id}/"),
            site.all_cmd,
            any_head,
            any_delta,
            site.hub_state,
            site.hub_ack("+"),
            site.keys,
        ),
        reads=(
            *(site.each(leaf) for leaf in SAYS),
            # So that it learns of what operators revoke without it.
            site.each("cmd"),
            site.all_cmd,
            any_group,
            any_head,
            site.hub_cmd,
            site.hub_state,
            site.keys,
        ),
    )


def _operator(site: SiteTopics, operator: Member) -> Access:
    """Without a role, an operator watches only."""
    any_group, any_head, _ = _any(site)
    writes = (site.each("cmd"), any_group, site.all_cmd, site.hub_cmd) if operator.roles else (site.hub_cmd,)
    reads = (
        *(site.each(leaf) for leaf in SAYS),
        any_head,
        site.hub_state,
        site.hub_ack(operator.id),
        site.keys,
    )
    return Access(writes, reads)


def _home_automation(site: SiteTopics, member: Member) -> Access:
    writes = (DISCOVERY_BIRTH, *((site.each("ha/+"),) if member.may_unlock else ()))
    return Access(writes, (*(site.each(leaf) for leaf in _SHOWN), "homeassistant/#"))


def _any(site: SiteTopics) -> tuple[str, str, str]:
    """Filters for the commands to any group, and for heads and deltas of any gallery."""
    group, head, delta = site.group_cmd("any"), site.head("any"), site.delta("any", "+")
    return group.replace("/any/", "/+/"), head.replace("/any/", "/+/"), delta.replace("/any/", "/+/")
