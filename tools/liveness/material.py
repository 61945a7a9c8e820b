"""The pictures that training needs, read from the evaluation data and made ready."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.core.face import Box, Face
from edge.vision.detector import FaceDetector
from edge.vision.engine import open_model
from edge.vision.liveness import cut_square
from edge.vision.manifest import find
from liveness.kinds import SPAN, Image
from liveness.people import Person
from liveness.simulate import live_scene, print_scene, screen_scene

SCENE = 160
"""Side of a stored scene, pixels."""
MASK_INPUT = 256
BLACK = 10
"""LFW's aligned pictures end in wedges darker than this."""
SIMULATIONS: dict[str, Callable[..., Image]] = {
    "live": live_scene,
    "screen": screen_scene,
    "print": print_scene,
}

Show = Callable[[Iterable[object], str, int], Iterable[object]]


@dataclass(frozen=True, slots=True, eq=False)
class Real:
    """Labelled scenes. scenes: uint8 (N, 160, 160, 3), BGR. source: str (N,). live: bool (N,)."""

    scenes: NDArray[np.uint8]
    source: NDArray[np.str_]
    live: NDArray[np.bool_]


def detector() -> FaceDetector:
    """The project's own, so that boxes here are the boxes at the door."""
    return FaceDetector(open_model(find("detection", "near")), open_model(find("detection", "far")))


def real_scenes(data: Path, show: Show) -> Real:
    """Every labelled frame, cut around its face.

    The manifest's box only says which face is meant; without one the largest counts.
    """
    finder = detector()
    scenes, source, live, lost = [], [], [], 0
    rows = list(csv.DictReader((data / "liveness" / "manifest.csv").open()))
    for row in show(rows, "labelled frames", len(rows)):
        picture = cv2.imread(str(data / "liveness" / row["path"]))
        labelled = _labelled(row)
        box = chosen([face.box for face in finder.detect(picture)], labelled)
        if box is None:
            box = chosen([face.box for face in finder.detect(picture, thorough=True)], labelled)
        if box is None:
            lost += 1
            continue
        scenes.append(cut_square(picture, box.center, SPAN * max(box.width, box.height), SCENE))
        source.append(row["source"])
        live.append(row["label"] == "live")
    if lost:
        print(f"  {lost} of {len(rows)} frames left out: the labelled face was not found")
    return Real(np.array(scenes), np.array(source), np.array(live))


def chosen(boxes: list[Box], labelled: Box | None) -> Box | None:
    """The box that overlaps the labelled one most (IoU above 0.15); without a label the largest."""
    if labelled is None:
        return max(boxes, key=lambda box: box.area, default=None)
    best = max(boxes, key=lambda box: overlap(box, labelled), default=None)
    return best if best is not None and overlap(best, labelled) > 0.15 else None


def overlap(a: Box, b: Box) -> float:
    """Intersection over union."""
    shared = Box(max(a.x0, b.x0), max(a.y0, b.y0), min(a.x1, b.x1), min(a.y1, b.y1))
    if shared.width <= 0 or shared.height <= 0:
        return 0.0
    return shared.area / (a.area + b.area - shared.area)


def _labelled(row: dict[str, str]) -> Box | None:
    if not row["w"]:
        return None
    x, y, w, h = (float(row[key]) for key in "xywh")
    return Box(x, y, x + w, y + h)


def portraits(data: Path, segmenter: Path, show: Show) -> list[Person]:
    """LFW's people, cut out of their backgrounds; those cut off at the sides are left out.

    segmenter: MediaPipe's selfie_segmentation.tflite.
    """
    from ai_edge_litert.interpreter import Interpreter

    network = Interpreter(str(segmenter), num_threads=1)
    network.allocate_tensors()
    taken = network.get_input_details()[0]["index"], network.get_output_details()[0]["index"]
    finder = detector()
    people = []
    files = sorted((data / "lfw_dev").glob("*/*.jpg"))
    for file in show(files, "portraits", len(files)):
        picture = cv2.imread(str(file))
        middle = Box(
            *(0.45 * picture.shape[1], 0.45 * picture.shape[0]),
            0.55 * picture.shape[1],
            0.55 * picture.shape[0],
        )
        faces = [face for face in finder.detect(picture) if overlap(face.box, middle) > 0]
        if faces:
            person = _cut_out(picture, max(faces, key=lambda face: face.box.area), network, taken)
            people += [person] if person else []
    return people


def _cut_out(picture: Image, face: Face, network: object, taken: tuple[int, int]) -> Person | None:
    small = cv2.cvtColor(cv2.resize(picture, (MASK_INPUT, MASK_INPUT)), cv2.COLOR_BGR2RGB)
    network.set_tensor(taken[0], small[None].astype(np.float32) / 255)
    network.invoke()
    mask = cv2.resize(network.get_tensor(taken[1])[0, :, :, 0], picture.shape[1::-1])
    mask = np.clip((mask - 0.25) / 0.5, 0, 1).astype(np.float32)
    brightest = picture.max(2)
    dark = brightest < BLACK
    clean = all(side.mean() < 0.15 for side in (dark[0], dark[-1], dark[:, 0], dark[:, -1]))
    if not clean:
        near_light = cv2.GaussianBlur(brightest.astype(np.float32), (0, 0), 3) > 8
        mask *= cv2.erode((~dark | near_light).astype(np.uint8), np.ones((3, 3)))
    upper = mask[: int(0.7 * len(mask))]
    if max(upper[:, :3].mean(), upper[:, -3:].mean()) > 0.15:
        return None
    return Person(picture, mask, face.box.center, max(face.box.width, face.box.height), clean)


def backdrops(data: Path) -> list[Image]:
    """Rooms and streets to stand before: the pictures of the detection set."""
    return [cv2.imread(str(file)) for file in sorted((data / "detection").glob("*.jpg"))]


def simulate(
    people: list[Person], rooms: list[Image], counts: dict[str, int], seed: int, processes: int, show: Show
) -> dict[str, NDArray[np.uint8]]:
    """Scenes by kind (live, screen, print), uint8 (N, 160, 160, 3)."""
    parts = [
        (kind, min(50, count - first), (seed, number, first))
        for number, (kind, count) in enumerate(sorted(counts.items()))
        for first in range(0, count, 50)
    ]
    made: dict[str, list[NDArray[np.uint8]]] = {kind: [] for kind in counts}
    # A forked child must not meet OpenCV's threads of the parent.
    cv2.setNumThreads(1)
    with get_context("fork").Pool(processes, _remember, (people, rooms)) as pool:
        for kind, scenes in show(pool.imap(_simulate, parts), "simulated scenes", len(parts)):
            made[kind].append(scenes)
    return {kind: np.concatenate(scenes) for kind, scenes in made.items()}


_shared: dict[str, list] = {}


def _remember(people: list[Person], rooms: list[Image]) -> None:
    _shared["people"], _shared["rooms"] = people, rooms


def _simulate(part: tuple[str, int, tuple[int, ...]]) -> tuple[str, NDArray[np.uint8]]:
    kind, count, seed = part
    rng = np.random.default_rng(seed)
    scenes = np.empty((count, SCENE, SCENE, 3), np.uint8)
    for k in range(count):
        scene = SIMULATIONS[kind](rng, _shared["people"], _shared["rooms"])
        scenes[k] = cv2.resize(scene, (SCENE, SCENE), interpolation=cv2.INTER_AREA)
    return kind, scenes
