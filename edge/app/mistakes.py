"""A contact sheet of the worst mistakes: attacks taken for alive, living people refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from edge.app.frame_scores import Scored
from edge.app.liveness_evaluation import LivenessEvaluation
from edge.app.liveness_manifest import Presented
from edge.core.frame import Image
from edge.errors import SettingsError
from edge.vision.image import load_picture
from edge.vision.liveness import cut_square

Mistake = tuple[Presented, Scored | None]

_COLUMNS, _ROWS = 7, 3
_SIDE, _GAP, _MARGIN = 176, 12, 24
_CAPTION, _HEADING = 40, 44
_PAPER, _INK, _SOFT = (250, 249, 247), (45, 36, 30), (120, 108, 98)
_SCALE = 2
"""Type is drawn this much larger and shrunk at the end, for smooth edges."""


def write_mistakes(result: LivenessEvaluation, file: Path) -> bool:
    """Write the sheet as PNG, if there are mistakes. Raises SettingsError when it cannot be written."""
    passed, refused = mistakes(result)
    sections = [
        (f"{len(_worst(found))} of {len(found)} {what}", _worst(found))
        for found, what in (
            (passed, "attacks taken for alive, the surest first"),
            (refused, "living people refused, the surest first"),
        )
        if found
    ]
    if not sections:
        return False
    sheet = np.concatenate([_section(heading, found, result.crop) for heading, found in sections])
    # Encoded here, for OpenCV takes no path that is not ASCII everywhere, and says nothing of a full disk.
    done, content = cv2.imencode(".png", sheet)
    try:
        file.write_bytes(content.tobytes() if done else b"")
    except OSError as error:
        raise SettingsError(f"cannot write {file}: {error.strerror}; give another folder") from None
    return True


def mistakes(result: LivenessEvaluation) -> tuple[list[Mistake], list[Mistake]]:
    """The attacks taken for alive and the living people refused, the worst first; None: no face was found."""
    passed: list[Mistake] = []
    refused: list[Mistake] = []
    for one, scored in zip(result.frames, result.scores, strict=True):
        taken = scored is not None and scored.score >= result.threshold
        if taken and not one.live:
            passed.append((one, scored))
        elif one.live and not taken:
            refused.append((one, scored))
    return sorted(passed, key=_score, reverse=True), sorted(refused, key=_score)


def _score(mistake: Mistake) -> float:
    scored = mistake[1]
    return -1.0 if scored is None else scored.score


def _worst(found: list[Mistake]) -> list[Mistake]:
    """As many as there is room for, of all sources in turns, since the frames of one are much alike."""
    rank: Counter[str] = Counter()
    turns = []
    for place, (one, _) in enumerate(found):
        turns.append((rank[one.source], place))
        rank[one.source] += 1
    return [found[place] for place in sorted(place for _, place in sorted(turns)[: _COLUMNS * _ROWS])]


def _section(heading: str, found: list[Mistake], crop: float) -> Image:
    rows = -(-len(found) // _COLUMNS)
    width = 2 * _MARGIN + _COLUMNS * (_SIDE + _GAP) - _GAP
    height = _MARGIN // 2 + _HEADING + rows * (_SIDE + _CAPTION + _GAP)
    sheet = np.full((height * _SCALE, width * _SCALE, 3), _PAPER, np.uint8)
    _write(sheet, heading, _MARGIN, _HEADING - 6, 0.7, _INK)
    for (x, y), (one, scored) in zip(_places(), found, strict=False):
        tile = cv2.resize(_tile(one, scored, crop), None, fx=_SCALE, fy=_SCALE, interpolation=cv2.INTER_CUBIC)
        top, left = y * _SCALE, x * _SCALE
        sheet[top : top + tile.shape[0], left : left + tile.shape[1]] = tile
        told = "no face found" if scored is None else f"score {scored.score:.3f}"
        _write(sheet, told, x, y + _SIDE + 15, 0.42, _INK)
        _write(sheet, _short(f"{one.source} {one.path.name}"), x, y + _SIDE + 31, 0.36, _SOFT)
    small = cv2.resize(sheet, (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8)


def _places() -> Iterator[tuple[int, int]]:
    for row in range(_ROWS):
        for column in range(_COLUMNS):
            yield (
                _MARGIN + column * (_SIDE + _GAP),
                _MARGIN // 2 + _HEADING + row * (_SIDE + _CAPTION + _GAP),
            )


def _tile(one: Presented, scored: Scored | None, crop: float) -> Image:
    """What the network looked at; the whole picture where no face was found."""
    image = load_picture(one.path)
    if scored is None:
        height, width = image.shape[:2]
        return cut_square(image, (width / 2, height / 2), max(height, width), _SIDE)
    box = scored.box
    return cut_square(image, box.center, crop * max(box.width, box.height), _SIDE)


def _short(words: str, most: int = 30) -> str:
    return words if len(words) <= most else f"{words[: most - 2]}.."


def _write(sheet: Image, words: str, x: int, baseline: int, size: float, color: tuple[int, int, int]) -> None:
    """OpenCV's type is ASCII only."""
    plain = words.encode("ascii", "replace").decode()
    at = (x * _SCALE, baseline * _SCALE)
    cv2.putText(sheet, plain, at, cv2.FONT_HERSHEY_SIMPLEX, size * _SCALE, color, _SCALE - 1, cv2.LINE_AA)
