"""Who belongs to a site, as the folder that provisions it remembers."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from edge.core.envelope import to_timestamp
from edge.core.events import Json
from edge.core.roles import Role
from edge.errors import KeyUnusable, RequestRefused
from edge.hub.access import Member
from edge.keys.bundle import Kind

_VERSION = 1
_LEVEL = re.compile(r"[a-z0-9-]{1,64}")
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate that was signed: its serial number, and the last moment it is valid (aware UTC)."""

    serial: int
    not_after: datetime


@dataclass(frozen=True, slots=True)
class Entry:
    """A member of the site. client_id: of its MQTT session. kid: of its signing key. password: hashed.
    revoked: since when. former_kids: of the keys it signed with before."""

    member: Member
    client_id: str
    made: datetime
    certificates: tuple[Issued, ...] = ()
    kid: str | None = None
    password: str | None = field(default=None, repr=False)
    revoked: datetime | None = None
    former_kids: tuple[str, ...] = ()

    @property
    def valid_until(self) -> datetime | None:
        """Of the newest certificate; None without any."""
        return self.certificates[-1].not_after if self.certificates else None


@dataclass(frozen=True, slots=True)
class Inventory:
    """hosts: the broker's, or its nodes'. is_cluster: NATS, which speaks MQTT 3.1.1. passwords: members are
    known by name and password and have no certificates."""

    site: str
    hosts: tuple[str, ...]
    port: int
    galleries: tuple[str, ...] = ("main",)
    is_cluster: bool = False
    passwords: bool = False
    entries: dict[str, Entry] = field(default_factory=dict)

    @property
    def members(self) -> list[Member]:
        return [entry.member for entry in self.entries.values()]

    @property
    def revoked_serials(self) -> dict[int, datetime]:
        """Every certificate of every member that is revoked: since when."""
        return {
            issued.serial: entry.revoked
            for entry in self.entries.values()
            if entry.revoked is not None
            for issued in entry.certificates
        }

    def entry(self, member: str) -> Entry:
        """Raises RequestRefused for somebody unknown."""
        if member not in self.entries:
            raise RequestRefused(
                f"nobody at the site {self.site} is called {member!a}; see 'ostiary fleet provision list'"
            )
        return self.entries[member]

    def with_entries(self, entries: Iterable[Entry]) -> Inventory:
        return replace(self, entries={**self.entries, **{entry.member.id: entry for entry in entries}})

    def to_json(self) -> str:
        document: dict[str, Json] = {
            "version": _VERSION,
            "site": self.site,
            "hosts": [*self.hosts],
            "port": self.port,
            "galleries": [*self.galleries],
            "cluster": self.is_cluster,
            "passwords": self.passwords,
            "members": [_document(entry) for entry in self.entries.values()],
        }
        return json.dumps(document, indent=1) + "\n"


def inventory_from(text: str) -> Inventory:
    """Read what `to_json` wrote. Raises KeyUnusable."""
    try:
        one = json.loads(text)
        if one["version"] != _VERSION:
            raise KeyUnusable(f"the inventory has version {one['version']}; use a newer Ostiary")
        return Inventory(
            one["site"],
            tuple(one["hosts"]),
            one["port"],
            tuple(one["galleries"]),
            one["cluster"],
            one["passwords"],
            {member["id"]: _entry(member) for member in one["members"]},
        )
    except (ValueError, KeyError, TypeError) as error:
        raise KeyUnusable(
            f"the inventory is damaged ({type(error).__name__}: {error}); restore it from a copy"
        ) from None


def check_level(value: str, what: str) -> str:
    """Return `value` if it can be a level of a topic. Raises RequestRefused, with what would do."""
    return _checked(_LEVEL, value, what, "1 to 64 of a-z, 0-9 and -")


def check_id(value: str, what: str) -> str:
    """Return `value` if it can be an id, which begins with a letter or digit. Raises RequestRefused."""
    return _checked(_ID, value, what, "1 to 63 of a-z, 0-9 and -, no - first")


def slug(text: str) -> str:
    """The nearest id, e.g. `etage-1` of `Étage 1`; empty when nothing of it is left."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:63].strip("-")


def _checked(allowed: re.Pattern[str], value: str, what: str, rule: str) -> str:
    if allowed.fullmatch(value):
        return value
    better = slug(value)
    hint = f"; {better} would do" if better else ""
    raise RequestRefused(f"{what} {value[:80]!a} cannot be part of a topic: use {rule}{hint}")


def _document(entry: Entry) -> dict[str, Json]:
    member = entry.member
    return {
        "id": member.id,
        "kind": member.kind.value,
        "roles": [*sorted(role.value for role in member.roles)],
        "groups": [*member.groups],
        "gallery": member.gallery,
        "may_unlock": member.may_unlock,
        "client_id": entry.client_id,
        "made": to_timestamp(entry.made),
        "certificates": [
            {"serial": f"{one.serial:x}", "not_after": to_timestamp(one.not_after)}
            for one in entry.certificates
        ],
        "kid": entry.kid,
        "former_kids": [*entry.former_kids],
        "password": entry.password,
        "revoked": None if entry.revoked is None else to_timestamp(entry.revoked),
    }


def _entry(one: dict[str, Json]) -> Entry:
    def listed(key: str) -> list[Json]:
        value = one[key]
        if not isinstance(value, list):
            raise TypeError(f"{key} is no list")
        return value

    revoked = one["revoked"]
    member = Member(
        str(one["id"]),
        Kind(str(one["kind"])),
        frozenset(Role(str(role)) for role in listed("roles")),
        tuple(str(group) for group in listed("groups")),
        None if one["gallery"] is None else str(one["gallery"]),
        bool(one["may_unlock"]),
        revoked is not None,
    )
    return Entry(
        member,
        str(one["client_id"]),
        datetime.fromisoformat(str(one["made"])),
        tuple(_issued(each) for each in listed("certificates")),
        None if one["kid"] is None else str(one["kid"]),
        None if one["password"] is None else str(one["password"]),
        None if revoked is None else datetime.fromisoformat(str(revoked)),
        tuple(str(kid) for kid in listed("former_kids")) if "former_kids" in one else (),
    )


def _issued(one: Json) -> Issued:
    if not isinstance(one, dict):
        raise TypeError("a certificate is no object")
    return Issued(int(str(one["serial"]), 16), datetime.fromisoformat(str(one["not_after"])))
