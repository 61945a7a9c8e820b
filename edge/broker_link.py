"""How the settings reach the broker, for whoever talks to it: device, hub or console."""

from __future__ import annotations

from edge.mqtt.link import Link, Tls
from edge.settings import Settings


def broker_link(settings: Settings, client_id: str | None = None) -> Link | None:
    """None when no broker is configured. client_id: in place of the configured one."""
    mqtt = settings.mqtt
    if mqtt.host is None:
        return None
    encrypted = mqtt.tls or mqtt.ca_file is not None or mqtt.cert_file is not None
    tls = Tls(mqtt.ca_file, mqtt.cert_file, mqtt.key_file) if encrypted else None
    return Link(
        host=mqtt.host,
        port=mqtt.port,
        client_id=client_id or mqtt.client_id or settings.device.id,
        fallbacks=mqtt.other_nodes,
        protocol=mqtt.version,
        tls=tls,
        username=mqtt.username,
        password=None if mqtt.password is None else mqtt.password.get_secret_value,
        keepalive_s=mqtt.keepalive_s,
    )
