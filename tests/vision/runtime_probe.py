"""Run by an interpreter with tflite-runtime: one inference on each model, then one face all the way.

Usage: runtime_probe.py INPUTS.npz PICTURE OUTPUTS.npz
"""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from edge.vision.describe import FaceDescriber
from edge.vision.detector import FaceDetector
from edge.vision.embedding import open_embedder
from edge.vision.engine import Engine, open_model
from edge.vision.image import load_picture
from edge.vision.liveness import PassiveLiveness
from edge.vision.manifest import find, manifests
from edge.vision.mesh import FaceMesh


def main(source: str, picture: str, target: str) -> None:
    inputs = np.load(source)
    outputs = {}
    for manifest in manifests():
        stem = manifest.path.stem
        if stem not in inputs or manifest.parts:
            continue
        with Engine(manifest, engine="tflite-runtime") as engine:
            for number, array in enumerate(engine.infer(inputs[stem])):
                outputs[f"{stem}/{number}"] = array
    np.savez(target, **outputs, **face(Path(picture), "tflite-runtime"))


def face(picture: Path, engine: str) -> dict[str, np.ndarray]:
    """What the networks, together with OpenCV, make of the face in a picture file."""
    near, far, mesh, live = (
        open_model(find(task, name), engine=engine)
        for task, name in (
            ("detection", "near"), ("detection", "far"), ("landmarks", None), ("liveness", None),
        )
    )  # fmt: skip
    embedder = open_embedder(find("embedding"), partial(open_model, engine=engine))
    image = load_picture(picture)
    found = FaceDescriber(FaceDetector(near, far), FaceMesh(mesh), embedder).describe(image)
    assert found is not None
    alive = PassiveLiveness(live).score(image, found.face)
    return {"template": found.embedding.vector, "alive": np.array(alive)}


if __name__ == "__main__":
    main(*sys.argv[1:])
