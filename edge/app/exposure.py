"""What others on the network get of the device besides the broker: checks of `ostiary doctor`."""

from __future__ import annotations

import ipaddress

from edge.service.health import Check, Status
from edge.settings import Settings


def check_metrics(settings: Settings) -> Check:
    host, port = settings.metrics.host, settings.metrics.port
    if port is None:
        return Check("metrics", Status.SKIPPED, "no figures are served", "set metrics.port for Prometheus")
    where = f"http://{host}:{port}/metrics"
    if _is_loopback(host):
        return Check("metrics", Status.OK, f"figures for this machine alone at {where}")
    return Check(
        "metrics",
        Status.WARN,
        f"whoever reaches {where} sees when the door opens",
        "let only Prometheus through the firewall, or set metrics.host to 127.0.0.1",
    )


def check_home_assistant(settings: Settings) -> Check:
    wanted = settings.home_assistant
    if wanted.allow_unlock:
        return Check(
            "automation",
            Status.WARN,
            "it may unlock the door; its commands are not signed and do not expire",
            "set home_assistant.allow_unlock = false, or fence the topic ha/set at the broker",
        )
    if not wanted.discovery:
        return Check("automation", Status.SKIPPED, "not shown", "set home_assistant.discovery to show it")
    return Check("automation", Status.OK, "shown, and may change nothing")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
