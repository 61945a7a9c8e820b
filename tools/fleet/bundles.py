"""Many bundles of devices, read fast: what they share is read once."""

from __future__ import annotations

import functools
import tomllib
from pathlib import Path

from pydantic import ValidationError

from edge.broker_link import broker_link
from edge.core.face import ModelId
from edge.errors import SettingsError
from edge.keys.bundle import CREDENTIALS
from edge.keys.files import load_secret
from edge.keys.keyring import Keyring, parse_keyring
from edge.settings import Settings
from tools.fleet.member import Member, Site


def members(folder: Path, prefix: str, first: int, count: int, model: ModelId) -> list[Member]:
    """Of plain bundles of `ostiary fleet provision device --count`. Raises SettingsError."""
    found = sorted(one for one in folder.glob(f"{prefix}*") if one.is_dir())[first : first + count]
    if len(found) < count:
        raise SettingsError(
            f"{folder} has {len(found)} bundles of {prefix}* from {first} on, not {count}; make more with"
            " 'ostiary fleet provision device --count'"
        )
    return [_member(one, model) for one in found]


def _member(folder: Path, model: ModelId) -> Member:
    """What a daemon reads of the bundle, without a look at the environment."""
    try:
        table = tomllib.loads((folder / "ostiary.toml").read_text("utf-8"))
        settings = Settings.model_validate(table)
    except (OSError, ValueError, ValidationError) as error:
        raise SettingsError(f"{folder} is no bundle ({str(error).splitlines()[0]})") from error
    link, fleet = broker_link(settings), settings.fleet
    if link is None or fleet.keyring is None:
        raise SettingsError(f"{folder} is no bundle of a device; provision one")
    secret = folder / CREDENTIALS / "fleet.gallery_key"
    site = Site(
        settings.device.site,
        fleet.gallery,
        fleet.groups,
        model,
        _keyring(fleet.keyring.read_text("utf-8")),
        load_secret(secret) if secret.exists() else None,
        fleet.require_ack,
    )
    return Member(settings.device.id, link, site)


@functools.lru_cache(8)
def _keyring(text: str) -> Keyring:
    """The same file is in every bundle."""
    return parse_keyring(text)
