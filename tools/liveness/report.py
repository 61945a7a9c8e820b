"""The figures of a training or a calibration, as a table and as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from edge.core.pad_figures import SourceFigures, means
from edge.core.scorecard import Scorecard
from liveness import figures
from liveness.figures import Held, Thresholds, logistic

OWN = 0.05
"""BPCER of the column with a threshold of each source's own."""


@dataclass(frozen=True, slots=True, eq=False)
class Report:
    """sources: at the threshold for `live`. new: mean APCER and BPCER at thresholds of other sources, None
    where there is one source. float_auc: mean AUC of the float networks behind the int8 files, or None."""

    thresholds: Thresholds
    sources: Mapping[str, SourceFigures]
    scorecard: Scorecard
    new: tuple[float, float] | None
    float_auc: float | None

    def measured(self) -> dict[str, float]:
        """For the manifest. Every source counts the same, however many pictures it has."""
        mean = means(list(self.sources.values()))
        found = {
            "auc": mean.auc,
            "auc_worst_source": mean.worst_auc,
            "auc_float": self.float_auc,
            "apcer_at_bpcer_5_percent_own_threshold": mean.own[OWN],
            "apcer": mean.single.apcer,
            "apcer_worst_source": max(one.single.apcer or 0.0 for one in self.sources.values()),
            "bpcer": mean.single.bpcer,
            "bpcer_worst_source": max(one.single.bpcer or 0.0 for one in self.sources.values()),
            "apcer_eight_frames": mean.runs.apcer,
            "bpcer_eight_frames": mean.runs.bpcer,
            "sources": float(len(self.sources)),
            "live_pictures": float(sum(one.live for one in self.sources.values())),
            "attack_pictures": float(sum(one.attacks for one in self.sources.values())),
        }
        if self.new:
            found["apcer_threshold_of_other_sources"], found["bpcer_threshold_of_other_sources"] = self.new
        return {name: value for name, value in found.items() if value is not None}

    def as_json(self) -> dict[str, object]:
        return {
            "threshold": logistic(self.thresholds.live),
            "reject": logistic(self.thresholds.reject),
            "means": self.measured(),
            "sources": {name: _row(one) for name, one in self.sources.items()},
            "scorecard": str(self.scorecard),
        }

    def table(self) -> str:
        """The sources as a Markdown table."""
        names = list(_row(next(iter(self.sources.values()))))
        lines = ["| source | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]
        rows = {name: _row(one) for name, one in self.sources.items()}
        lines += [f"| {name} | " + " | ".join(map(_shown, row.values())) + " |" for name, row in rows.items()]
        mean = [[value for row in rows.values() if (value := row[name]) is not None] for name in names]
        shown = [
            "-" if not of else _shown(sum(of) if name in COUNTS else float(np.mean(of)))
            for name, of in zip(names, mean, strict=True)
        ]
        return "\n".join([*lines, "| mean of the sources | " + " | ".join(shown) + " |"])


COUNTS = ("live", "attacks")


def measure(held: Mapping[str, Held], method: str, float_auc: float | None = None) -> Report:
    """Set the thresholds by held-out scores and say what they do on them."""
    found = figures.thresholds(held)
    return Report(
        found,
        figures.by_source(held, found.live),
        figures.scorecard(held, found.live, method),
        figures.transferred(held) if len(held) > 1 else None,
        float_auc,
    )


def _row(one: SourceFigures) -> dict[str, float | int | None]:
    return {
        "live": one.live,
        "attacks": one.attacks,
        "AUC": one.auc,
        "APCER at BPCER 5 % (own threshold)": one.own[OWN],
        "APCER": one.single.apcer,
        "BPCER": one.single.bpcer,
        "APCER, 8 frames": one.runs.apcer,
        "BPCER, 8 frames": one.runs.bpcer,
    }


def _shown(value: float | int | None) -> str:
    return "-" if value is None else str(value) if isinstance(value, int) else f"{value:.3f}"
