"""Run by tflite-runtime's own interpreter: one inference on each model, outputs into an .npz.

Usage: runtime_probe.py INPUTS.npz OUTPUTS.npz
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from edge.vision.engine import Engine
from edge.vision.manifest import manifests


def main(source: str, target: str) -> None:
    inputs = np.load(source)
    outputs = {}
    for manifest in manifests():
        stem = manifest.path.stem
        if stem not in inputs:
            continue
        with Engine(manifest, engine="tflite-runtime") as engine:
            for number, array in enumerate(engine.infer(inputs[stem])):
                outputs[f"{stem}/{number}"] = array
    np.savez(target, **outputs)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
