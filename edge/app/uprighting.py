"""Pictures that do not say which side is up, turned until the faces in them stand upright."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from edge.app.wiring import Models
from edge.core.frame import Image
from edge.service.pictures import PictureReader, Wanted
from edge.vision.image import read_picture


def uprighting(models: Models) -> Callable[[Path], Image]:
    """What reads a picture to enroll somebody from; belongs to the thread of its networks."""
    reader = PictureReader(
        load=read_picture, detector=models.detector, landmarker=models.mesh, grade=lambda image, found: 0
    )
    return lambda path: reader.look(path, Wanted(rotate=True)).image
