"""Pictures of an evaluation: the detection error trade-off, and how the similarities are spread."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from edge.app.evaluation import Evaluation, rate_label
from edge.app.paper import BLUE, GRAY, ORANGE, blank, deviates, open_matplotlib, percent, save
from edge.core.score import ScoreScale, rate_of
from edge.core.tally import STEPS, Counts, error_rates, similarity_of
from edge.core.verification import SCORES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DET, HISTOGRAM = "det.png", "similarities.png"
_FMR_TICKS = (1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 0.5)
_FNMR_TICKS = (1e-4, 1e-3, 2e-3, 5e-3, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 0.8, 0.95)
_BINS = 160
_CURVE_POINTS = 3000


def draw(result: Evaluation, folder: Path) -> tuple[Path, ...]:
    """Write both pictures as PNG; returns their paths. Raises SettingsError when they cannot be written."""
    made = []
    with open_matplotlib():
        for name, figure in ((DET, _trade_off(result)), (HISTOGRAM, _histogram(result))):
            save(figure, folder / name)
            made.append(folder / name)
    return tuple(made)


def _trade_off(result: Evaluation) -> Figure:
    """False non-match rate over false match rate, both as normal deviates (ISO/IEC 19795-1)."""
    rejects, accepts = error_rates(result.tally)
    least_fmr = 1 / result.tally.pairs_different
    least_fnmr = 1 / result.tally.pairs_same
    shown = np.flatnonzero((accepts >= least_fmr) & (accepts <= 0.5) & (rejects >= least_fnmr))
    figure, axes = blank()
    even = max(result.eer, least_fnmr)
    if len(shown):
        shown = shown[np.linspace(0, len(shown) - 1, _CURVE_POINTS).astype(int)]
        axes.plot(deviates(accepts[shown]), deviates(rejects[shown]), color=BLUE, linewidth=2)
    ends = deviates(np.array([max(least_fmr, 1e-7), 0.5]))
    axes.plot(ends, ends, color=GRAY, linewidth=0.8, linestyle=":")
    axes.plot(*deviates(np.full(2, even)), "o", color=GRAY, markersize=6)
    axes.annotate(
        f"equal error rate {percent(round(result.eer, 4))}",
        deviates(np.full(2, even)).tolist(),
        xytext=(-28, -4), textcoords="offset points", ha="right", color=GRAY,
    )  # fmt: skip
    for point in result.points:
        if point.tar is not None:
            place = deviates(np.array([point.far, max(1.0 - point.tar, least_fnmr)]))
            axes.plot(*place, "o", color=ORANGE, markersize=6)
            axes.annotate(
                f"TAR {point.tar:.3f} at {rate_label(point.far)}",
                place.tolist(),
                xytext=(10, 6), textcoords="offset points", color=ORANGE,
            )  # fmt: skip
    axes.set_xticks(deviates(np.array(_FMR_TICKS)), [_rate_name(rate) for rate in _FMR_TICKS])
    axes.set_yticks(deviates(np.array(_FNMR_TICKS)), [percent(rate) for rate in _FNMR_TICKS])
    axes.set_xlim(*deviates(np.array([max(least_fmr, 5e-7), 0.5])))
    axes.set_ylim(*deviates(np.array([max(least_fnmr, 5e-4), min(0.99, max(0.5, 1.3 * _worst(result)))])))
    axes.set_xlabel("false match rate: pairs of two people taken for one")
    axes.set_ylabel("false non-match rate: pairs of one person not matched")
    _title(axes, "Detection error trade-off", result)
    return figure


def _worst(result: Evaluation) -> float:
    """The false non-match rate at the strictest rate that was measured."""
    return max((1.0 - point.tar for point in result.points if point.tar is not None), default=0.0)


def _histogram(result: Evaluation) -> Figure:
    """The share of pairs by similarity, with the scores that stand for false accept rates."""
    tally, scale = result.tally, ScoreScale(result.curve)
    figure, axes = blank()
    filled = np.flatnonzero(tally.same[1:] + tally.different[1:])
    first, last = (int(filled[0]), int(filled[-1])) if len(filled) else (0, STEPS - 1)
    width = max(1, -(-(last - first + 1) // _BINS))
    edges = [similarity_of(1 + first + i * width) for i in range(_BINS + 1)]
    for counts, name, color in (
        (tally.different, "two people", ORANGE),
        (tally.same, "one person", BLUE),
    ):
        label = f"pairs of {name}: {counts.sum():,}" + (
            f", {counts[0]:,} without a face" if counts[0] else ""
        )
        heights = _binned(counts, first, width)
        axes.stairs(heights, edges, fill=True, color=color, alpha=0.25)
        axes.stairs(heights, edges, color=color, linewidth=1.5, label=label)
    axes.set_yscale("log")
    lowest, highest = axes.get_ylim()
    # Room above the bars for the names of the scores.
    axes.set_ylim(lowest, highest * 50)
    for score in SCORES:
        at = scale.similarity(score)
        axes.axvline(at, color=GRAY, linewidth=1, linestyle="--")
        axes.annotate(
            f"score {score:g}: FAR {rate_label(rate_of(score))}", (at, 0.98),
            xycoords=("data", "axes fraction"), xytext=(-3, 0), textcoords="offset points",
            rotation=90, ha="right", va="top", color=GRAY, fontsize=9,
        )  # fmt: skip
    axes.set_xlim(edges[0], similarity_of(2 + last))
    axes.set_xlabel("cosine similarity")
    axes.set_ylabel("share of the pairs of its kind")
    axes.legend(loc="upper left", frameon=True, framealpha=0.9)
    _title(axes, "Similarity of pairs", result)
    return figure


def _title(axes: Axes, what: str, result: Evaluation) -> None:
    people = f", {result.people:,} people" if result.people else ""
    axes.set_title(
        f"{what}\n{result.model} · {result.pictures:,} pictures{people}, "
        f"{result.tally.pairs_same:,} same and {result.tally.pairs_different:,} different pairs",
        fontsize=11,
        loc="left",
    )


def _binned(counts: Counts, first: int, width: int) -> NDArray[np.float64]:
    """Shares in _BINS bins of `width` steps; not a number where empty, which a log axis leaves out."""
    padded = np.zeros(_BINS * width)
    part = counts[1 + first : 1 + first + len(padded)]
    padded[: len(part)] = part
    shares = padded.reshape(_BINS, width).sum(axis=1) / counts.sum()
    return np.where(shares > 0, shares, np.nan)


def _rate_name(rate: float) -> str:
    return rate_label(rate) if rate < 0.1 else f"{rate:g}"
