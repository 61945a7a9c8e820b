"""The copy of a gallery as a device has it: in the tables of its store, on a disk."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from edge.errors import SettingsError
from edge.keys.cipher import unseal
from edge.store.database import open_database
from edge.store.synced import SyncedGallery
from tools.fleet.member import Member


@contextmanager
def stored_gallery(folder: Path, member: Member) -> Iterator[SyncedGallery]:
    """Raises StoreError, and SettingsError for a member that follows no gallery or cannot open one."""
    site = member.site
    if site.gallery is None or site.gallery_key is None:
        raise SettingsError(f"{member.dev} has no gallery, or not its key; a store is of no use")
    with open_database(folder / f"{member.dev}.db", durable=True) as database:
        yield SyncedGallery(database, site.gallery, partial(unseal, site.gallery_key))
