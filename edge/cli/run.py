"""`ostiary run`: the daemon."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edge.cli.serving import log_to_stderr, told_to_stop


def run(
    context: typer.Context,
    replay: Annotated[
        Path | None,
        typer.Option(
            help="Use a clip or a folder of pictures as the camera; ends with its last picture.",
            show_default=False,
        ),
    ] = None,
    log_level: Annotated[
        str | None, typer.Option(help="debug, info, warning or error.", show_default=False)
    ] = None,
) -> None:
    """Keep the door until stopped (SIGTERM, Ctrl-C). Exit code 75: start it anew, as the service does.

    Examples:

        ostiary run

        ostiary --config door.toml --store ./data run --replay clip.mp4
    """
    from edge.errors import CameraNotFound

    overrides: dict[str, object] = {}
    if replay is not None and not replay.exists():
        raise CameraNotFound(f"nothing to replay at {replay}; name a clip or a folder of pictures")
    if replay is not None:
        overrides["camera"] = {"kind": "replay", "path": replay}
    if log_level is not None:
        overrides["log"] = {"level": log_level}
    from edge.app import on_trial

    settings, newcomers = on_trial.begin(context.obj.sources(overrides))
    log_to_stderr(settings.log.level)
    from edge.app.daemon import Daemon

    code = Daemon(settings, on_trial=newcomers).run(told_to_stop())
    if code:
        raise typer.Exit(code)
