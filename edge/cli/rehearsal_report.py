"""The figures of a rehearsal, for people and for other programs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from edge.core.pad_metrics import interval
from edge.core.rehearsal import ALLOWED, Rate, Tally, Try, opening_score, suggest, tally
from edge.core.track_life import LifeConfig


def as_json(tries: Sequence[Try], life: LifeConfig, model: str) -> dict[str, Any]:
    suggested = suggest(tries, life)
    return {
        "model": model,
        "configured": _figures(tally(tries, life.accept, life)),
        "suggested": None if suggested is None else _figures(tally(tries, suggested, life)),
        "advice": advice(tries, life),
        "tries": [_try(one, opening_score(one, life)) for one in tries],
    }


def show(tries: Sequence[Try], life: LifeConfig) -> None:
    """Print the rates as they are and at the suggested threshold, and what to do."""
    import typer
    from rich.console import Console
    from rich.table import Table

    suggested = suggest(tries, life)
    thresholds = [life.accept] if suggested is None else [life.accept, suggested]
    tallies = [tally(tries, threshold, life) for threshold in thresholds]
    table = Table(title="this door, in the terms of ISO/IEC 30107-3; 95 % intervals")
    table.add_column("tried")
    table.add_column("tries", justify="right")
    for name, threshold in zip(("as configured", "suggested"), thresholds, strict=False):
        table.add_column(f"{name}\n({threshold:.3f})", justify="right", no_wrap=True)
    for rates in zip(*map(_rates, tallies), strict=True):
        what = f"{rates[0][1].kind}, {'BPCER' if rates[0][0] else 'APCER'}"
        table.add_row(what, str(rates[0][1].tries), *(_text(rate) for _, rate in rates))
    Console().print(table)
    for line in advice(tries, life):
        typer.echo(line)


def advice(tries: Sequence[Try], life: LifeConfig) -> list[str]:
    """What follows from the tries, and how far they carry; last what to write into the configuration."""
    found = tally(tries, life.accept, life)
    rates = [rate for _, rate in _rates(found)]
    few = [rate for rate in rates if interval(0, rate.tries).high > 2 * ALLOWED]
    lines = [
        f"{rate.kind}: {rate.tries} tried is too few to rely on; even without an error the true rate may be "
        f"as high as {interval(0, rate.tries).high:.0%}"
        for rate in few
    ]
    if found.live is None:
        return [*lines, "no living people were tried, so that no threshold can be suggested"]
    if not found.attacks:
        lines.append("no attacks were tried: a threshold from living people alone says nothing of them")
    suggested = suggest(tries, life)
    if suggested is None:
        return [
            *lines,
            f"more than {ALLOWED:.0%} of the living tries never got in, whatever the threshold: "
            "mend light, distance or place of the camera, and rehearse anew",
        ]
    setting = [f"  threshold = {suggested:.3f}"]
    if suggested < life.reject:
        setting.append(f"  reject = {suggested:.3f}")
    return [
        *lines,
        f"the threshold that lets the fewest attacks in with at most {ALLOWED:.0%} of the living refused"
        + (", a hint only, as the tries are too few:" if few else ":"),
        "  [liveness]",
        *setting,
    ]


def _rates(found: Tally) -> list[tuple[bool, Rate]]:
    """Whether a rate is that of living people, and the rate."""
    live = [] if found.live is None else [(True, found.live)]
    return live + [(False, rate) for rate in found.attacks]


def _text(rate: Rate) -> str:
    low, high = rate.interval.low, rate.interval.high
    return f"{rate.errors} of {rate.tries}: {rate.rate:.0%} ({low:.0%}-{high:.0%})"


def _figures(found: Tally) -> dict[str, Any]:
    return {
        "threshold": round(found.threshold, 4),
        "live": None if found.live is None else _row(found.live, "bpcer"),
        "attacks": {rate.kind: _row(rate, "apcer") for rate in found.attacks},
    }


def _row(rate: Rate, name: str) -> dict[str, Any]:
    between = [round(rate.interval.low, 4), round(rate.interval.high, 4)]
    return {"tries": rate.tries, "errors": rate.errors, name: round(rate.rate, 4), "interval": between}


def _try(one: Try, score: float) -> dict[str, Any]:
    return {
        "kind": one.situation.kind,
        "situation": one.situation.words,
        "number": one.situation.number,
        "score": None if math.isinf(score) else round(score, 4),
        "suspicions": list(one.suspicions),
        "problems": list(one.problems),
    }
