"""What a device is: the body of its retained `info` message."""

from __future__ import annotations

import logging
import platform
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from edge.core.envelope import to_timestamp
from edge.core.events import Json
from edge.core.orders import COMMANDS
from edge.errors import KeyUnusable
from edge.resources import schema_names
from edge.settings import Settings

if TYPE_CHECKING:
    from edge.app.wiring import Models

logger = logging.getLogger(__name__)


def device_info(settings: Settings, models: Models, boot: str) -> dict[str, Json]:
    """What does not change while the daemon runs."""
    return {
        "version": version("ostiary"),
        "python": platform.python_version(),
        "machine": platform.machine(),
        "boot": boot,
        "site": settings.device.site,
        "doors": [settings.door.name],
        "groups": [*settings.fleet.groups],
        "commands": list(COMMANDS),
        "capabilities": [*_capabilities(settings)],
        "models": {manifest.path.stem: manifest.sha256 for manifest in models.manifests},
        "far": settings.recognition.far,
        "liveness": [policy.value for policy in dict.fromkeys(settings.liveness.plan.named)],
        "schemas": [f"urn:ostiary:1:{name}" for name in schema_names() if "/" not in name],
        **_certificate(settings.mqtt.cert_file),
    }


def _capabilities(settings: Settings) -> list[str]:
    """What the settings let the site do here, by stable words."""
    fleet = settings.fleet
    given = {
        "signatures": fleet.keyring is not None,
        "gallery": fleet.gallery is not None,
        "event_ack": fleet.require_ack,
        "health": fleet.health_s > 0,
        "pictures": fleet.pictures,
        "configuration": fleet.remote_configuration,
        "models": True,
        "software": settings.ota.slots is not None,
        "home_assistant": settings.home_assistant.discovery,
        "home_assistant_unlock": settings.home_assistant.allow_unlock,
        "metrics": settings.metrics.port is not None,
    }
    return [word for word, is_given in given.items() if is_given]


def _certificate(file: Path | None) -> dict[str, Json]:
    """When the certificate that the device shows to the broker expires."""
    if file is None:
        return {}
    from edge.keys.authority import certificate_of

    try:
        certificate = certificate_of(file.read_bytes())
    except (OSError, KeyUnusable) as error:
        logger.debug("the certificate %s cannot be read: %s", file, error)
        return {}
    return {"certificate": {"not_after": to_timestamp(certificate.not_valid_after_utc)}}
