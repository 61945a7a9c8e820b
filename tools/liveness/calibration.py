"""The shipped network's thresholds and scorecard, set anew by a site's own pictures."""

from __future__ import annotations

import math
import shutil
from pathlib import Path

import numpy as np

from edge.core.face import Face
from edge.vision.engine import open_model
from edge.vision.liveness import PassiveLiveness
from edge.vision.manifest import find
from liveness import card
from liveness.figures import Held
from liveness.labelled import Labelled, Show, pictures
from liveness.report import Report, measure

METHOD = "the shipped network on the site's own single frames, its thresholds set on these very frames"
KEYPOINTS = np.zeros((6, 2), np.float32)


def calibrate(frames: list[Labelled], shipped: Path, models: Path, show: Show) -> Report:
    """Write the network with a manifest of the site's into `models`; the network stays as it is."""
    manifest = find("liveness", models=shipped)
    live, attacks, kinds = [], [], []
    with open_model(manifest) as engine:
        network = PassiveLiveness(engine)
        for one, picture, box in pictures(frames, show):
            probability = network.score(picture, Face(box, KEYPOINTS, 1.0))
            logit = (
                math.log(probability / (1 - probability))
                if 0 < probability < 1
                else 60 * (2 * probability - 1)
            )
            (attacks if one.attack else live).append(logit)
            kinds += [one.attack] if one.attack else []
    if not live or not attacks:
        raise SystemExit("the detector found no face in the site's live pictures, or in its attacks")
    report = measure({"site": Held(np.array(live), np.array(attacks), np.array(kinds))}, METHOD)
    models.mkdir(parents=True, exist_ok=True)
    written = models / manifest.file.name
    if written.resolve() != manifest.file.resolve():
        shutil.copyfile(manifest.file, written)
    (models / f"{card.STEM}.toml").write_text(card.manifest(manifest.file.read_bytes(), report))
    return report
