"""`ostiary threshold`: what a false accept rate asks of a face, and how seldom it lets a stranger in."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edge.cli.context import JsonOption, print_json

if TYPE_CHECKING:
    from edge.core.false_accepts import Expectation
    from edge.settings import Settings
    from edge.vision.manifest import Manifest

_PEOPLE = 100
"""Reckoned with where nobody is enrolled and no number is given."""


def threshold(
    context: typer.Context,
    people: Annotated[
        int | None,
        typer.Option(
            min=1, max=10_000_000, help="People enrolled; those who are when absent.", show_default=False
        ),
    ] = None,
    strangers_per_day: Annotated[
        float | None,
        typer.Option(
            min=0,
            help="Visits of strangers at one door; recognition.strangers_per_day when absent.",
            show_default=False,
        ),
    ] = None,
    doors: Annotated[int, typer.Option(min=1, max=100_000, help="Doors with that many strangers.")] = 1,
    far: Annotated[
        float | None,
        typer.Option(
            min=1e-12,
            max=1,
            help="False accept rate of one visit; recognition.far when absent.",
            show_default=False,
        ),
    ] = None,
    days_between: Annotated[
        float | None,
        typer.Option(min=1e-6, help="Instead: days from one false accept to the next.", show_default=False),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Tell which similarity a false accept rate asks for, and how often a stranger would be let in.

    A visit is one attempt of one stranger, who is compared with one template of every person. Strangers come
    as they are: twins and attacks are not in these figures. Frames of a visit show the same face, so the rate
    of a visit is taken to be that of a frame; that several must agree keeps it below a small multiple.

    Examples:

        ostiary threshold --people 500 --strangers-per-day 50

        ostiary threshold --people 20 --doors 4 --days-between 365
    """  # fmt: skip
    from edge.app.thresholds import curve_of, measured_tar
    from edge.core.false_accepts import LEVELS, Site, expect, far_for_days
    from edge.errors import SettingsError
    from edge.vision.manifest import find

    if far is not None and days_between is not None:
        raise SettingsError("--far and --days-between ask for different things; give one of them")
    settings = context.obj.settings()
    manifest = find("embedding", settings.vision.embedding)
    enrolled = people or _enrolled(settings, manifest) or _PEOPLE
    strangers = settings.recognition.strangers_per_day if strangers_per_day is None else strangers_per_day
    site = Site(enrolled, strangers, doors)
    if days_between is not None and not strangers:
        raise SettingsError("without strangers there are no false accepts; give --strangers-per-day")
    asked = far if far is not None else settings.recognition.far
    if days_between is not None:
        asked = far_for_days(days_between, site)
    name = "configured *" if far is None and days_between is None else "asked for *"
    names = {rate: level for level, rate in LEVELS.items()}
    names[asked] = f"{names[asked]} *" if asked in names else name
    curve, tar = curve_of(manifest), measured_tar(manifest)
    rows = [(names[rate], expect(curve, rate, site, tar)) for rate in sorted(names, reverse=True)]
    figures = {
        "model": manifest.model_id,
        "people": enrolled,
        "strangers_per_day": strangers,
        "doors": doors,
        "far": asked,
        "levels": [_as_json(level.removesuffix(" *"), row) for level, row in rows],
    }
    if json:
        print_json(figures)
    else:
        _show(figures, rows, settings)


def _enrolled(settings: Settings, manifest: Manifest) -> int:
    """How many people are known; 0 when none of them has a template of the present model."""
    from edge.app.wiring import open_roster

    if not settings.store.file.exists():
        return 0
    with open_roster(settings) as roster:
        return roster.gallery.count() if roster.gallery.models().get(manifest.model_id) else 0


def _as_json(level: str, row: Expectation) -> dict[str, Any]:
    """A similarity above 1 is one that no face reaches."""
    return {
        "level": level,
        "far": row.far,
        "similarity": round(row.similarity, 5),
        "score": None if row.score is None else round(row.score, 2),
        "far_per_comparison": row.per_comparison,
        "far_per_visit": row.per_visit,
        "days_between": None if math.isinf(row.days) else round(row.days, 3),
        "passes": None if row.passes is None else round(row.passes, 4),
    }


def _show(figures: dict[str, Any], rows: list[tuple[str, Expectation]], settings: Settings) -> None:
    from rich.console import Console
    from rich.table import Table

    from edge.app.thresholds import span
    from edge.core.false_accepts import worst_visit

    recognition = settings.recognition
    bound = worst_visit(1e-9, recognition.agree, recognition.window) / 1e-9
    table = Table(
        title=f"{figures['people']:,} people; {figures['doors']:,} door(s), "
        f"{figures['strangers_per_day']:g} strangers a day at each",
        caption=f"{figures['model']}. let in: a stranger, once in so long. passes: of single pictures of "
        f"enrolled people, - where that was not measured. {recognition.agree} of {recognition.window} frames "
        f"must agree, so that the FAR of a visit is at most {bound:.1f} times that of its frames.",
    )
    for heading in ("level", "FAR visit", "FAR pair", "cosine", "score", "let in", "passes"):
        table.add_column(heading, justify="left" if heading == "level" else "right", no_wrap=True)
    for level, row in rows:
        reachable = row.score is not None
        table.add_row(
            level,
            _rate(row.far),
            _rate(row.per_comparison) if reachable else "-",
            f"{row.similarity:.4f}" if reachable else "over 1",
            f"{row.score:.1f}" if reachable else "-",
            span(row.days),
            "-" if row.passes is None else f"{row.passes:.0%}",
        )
    Console().print(table)


def _rate(rate: float) -> str:
    return f"{rate:.1e}".replace(".0e", "e").replace("e-0", "e-")
