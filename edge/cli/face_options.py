"""What the commands of `ostiary face` share: options, and one line for a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from pathlib import Path

    from edge.core.person import GroupId
    from edge.service.comparison import Likeness
    from edge.service.pictures import Wanted

RotateOption = Annotated[
    bool, typer.Option("--rotate", help="Try all four sides of a picture that does not say which is up.")
]
QualityOption = Annotated[
    int,
    typer.Option("--min-quality", help="Refuse faces below this quality level, 1 to 4; 0 takes all."),
]
MinFaceOption = Annotated[
    float, typer.Option("--min-face", min=0, help="Pass over smaller faces, in pixels.")
]
FarOption = Annotated[
    float | None,
    typer.Option(
        min=1e-12, max=0.5, help="False accept rate that decides what is a match.", show_default=False
    ),
]
GroupOption = Annotated[
    list[str] | None,
    typer.Option("--group", help="Only people in this group; may be repeated.", show_default=False),
]


def wanted(rotate: bool = False, min_face: float = 0.0, quality: int = 0) -> Wanted:
    from edge.service.pictures import Wanted

    return Wanted(rotate, min_face, quality)


def named(picture: Path, reason: object) -> str:
    """Why a picture could not be used, with its name once."""
    text = str(reason)
    return text if str(picture) in text else f"{picture}: {text}"


def chosen(groups: list[str] | None) -> list[GroupId] | None:
    """The groups to look in; None is everybody."""
    from edge.core.person import GroupId

    return [GroupId(group) for group in groups] if groups else None


def told(likeness: Likeness) -> str:
    verdict = "the same person" if likeness.is_match else "not the same person"
    return (
        f"{verdict}: score {likeness.score:.1f} (similarity {likeness.similarity:.3f}, FAR {likeness.far:g})"
    )
