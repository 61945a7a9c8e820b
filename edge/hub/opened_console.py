"""The operator's console as the configuration describes it."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from edge.broker_link import broker_link
from edge.core.identifiers import RANDOM_BYTES, uuid7
from edge.errors import SettingsError
from edge.hub.console import Console
from edge.keys.files import load_signing_key
from edge.mqtt.topics import SiteTopics
from edge.settings import Settings


def console(settings: Settings, *, hears: Sequence[str] = (), cosigners: Sequence[Path] = ()) -> Console:
    """Not yet connected. hears: leaves below every device, e.g. `state`. cosigners: files of further keys.

    Raises SettingsError where no broker is configured, or a key cannot be read.
    """
    name = settings.device.id
    # Several consoles of one operator may be open at once, each in a session of its own.
    link = broker_link(settings, f"{name}-{secrets.token_hex(4)}")
    if link is None:
        raise SettingsError(
            "no broker is configured; join the site with 'ostiary join', or give the operator's configuration"
            " with --config"
        )
    files = [file for file in (settings.fleet.signing_key, *cosigners) if file is not None]
    topics = SiteTopics(settings.device.site)
    return Console(
        link,
        topics,
        name,
        keys=[load_signing_key(file) for file in files],
        must_be_signed=settings.fleet.keyring is not None,
        hears=[topics.each(leaf) for leaf in hears],
        new_id=lambda: uuid7(time.time_ns() // 1_000_000, os.urandom(RANDOM_BYTES)),
        utc=lambda: datetime.now(UTC),
    )
