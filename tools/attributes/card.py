"""What is written beside the model: the manifest for the daemon and the card for people."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from attributes.figures import Row
from attributes.material import CROP, EXPRESSION_CROP

if TYPE_CHECKING:
    from attributes.study import Result

STEM = "appearance-heads"


def write(models: Path, content: bytes, result: Result, features: str) -> None:
    """Write model, manifest and card. features: id of the network that the features come from."""
    (models / f"{STEM}.tflite").write_bytes(content)
    (models / f"{STEM}.toml").write_text(manifest(content, result, features))
    (models / f"{STEM}.md").write_text(describe(content, result, features))


def table(rows: Sequence[Row]) -> str:
    lines = [
        "| | label | pictures | called so | of those called so, right |",
        "|---|---|---|---|---|",
    ]
    lines += [f"| {r.head} | {r.label} | {r.pictures} | {r.right:.3f} | {r.called:.3f} |" for r in rows]
    return "\n".join(lines)


def manifest(content: bytes, result: Result, features: str) -> str:
    parameters = "\n".join(f"{name} = {value:.4f}" for name, value in result.parameters.items())
    measured = "\n".join(f"{name} = {value:.4f}" for name, value in result.measured.items())
    return f"""task = "appearance"
name = "{STEM.removeprefix("appearance-")}"
default = true
file = "{STEM}.tflite"
sha256 = "{hashlib.sha256(content).hexdigest()}"
bytes = {len(content)}
source = "trained by tools/train_attributes on features of {features}"
version = "1"
licence = "Apache-2.0 (weights); the training pictures are for research use, see the card"
decoder = "probabilities"

[input]
shape = [1, 1, 1, 1024]
dtype = "float32"
color = "NONE"
mean = [0.0]
std = [1.0]
normalization = "none: the 1024 features of attributes-faceres"

[[output]]
name = "glasses: none, glasses, sunglasses"
shape = [1, 3]
dtype = "float32"

[[output]]
name = "hair: bald, short, long, covered"
shape = [1, 4]
dtype = "float32"

[[output]]
name = "mask"
shape = [1, 1]
dtype = "float32"

# crop, expression_crop: side of the square looked at for features and for expression, over the longer side
# of the mesh's outline. The lines: probability of male = logistic(slope * logit + offset),
# years = slope * mean + offset.
# neutral_weight: what the probability of a neutral expression is multiplied by.
[parameters]
crop = {CROP}
expression_crop = {EXPRESSION_CROP}
{parameters}

[thresholds]
mask = 0.5

# By cross-validation over people. See the card.
[measured]
{measured}
"""


def describe(content: bytes, result: Result, features: str) -> str:
    m = result.measured
    eyes = f"{m['glasses_pictures']:.0f} for glasses, {m['hair_pictures']:.0f} for hair"
    masks = f"{m['mask_masked_pictures']:.0f} masked and {m['mask_open_pictures']:.0f} open faces"
    return f"""# {STEM}

Tells glasses, hair and a mask from the features that the network for age and gender
([attributes-faceres](attributes-faceres.md)) makes anyway, and carries the calibration of age, gender and
expression ([expression-xception](expression-xception.md)).

- Input: the 1024 features of `{features}`, from an upright square {CROP:g} times
  the face mesh's outline; it reaches from the collar to just above the crown.
- Output: probabilities of none / glasses / sunglasses, of bald / short / long / covered, and of a mask.
- Network: three linear heads, {len(content) / 1000:.0f} kB, float32. Trained by
  `tools/train_attributes`, weights Apache-2.0.
- Training pictures: LFW (research use) with labels made by eye, kept by digest and never by name in
  `tools/attributes/labels.csv`: {eyes}; {masks} of
  balajisrinivas/Face-Mask-Detection (no licence stated). Each also in three copies, turned, shifted,
  mirrored, framed anew and worsened. The model identifies nobody.

What the words mean, as seen in the picture: *sunglasses* have lenses that darken the eyes; *bald* is a top
of the head without hair, whatever there is at the sides; *long* hair reaches the jaw or below; hair tied
back is *short* when its length does not show; *covered* is a hat, cap, helmet, turban or scarf over the top
of the head, but not a headband.

## Figures

Cross-validation in five folds; a person (and, in the mask set, a cluster of pictures that look alike) is
never in two. Glasses, hair, gender and expression are judged only on pictures drawn by lot, one a person;
the rare labels found by ranking the rest serve training alone.

{table(result.rows)}

| | |
|---|---|
{_summary(m)}

Ages are years of birth as published, and the pictures taken to be of 2003, which may be two years off.
Expressions were labelled by eye where plain; of surprise there are so few that its figure says nothing, and
anger, disgust, fear and sadness were not labelled at all. Unweighted, the network calls
{1 - m["expression_neutral_right_unweighted"]:.0%} of neutral faces something else, mostly angry or sad;
the weight lowers that to {1 - m["expression_neutral_right"]:.0%}, at the price of missing slight anger or
sadness, and its figure was measured on the pictures it was chosen on.

## Limits

- The labels were made in one pass without a second opinion, from crops of 170 pixels or less; the glasses
  that the heads disputed most were looked at again, enlarged, and five corrected (rimless ones, overlooked).
  Doubtful pictures (thin or receding hair, tinted lenses, headbands) were left out, so doubtful cases at the
  door do worse than the table. Read the probability.
- Few: {_count(result, "sunglasses")} sunglasses among the pictures drawn by lot. Bald against very short
  hair is the commonest error.
- LFW is public figures of about 2003, mostly men and adults; children are hardly in it. Masks are surgical,
  cloth and FFP masks, mostly on East Asian faces; a hand, a scarf or a microphone before the mouth was hardly
  seen.
- One masked face in five has a mesh that does not vouch for a face (presence below 0.5) and may never get
  here.
- Gender is how somebody looks, not what somebody is, and even that fails surely at times: one of the demo's
  two women, old and in an admiral's cap, is called a man with 0.998. All of it is an estimate.
"""


def _summary(m: Mapping[str, float]) -> str:
    def share(name: str) -> str:
        return f"{m[name]:.3f}; {m[name + '_worsened']:.3f} on worsened copies"

    def eyes(name: str) -> str:
        return f"{share(name)}; {m[name + '_all_labelled']:.3f} over all labelled pictures"

    sure = f"glasses {m['glasses_calibration_error']:.3f}, hair {m['hair_calibration_error']:.3f}"
    gender = f"{m['gender_balanced_accuracy']:.3f} ({m['gender_balanced_accuracy_uncalibrated']:.3f})"
    age = f"{m['age_mean_error']:.1f} ({m['age_mean_error_uncalibrated']:.1f}) years"
    lines = {
        "balanced accuracy, glasses": eyes("glasses_balanced_accuracy"),
        "balanced accuracy, hair": eyes("hair_balanced_accuracy"),
        "distance between sureness and share right": sure,
        "masked faces called masked": share("mask_called_masked"),
        "open faces of the mask set called masked": share("mask_called_open"),
        f"LFW's {m['mask_lfw_pictures']:.0f} faces called masked": share("mask_called_lfw"),
        "balanced accuracy, gender (before the line)": gender,
        f"mean error of age, {m['age_pictures']:.0f} adults (before the line)": age,
        "root mean square error of age": f"{m['age_root_mean_square_error']:.1f} years",
    }
    return "\n".join(f"| {name} | {value} |" for name, value in lines.items())


def _count(result: Result, label: str) -> int:
    return sum(row.pictures for row in result.rows if row.label == label)
