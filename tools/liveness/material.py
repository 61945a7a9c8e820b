"""What scenes are simulated from, and the simulation in several processes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.core.face import Box
from edge.vision.liveness import cut_square
from liveness.kinds import SPAN, STORED, VIEWS, Image
from liveness.labelled import Labelled, Show, detector, overlap, pictures
from liveness.people import Person
from liveness.simulate import live_scene, print_scene, screen_scene

MASK_INPUT = 256
BLACK = 10
"""LFW's aligned pictures end in wedges darker than this."""
OWN_SPAN, OWN_SIDE = 4.6, 320
"""Face sides and pixels of the portraits taken from labelled frames."""
OWN_MOST, BESIDE = 180, 60
"""Of a source's own portraits in a simulation, and of the strangers among them."""
PART = 50
SIMULATIONS: dict[str, Callable[..., Image]] = {
    "live": live_scene,
    "screen": screen_scene,
    "print": print_scene,
}


@dataclass(frozen=True, slots=True, eq=False)
class Simulated:
    """scenes: uint8 (N, V, 160, 160, 3), BGR. kind: str (N,), live, screen or print. source: str (N,), whose
    people are in them: "" for nobody of the labelled frames."""

    scenes: NDArray[np.uint8]
    kind: NDArray[np.str_]
    source: NDArray[np.str_]


class Segmenter:
    """Cuts people out of their backgrounds, by MediaPipe's selfie_segmentation.tflite."""

    def __init__(self, model: Path) -> None:
        from ai_edge_litert.interpreter import Interpreter

        self.network = Interpreter(str(model), num_threads=1)
        self.network.allocate_tensors()

    def mask(self, picture: Image) -> NDArray[np.float32]:
        """float32 (H, W), 1 where somebody is."""
        small = cv2.cvtColor(cv2.resize(picture, (MASK_INPUT, MASK_INPUT)), cv2.COLOR_BGR2RGB)
        taken, given = self.network.get_input_details()[0], self.network.get_output_details()[0]
        self.network.set_tensor(taken["index"], small[None].astype(np.float32) / 255)
        self.network.invoke()
        mask = cv2.resize(self.network.get_tensor(given["index"])[0, :, :, 0], picture.shape[1::-1])
        return np.clip((mask - 0.25) / 0.5, 0, 1).astype(np.float32)


def portraits(data: Path, segmenter: Segmenter, show: Show) -> list[Person]:
    """LFW's people, cut out of their backgrounds; those cut off at the sides are left out."""
    finder = detector()
    people = []
    files = sorted((data / "lfw_dev").glob("*/*.jpg"))
    for file in show(files, "portraits", len(files)):
        picture = cv2.imread(str(file))
        height, width = picture.shape[:2]
        middle = Box(0.45 * width, 0.45 * height, 0.55 * width, 0.55 * height)
        faces = [face for face in finder.detect(picture) if overlap(face.box, middle) > 0]
        if faces:
            person = _cut_out(picture, max(faces, key=lambda face: face.box.area).box, segmenter)
            people += [person] if person else []
    return people


def _cut_out(picture: Image, box: Box, segmenter: Segmenter) -> Person | None:
    mask = segmenter.mask(picture)
    brightest = picture.max(2)
    dark = brightest < BLACK
    clean = all(side.mean() < 0.15 for side in (dark[0], dark[-1], dark[:, 0], dark[:, -1]))
    if not clean:
        near_light = cv2.GaussianBlur(brightest.astype(np.float32), (0, 0), 3) > 8
        mask *= cv2.erode((~dark | near_light).astype(np.uint8), np.ones((3, 3)))
    upper = mask[: int(0.7 * len(mask))]
    if max(upper[:, :3].mean(), upper[:, -3:].mean()) > 0.15:
        return None
    return Person(picture, mask, box.center, max(box.width, box.height), clean)


def own_people(frames: list[Labelled], segmenter: Segmenter, show: Show) -> dict[str, list[Person]]:
    """The living people of labelled frames by source: to be shown on panels and paper, and in other rooms."""
    people: dict[str, list[Person]] = {}
    for one, picture, box in pictures([frame for frame in frames if not frame.attack], show):
        cut = cut_square(picture, box.center, OWN_SPAN * max(box.width, box.height), OWN_SIDE)
        middle = (OWN_SIDE / 2, OWN_SIDE / 2)
        person = Person(cut, segmenter.mask(cut), middle, OWN_SIDE / OWN_SPAN, True)
        people.setdefault(one.source, []).append(person)
    return people


def mixed(own: list[Person], strangers: list[Person], seed: int) -> list[Person]:
    """A source's people, and some of LFW among them."""
    rng = np.random.default_rng(seed)
    chosen = [own[k] for k in rng.permutation(len(own))[:OWN_MOST]]
    return chosen + [strangers[k] for k in rng.choice(len(strangers), min(BESIDE, len(strangers)))]


def backdrops(data: Path) -> list[Image]:
    """Rooms and streets to stand before: the pictures of the detection set."""
    return [cv2.imread(str(file)) for file in sorted((data / "detection").glob("*.jpg"))]


def simulate(
    casts: dict[str, list[Person]],
    rooms: list[Image],
    counts: dict[str, dict[str, int]],
    seed: int,
    processes: int,
    show: Show,
) -> Simulated:
    """Scenes of each cast; counts: by cast and kind. The same seed makes the same scenes."""
    parts = [
        (cast, kind, min(PART, count - first), (seed, *cast.encode(), number, first))
        for cast in sorted(counts)
        for number, (kind, count) in enumerate(sorted(counts[cast].items()))
        for first in range(0, count, PART)
    ]
    scenes, kinds, sources = [], [], []
    # A forked child must not meet OpenCV's threads of the parent.
    cv2.setNumThreads(1)
    with get_context("fork").Pool(processes, _remember, (casts, rooms)) as pool:
        for cast, kind, made in show(pool.imap(_simulate, parts), "simulated scenes", len(parts)):
            scenes.append(made)
            kinds += [kind] * len(made)
            sources += [cast] * len(made)
    return Simulated(np.concatenate(scenes), np.array(kinds), np.array(sources))


_shared: dict[str, object] = {}


def _remember(casts: dict[str, list[Person]], rooms: list[Image]) -> None:
    _shared["casts"], _shared["rooms"] = casts, rooms


def _simulate(part: tuple[str, str, int, tuple[int, ...]]) -> tuple[str, str, NDArray[np.uint8]]:
    cast, kind, count, seed = part
    rng = np.random.default_rng(seed)
    scenes = np.empty((count, len(VIEWS), STORED, STORED, 3), np.uint8)
    for k in range(count):
        scenes[k] = views(SIMULATIONS[kind](rng, _shared["casts"][cast], _shared["rooms"]))
    return cast, kind, scenes


def views(scene: Image) -> NDArray[np.uint8]:
    """A simulated scene as it is stored: uint8 (V, 160, 160, 3)."""
    cut = []
    for view in VIEWS:
        inset = round(scene.shape[0] * (1 - view.span / SPAN) / 2)
        inner = scene[inset : scene.shape[0] - inset, inset : scene.shape[1] - inset]
        shrinks = inner.shape[0] > STORED
        cut.append(
            cv2.resize(inner, (STORED, STORED), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
        )
    return np.array(cut)
