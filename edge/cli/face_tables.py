"""Analysed faces as rows of a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.table import Table

    from edge.core.appearance import Appearance, Estimate, Label
    from edge.core.expression import Openness
    from edge.core.quality_levels import FaceQuality
    from edge.service.analysis import AnalysedFace

_OPEN = 0.5


def face_table(faces: tuple[AnalysedFace, ...]) -> Table:
    """One row for each face, and what else was asked for."""
    from rich.table import Table

    more = any(face.quality or face.appearance for face in faces)
    table = Table(show_lines=more)
    for column in ("face", "box", "sure", "yaw pitch roll"):
        table.add_column(column, no_wrap=True)
    if more:
        table.add_column("found")
    for number, face in enumerate(faces, 1):
        box, pose = face.box, face.pose
        angles = (pose.yaw, pose.pitch, pose.roll)
        table.add_row(
            str(number),
            f"{box.x0:.0f},{box.y0:.0f} {box.width:.0f}x{box.height:.0f}",
            f"{face.confidence:.2f}",
            " ".join(f"{round(angle):+d}°" for angle in angles),
            *(["\n".join(_found(face))] if more else []),
        )
    return table


def _found(face: AnalysedFace) -> list[str]:
    """Line by line what was asked for."""
    lines = []
    if face.quality is not None:
        lines.append(_quality(face.quality))
    if face.openness is not None:
        lines.append(_openness(face.openness))
    if face.appearance is not None:
        lines += _appearance(face.appearance)
    return lines


def _quality(quality: FaceQuality) -> str:
    names = [flaw.value for flaw in quality.flaws] + [f"slight {flaw.value}" for flaw in quality.slight]
    problems = ", ".join(names).replace("_", " ") or "no problem"
    return f"quality {quality.score:.0f}, level {quality.level}: {problems}"


def _openness(openness: Openness) -> str:
    left, right = (value >= _OPEN for value in (openness.left_eye, openness.right_eye))
    eyes = "eyes open" if left and right else "eyes closed"
    if left != right:
        eyes = f"{'left' if left else 'right'} eye open"
    return f"{eyes}, mouth {'open' if openness.mouth >= _OPEN else 'closed'}"


def _appearance(appearance: Appearance) -> list[str]:
    return [
        f"age {appearance.age:.0f} ± {appearance.age_deviation:.0f}, {_estimate(appearance.gender)}",
        f"expression {_estimate(appearance.expression)}",
        f"glasses {_estimate(appearance.glasses)}, hair {_estimate(appearance.hair)}",
        f"mask {appearance.mask:.2f}",
    ]


def _estimate(estimate: Estimate[Label]) -> str:
    return f"{estimate.label.value} {estimate.probability:.2f}"
