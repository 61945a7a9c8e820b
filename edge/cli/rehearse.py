"""`ostiary rehearse`: try living people and attacks at the door, and see what this site's own figures are."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edge.cli.context import JsonOption, print_json

KINDS = "live,print,phone,tablet"


def rehearse(
    context: typer.Context,
    kinds: Annotated[
        str,
        typer.Option(
            help="What is tried, with commas: live, print, phone, tablet, replay, or a name of your own."
        ),
    ] = KINDS,
    people: Annotated[int, typer.Option(min=1, max=500, help="How many living people take part.")] = 3,
    repeats: Annotated[int, typer.Option(min=1, max=100, help="How often each attack is tried.")] = 3,
    clip: Annotated[
        list[str] | None,
        typer.Option(help="KIND=FILE: a recorded clip as a try, in place of the camera.", show_default=False),
    ] = None,
    report: Annotated[bool, typer.Option("--report", help="Only print what is known so far.")] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Forget the tries that were kept.")] = False,
    json: JsonOption = False,
) -> None:
    """Lead through tries of living people and of attacks at this door, and tell its APCER and BPCER.

    The camera of the configuration is used, and no relay moves; stop the daemon meanwhile, which holds the
    camera ('sudo systemctl stop ostiary'). Scores are kept in the store's folder, never pictures or names.
    Each try can be skipped or repeated. Stop at any time: the next call goes on where this one ended.

    Examples:

        ostiary rehearse

        ostiary rehearse --kinds live,print --people 10

        ostiary rehearse --clip live=visit.mp4 --clip phone=attack.mp4 --json

        ostiary rehearse --report
    """
    from edge.app.rehearsal import FILE, Notes, open_rehearsal, read_notes, write_notes
    from edge.cli.rehearsal_lead import led, of_clips
    from edge.cli.rehearsal_report import as_json, show
    from edge.core.rehearsal import situations
    from edge.errors import RequestRefused

    settings = context.obj.settings()
    asked = [kind.strip() for kind in kinds.split(",")]
    for kind in asked:
        _check_kind(kind)
    clips = [_clip(text) for text in clip or []]
    with open_rehearsal(settings) as rehearsal:
        notes = Notes(rehearsal.model) if fresh else read_notes(settings, rehearsal.model)
        if clips and not report:
            tries = of_clips(rehearsal, notes.tries, clips)
        elif not report:
            done = {one.situation for one in notes.tries}
            tries = led(rehearsal, [one for one in situations(asked, people, repeats) if one not in done])
        else:
            tries = iter(())
        for new in tries:
            notes = notes.with_try(new)
            write_notes(settings, notes)
        if not notes.tries:
            raise RequestRefused("nothing was tried yet; run 'ostiary rehearse' in front of the camera")
        if json:
            print_json(as_json(notes.tries, rehearsal.life, notes.model))
            return
        show(notes.tries, rehearsal.life)
        typer.echo(f"{len(notes.tries)} tries, scores only, in {settings.store.folder / FILE}", err=True)


def _check_kind(kind: str) -> None:
    from edge.errors import SettingsError

    if not (kind.isidentifier() and kind.isascii() and len(kind) <= 32):
        raise SettingsError(
            f"{kind[:40]!a} cannot be a kind of try; use live, print, phone, tablet, replay or a plain word"
        )


def _clip(text: str) -> tuple[str, Path]:
    from edge.errors import SettingsError

    kind, equals, path = text.partition("=")
    if not equals:
        raise SettingsError(f"--clip {text[:60]!a} names no kind; write KIND=FILE, such as phone=attack.mp4")
    _check_kind(kind)
    return kind, Path(path)
