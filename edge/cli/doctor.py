"""`ostiary doctor`: what is missing, and what to do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from edge.cli.context import JsonOption, print_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge.service.health import Check

_STYLES = {"ok": "green", "warn": "yellow", "fail": "bold red", "skipped": "dim"}


def doctor(
    context: typer.Context,
    json: JsonOption = False,
) -> None:
    """Check camera, models, GPIO, broker, clock, disk and permissions. Exit code 1 when one fails.

    Stop the daemon first: a camera serves one program at a time.

    Examples:

        ostiary doctor

        ostiary doctor --json
    """
    from edge.service.health import as_json, has_failed

    if json:
        checks = list(_checks(context))
        print_json({"ok": not has_failed(checks), "checks": as_json(checks)})
    else:
        checks = _shown(_checks(context))
    if has_failed(checks):
        raise typer.Exit(1)


def _checks(context: typer.Context) -> Iterator[Check]:
    from edge.errors import SettingsError
    from edge.service.health import Check, Status, failed, run_checks

    try:
        settings = context.obj.settings()
    except SettingsError as error:
        yield failed("configuration", error)
        return
    yield Check("configuration", Status.OK, f"site {settings.device.site}, device {settings.device.id}")

    from edge.app.diagnosis import probes

    yield from run_checks(probes(settings))


def _shown(checks: Iterator[Check]) -> list[Check]:
    """Show each check as soon as it is done; some take seconds."""
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False)
    done = []
    for check in checks:
        done.append(check)
        line = Text(f"{check.status.value:8}", _STYLES[check.status.value])
        line.append(f"{check.name:14}", "bold")
        line.append(check.detail, "")
        console.print(line, soft_wrap=True)
        if check.cure:
            console.print(Text(f"{'':22}→ {check.cure}"), soft_wrap=True)
    return done
