"""What is written beside the model: the manifest for the daemon and the card for people."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from liveness.augment import CROP, FLOOR, INPUT
from liveness.figures import ALLOWED, Row, logistic

STEM = "liveness-context"


def write(
    models: Path,
    content: bytes,
    rows: Sequence[Row],
    threshold: float,
    new: tuple[float, float],
    counts: dict[str, int],
) -> None:
    """Write model, manifest and card. threshold: a logit. new: see `figures.transferred`."""
    (models / f"{STEM}.tflite").write_bytes(content)
    (models / f"{STEM}.toml").write_text(manifest(content, rows, threshold, new))
    (models / f"{STEM}.md").write_text(describe(content, rows, threshold, new, counts))


def means(rows: Sequence[Row]) -> dict[str, float]:
    """Every source counts the same, however many pictures it has."""
    return {
        "auc": sum(row.auc for row in rows) / len(rows),
        "auc_worst_source": min(row.auc for row in rows),
        "apcer_at_bpcer_5_percent_own_threshold": sum(row.own for row in rows) / len(rows),
        "apcer": sum(row.apcer for row in rows) / len(rows),
        "apcer_worst_source": max(row.apcer for row in rows),
        "bpcer": sum(row.bpcer for row in rows) / len(rows),
        "bpcer_worst_source": max(row.bpcer for row in rows),
        "sources": float(len(rows)),
        "live_pictures": float(sum(row.live for row in rows)),
        "attack_pictures": float(sum(row.attacks for row in rows)),
    }


def as_json(rows: Sequence[Row], threshold: float) -> dict[str, object]:
    return {
        "threshold_logit": threshold,
        "threshold": logistic(threshold),
        "means": means(rows),
        "sources": [asdict(row) for row in rows],
    }


def table(rows: Sequence[Row]) -> str:
    """The folds as a Markdown table."""
    lines = [
        "| held-out source | live | attacks | AUC | APCER at BPCER 5 % (own threshold) | APCER | BPCER |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {r.source} | {r.live} | {r.attacks} | {r.auc:.3f} | {r.own:.3f} | {r.apcer:.3f} | {r.bpcer:.3f} |"
        for r in rows
    ]
    m = means(rows)
    lines.append(
        f"| mean of the sources | {m['live_pictures']:.0f} | {m['attack_pictures']:.0f} | {m['auc']:.3f} "
        f"| {m['apcer_at_bpcer_5_percent_own_threshold']:.3f} | {m['apcer']:.3f} | {m['bpcer']:.3f} |"
    )
    return "\n".join(lines)


def manifest(content: bytes, rows: Sequence[Row], threshold: float, new: tuple[float, float]) -> str:
    measured = "\n".join(f"{name} = {value:.4f}" for name, value in means(rows).items())
    return f"""task = "liveness"
name = "{STEM.removeprefix("liveness-")}"
default = true
file = "{STEM}.tflite"
sha256 = "{hashlib.sha256(content).hexdigest()}"
bytes = {len(content)}
source = "trained by tools/train_liveness on LFW, NUAA, four public webcam sets and simulated attacks"
version = "1"
licence = "Apache-2.0 (weights); the training pictures are for research use, see the card"
decoder = "logit"

[input]
shape = [1, {INPUT}, {INPUT}, 3]
dtype = "float32"
color = "RGB"
mean = [0.0, 0.0, 0.0]
std = [1.0, 1.0, 1.0]
normalization = "each picture and channel to mean 0 and deviation 1, done by the adapter"

[[output]]
name = "live"
shape = [1, 1]
dtype = "float32"

# crop: side of the square looked at, over the longer side of the detector's box.
# floor: least deviation, in gray levels, that a channel is divided by.
[parameters]
crop = {CROP}
floor = {FLOOR}

# Probability from which a face counts as alive.
[thresholds]
live = {logistic(threshold):.4f}

# Each source scored, frame by frame, by a network that never saw it; means over sources. See the card.
[measured]
{measured}
apcer_threshold_of_other_sources = {new[0]:.4f}
bpcer_threshold_of_other_sources = {new[1]:.4f}
"""


def describe(
    content: bytes, rows: Sequence[Row], threshold: float, new: tuple[float, float], counts: dict[str, int]
) -> str:
    m = means(rows)
    return f"""# {STEM}

Tells a living face from a printed or displayed one in a single picture, mostly by what surrounds
it: bezels, paper edges, hands, glare, and the texture of panels and ink.

- Input: a square {CROP:g} times the longer side of the detector's face box, around its center,
  {INPUT} x {INPUT}, RGB, each channel standardized per picture; what lies outside the frame
  repeats the frame's edge.
- Output: one logit; its logistic is the probability of a living person.
  Threshold {logistic(threshold):.3f}.
- Network: inverted residuals with ReLU6, 0.14 M parameters, 15 MMAC; int8 weights and activations,
  {len(content) / 1000:.0f} kB. Trained by `tools/train_liveness`, weights Apache-2.0.
- Training pictures, real: {counts["real_live"]} live and {counts["real_attacks"]} attack frames of
  {counts["sources"]} sources (NUAA, research use; four public webcam sets without a stated licence).
- Training pictures, simulated: {counts["simulated_live"]} living scenes, {counts["simulated_screen"]}
  screens and {counts["simulated_print"]} prints, made from LFW portraits (research use) before
  backgrounds cut from WIDER FACE (research use). The model identifies nobody.

## Error rates

Split by source, never by frame. Each row: a network trained without that source and scored on all
its frames, one frame at a time, float weights. APCER is the share of attacks taken for alive, BPCER
the share of living people refused. The last two columns use one threshold for all sources.

{table(rows)}

How the threshold was set: the least one with a mean APCER of at most {ALLOWED:.0%} over these held-out
scores, every source counting the same (BPCER10 in ISO/IEC 30107-3 reports); single frames. It was
chosen on the very scores it is judged by; with each source judged at the threshold that the others
alone set, mean APCER is {new[0]:.3f} and mean BPCER {new[1]:.3f}.

Sources differ widely, and means hide it: on the worst one APCER is {m["apcer_worst_source"]:.2f}, on
the worst one BPCER is {m["bpcer_worst_source"]:.2f}.

The shipped network is trained in the same way on all sources, so that no labelled source is left to
measure it on; the rows stand for a new camera in a new room.

## Limits

- Few people, rooms and cameras: {counts["sources"]} sources, neighboring frames much alike. The
  figures have wide error bars.
- One frame proves little; the door averages several. Liveness is one gate of several, never proof.
- Paper or a tablet that fills the view, and masks, show no edge and are not covered.
- A face so near that the crop leaves the frame is judged on less: stand an arm's length away.
- Skin tones, ages and light are those of the sources; darkness and haze are simulated only.
"""
