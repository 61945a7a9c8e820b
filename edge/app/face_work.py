"""What orders about faces and pictures are carried out with: the networks and the people, for one thread."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from edge.app import wiring
from edge.app.analysis import open_examiners
from edge.app.faces import KnownFaces, known_faces
from edge.app.keepers import Keepers, keepers, uploads
from edge.service.enrollment import Enroller
from edge.service.uploads import FaceUploads
from edge.settings import Settings


@dataclass(frozen=True, slots=True)
class FaceWork:
    known: KnownFaces
    enroller: Enroller
    uploads: FaceUploads
    keepers: Keepers


@contextmanager
def open_face_work(settings: Settings) -> Iterator[FaceWork]:
    """Open the networks a second time, for those of the door belong to its own thread.

    Raises ModelError, StoreError.
    """
    with (
        wiring.open_roster(settings) as roster,
        wiring.open_models(settings) as models,
        open_examiners(settings, models.mesh) as examiners,
        wiring.open_index(settings, models.embedder.model) as index,
    ):
        enroller = wiring.enroller(settings, models, roster.gallery, index)
        yield FaceWork(
            known=known_faces(settings, roster, models, examiners, index),
            enroller=enroller,
            uploads=uploads(settings, roster, enroller),
            keepers=keepers(settings, roster),
        )
