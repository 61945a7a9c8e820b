"""Bring members into a site, and out of it again."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from edge.core.roles import Role
from edge.errors import RequestRefused
from edge.hub import keys_list
from edge.hub.access import Member
from edge.hub.broker_folder import write_broker_files, write_server
from edge.hub.inventory import Entry, Inventory, check_id, check_level
from edge.hub.member_bundle import Provided, provide, withdraw
from edge.hub.member_files import KEYS_LIST
from edge.hub.site_folder import SiteFolder
from edge.keys.authority import Authority
from edge.keys.bundle import KEYRING, Kind
from edge.keys.keyring import KnownKey
from edge.keys.signature import SigningKey
from edge.mqtt.topics import SiteTopics

HUB = "hub"
_KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for a member. None: as it is, or nothing for a new one."""

    id: str
    kind: Kind
    groups: tuple[str, ...] | None = None
    gallery: str | None = None
    roles: frozenset[Role] | None = None
    may_unlock: bool | None = None


class Provisioning:
    """Works on a folder that is locked. Whatever is done twice is as if it was done once; no key is ever
    replaced, but for a signing key where that is asked for. now: aware UTC."""

    def __init__(self, folder: SiteFolder, now: datetime) -> None:
        self._folder = folder
        self._now = now

    def start(
        self,
        site: str,
        hosts: Sequence[str],
        port: int,
        galleries: Sequence[str],
        *,
        is_cluster: bool = False,
        passwords: bool = False,
    ) -> Inventory:
        """Make the authority, the keys and the hub's credentials, or change how the broker is reached.

        Raises RequestRefused for a folder of another site and for names that cannot be.
        """
        check_id(site, "site")
        for gallery in galleries:
            check_level(gallery, "gallery")
        if is_cluster and passwords:
            raise RequestRefused("members of a NATS cluster have certificates; leave --passwords out")
        if not is_cluster and len(hosts) > 1:
            raise RequestRefused("mosquitto runs on one host; give one --host, or --broker nats")
        inventory = Inventory(
            site, tuple(hosts), port, tuple(galleries), is_cluster=is_cluster, passwords=passwords
        )
        if self._folder.is_there:
            before = self._folder.inventory()
            if (before.site, before.passwords) != (site, passwords):
                kind = "passwords" if before.passwords else "certificates"
                raise RequestRefused(
                    f"{self._folder.path} is of the site {before.site} with {kind}; give another --folder"
                )
            inventory = replace(inventory, entries=before.entries)
        self._make_keys(site)
        write_server(self._folder, self._authority(), inventory, self._now)
        self._folder.save(inventory)
        self._bring_in([Wish(HUB, Kind.HUB, roles=keys_list.HUB_ROLES)], renew=False, sealed=False)
        return self._folder.inventory()

    def members(
        self,
        wishes: Sequence[Wish],
        *,
        renew: bool = False,
        sealed: bool = True,
        overlap: timedelta | None = None,
        progress: Callable[[int, int], None] = lambda done, of: None,
    ) -> list[Provided]:
        """Bring members in, or give them anew what they have. renew: a new certificate, with the same key.
        sealed: also as one file that a code opens. overlap: give them new signing keys, and let those before
        count that long still.

        Raises RequestRefused, before anything is written, for a name that cannot be or is taken.
        """
        return self._bring_in(wishes, renew=renew, sealed=sealed, overlap=overlap, progress=progress)

    def revoke(self, member: str) -> Entry:
        """Take away all that a member may do, for ever. Raises RequestRefused for somebody unknown."""
        inventory = self._folder.inventory()
        entry = inventory.entry(member)
        if entry.member.kind is Kind.HUB:
            raise RequestRefused("a site without its hub is none; renew the hub, or provision another site")
        if entry.revoked is None:
            entry = replace(entry, member=replace(entry.member, is_revoked=True), revoked=self._now)
            self._change_keyring(inventory, remove=[*entry.former_kids, *([entry.kid] if entry.kid else [])])
            self._save(inventory.with_entries([entry]), self._authority())
        withdraw(self._folder, member)
        return entry

    def _bring_in(
        self,
        wishes: Sequence[Wish],
        *,
        renew: bool,
        sealed: bool,
        overlap: timedelta | None = None,
        progress: Callable[[int, int], None] = lambda done, of: None,
    ) -> list[Provided]:
        inventory, authority = self._folder.inventory(), self._authority()
        entries = [self._entry(inventory, wish) for wish in wishes]
        keys = {
            entry.member.id: self._signing_key(entry, is_new=overlap is not None)
            for entry in entries
            if _signs(entry)
        }
        self._introduce(inventory, entries, keys, overlap or timedelta(0))
        provided = []
        for at, entry in enumerate(entries):
            key = keys.get(entry.member.id)
            known = entry if key is None else _with_key(entry, key.kid)
            provided.append(
                provide(
                    self._folder, inventory, known, authority, self._now, renew=renew, sealed=sealed, key=key
                )
            )
            progress(at + 1, len(entries))
        self._save(inventory.with_entries(one.entry for one in provided), authority)
        return provided

    def _entry(self, inventory: Inventory, wish: Wish) -> Entry:
        check_id(wish.id, wish.kind.value)
        for group in wish.groups or ():
            check_level(group, "group")
        if wish.gallery is not None and wish.gallery not in inventory.galleries:
            raise RequestRefused(
                f"the site has no gallery {wish.gallery!a}; it has {', '.join(inventory.galleries)}"
            )
        known = inventory.entries.get(wish.id)
        if known is None:
            made = Entry(Member(wish.id, wish.kind), f"{wish.id[:50]}-{secrets.token_hex(6)}", self._now)
        elif known.revoked is not None:
            raise RequestRefused(f"{wish.id} is revoked, and stays so; choose another name")
        elif known.member.kind is not wish.kind:
            raise RequestRefused(f"{wish.id} is a {known.member.kind} already; choose another name")
        else:
            made = known
        asked = {
            "groups": wish.groups,
            "gallery": wish.gallery,
            "roles": wish.roles,
            "may_unlock": wish.may_unlock,
        }
        given = {key: value for key, value in asked.items() if value is not None}
        return replace(made, member=replace(made.member, **given))  # type: ignore[arg-type]

    def _introduce(
        self, inventory: Inventory, entries: list[Entry], keys: Mapping[str, SigningKey], overlap: timedelta
    ) -> None:
        """Put keys on the list; those that they replace leave it at once, or stay on it for a while."""
        signing = [entry for entry in entries if _signs(entry)]
        replaced = {e.kid for e in signing if e.kid is not None and e.kid != keys[e.member.id].kid}
        before = [key for key in self._folder.keyring().keys if key.kid in replaced]
        ending = [replace(key, not_after=self._now + overlap) for key in before] if overlap else []
        new = [keys_list.known(keys[entry.member.id], entry.member.roles) for entry in signing]
        self._change_keyring(inventory, add=[*new, *ending], remove=[key.kid for key in before])

    def _signing_key(self, entry: Entry, *, is_new: bool) -> SigningKey:
        """That of the bundle, or a new one."""
        name = f"bundles/{entry.member.id}/signing.pem"
        if is_new:
            self._folder.write(name, SigningKey.ed25519(os.urandom(_KEY_BYTES)).pem())
        return self._folder.keep_signing_key(name, SigningKey.ed25519(os.urandom(_KEY_BYTES)))

    def _make_keys(self, site: str) -> None:
        folder = self._folder
        if not folder.has("ca/ca.crt"):
            authority = Authority.create(f"Ostiary {site}", self._now)
            # The certificate last: as long as it is missing, neither is used.
            folder.write("ca/ca.key", folder.secure_authority_key(authority))
            folder.write("ca/ca.crt", authority.certificate)
        folder.keep_gallery_key()
        if not folder.has("keys/root.pem"):
            folder.write("keys/root.pem", folder.secure_key(SigningKey.ed25519(os.urandom(_KEY_BYTES))))
        if not folder.has("keys/keyring.json"):
            keyring = keys_list.first_keyring(folder.root_key())
            folder.write("keys/keyring.json", keyring.to_json().encode())

    def _change_keyring(
        self, inventory: Inventory, add: Iterable[KnownKey] = (), remove: Iterable[str] = ()
    ) -> None:
        before = self._folder.keyring()
        over = [key.kid for key in before.keys if key.not_after is not None and key.not_after <= self._now]
        after = keys_list.changed(before, add, [*remove, *over])
        if after is before and self._folder.has("keys/keys.list.json"):
            return
        message = keys_list.keys_list(after, SiteTopics(inventory.site), self._folder.root_key(), self._now)
        self._folder.write("keys/keys.list.json", message)
        self._folder.write("keys/keyring.json", after.to_json().encode())
        if self._folder.has(f"bundles/{HUB}/{KEYS_LIST}"):
            # A hub that runs from its bundle publishes what is there.
            self._folder.write(f"bundles/{HUB}/{KEYS_LIST}", message)
            self._folder.write(f"bundles/{HUB}/{KEYRING}", after.to_json().encode())

    def _save(self, inventory: Inventory, authority: Authority) -> None:
        """The inventory first: it is what everything else is made of."""
        self._folder.save(inventory)
        write_broker_files(self._folder, authority, inventory, self._now)

    def _authority(self) -> Authority:
        return self._folder.authority()


def _with_key(entry: Entry, kid: str) -> Entry:
    if entry.kid in (None, kid):
        return replace(entry, kid=kid)
    return replace(entry, kid=kid, former_kids=(*entry.former_kids, str(entry.kid)))


def _signs(entry: Entry) -> bool:
    return bool(entry.member.roles)
