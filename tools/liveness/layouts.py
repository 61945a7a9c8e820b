"""What editors put around a face: captions, logos, neighbors, columns of print."""

from __future__ import annotations

import cv2
import numpy as np

from liveness.kinds import Float
from liveness.people import Person, place


def neighbors(
    rng: np.random.Generator, picture: Float, people: list[Person], face: float, at: tuple[float, float]
) -> None:
    """One to three other faces of much the same size beside the one at `at`; the picture is square."""
    for k in range(rng.integers(1, 4)):
        aside = face * rng.uniform(1.3, 2.2) * (1 + k // 2) * (1 if k % 2 else -1)
        center = (at[0] + aside, at[1] + face * rng.normal(0, 0.25))
        if -face < center[0] < picture.shape[1] + face:
            place(rng, picture, people[rng.integers(len(people))], face * rng.uniform(0.7, 1.2), center)


def broadcast(rng: np.random.Generator, picture: Float, face: float, at: tuple[float, float]) -> None:
    """Bars of text in loud colors above and below the face, a logo, and the frames of split views."""
    height, width = picture.shape[:2]
    for below in (True, False):
        if rng.random() < (0.75 if below else 0.35):
            reach = face * (rng.uniform(0.75, 1.7) if below else -rng.uniform(0.9, 1.8))
            top = int(at[1] + reach)
            thick = int(face * rng.uniform(0.2, 0.6))
            for _ in range(rng.integers(1, 3)):
                left, right = (0, width) if rng.random() < 0.6 else (int(at[0] - face), int(at[0] + face))
                ground = _loud(rng)
                cv2.rectangle(picture, (left, top), (right, top + thick), ground, -1)
                write(rng, picture, (left, top), (right, top + thick), _against(ground))
                top += thick if below else -thick
    if rng.random() < 0.4:
        corner = (int(at[0] + face * rng.choice([-1.3, 1.3])), int(at[1] - face * rng.uniform(0.6, 1.2)))
        cv2.circle(picture, corner, max(2, int(face * rng.uniform(0.1, 0.25))), _loud(rng), -1, cv2.LINE_AA)
    if rng.random() < 0.35:
        for side in (-1, 1):
            x = int(at[0] + side * face * rng.uniform(0.8, 1.4))
            cv2.line(picture, (x, 0), (x, height), _loud(rng), max(1, int(face * rng.uniform(0.02, 0.1))))


def page(
    rng: np.random.Generator, picture: Float, margin: int, face: float
) -> tuple[Float, tuple[float, float]]:
    """The picture on a page with a headline and columns of print; and where it begins there."""
    white = float(rng.uniform(185, 250))
    height, width = picture.shape[:2]
    tint = np.array([white * rng.uniform(0.85, 1.0), white * rng.uniform(0.94, 1.0), white])
    sheet = cv2.copyMakeBorder(
        picture, margin, margin, margin, margin, cv2.BORDER_CONSTANT, value=tuple(map(float, tint))
    )
    ink = (float(rng.uniform(15, 90)),) * 3
    line = max(3, int(face * rng.uniform(0.07, 0.16)))
    gap = max(2, line // 2)
    column = max(8, int(face * rng.uniform(0.9, 1.8)))
    whole_h, whole_w = sheet.shape[:2]
    for x in range(0, whole_w - column // 2, column + gap * 2):
        for y in range(0, whole_h - line, line + gap):
            beside = x + column < margin or x > margin + width
            if beside or y + line < margin or y > margin + height:
                write(rng, sheet, (x, y), (min(whole_w, x + column), y + line), ink)
    if rng.random() < 0.6 and margin > line * 4:
        top = margin - line * 3
        cv2.rectangle(sheet, (0, top), (whole_w, margin - gap), tuple(map(float, tint)), -1)
        write(rng, sheet, (margin // 2, top), (whole_w - margin // 2, margin - gap), ink)
    return sheet, (float(margin), float(margin))


def write(
    rng: np.random.Generator,
    picture: Float,
    start: tuple[int, int],
    end: tuple[int, int],
    color: tuple[float, ...],
) -> None:
    """One line of made-up script between two corners: strokes, words, sometimes hung from a bar."""
    height = end[1] - start[1]
    letter = max(2, int(height * 0.5))
    top, bottom = start[1] + height // 5, end[1] - height // 5
    thick = max(1, height // 9)
    hung = rng.random() < 0.4
    x = start[0] + letter
    while x < end[0] - letter:
        word = x + letter * int(rng.integers(2, 8))
        word = min(word, end[0] - letter)
        if hung:
            cv2.line(picture, (x, top), (word, top), color, thick)
        for left in range(x, word - letter // 2, letter):
            points = np.stack(
                [rng.uniform(left, left + letter * 0.8, 4), rng.uniform(top, max(top + 1, bottom), 4)], 1
            )
            cv2.polylines(picture, [points.astype(np.int32)], False, color, thick, cv2.LINE_AA)
        x = word + letter


def _loud(rng: np.random.Generator) -> tuple[float, float, float]:
    """A saturated color, or white, or black, in BGR."""
    hue = np.zeros((1, 1, 3), np.uint8)
    hue[:] = rng.integers(180), rng.integers(120, 256), rng.integers(90, 256)
    if rng.random() < 0.25:
        hue[..., 1] = 0
    blue, green, red = cv2.cvtColor(hue, cv2.COLOR_HSV2BGR)[0, 0]
    return float(blue), float(green), float(red)


def _against(ground: tuple[float, float, float]) -> tuple[float, float, float]:
    """White on dark, black on light."""
    return (245.0,) * 3 if sum(ground) < 380 else (15.0,) * 3
