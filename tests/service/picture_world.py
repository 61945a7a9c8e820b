"""Pictures of which a test says who is in them, and networks that read just that."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from edge.core.calibration import FarCurve
from edge.core.face import Embedding, Face, Landmarks
from edge.core.frame import Image
from edge.core.picture import Picture, turn
from edge.core.score import ScoreScale
from edge.errors import NoFace, PictureUnreadable
from edge.service.pictures import FoundFace, PictureReader
from tests.factories import MODEL, a_face, some_landmarks

SIZE = 64
CURVE = FarCurve((0.2, 0.4, 0.6, 0.8), (1e-1, 1e-3, 1e-5, 1e-7))
SCALE = ScoreScale(CURVE)
WIDTH, HEIGHT = 400, 300


@dataclass(frozen=True)
class Shown:
    """One face of a picture. who: a person's number; take: tells pictures of one person apart."""

    who: int
    x: float = 200.0
    y: float = 150.0
    size: float = 100.0
    take: int = 0
    score: float = 0.95
    presence: float = 1.0
    level: int = 4


def template(who: int, take: int = 0) -> Embedding:
    """Templates of one person are about 0.9 alike, of two people hardly."""
    base = np.random.default_rng(1000 + who).normal(size=SIZE)
    noise = 0.33 * np.random.default_rng(7_000_000 + 1000 * who + take).normal(size=SIZE)
    vector = (base + noise).astype(np.float32)
    return Embedding(vector / np.linalg.norm(vector), MODEL)


@dataclass
class World:
    """The detector, the mesh, the embedder and the grader of pictures `b"0"`, `b"1"` and so on.

    A picture's number is its blue channel; its upper edge is marked in the green one.
    """

    pictures: list[list[Shown]] = field(default_factory=list)
    turned: dict[int, int] = field(default_factory=dict)
    oriented: set[int] = field(default_factory=set)
    model = MODEL

    def add(self, *shown: Shown, turned: int = 0, oriented: bool = False) -> bytes:
        """Make a picture, and give the source it is read from. turned: clockwise quarters it lies on."""
        number = len(self.pictures)
        self.pictures.append(list(shown))
        self.turned[number] = turned
        if oriented:
            self.oriented.add(number)
        return str(number).encode()

    def load(self, source: bytes) -> Picture:
        if not source.isdigit():
            raise PictureUnreadable("the picture is damaged; export or download it again")
        number = int(source)
        image = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
        image[..., 0] = number
        image[0, :, 1] = 255
        return Picture(turn(image, self.turned[number]), number in self.oriented)

    def detect(self, image: Image, thorough: bool = False) -> list[Face]:
        if not image[0, :, 1].all():
            return []
        return [a_face(one.x, one.y, one.size, one.score) for one in self._shown(image)]

    def locate(self, image: Image, face: Face) -> Landmarks:
        shown = self._of(image, face)
        landmarks = some_landmarks(presence=shown.presence)
        # A point that the pose does not need says who it is.
        landmarks.points[0] = (shown.who, shown.take, 0.0)
        return landmarks

    def embed(self, image: Image, landmarks: Landmarks) -> Embedding:
        who, take = (int(value) for value in landmarks.points[0, :2])
        if who < 0:
            raise NoFace("no face to align: the points of the face coincide")
        return template(who, take)

    def glance(self, image: Image, landmarks: Landmarks, mirrored: bool) -> Embedding:
        return self.embed(image, landmarks)

    def grade(self, image: Image, found: FoundFace) -> int:
        return self._of(image, found.face).level

    def reader(self) -> PictureReader:
        return PictureReader(load=self.load, detector=self, landmarker=self, grade=self.grade)

    def _shown(self, image: Image) -> list[Shown]:
        return self.pictures[int(image[0, 0, 0])]

    def _of(self, image: Image, face: Face) -> Shown:
        return min(
            self._shown(image),
            key=lambda one: abs(one.x - face.box.center[0]) + abs(one.size - face.box.width),
        )
