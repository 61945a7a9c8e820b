"""The checks of `ostiary doctor` inside the running daemon: what it holds open is asked, not opened again."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from edge.app.diagnosis import Probe, probes
from edge.app.frame_tap import FrameTap, TapCamera
from edge.core.events import Json
from edge.service.health import Check, Status, as_json, check_camera, has_failed, run_checks
from edge.settings import Settings

_HELD = ("camera", "gpio", "broker")
_ELSEWHERE = ("camera", "lock", "store")
"""Troubles that a check of its own tells of, or that the answer itself disproves."""


def live_probes(
    settings: Settings,
    tap: FrameTap,
    troubles: Callable[[], Mapping[str, str]],
    monotonic: Callable[[], float],
) -> list[Probe]:
    """What to check. troubles: what the daemon knows to be wrong, by name; any thread."""
    kept = [(name, probe) for name, probe in probes(settings) if name not in _HELD]
    return [
        *kept,
        ("camera", lambda: check_camera(TapCamera(tap), monotonic)),
        ("door", lambda: _door(settings, troubles())),
        ("daemon", lambda: _daemon(troubles())),
    ]


def run(checks: list[Probe], progress: Callable[[dict[str, Json]], None]) -> dict[str, Json]:
    """Carry out the checks one by one. Returns what to answer."""
    done: list[Check] = []
    for check in run_checks(checks):
        done.append(check)
        progress({"check": check.name, "done": len(done), "of": len(checks)})
    return {"ok": not has_failed(done), "checks": [*as_json(done)]}


def _door(settings: Settings, troubles: Mapping[str, str]) -> Check:
    if "lock" in troubles:
        detail, _, cure = troubles["lock"].partition("; ")
        return Check("door", Status.FAIL, detail, cure)
    if settings.door.kind == "simulated":
        return Check("door", Status.SKIPPED, "the door is simulated", 'set door.kind = "gpio" on a real door')
    return Check("door", Status.OK, f"{settings.door.lock_type} on {settings.door.board}")


def _daemon(troubles: Mapping[str, str]) -> Check:
    """Whatever else is in trouble; the broker is not, for the answer comes by way of it."""
    others = [f"{name}: {why}" for name, why in sorted(troubles.items()) if name not in _ELSEWHERE]
    if others:
        return Check("daemon", Status.FAIL, ", ".join(others), "see the log of the device")
    return Check("daemon", Status.OK, "all threads work")
