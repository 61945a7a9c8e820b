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
from edge.errors import KeyUnusable, SettingsError
from edge.hub.console import Console
from edge.keys.authority import certificate_of
from edge.keys.files import load_signing_key
from edge.mqtt.topics import SiteTopics
from edge.settings import Settings
from edge.whole_file import read_whole


def console(settings: Settings, *, hears: Sequence[str] = (), cosigners: Sequence[Path] = ()) -> Console:
    """Not yet connected. hears: leaves below every device, e.g. `state`. cosigners: files of further keys.

    Raises SettingsError where no broker is configured, or a key cannot be read; KeyUnusable and
    StoreUnwritable for a certificate that has ended, or cannot be read.
    """
    name = settings.device.id
    # Several consoles of one operator may be open at once, each in a session of its own.
    link = broker_link(settings, f"{name}-{secrets.token_hex(4)}")
    if link is None:
        raise SettingsError(
            "no broker is configured; join the site with 'ostiary join', or give the operator's configuration"
            " with --config"
        )
    if link.tls is not None and link.tls.certificate is not None:
        _check_certificate(link.tls.certificate, name, datetime.now(UTC))
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


def _check_certificate(file: Path, name: str, now: datetime) -> None:
    """A broker only hangs up on one that has ended. Raises KeyUnusable and StoreUnwritable."""
    ends = certificate_of(read_whole(file)).not_valid_after_utc
    if ends <= now:
        raise KeyUnusable(
            f"the certificate {file} ended on {ends:%Y-%m-%d}; 'ostiary fleet provision operator {name}"
            " --renew' makes a bundle with a new one"
        )
