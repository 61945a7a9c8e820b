"""Pictures of an evaluation of liveness: how scores are spread, the error trade-off, the worst mistakes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from edge.app.liveness_evaluation import LivenessEvaluation
from edge.app.mistakes import write_mistakes
from edge.app.paper import BLUE, GRAY, ORANGE, blank, deviates, open_matplotlib, panels, percent, save
from edge.core.pad_metrics import trade_off
from edge.core.track_life import MOST_LOGIT, logit

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SCORES, DET, MISTAKES = "scores.png", "det.png", "mistakes.png"
_TICKS = (0.01, 0.1, 0.5, 0.9, 0.99)
_RATES = (1e-3, 5e-3, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8)
_SOURCES = ("#2a9d8f", "#8e5ea2", "#b8860b", "#c2185b", "#607d3b", "#795548", "#00838f", "#9e9e9e")
_BINS = 48
_LEAST = 0.001
"""Rates below are drawn here: the scale has no place for 0."""
_SURE = 1e-9
_CURVE_POINTS = 2000
_PANEL_INCHES = (4.6, 2.1)


def draw(result: LivenessEvaluation, folder: Path) -> tuple[Path, ...]:
    """Write what there is to show, as PNG; returns the paths.

    Without pictures there is nothing, without both kinds no trade-off, without mistakes no sheet of them;
    what an earlier run left there is removed. Raises SettingsError when a file cannot be written.
    """
    made = []
    for name in (SCORES, DET, MISTAKES):
        (folder / name).unlink(missing_ok=True)
    with open_matplotlib():
        if result.frames:
            save(_histograms(result), folder / SCORES)
            made.append(folder / SCORES)
        if result.means.auc is not None:
            save(_trade_off(result), folder / DET)
            made.append(folder / DET)
    if write_mistakes(result, folder / MISTAKES):
        made.append(folder / MISTAKES)
    return tuple(made)


def _histograms(result: LivenessEvaluation) -> Figure:
    """For each source the share of frames by score, on the scale on which the door takes means."""
    names = list(result.sources)
    columns = 1 if len(names) == 1 else 2 if len(names) <= 16 else 4
    rows = -(-len(names) // columns)
    width, height = _PANEL_INCHES
    figure, plots = panels(rows, columns, (max(9.0, width * columns), max(4.0, height * rows + 1)))
    edges = np.linspace(-MOST_LOGIT, MOST_LOGIT, _BINS + 1)
    for name, axes in zip(names, plots, strict=False):
        for live, color in ((False, ORANGE), (True, BLUE)):
            logits = _logits(result, name, live)
            logits = logits[np.isfinite(logits)]
            if len(logits):
                counts, _ = np.histogram(np.clip(logits, edges[0], edges[-1]), edges)
                axes.stairs(counts / len(logits), edges, fill=True, color=color, alpha=0.35)
                axes.stairs(counts / len(logits), edges, color=color, linewidth=1.2)
        axes.axvline(logit(result.threshold), color=GRAY, linewidth=1, linestyle="--")
        axes.set_xlim(-MOST_LOGIT, MOST_LOGIT)
        axes.set_xticks([logit(share) for share in _TICKS], [f"{share:g}" for share in _TICKS])
        axes.yaxis.set_major_formatter(lambda share, _: percent(round(share, 3)))
        axes.set_title(_about(result, name), fontsize=9, loc="left")
    for axes in plots[len(names) :]:
        axes.set_visible(False)
    figure.suptitle(
        f"Scores of single frames by source · {result.model}\n"
        f"blue: living people, orange: attacks; taken for alive from the dashed line, {result.threshold:.3f}",
        fontsize=11, x=0.01, ha="left",
    )  # fmt: skip
    figure.supxlabel("probability of a living face", fontsize=10)
    figure.supylabel("share of the frames of its kind", fontsize=10)
    return figure


def _about(result: LivenessEvaluation, name: str) -> str:
    found = result.sources[name]
    area = "" if found.auc is None else f" · AUC {found.auc:.3f}"
    unseen = f" · {found.no_face} without a face" if found.no_face else ""
    return f"{name} · {found.live} live, {found.attacks} attacks{area}{unseen}"


def _trade_off(result: LivenessEvaluation) -> Figure:
    """BPCER over APCER of every source, and of their mean at each threshold; normal deviates."""
    figure, axes = blank()
    names = [name for name, found in result.sources.items() if found.auc is not None]
    pairs = [(_logits(result, name, True), _logits(result, name, False)) for name in names]
    for number, (name, (live, attacks)) in enumerate(zip(names, pairs, strict=True)):
        curve = trade_off(live, attacks)
        axes.plot(
            *_drawn(curve.apcer, curve.bpcer),
            label=f"{name}, AUC {result.sources[name].auc:.3f}",
            color=_SOURCES[number % len(_SOURCES)],
            linewidth=1.2,
        )
    every = np.unique(np.concatenate([scores for pair in pairs for scores in pair]))
    every = np.append(every[np.linspace(0, len(every) - 1, _CURVE_POINTS).astype(int)], np.inf)
    passed = np.mean([1.0 - _below(attacks, every) for _, attacks in pairs], axis=0)
    refused = np.mean([_below(live, every) for live, _ in pairs], axis=0)
    if len(names) > 1:
        axes.plot(*_drawn(passed, refused), label="mean at one threshold", color=BLUE, linewidth=2.4)
    rates = [result.sources[name].single for name in names]
    here = np.array([np.mean([rate.apcer for rate in rates]), np.mean([rate.bpcer for rate in rates])])
    place = deviates(np.maximum(here, _LEAST))
    axes.plot(*place, "o", color=ORANGE, markersize=7, zorder=5)
    axes.annotate(
        f"threshold {result.threshold:.3f}: APCER {here[0]:.3f}, BPCER {here[1]:.3f}", place.tolist(),
        xytext=(10, 8), textcoords="offset points", color=ORANGE,
        bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1},
    )  # fmt: skip
    ends = deviates(np.array([_LEAST, _RATES[-1]]))
    axes.plot(ends, ends, color=GRAY, linewidth=0.8, linestyle=":")
    ticks = deviates(np.array(_RATES))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_ticks(ticks, [percent(rate) for rate in _RATES])
    axes.set_xlim(*ends)
    axes.set_ylim(*ends)
    axes.set_xlabel("APCER: attacks taken for alive")
    axes.set_ylabel("BPCER: living people refused")
    axes.legend(loc="upper right", frameon=True, framealpha=0.9, fontsize=9, ncols=1 + len(names) // 16)
    axes.set_title(
        f"Detection error trade-off, single frames\n{result.model} · {len(names)} sources, "
        f"{len(result.frames):,} pictures; rates below 0.1 % lie on the edge",
        fontsize=11, loc="left",
    )  # fmt: skip
    return figure


def _drawn(
    passed: NDArray[np.float64], refused: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """A trade-off from the last threshold that refuses nobody to the first that none passes."""
    first = int(np.flatnonzero(refused <= 0.0)[-1])
    last = int(np.flatnonzero(passed <= 0.0)[0])
    part = slice(min(first, last), max(first, last) + 1)
    return deviates(np.maximum(passed[part], _LEAST)), deviates(np.maximum(refused[part], _LEAST))


def _below(scores: NDArray[np.float64], thresholds: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.searchsorted(np.sort(scores), thresholds) / len(scores)


def _logits(result: LivenessEvaluation, source: str, live: bool) -> NDArray[np.float64]:
    """-inf for a frame without a face."""
    return np.array(
        [
            -np.inf if score is None else logit(min(max(score, _SURE), 1 - _SURE))
            for score in result.by_kind.get((source, live), [])
        ],
        np.float64,
    )
