"""`ostiary fleet rollout`: models and software, to a few devices first and then to more."""

from __future__ import annotations

import time
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edge.cli.context import JsonOption, print_json
from edge.cli.fleet_targets import AllOption, DevicesArgument, GroupOption
from edge.cli.paging import counted, minute, print_page

if TYPE_CHECKING:
    from edge.core.events import Json
    from edge.hub.console import Console

app = typer.Typer(help="Bring models and software to devices in steps.", no_args_is_help=True)
RolloutArgument = Annotated[str, typer.Argument(help="The name of the roll-out.")]
SHADOWED = ("detection", "landmarks", "liveness")
"""The tasks whose models can look on beside the one in charge."""
_POLL_S = 1.0
_ABORTED = "aborted"
_OVER = ("done", _ABORTED)
_UNFINISHED = ("waiting", "released", "accepted", "in_progress")


@app.command()
def start(
    context: typer.Context,
    devices: DevicesArgument = None,
    group: GroupOption = None,
    everybody: AllOption = False,
    model: Annotated[
        Path | None, typer.Option(help="Manifest of a model, its file beside it.", show_default=False)
    ] = None,
    software: Annotated[Path | None, typer.Option(help="Wheel of Ostiary.", show_default=False)] = None,
    url: Annotated[
        str | None,
        typer.Option(help="Where devices fetch the file (https); else the hub sends it.", show_default=False),
    ] = None,
    shadow: Annotated[
        int,
        typer.Option(min=0, help="Faces a model looks at beside the one in charge first; 0 leaves that out."),
    ] = 200,
    within: Annotated[
        int, typer.Option(min=2, help="Seconds a device may take; half of them for those faces.")
    ] = 3600,
    steps: Annotated[str, typer.Option(help="Percent of the devices, step by step.")] = "1,10,50,100",
    pause: Annotated[int, typer.Option(min=0, help="Seconds all must be well before the next step.")] = 600,
    abort: Annotated[int, typer.Option(min=0, max=100, help="Stop when more percent than these fail.")] = 10,
    name: Annotated[str | None, typer.Option(help="How it is called.", show_default=False)] = None,
    follow: Annotated[bool, typer.Option("--follow", help="Show how it goes until it is over.")] = False,
    json: JsonOption = False,
) -> None:
    """Begin a roll-out.

    Examples:

        ostiary fleet rollout start --all --model liveness-context.toml --follow

        ostiary fleet rollout start --all --software ostiary-1.2.0-py3-none-any.whl
    """
    from edge.errors import RequestRefused
    from edge.hub.asking import asked
    from edge.hub.opened_console import console
    from edge.hub.ordering import Target

    target = Target.of(devices, group, everybody)
    if (model is None) == (software is None):
        raise RequestRefused("say what shall be rolled out: --model or --software")
    body: dict[str, Json] = {
        **target.as_scope(),
        "steps": list(_percentages(steps)),
        "wait_s": pause,
        "abort_percent": abort,
        "timeout_s": within,
    }
    if name is not None:
        body["rollout"] = name
    with console(context.obj.operator()) as session:
        body["job"] = _job(session, model, software, url) | looks_on(model, shadow, within)
        answer = asked(session, "rollout.start", body)
        rollout = str(answer.get("rollout"))
        if not json:
            typer.echo(f"{rollout}: {answer.get('devices')} devices; 'ostiary fleet rollout show {rollout}'")
        if follow:
            answer = _follow(session, rollout)
    if json:
        print_json(answer)
    elif follow:
        typer.echo(_ended(answer))
    if answer.get("state") == _ABORTED:
        raise typer.Exit(1)


@app.command("list")
def list_(context: typer.Context, json: JsonOption = False) -> None:
    """List the roll-outs, the newest first.

    Example: ostiary fleet rollout list
    """
    from edge.hub.asking import asked
    from edge.hub.opened_console import console

    with console(context.obj.operator()) as session:
        found: Any = asked(session, "rollout.list", {}).get("rollouts") or []
    if json:
        print_json(found)
        return
    rows = [
        {
            "rollout": one.get("rollout"),
            "state": one.get("state"),
            "percent": one.get("percent"),
            "devices": _counts(one),
            "since": minute(str(one.get("at", ""))),
        }
        for one in found
    ]
    print_page(
        rows, ("rollout", "state", "percent", "devices", "since"), counted(len(rows), "roll-out", "roll-outs")
    )


@app.command()
def show(
    context: typer.Context,
    rollout: RolloutArgument,
    follow: Annotated[bool, typer.Option("--follow", help="Until it is over.")] = False,
    json: JsonOption = False,
) -> None:
    """Show how far each device is.

    Example: ostiary fleet rollout show r-0193a1b2c3d4e5f6 --follow
    """
    from edge.hub.asking import listed
    from edge.hub.opened_console import console

    with console(context.obj.operator()) as session:
        summary = _follow(session, rollout) if follow else _summary(session, rollout)
        jobs = list(listed(session, "job.list", {"rollout": rollout, "limit": 200}, "jobs"))
    if json:
        print_json({**summary, "jobs": jobs})
        return
    columns = ("dev", "status", "step", "percent", "reason")
    rows = [{column: one.get(column) for column in columns} for one in jobs]
    print_page(rows, columns, _ended(summary))


@app.command()
def pause(context: typer.Context, rollout: RolloutArgument, json: JsonOption = False) -> None:
    """Let no further device begin; those that have begun go on."""
    _turn(context, "rollout.pause", rollout, json)


@app.command()
def resume(context: typer.Context, rollout: RolloutArgument, json: JsonOption = False) -> None:
    """Go on with a roll-out that was paused."""
    _turn(context, "rollout.resume", rollout, json)


@app.command()
def abort(context: typer.Context, rollout: RolloutArgument, json: JsonOption = False) -> None:
    """End a roll-out for good; what devices have taken over stays."""
    _turn(context, "rollout.abort", rollout, json)


def _turn(context: typer.Context, type_: str, rollout: str, json: bool) -> None:
    from edge.hub.asking import asked
    from edge.hub.opened_console import console

    with console(context.obj.operator()) as session:
        answer = asked(session, type_, {"rollout": rollout})
    if json:
        print_json(answer)
    else:
        typer.echo(f"{rollout}: {answer.get('state')}")


def _job(session: Console, model: Path | None, software: Path | None, url: str | None) -> dict[str, Json]:
    """Send the file of a job to the hub, where devices do not fetch it elsewhere.

    Raises SettingsError for a file that is none, and as `asked`."""
    if model is not None:
        text, file = _manifest(model)
        return {"kind": "model", "manifest": text, "file": _sent(session, file, url)}
    if software is None:
        raise ValueError("neither a model nor software")
    version = _version(software)
    told = _sent(session, software, url)
    return {"kind": "software", "version": version, "name": software.name, "file": told}


def _sent(session: Console, file: Path, url: str | None) -> dict[str, Json]:
    from edge.cli.progress import bar
    from edge.hub.uploading import described, upload

    if url is not None:
        return described(file)[0] | {"url": url}
    with bar(f"sending {file.name}") as progress:
        return upload(session, file, progress)


def looks_on(model: Path | None, faces: int, within_s: int) -> dict[str, Json]:
    """What a job says of looking on: nothing for software, or a task that is not compared so."""
    if model is None or faces == 0 or tomllib.loads(_manifest(model)[0]).get("task") not in SHADOWED:
        return {}
    return {"shadow": {"faces": faces, "seconds": within_s // 2}}


def _version(wheel: Path) -> str:
    """That of a wheel, which its name tells (PEP 427). Raises SettingsError."""
    from edge.errors import SettingsError

    parts = wheel.name.split("-")
    if wheel.suffix != ".whl" or len(parts) < 5:
        raise SettingsError(f"{wheel.name} is no wheel; give one such as ostiary-1.2.0-py3-none-any.whl")
    return parts[1]


def _manifest(model: Path) -> tuple[str, Path]:
    """The text of a manifest and the file it describes. Raises SettingsError."""
    from edge.errors import SettingsError

    try:
        text = model.read_text(encoding="utf-8")
        file = tomllib.loads(text).get("file")
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        raise SettingsError(f"cannot read {model}; give the manifest (.toml) of the model") from None
    if not isinstance(file, str) or Path(file).name != file:
        raise SettingsError(f"{model} names no file of a model; give the manifest (.toml) of the model")
    return text, model.with_name(file)


def _follow(session: Console, rollout: str) -> dict[str, Any]:
    """A progress bar until the roll-out is over, and then what came of it. Raises as `asked`."""
    from edge.cli.progress import bar

    with bar(rollout) as progress:
        while True:
            summary = _summary(session, rollout)
            counts: dict[str, int] = summary.get("counts") or {}
            waiting = sum(counts.get(status, 0) for status in _UNFINISHED)
            progress(sum(counts.values()) - waiting, sum(counts.values()))
            if summary.get("state") in _OVER:
                return summary
            time.sleep(_POLL_S)


def _ended(summary: dict[str, Any]) -> str:
    why = f" ({summary['reason']})" if summary.get("reason") else ""
    return f"{summary.get('rollout')}: {summary.get('state')}{why}, {', '.join(_counts(summary))}"


def _summary(session: Console, rollout: str) -> dict[str, Any]:
    from edge.errors import RequestRefused
    from edge.hub.asking import asked

    found: Any = asked(session, "rollout.list", {"rollout": rollout}).get("rollouts") or []
    if not found:
        raise RequestRefused(f"there is no roll-out {rollout}; see 'ostiary fleet rollout list'")
    summary: dict[str, Any] = found[0]
    return summary


def _counts(summary: dict[str, Any]) -> list[str]:
    counts: dict[str, int] = summary.get("counts") or {}
    return [f"{count} {status}" for status, count in counts.items()]


def _percentages(text: str) -> list[int]:
    """Raises RequestRefused."""
    from edge.errors import RequestRefused

    try:
        return [int(one) for one in text.split(",")]
    except ValueError:
        raise RequestRefused(f"{text!r} are no steps; give percentages such as 1,10,50,100") from None
