"""Open the embedding that a manifest describes: one network, or several as one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from edge.errors import ModelDigestMismatch, ModelMismatch
from edge.vision.embedder import FaceEmbedder
from edge.vision.engine import Engine, open_model
from edge.vision.fused import FusedEmbedder, load_projection
from edge.vision.manifest import Manifest, find

AnyEmbedder: TypeAlias = FaceEmbedder | FusedEmbedder


def open_embedder(manifest: Manifest, opener: Callable[[Manifest], Engine] = open_model) -> AnyEmbedder:
    """An embedder whose engines `opener` started; who gave it closes them.

    The parts of a fused embedding are looked for beside its manifest.
    Raises ModelMissing, ModelDigestMismatch, ModelMismatch or EngineUnavailable.
    """
    match part_manifests(manifest):
        case []:
            return FaceEmbedder(opener(manifest))
        case [first, second]:
            return FusedEmbedder(opener(first), opener(second), manifest, load_projection(manifest))
        case parts:
            raise ModelMismatch(f"{manifest.path} names {len(parts)} parts; an embedding has none or two")


def part_manifests(manifest: Manifest) -> list[Manifest]:
    """The networks an embedding is made of, in order; none for a network of its own.

    Raises ModelMissing, ModelDigestMismatch when a part is not the one it was fitted to.
    """
    parts = []
    for part in manifest.parts:
        found = find(part.task, part.name, manifest.path.parent)
        if found.sha256 != part.sha256:
            raise ModelDigestMismatch(
                f"{manifest.path} was fitted to {part.task}-{part.name} {part.sha256[:12]}…, not to"
                f" {found.sha256[:12]}…; reinstall or run tools/build_models"
            )
        parts.append(found)
    return parts
