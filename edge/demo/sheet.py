"""One picture that tells the whole demo: a row of thumbnails, verdict and relay timeline for each scene."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from edge.core.face import Box
from edge.core.frame import Image

Color = tuple[int, int, int]

_PAPER, _CARD, _LINE = (247, 245, 243), (255, 255, 255), (226, 221, 217)
_INK, _SOFT, _FAINT = (45, 36, 30), (128, 114, 104), (176, 166, 158)
_VERDICTS: dict[str, Color] = {"granted": (86, 143, 34), "denied": (58, 58, 206), "repeated": (139, 124, 112)}
_WAITING, _OPEN = (224, 217, 210), (86, 165, 52)

_SCALE = 2
"""Everything is drawn this much larger and shrunk at the end, for smooth type and lines."""
_THUMB_W, _THUMB_H = 192, 144
_MARGIN, _GAP, _PAD = 28, 10, 16
_TEXT_W = 250
_HEADER_H = 76
_ROW_H = _THUMB_H + 2 * _PAD + 25


@dataclass(frozen=True, slots=True, eq=False)
class Thumbnail:
    """A frame of a scene, uint8 (H, W, 3) BGR. at_s: seconds after the scene's first frame.
    box: the face found in it, pixels of the frame."""

    image: Image
    at_s: float
    box: Box | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """A scene and what came of it. decision: granted, denied or repeated. latency_ms: from the first
    frame to relay edge or refusal. seconds: length of the scene. relay_edges: (seconds after the
    first frame, whether the relay went to unlocked)."""

    title: str
    decision: str
    reason: str
    person: str | None
    latency_ms: float | None
    seconds: float
    thumbnails: Sequence[Thumbnail]
    relay_edges: Sequence[tuple[float, bool]] = ()


def contact_sheet(
    rows: Sequence[Row],
    heading: str = "Ostiary demo",
    note: str = "simulated camera and relay, real daemon and models",
) -> Image:
    """Draw the sheet: uint8 (H, W, 3), BGR, about 1500 pixels wide. Raises ValueError without rows."""
    if not rows:
        raise ValueError("a contact sheet needs at least one scene")
    across = max(len(row.thumbnails) for row in rows)
    strip = max(across, 1) * (_THUMB_W + _GAP) - _GAP
    width = 2 * _MARGIN + 2 * _PAD + _TEXT_W + strip
    height = _HEADER_H + len(rows) * (_ROW_H + _GAP) - _GAP + _MARGIN
    pen = _Pen(width, height)
    pen.text(heading, _MARGIN, 46, 0.95, _INK, 2)
    pen.text(note, _MARGIN + pen.width_of(heading, 0.95, 2) + 18, 46, 0.5, _SOFT)
    for index, row in enumerate(rows):
        _draw_row(pen, row, index + 1, _HEADER_H + index * (_ROW_H + _GAP), width)
    return pen.finish()


class _Pen:
    """Draws in final pixels on an enlarged canvas."""

    def __init__(self, width: int, height: int) -> None:
        self.canvas = np.full((height * _SCALE, width * _SCALE, 3), _PAPER, np.uint8)

    def finish(self) -> Image:
        factor = 1 / _SCALE
        return np.asarray(
            cv2.resize(self.canvas, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA), dtype=np.uint8
        )

    def text(self, words: str, x: float, baseline: float, size: float, color: Color, weight: int = 1) -> None:
        at = (round(x * _SCALE), round(baseline * _SCALE))
        cv2.putText(
            self.canvas,
            words,
            at,
            cv2.FONT_HERSHEY_SIMPLEX,
            size * _SCALE * 0.9,
            color,
            weight * _SCALE - 1,
            cv2.LINE_AA,
        )

    @staticmethod
    def width_of(words: str, size: float, weight: int = 1) -> int:
        extent, _ = cv2.getTextSize(words, cv2.FONT_HERSHEY_SIMPLEX, size * _SCALE * 0.9, weight * _SCALE - 1)
        return round(extent[0] / _SCALE)

    def fill(
        self, x: float, y: float, width: float, height: float, color: Color, corner: float = 0.0
    ) -> None:
        """A filled rectangle with round corners."""
        left, top = round(x * _SCALE), round(y * _SCALE)
        columns, rows = round((x + width) * _SCALE) - left, round((y + height) * _SCALE) - top
        radius = min(corner * _SCALE, columns / 2, rows / 2)
        across = np.abs(np.arange(columns) + 0.5 - columns / 2) - (columns / 2 - radius)
        down = np.abs(np.arange(rows) + 0.5 - rows / 2) - (rows / 2 - radius)
        outside = np.hypot(np.maximum(across[None, :], 0), np.maximum(down[:, None], 0)) - radius
        share = np.clip(0.5 - outside, 0.0, 1.0)[..., None]
        part = self.canvas[top : top + rows, left : left + columns]
        part[:] = (part * (1 - share) + np.array(color, np.float64) * share).round().astype(np.uint8)

    def picture(self, image: Image, x: float, y: float, width: int, height: int) -> None:
        size = (width * _SCALE, height * _SCALE)
        smaller = image.shape[1] > size[0]
        shown = cv2.resize(image, size, interpolation=cv2.INTER_AREA if smaller else cv2.INTER_CUBIC)
        top, left = round(y * _SCALE), round(x * _SCALE)
        self.canvas[top : top + size[1], left : left + size[0]] = shown

    def brackets(self, x0: float, y0: float, x1: float, y1: float, color: Color) -> None:
        """Mark a face by the corners of its box."""
        arm = 0.24 * min(x1 - x0, y1 - y0)
        for cx, sx in ((x0, 1), (x1, -1)):
            for cy, sy in ((y0, 1), (y1, -1)):
                corner = (round(cx * _SCALE), round(cy * _SCALE))
                cv2.line(
                    self.canvas, corner, (round((cx + sx * arm) * _SCALE), corner[1]), color, 4, cv2.LINE_AA
                )
                cv2.line(
                    self.canvas, corner, (corner[0], round((cy + sy * arm) * _SCALE)), color, 4, cv2.LINE_AA
                )


def _draw_row(pen: _Pen, row: Row, number: int, top: int, width: int) -> None:
    """A card: number, title, verdict and facts on the left, thumbnails and relay on the right."""
    color = _VERDICTS.get(row.decision, _SOFT)
    pen.fill(_MARGIN - 1, top - 1, width - 2 * _MARGIN + 2, _ROW_H + 2, _LINE, 11)
    pen.fill(_MARGIN, top, width - 2 * _MARGIN, _ROW_H, _CARD, 10)
    left = _MARGIN + _PAD
    pen.text(f"{number}", left, top + 36, 0.62, _FAINT, 1)
    top_of_facts = top + 23 * _title(pen, row.title, left + 22, top + 36)
    badge = row.decision.upper()
    badge_w = pen.width_of(badge, 0.52, 2) + 26
    pen.fill(left, top_of_facts + 33, badge_w, 28, color, 14)
    pen.text(badge, left + 13, top_of_facts + 52, 0.52, (255, 255, 255), 2)
    facts = [row.reason]
    if row.person:
        facts.append(row.person)
    if row.latency_ms is not None:
        facts.append(
            f"after {row.latency_ms / 1000:.2f} s"
            if row.latency_ms >= 1000
            else f"after {row.latency_ms:.0f} ms"
        )
    for line, fact in enumerate(facts):
        pen.text(fact, left, top_of_facts + 85 + 21 * line, 0.47, _SOFT if line else _INK)
    strip = left + _TEXT_W
    for index, thumbnail in enumerate(row.thumbnails):
        _draw_thumbnail(pen, thumbnail, strip + index * (_THUMB_W + _GAP), top + _PAD, color)
    _timeline(pen, row, strip, top + _PAD + _THUMB_H + 12, width - _MARGIN - _PAD - strip)


def _title(pen: _Pen, title: str, x: float, baseline: float) -> int:
    """Write one line, or two when it is too long for its column; returns how many."""
    words, line, lines = title.split(), "", []
    for word in words:
        longer = f"{line} {word}".strip()
        if line and pen.width_of(longer, 0.58, 2) > _TEXT_W - 40:
            lines.append(line)
            longer = word
        line = longer
    lines = [*lines, line][:2]
    for index, text in enumerate(lines):
        pen.text(text, x, baseline + 23 * index, 0.58, _INK, 2)
    return len(lines)


def _draw_thumbnail(pen: _Pen, thumbnail: Thumbnail, x: int, y: int, color: Color) -> None:
    pen.picture(thumbnail.image, x, y, _THUMB_W, _THUMB_H)
    if thumbnail.box is not None:
        height, width = thumbnail.image.shape[:2]
        fx, fy = _THUMB_W / width, _THUMB_H / height
        box = thumbnail.box
        xs = (min(max(v * fx, 2), _THUMB_W - 2) + x for v in (box.x0, box.x1))
        ys = (min(max(v * fy, 2), _THUMB_H - 2) + y for v in (box.y0, box.y1))
        (x0, x1), (y0, y1) = xs, ys
        pen.brackets(x0, y0, x1, y1, color)
    stamp = f"{thumbnail.at_s:.1f} s"
    wide = pen.width_of(stamp, 0.4) + 12
    pen.fill(x + 6, y + _THUMB_H - 23, wide, 17, (40, 34, 30), 4)
    pen.text(stamp, x + 12, y + _THUMB_H - 10, 0.4, (255, 255, 255))


def _timeline(pen: _Pen, row: Row, x: float, y: float, width: float) -> None:
    """The relay's level over the scene: grey while locked, green while unlocked."""
    label_w = 46
    pen.text("relay", x, y + 10, 0.42, _SOFT)
    bar_x, bar_w = x + label_w, width - label_w
    end = max([row.seconds, *(at for at, _ in row.relay_edges)])
    pen.fill(bar_x, y, bar_w, 13, _WAITING, 4)
    opened: float | None = None
    for at, unlocked in [*sorted(row.relay_edges), (end, False)]:
        if unlocked and opened is None:
            opened = at
        elif not unlocked and opened is not None:
            pen.fill(bar_x + bar_w * opened / end, y, bar_w * max(at - opened, 0.0) / end, 13, _OPEN, 4)
            span = f"unlocked {opened:.2f} - {at:.2f} s"
            if bar_w * (at - opened) / end > pen.width_of(span, 0.36) + 12:
                pen.text(span, bar_x + bar_w * opened / end + 7, y + 10, 0.36, (255, 255, 255))
            opened = None
    if not row.relay_edges:
        pen.text("no edge", bar_x + 7, y + 10, 0.36, _SOFT)
