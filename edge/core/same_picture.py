"""Whether two templates are of one picture: a second one of it would teach nothing."""

from __future__ import annotations

from collections.abc import Iterable

from edge.core.face import Embedding

SAME_PICTURE = 0.9999
"""From this similarity on two templates are of one picture."""


def is_same_picture(new: Embedding, known: Iterable[Embedding]) -> bool:
    """Whether a template is of a picture that one of these is of. Those of other models do not count."""
    return any(
        new.model == one.model
        and len(new.vector) == len(one.vector)
        and float(new.vector @ one.vector) >= SAME_PICTURE
        for one in known
    )
