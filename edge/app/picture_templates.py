"""Templates of many pictures, made by every core as the services make them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from edge.app.every_core import batches, spread
from edge.core.face import Vector
from edge.errors import PictureError
from edge.vision.describe import FaceDescriber
from edge.vision.detector import FaceDetector
from edge.vision.embedding import AnyEmbedder, open_embedder
from edge.vision.engine import Engine, open_model
from edge.vision.image import load_picture
from edge.vision.manifest import Manifest, find
from edge.vision.mesh import FaceMesh
from edge.vision.still import NETWORKS, StillSearch


def picture_templates(
    paths: Sequence[Path],
    place: Callable[[Path], str],
    jobs: int,
    progress: Callable[[int, int], None],
) -> dict[Path, Vector | None]:
    """The template of each picture's main face, None where no face is found.

    place: what to say before a message on a picture, such as the line that lists it. jobs: processes.
    progress: told pictures done and all. Raises PictureError, ModelError, WorkerDied.
    """
    vectors: dict[Path, Vector | None] = {}
    pieces = batches(paths)
    for piece, made in zip(
        pieces, spread(_describe, pieces, jobs=jobs, opener=_open, check=_check_models), strict=True
    ):
        for path, vector in zip(piece, made, strict=True):
            if isinstance(vector, PictureError):
                raise type(vector)(f"{place(path)}{vector}")
            vectors[path] = vector
        progress(len(vectors), len(paths))
    return vectors


@dataclass(slots=True)
class _Tools:
    near: Engine
    far: Engine
    still: StillSearch
    mesh: FaceMesh
    embedder: AnyEmbedder


_tools: list[_Tools] = []
"""What a working process has open, for as long as it lives."""


def _open() -> None:
    near, far, *still, mesh = (open_model(manifest) for manifest in _manifests())
    _tools.append(_Tools(near, far, StillSearch(*still), FaceMesh(mesh), open_embedder(find("embedding"))))


def _describe(paths: Sequence[Path]) -> list[Vector | PictureError | None]:
    (tools,) = _tools
    made: list[Vector | PictureError | None] = []
    for path in paths:
        # A fresh detector: it remembers where the last picture's face was.
        detector = FaceDetector(tools.near, tools.far, tools.still)
        describer = FaceDescriber(detector, tools.mesh, tools.embedder)
        try:
            description = describer.describe(load_picture(path))
        except PictureError as error:
            made.append(error)
        else:
            made.append(None if description is None else description.embedding.vector)
    return made


def _check_models() -> None:
    """Raise here what made the processes die when it was a model."""
    for manifest in _manifests():
        with Engine(manifest):
            pass
    open_embedder(find("embedding"))


def _manifests() -> list[Manifest]:
    detection = [find("detection", name) for name in ("near", "far", *NETWORKS)]
    return [*detection, find("landmarks")]
