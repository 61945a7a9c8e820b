"""Who is enrolled with another embedding alone, as the doctor and the start of the daemon tell it."""

from __future__ import annotations

from edge.core.face import ModelId
from edge.roster import Gallery

REMEDY = "ostiary person migrate --pictures DIR, or name the old one in vision.embedding"


def told(gallery: Gallery, model: ModelId) -> str | None:
    """One line, None when nobody waits. Raises StoreError."""
    waiting = len(gallery.waiting(model))
    if not waiting:
        return None
    return f"{waiting} of {gallery.count()} people have no template of {model} and are recognized nowhere"
