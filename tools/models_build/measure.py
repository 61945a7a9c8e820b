"""What the models achieve on the evaluation data, through our own adapters; into their manifests."""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from edge.core.face import Box, Face
from edge.vision.anchors import look, merge
from edge.vision.describe import FaceDescriber
from edge.vision.detector import FaceDetector, whole
from edge.vision.embedder import FaceEmbedder
from edge.vision.engine import open_model
from edge.vision.manifest import find
from edge.vision.mesh import FaceMesh
from models_build.build import write_manifest
from models_build.pictures import data_folder
from models_build.plans import PLANS
from models_build.state import MODELS

FRAME = 640
SIZES = ((32, 48), (48, 64), (64, 96), (96, 1000))
"""Face sizes, longer side in pixels, in a picture scaled to 640."""
FRAMES_TO_FIND = 12
SAME_IOU = 0.35
RATES = (1e-2, 3e-3, 1e-3, 3e-4, 1e-4, 3e-5, 1e-5, 3e-6, 1e-6)
FOLDS = 10


def measure_all() -> None:
    cv2.setNumThreads(1)
    near, far = (open_model(find("detection", name, MODELS)) for name in ("near", "far"))
    mesh = FaceMesh(open_model(find("landmarks", None, MODELS)))
    embedder = FaceEmbedder(open_model(find("embedding", "dlib-resnet", MODELS)))
    detector = FaceDetector(near, far)
    figures = recall(detector, mesh)
    store("detection-near", {"measured": figures["near"]})
    store("detection-far", {"measured": figures["far"]})
    describer = FaceDescriber(detector, mesh, embedder)
    measured, curve = recognition(describer)
    store("landmarks-mesh", {"measured": {"lfw_dev_confirmed": measured["lfw_dev_found"]}})
    store("embedding-dlib-resnet", {"measured": measured, "far_curve": curve})


def store(stem: str, measured: dict) -> None:
    plan = next(one for one in PLANS if one.stem == stem)
    table = tomllib.loads((MODELS / f"{stem}.toml").read_text())
    write_manifest(plan, table["sha256"], table["bytes"], measured)
    print(stem, measured, flush=True)


def recall(detector: FaceDetector, mesh: FaceMesh) -> dict[str, dict[str, float]]:
    """By face size: the near network on the whole picture; the detector within twelve frames of the same
    picture, confirmed by the mesh."""
    hits: dict[str, list[tuple[float, bool]]] = {"near": [], "frames": []}
    for image, boxes in tqdm(list(labeled()), "detection"):
        still = FaceDetector(detector.near, detector.far)
        found = {
            "near": merge(look(detector.near, image, whole(image))),
            "frames": [
                face for _ in range(FRAMES_TO_FIND) for face in confirmed(still.detect(image), image, mesh)
            ],
        }
        for box in boxes:
            size = max(box.width, box.height)
            for way, faces in found.items():
                hits[way].append((size, any(iou(face.box, box) >= SAME_IOU for face in faces)))
    figures: dict[str, dict[str, float]] = {"near": {}, "far": {}}
    for way, model in (("near", "near"), ("frames", "far")):
        for low, high in SIZES:
            seen = [hit for size, hit in hits[way] if low <= size < high]
            label = f"recall_{way}_{low}_{high}px" if high < 1000 else f"recall_{way}_over_{low}px"
            figures[model][label] = round(float(np.mean(seen)), 3)
            figures[model][f"faces_{low}_{high}px" if high < 1000 else f"faces_over_{low}px"] = len(seen)
    return figures


def confirmed(faces: list[Face], image: np.ndarray, mesh: FaceMesh) -> list[Face]:
    least = mesh.engine.manifest.threshold("presence")
    return [face for face in faces if mesh.locate(image, face).presence >= least]


def labeled() -> Iterator[tuple[np.ndarray, list[Box]]]:
    """Pictures scaled to 640 pixels, with their labeled faces."""
    folder = data_folder() / "detection"
    boxes: dict[str, list[list[float]]] = {}
    with (folder / "boxes.csv").open() as stream:
        for row in csv.DictReader(stream):
            boxes.setdefault(row["image"], []).append([float(row[key]) for key in ("x0", "y0", "x1", "y1")])
    for name, rows in sorted(boxes.items()):
        image = cv2.imread(str(folder / name))
        scale = FRAME / max(image.shape[:2])
        image = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        yield image, [Box(*(value * scale for value in row)) for row in rows]


def iou(one: Box, other: Box) -> float:
    width = min(one.x1, other.x1) - max(one.x0, other.x0)
    height = min(one.y1, other.y1) - max(one.y0, other.y0)
    shared = max(0.0, width) * max(0.0, height)
    return shared / max(one.area + other.area - shared, 1e-6)


def recognition(describer: FaceDescriber) -> tuple[dict[str, float], dict]:
    """Ten-fold accuracy on the pair list, and the false match rate over all impostor pairs."""
    folder = data_folder()
    paths = sorted((folder / "lfw_dev").glob("*/*.jpg"))
    single, both = (np.zeros((len(paths), 128), np.float32) for _ in range(2))
    mirrored = FaceEmbedder(describer.embedder.engine, mirror=True)
    for number, path in enumerate(tqdm(paths, "faces")):
        image = cv2.imread(str(path))
        found = describer.describe(image)
        if found is not None:
            single[number] = found.embedding.vector
            both[number] = mirrored.embed(image, found.landmarks).vector
    missed = int((np.abs(single).sum(axis=1) == 0).sum())
    people = np.unique([path.parent.name for path in paths], return_inverse=True)[1]
    genuine, impostors = similarities(single, people)
    genuine_both, impostors_both = similarities(both, people)
    at = {rate: float(impostors[int(rate * len(impostors))]) for rate in RATES}
    measured = {
        "lfw_dev_pictures": len(paths),
        "lfw_dev_found": len(paths) - missed,
        "lfw_dev_accuracy": accuracy(folder, paths, single),
        "lfw_dev_accuracy_mirrored": accuracy(folder, paths, both),
    }
    for name, rate in (("1e3", 1e-3), ("1e4", 1e-4), ("1e5", 1e-5)):
        reached = float(impostors_both[int(rate * len(impostors_both))])
        measured[f"tar_at_far_{name}"] = round(float((genuine >= at[rate]).mean()), 4)
        measured[f"tar_at_far_{name}_mirrored"] = round(float((genuine_both >= reached).mean()), 4)
    curve = {
        "count": len(impostors),
        "method": "all pairs of pictures of different people in lfw_dev, one comparison each, single image",
        "similarity": [round(at[rate], 5) for rate in RATES],
        "fmr": list(RATES),
    }
    return measured, curve


def similarities(vectors: np.ndarray, people: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of all same pairs, and of all different pairs from high to low."""
    rows, columns = np.triu_indices(len(vectors), 1)
    values = (vectors @ vectors.T)[rows, columns]
    same = people[rows] == people[columns]
    return values[same], np.sort(values[~same])[::-1]


def accuracy(folder: Path, paths: list[Path], vectors: np.ndarray) -> float:
    """The mean over ten folds, each with the threshold that is best on the other nine."""
    index = {path.name: number for number, path in enumerate(paths)}
    with (folder / "lfw_dev_pairs.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    pairs = np.array([(index[Path(row["a"]).name], index[Path(row["b"]).name]) for row in rows])
    same = np.array([row["same"].lower() in ("1", "true") for row in rows])
    scores = np.sum(vectors[pairs[:, 0]] * vectors[pairs[:, 1]], axis=1)
    folds = np.random.default_rng(0).permutation(len(rows)) % FOLDS
    right = []
    for fold in range(FOLDS):
        others = folds != fold
        order = np.sort(scores[others])
        threshold = max(np.unique(np.round(order, 4)), key=lambda t: ((scores >= t) == same)[others].mean())
        right.append(((scores >= threshold) == same)[~others].mean())
    return round(float(np.mean(right)), 4)
