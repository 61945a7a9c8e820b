"""Build every model of plans.py: fetch, rebuild, quantize, write beside its manifest."""

from __future__ import annotations

import hashlib
import sys
import time
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import tomli_w

from edge.vision.describe import FaceDescriber
from edge.vision.detector import FaceDetector
from edge.vision.embedder import FaceEmbedder
from edge.vision.engine import Engine, open_model
from edge.vision.fused import FusedEmbedder, Projection
from edge.vision.manifest import find
from edge.vision.mesh import FaceMesh
from models_build import dlib_detector, dlib_net, flatfile, pictures, quantize, sources
from models_build.equalize import equalize
from models_build.faceboxes import FaceBoxes
from models_build.fused import projection
from models_build.graph import Replay
from models_build.plans import PLANS, Plan
from models_build.state import CACHE, MODELS, is_current, parts
from models_build.tfjs import GraphModel

CAFFE_MEAN = np.array([103.939, 116.779, 123.68], np.float32)
"""Of ImageNet, blue first."""
GRAY = np.array([0.114, 0.587, 0.299], np.float32)
"""Luma weights, blue first, as OpenCV's."""
MEASURED = ("measured", "far_curve")
"""Tables of a manifest that are measured, not built; kept while the file stays the same."""


def detection(source: Path) -> bytes:
    network = Replay(source)
    return quantize.int8_weights(lambda x: network(x * (1.0 / 127.5) - 1.0), network.shape)


def detection_middle(source: Path) -> bytes:
    network = Replay(source, (320, 240))
    scenes = list(pictures.for_detection((320, 240)))
    print(f"  {len(scenes)} pictures as examples", flush=True)
    equalize(network, (scene * (1.0 / 127.5) - 1.0 for scene in scenes))
    whole = quantize.full_int8(lambda x: network(x * (1.0 / 127.5) - 1.0), network.shape, lambda: scenes)
    return flatfile.float_heads(whole)


def detection_wide(source: Path, weights: Path) -> bytes:
    network = FaceBoxes(source, weights)
    scenes = list(pictures.for_detection((640, 480)))
    print(f"  {len(scenes)} pictures as examples", flush=True)
    return quantize.full_int8(lambda x: network(x), (1, 480, 640, 3), lambda: scenes)


def detection_window(source: Path) -> bytes:
    network = dlib_detector.build(source)
    squares = list(pictures.for_window(dlib_detector.SIDE))
    print(f"  {len(squares)} squares as examples", flush=True)
    shape = (1, dlib_detector.SIDE, dlib_detector.SIDE, 3)
    return quantize.full_int8(lambda x: network(x), shape, lambda: squares)


def mesh_or_iris(source: Path) -> bytes:
    network = Replay(source)
    return quantize.int8_weights(lambda x: network(x * (1.0 / 255.0)), network.shape)


def attributes(source: Path, weights: Path) -> bytes:
    """Its 1024 features serve the embedding, its two other outputs age and gender."""
    network = GraphModel(source, weights, ("global_pooling/Mean", "gender_pred/Sigmoid", "age_pred/Softmax"))
    squares = list(pictures.upright(*_locators(), network.shape[1], (1.0, 1.15, 1.3)))
    print(f"  {len(squares)} faces as examples", flush=True)
    return quantize.full_int8(lambda x: network(x - CAFFE_MEAN), network.shape, lambda: squares)


def expression(source: Path, weights: Path) -> bytes:
    network = GraphModel(source, weights, ("Identity",))
    squares = [
        quantize.full_range((square @ GRAY)[..., None], 0, 255)
        for square in pictures.upright(*_locators(), network.shape[1], (0.9, 1.0, 1.15))
    ]
    print(f"  {len(squares)} faces as examples", flush=True)
    return quantize.full_int8(lambda x: network(x * (1.0 / 127.5) - 1.0), network.shape, lambda: squares)


def embedding(source: Path) -> bytes:
    network = dlib_net.build(source)
    # Aligning needs the manifest's input size only, so the file need not exist yet.
    aligner = FaceEmbedder(Engine(find("embedding", "dlib-resnet", MODELS)))
    chips = list(pictures.for_embedding(*_locators(), aligner))
    print(f"  {len(chips)} face chips as examples", flush=True)
    return quantize.full_int8(lambda x: network(x), network.input_shape, lambda: chips)


def fused() -> bytes:
    # The projection is what is being made; the manifest is there for the crops alone.
    nothing = Projection(*np.zeros((5, 1), np.float32))
    networks = _open("embedding", "dlib-resnet"), _open("attributes", "faceres")
    embedder = FusedEmbedder(*networks, find("embedding", "fused", MODELS), nothing)
    near, far, mesh = _open("detection", "near"), _open("detection", "far"), FaceMesh(_open("landmarks"))
    first = FaceEmbedder(networks[0])
    paths = sorted((pictures.data_folder() / "lfw_dev").glob("*/*.jpg"))
    # A fresh detector for each: it remembers where the last picture's face was.
    return projection(
        embedder, lambda image: FaceDescriber(FaceDetector(near, far), mesh, first).describe(image), paths
    )


BUILDERS: dict[str, Callable[..., bytes]] = {
    "detection-near": detection,
    "detection-far": detection,
    "detection-middle": detection_middle,
    "detection-wide": detection_wide,
    "detection-window": detection_window,
    "landmarks-mesh": mesh_or_iris,
    "iris-eye": mesh_or_iris,
    "attributes-faceres": attributes,
    "expression-xception": expression,
    "embedding-dlib-resnet": embedding,
    "embedding-fused": fused,
}


def _locators() -> tuple[FaceDetector, FaceMesh]:
    return FaceDetector(_open("detection", "near"), _open("detection", "far")), FaceMesh(_open("landmarks"))


def _open(task: str, name: str | None = None) -> Engine:
    return open_model(find(task, name, MODELS))


def write(plan: Plan, content: bytes) -> str:
    """Put model and manifest in place; returns the digest."""
    file = MODELS / plan.file
    digest = hashlib.sha256(content).hexdigest()
    partial = file.with_suffix(".part")
    partial.write_bytes(content)
    partial.replace(file)
    write_manifest(plan, digest, len(content))
    return digest


def write_manifest(plan: Plan, digest: str, size: int, measured: dict[str, Any] | None = None) -> None:
    """measured: replaces the measured tables; else the old ones stay while the digest is the same."""
    path = MODELS / f"{plan.stem}.toml"
    old = tomllib.loads(path.read_text()) if path.exists() else {}
    kept = {key: old[key] for key in MEASURED if key in old and old.get("sha256") == digest}
    table = {
        "task": plan.task,
        "name": plan.name,
        "default": True,
        "file": plan.file,
        "sha256": digest,
        "bytes": size,
        **plan.facts,
        "part": parts(plan),
        "thresholds": dict(plan.thresholds),
        **kept,
        **(measured or {}),
    }
    for empty in [key for key in ("part", "thresholds") if not table[key]]:
        del table[empty]
    if plan.task == "detection" and plan.name != "near":
        table["default"] = False
    if plan.stem == "embedding-dlib-resnet":
        table["default"] = False
    path.write_text(tomli_w.dumps(table))


def build_all(force: bool, only: list[str]) -> None:
    wanted = [plan for plan in PLANS if not only or plan.stem in only]
    unknown = set(only) - {plan.stem for plan in PLANS}
    if unknown:
        sys.exit(f"no model {', '.join(sorted(unknown))}; there are {', '.join(p.stem for p in PLANS)}")
    for number, plan in enumerate(wanted, 1):
        label = f"[{number}/{len(wanted)}] {plan.stem}"
        if not force and is_current(plan):
            print(f"{label}: up to date", flush=True)
            continue
        print(f"{label}: building", flush=True)
        began = time.monotonic()
        files = [sources.fetch(file, CACHE) for file in (plan.source, plan.weights) if file is not None]
        if plan.task == "embedding":
            write_manifest(plan, "0" * 64, 1)
        content = BUILDERS[plan.stem](*files)
        digest = write(plan, content)
        took = time.monotonic() - began
        print(f"{label}: {len(content):,} bytes, sha256 {digest[:12]}…, {took:.0f} s", flush=True)
