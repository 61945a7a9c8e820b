"""What is written beside the model: the manifest for the daemon and the card for people."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from pathlib import Path

from edge.core.quality_levels import COVERED, PARTLY
from occlusion.figures import Row
from occlusion.material import CROP, SIDE
from occlusion.regions import REGIONS
from occlusion.samples import FLOOR

STEM = "occlusion-regions"


def write(models: Path, content: bytes, rows: Sequence[Row], faces: int) -> None:
    """Write model, manifest and card. faces: how many were trained on."""
    (models / f"{STEM}.tflite").write_bytes(content)
    (models / f"{STEM}.toml").write_text(manifest(content, rows))
    (models / f"{STEM}.md").write_text(describe(content, rows, faces))


def table(rows: Sequence[Row]) -> str:
    lines = [
        "| cover | region | covered | open | AUC | covered, missed | open, called covered | mean error |",
        "|---|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {r.kind} | {r.region} | {r.covered} | {r.uncovered} | {r.auc:.3f} | {r.missed:.3f} "
        f"| {r.alarmed:.3f} | {'-' if math.isnan(r.error) else f'{r.error:.3f}'} |"
        for r in rows
    ]
    return "\n".join(lines)


def manifest(content: bytes, rows: Sequence[Row]) -> str:
    measured = "\n".join(f"{r.kind.replace(' ', '_')}_{r.region}_auc = {r.auc:.4f}" for r in rows)
    return f"""task = "occlusion"
name = "{STEM.removeprefix("occlusion-")}"
default = true
file = "{STEM}.tflite"
sha256 = "{hashlib.sha256(content).hexdigest()}"
bytes = {len(content)}
source = "trained by tools/train_occlusion on LFW faces with things drawn over them"
version = "1"
licence = "Apache-2.0 (weights); the training pictures are for research use, see the card"
decoder = "logits of the visible share of {", ".join(REGIONS)}"

[input]
shape = [1, {SIDE}, {SIDE}, 3]
dtype = "float32"
color = "RGB"
mean = [0.0, 0.0, 0.0]
std = [1.0, 1.0, 1.0]
normalization = "each picture and channel to mean 0 and deviation 1, done by the adapter"

[[output]]
name = "visible"
shape = [1, {len(REGIONS)}]
dtype = "float32"

# crop: side of the square looked at, over the longer side of the mesh's outline.
# floor: least deviation, in gray levels, that a channel is divided by.
[parameters]
crop = {CROP}
floor = {FLOOR}

# By kind of cover and region, the shipped file; see the card.
[measured]
{measured}
"""


def describe(content: bytes, rows: Sequence[Row], faces: int) -> str:
    return f"""# {STEM}

Tells how much of the brows, eyes, nose, mouth, cheeks and chin of a face is visible, 0..1 each. Clear
spectacles hide nothing; dark glasses hide the eyes. A beard is part of the chin.

- Input: the upright square {CROP:g} times as large as the mesh's outline, {SIDE} x {SIDE}, RGB, each channel
  standardized per picture; what lies outside the frame repeats the frame's edge.
- Output: six logits; their logistics are the visible shares.
- Network: inverted residuals with ReLU6, 0.14 M parameters, 7 MMAC; int8 weights and activations,
  {len(content) / 1000:.0f} kB. Trained by `tools/train_occlusion`, weights Apache-2.0.
- Training pictures: {faces} LFW faces (research use) with drawn hands, masks, scarves, hair, brims, dark
  glasses and other things over them, so that the visible share is known exactly. No picture of a real mask
  was trained on. The model identifies nobody.

## Measured

The shipped int8 file. "Trained kinds": drawn over people that training never saw. "Unseen kinds": microphones
and sheets of paper, which training never drew. "Open" are the same people with nothing before them; some of
those wear something that hides a region and are counted as open all the same. "Real masks": the photographs
of people with and without masks of balajisrinivas/Face-Mask-Detection in which a face was found; what each
mask covers is not labelled, and some are worn below the nose. Read as covered below {COVERED:g}, as by the
daemon; that line was drawn with these figures in view.

{table(rows)}

## Limits

- What is drawn looks drawn. Real hands, hair and helmets are rarer in training than in life.
- Those who wear dark glasses or hide their mouths in LFW count as bare in training; real dark glasses
  therefore read higher than drawn ones (0.14 to 0.8 in the development part). A region is called
  slightly covered up to {PARTLY:g}.
- Where the picture ends at the chin, as in many of the photographs without masks, the chin may read as
  covered.
- A profile hides half of a face by itself; the share then is that of what the camera could see.
- Where the mesh slips off a covered face, the regions slip with it.
"""
