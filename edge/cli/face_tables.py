"""Analysed faces as rows of a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edge.core.appearance import Appearance
    from edge.core.expression import Openness
    from edge.core.quality_levels import FaceQuality
    from edge.service.analysis import AnalysedFace

_OPEN = 0.5


def face_columns(face: AnalysedFace) -> list[str]:
    """The columns for what was asked of this face."""
    columns = ["", "box", "confidence", "yaw", "pitch", "roll"]
    if face.quality is not None:
        columns += ["quality", "level", "problems"]
    if face.openness is not None:
        columns += ["eyes", "mouth"]
    if face.appearance is not None:
        columns += ["age", "gender", "expression", "glasses", "hair", "mask"]
    return columns


def face_row(number: int, face: AnalysedFace) -> list[str]:
    box, pose = face.box, face.pose
    row = [
        str(number),
        f"{box.x0:.0f},{box.y0:.0f} {box.width:.0f}x{box.height:.0f}",
        f"{face.confidence:.2f}",
        *(f"{angle:+.0f}°" for angle in (pose.yaw, pose.pitch, pose.roll)),
    ]
    if face.quality is not None:
        row += _quality(face.quality)
    if face.openness is not None:
        row += _openness(face.openness)
    if face.appearance is not None:
        row += _appearance(face.appearance)
    return row


def _quality(quality: FaceQuality) -> list[str]:
    names = [flaw.value for flaw in quality.flaws] + [f"slight {flaw.value}" for flaw in quality.slight]
    return [f"{quality.score:.0f}", str(quality.level), ", ".join(names).replace("_", " ") or "-"]


def _openness(openness: Openness) -> list[str]:
    eyes = [value >= _OPEN for value in (openness.left_eye, openness.right_eye)]
    seen = "open" if all(eyes) else "closed" if not any(eyes) else "left open" if eyes[0] else "right open"
    return [seen, "open" if openness.mouth >= _OPEN else "closed"]


def _appearance(appearance: Appearance) -> list[str]:
    estimates = (appearance.gender, appearance.expression, appearance.glasses, appearance.hair)
    return [
        f"{appearance.age:.0f} ± {appearance.age_deviation:.0f}",
        *(f"{estimate.label.value} {estimate.probability:.2f}" for estimate in estimates),
        f"{appearance.mask:.2f}",
    ]
