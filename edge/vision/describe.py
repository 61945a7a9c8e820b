"""One picture of one person, all the way: find the face, fit the mesh, make the template."""

from __future__ import annotations

from dataclasses import dataclass

from edge.core.face import Embedding, Face, Landmarks
from edge.core.frame import Image
from edge.ports import Embedder
from edge.vision.detector import FaceDetector
from edge.vision.mesh import FaceMesh


@dataclass(frozen=True, slots=True, eq=False)
class Description:
    """A face and what was made of it."""

    face: Face
    landmarks: Landmarks
    embedding: Embedding


class FaceDescriber:
    """For single pictures: enrolment from files and evaluation. Belongs to one thread."""

    def __init__(self, detector: FaceDetector, mesh: FaceMesh, embedder: Embedder) -> None:
        self.detector = detector
        self.mesh = mesh
        self.embedder = embedder

    def describe(self, image: Image) -> Description | None:
        """The picture's main face: large, near the middle, and confirmed by the mesh; None if there is none.

        Looks at the whole picture first and searches thoroughly only when that finds nothing.
        """
        for thorough in (False, True):
            found = self.faces(image, thorough)
            if found:
                face, landmarks = max(found, key=lambda one: prominence(one[0], image))
                return Description(face, landmarks, self.embedder.embed(image, landmarks))
        return None

    def faces(self, image: Image, thorough: bool = True) -> list[tuple[Face, Landmarks]]:
        """All faces of the picture that the mesh confirms, best score first."""
        least = self.mesh.engine.manifest.threshold("presence")
        fitted = ((face, self.mesh.locate(image, face)) for face in self.detector.detect(image, thorough))
        return [(face, landmarks) for face, landmarks in fitted if landmarks.presence >= least]


def prominence(face: Face, image: Image) -> float:
    """How much a face is the picture's subject: its size, less its distance from the middle."""
    height, width = image.shape[:2]
    x, y = face.box.center
    away = ((x - width / 2) ** 2 + (y - height / 2) ** 2) ** 0.5
    return float(max(face.box.width, face.box.height) - 0.5 * away)
