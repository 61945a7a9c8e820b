"""What the models achieve on the evaluation data, through our own adapters; into their manifests."""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Callable, Iterator

import cv2
import numpy as np
from tqdm import tqdm

from edge.core.face import Box, Face
from edge.vision.anchors import look, merge
from edge.vision.describe import Description, FaceDescriber
from edge.vision.detector import FaceDetector, whole
from edge.vision.embedding import AnyEmbedder, open_embedder
from edge.vision.engine import open_model
from edge.vision.fused import FusedEmbedder
from edge.vision.manifest import find
from edge.vision.mesh import FaceMesh
from models_build.build import write_manifest
from models_build.fused import features, fit
from models_build.pictures import data_folder
from models_build.plans import PLANS
from models_build.recognition import figures, held_out
from models_build.state import MODELS

FRAME = 640
SIZES = ((32, 48), (48, 64), (64, 96), (96, 1000))
"""Face sizes, longer side in pixels, in a picture scaled to 640."""
FRAMES_TO_FIND = 12
SAME_IOU = 0.35


def measure_all() -> None:
    cv2.setNumThreads(1)
    near, far = (open_model(find("detection", name, MODELS)) for name in ("near", "far"))
    mesh = FaceMesh(open_model(find("landmarks", None, MODELS)))
    detector = FaceDetector(near, far)
    found = recall(detector, mesh)
    store("detection-near", {"measured": found["near"]})
    store("detection-far", {"measured": found["far"]})
    for name in ("dlib-resnet", "fused"):
        embedder = open_embedder(find("embedding", name, MODELS))
        tables = recognition(embedder, lambda: FaceDetector(near, far), mesh)
        store(f"embedding-{name}", tables)
    store("landmarks-mesh", {"measured": {"lfw_dev_confirmed": tables["measured"]["lfw_dev_found"]}})


def recognition(embedder: AnyEmbedder, detector: Callable[[], FaceDetector], mesh: FaceMesh) -> dict:
    """Over all pairs of lfw_dev; for a fused embedding also on people its projection was not fitted to."""
    paths = sorted((data_folder() / "lfw_dev").glob("*/*.jpg"))

    def describe(image: np.ndarray) -> Description | None:
        # A fresh detector: it remembers where the last picture's face was.
        return FaceDescriber(detector(), mesh, embedder).describe(image)

    vectors = np.zeros((len(paths), embedder.manifest.outputs[0].shape[-1]), np.float32)
    found = np.zeros(len(paths), bool)
    for number, path in enumerate(tqdm(paths, "faces")):
        described = describe(cv2.imread(str(path)))
        if described is not None:
            vectors[number], found[number] = described.embedding.vector, True
    others: dict[str, float] = {}
    if isinstance(embedder, FusedEmbedder):
        seen = [path for path, is_found in zip(paths, found, strict=True) if is_found]
        people = np.unique([path.parent.name for path in seen], return_inverse=True)[1]
        first, second = features(embedder, describe, seen)

        def fitted(train: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
            projection = fit(first[train], second[train])
            return lambda some: np.stack(
                [projection(one, other) for one, other in zip(first[some], second[some], strict=True)]
            )

        others = held_out(fitted, people)
    tables = figures(paths, vectors, found, others.get("held_out_far_over_claim_at_score_40", 1.0))
    tables["measured"].update(others)
    return tables


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
