"""What enrolling commands share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from edge.app.wiring import Roster
    from edge.core.frame import Image
    from edge.service.enrollment import Enrolled, Enroller
    from edge.service.examination import Refused
    from edge.settings import Settings


@contextmanager
def enrolling(
    settings: Settings, rotate: bool = False, unique: int = 0
) -> Iterator[tuple[Roster, Enroller, Callable[[Path], Image]]]:
    """Open the people and the networks; the third is what reads a picture. rotate: turned upright.
    unique: the unique-person control level, 0..4.

    Raises StoreError, ModelError.
    """
    from edge.app import wiring
    from edge.app.uprighting import uprighting
    from edge.vision.image import load_picture

    with (
        wiring.open_roster(settings) as roster,
        wiring.open_models(settings) as models,
        wiring.open_index(settings, models.embedder.model) as index,
    ):
        read = uprighting(models) if rotate else load_picture
        yield roster, wiring.enroller(settings, models, roster.gallery, index, unique=unique), read


def loader(path: Path, read: Callable[[Path], Image]) -> tuple[str, Callable[[], Image]]:
    """A picture's name, and a function that loads it when its turn comes."""
    return path.name or str(path), partial(read, path)


def as_json(result: Enrolled) -> dict[str, Any]:
    """What came of one person's enrollment."""
    return {
        "person": result.person,
        "created": result.created,
        "accepted": list(result.accepted),
        "known": list(result.known),
        "refused": [refusal(one) for one in result.refused],
        "duplicates": [
            {"person": one.person, "similarity": round(one.similarity, 4)} for one in result.duplicates
        ],
        "similar": result.similar,
    }


def told(one: Refused) -> str:
    """A picture that was not enrolled, in one line that names it once."""
    return (
        f"{one.source}: refused: {one.reason}" if one.source not in one.reason else f"refused: {one.reason}"
    )


def refusal(one: Refused) -> dict[str, Any]:
    """A picture that was not enrolled."""
    return {
        "source": one.source,
        "reason": one.reason,
        "code": one.error.code,
        "number": one.error.number,
    }
