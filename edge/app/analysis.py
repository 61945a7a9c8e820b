"""Compose what looks at single faces closely: quality, keypoints, appearance."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from edge.ports import Landmarker
from edge.service.analysis import FaceAnalysis
from edge.service.localization import Localizer
from edge.settings import Settings
from edge.vision.clarity import clarity
from edge.vision.engine import Engine
from edge.vision.iris import IrisFinder
from edge.vision.manifest import find
from edge.vision.occlusion import FaceOcclusion


@dataclass(frozen=True, slots=True)
class Examiners:
    """Belong to one thread."""

    analysis: FaceAnalysis
    localizer: Localizer


@contextmanager
def open_examiners(
    settings: Settings, landmarker: Landmarker, *, with_attributes: bool = False
) -> Iterator[Examiners]:
    """Open the networks beyond those of the door. Raises ModelError.

    landmarker: fits the mesh; the door's own. with_attributes: also the networks of appearance, which are
    the larger part.
    """
    with ExitStack() as stack:

        def engine(task: str, name: str | None = None) -> Engine:
            return stack.enter_context(
                Engine(find(task, name), settings.vision.threads, settings.vision.engine)
            )

        eyes = IrisFinder(engine("iris"))
        attributes = None
        if with_attributes:
            from edge.vision.attributes import open_attributes

            attributes = open_attributes(engine)
        yield Examiners(
            FaceAnalysis(eyes, FaceOcclusion(engine("occlusion")), clarity, attributes),
            Localizer(landmarker, eyes),
        )
