"""What shows a face that is not there: panels in their cases, and paper."""

from __future__ import annotations

import cv2
import numpy as np

from liveness.kinds import Float, Image
from liveness.layouts import broadcast, neighbors
from liveness.people import Person, place
from liveness.places import background


def portrait_shown(
    rng: np.random.Generator,
    people: list[Person],
    backdrops: list[Image],
    face: float,
    size_wh: tuple[float, float],
    captioned: float = 0.0,
) -> tuple[Float, tuple[float, float]]:
    """A portrait cut to the medium's shape: float32 (H, W, 3), and where its face is.

    captioned: chance of a broadcast's bars of text, and half that of other faces beside this one.
    """
    width, height = max(12, round(size_wh[0])), max(12, round(size_wh[1]))
    side = int(max(width, height, face * 3))
    person = people[rng.integers(len(people))]
    at = (
        width * float(np.clip(rng.normal(0.5, 0.1), 0.25, 0.75)),
        height * float(np.clip(rng.normal(0.42, 0.1), 0.2, 0.75)),
    )
    whole = background(rng, backdrops, side)
    if person.clean and rng.random() < 0.6 * (1 - captioned):
        k = face / person.face
        warp = np.array(
            [[k, 0, at[0] - k * person.center[0]], [0, k, at[1] - k * person.center[1]]], np.float32
        )
        source = (
            cv2.GaussianBlur(person.image, (0, 0), max(0.01, 0.45 * (1 / k - 1))) if k < 1 else person.image
        )
        drawn = cv2.warpAffine(source, warp, (width, height), borderMode=cv2.BORDER_REPLICATE).astype(
            np.float32
        )
        left, top = warp[0, 2], warp[1, 2]
        bars = np.zeros_like(drawn)
        bars[:] = rng.choice([0.0, 0.0, 20.0, 245.0])
        x0, x1 = max(0, round(left)), min(width, round(left + k * person.image.shape[1]))
        y0, y1 = max(0, round(top)), min(height, round(top + k * person.image.shape[0]))
        if rng.random() < 0.7:
            bars[y0:y1, x0:x1] = drawn[y0:y1, x0:x1]
            drawn = bars
        return drawn, at
    view = np.ascontiguousarray(whole[:height, :width])
    square = np.zeros((side, side, 3), np.float32)
    square[:height, :width] = view
    if rng.random() < max(0.1, captioned / 2):
        neighbors(rng, square, people, face, at)
    place(rng, square, person, face, at)
    drawn = np.ascontiguousarray(square[:height, :width])
    if rng.random() < captioned:
        broadcast(rng, drawn, face, at)
    if rng.random() < 0.3:
        bar = int(height * rng.uniform(0.05, 0.25))
        shade = float(rng.choice([0, 15, 245]))
        if rng.random() < 0.7 and at[1] - face > bar:
            drawn[:bar] = shade
        if at[1] + face < height - bar:
            drawn[height - bar :] = shade
    return drawn, at


def on_screen(rng: np.random.Generator, shown: Float) -> Float:
    """Light that a panel emits: its own gamma, tint and raised black."""
    light = 255 * np.power(np.clip(shown, 0, 255) / 255, np.float32(rng.uniform(0.75, 1.3)))
    light *= np.array(
        [rng.uniform(0.9, 1.25), rng.uniform(0.9, 1.1), rng.uniform(0.8, 1.1)], np.float32
    ) * rng.uniform(0.55, 1.5)
    return np.asarray(light + rng.uniform(0, 40), np.float32)


def ink(rng: np.random.Generator, shown: Float) -> Float:
    """What a printer leaves of a picture: less gamut, grey blacks, tinted paper."""
    if rng.random() < 0.12:
        shown = np.repeat(shown.mean(2, keepdims=True), 3, 2)
    grey = shown.mean(2, keepdims=True)
    shown = grey + (shown - grey) * np.float32(rng.uniform(0.55, 1.1))
    black, white = rng.uniform(0, 55), rng.uniform(200, 255)
    tint = np.array([rng.uniform(0.88, 1.05), rng.uniform(0.94, 1.02), rng.uniform(0.94, 1.06)], np.float32)
    return np.asarray((black + np.clip(shown, 0, 255) * (white - black) / 255) * tint, np.float32)


def in_case(
    rng: np.random.Generator, shown: Float, rim: float, chin: float, stands: bool
) -> tuple[Float, Float, tuple[float, float]]:
    """The shown picture in its case: picture, alpha and where the picture begins."""
    rim_px, chin_px = max(1, round(rim)), max(1, round(chin))
    shade = rng.choice([8.0, 25.0, 60.0, 200.0], p=[0.5, 0.25, 0.1, 0.15])
    case = shade + rng.normal(0, 6, 3)
    top = chin_px if rng.random() < 0.5 else rim_px
    device = cv2.copyMakeBorder(
        shown,
        top,
        chin_px,
        rim_px,
        rim_px,
        cv2.BORDER_CONSTANT,
        value=tuple(map(float, np.clip(case, 0, 255))),
    )
    if rng.random() < 0.4:
        edge = float(np.clip(shade + rng.choice([-60, 60, 110]), 0, 255))
        cv2.rectangle(
            device, (0, 0), (device.shape[1] - 1, device.shape[0] - 1), (edge,) * 3, max(1, rim_px // 3)
        )
    alpha = np.zeros(device.shape[:2], np.float32)
    height, width = alpha.shape
    corner = int(min(height, width) * (0.005 if stands else rng.uniform(0.02, 0.12)))
    cv2.rectangle(alpha, (corner, 0), (width - 1 - corner, height - 1), 1.0, -1)
    cv2.rectangle(alpha, (0, corner), (width - 1, height - 1 - corner), 1.0, -1)
    for x in (corner, width - 1 - corner):
        for y in (corner, height - 1 - corner):
            cv2.circle(alpha, (x, y), corner, 1.0, -1)
    return device, alpha, (float(rim_px), float(top))


def on_paper(rng: np.random.Generator, shown: Float, face: float) -> tuple[Float, Float, tuple[float, float]]:
    margin = (
        0
        if rng.random() < 0.25
        else max(1, round(face * rng.choice([rng.uniform(0.04, 0.25), rng.uniform(0.25, 1.2)])))
    )
    white = rng.uniform(205, 255) + rng.normal(0, 6, 3)
    paper = cv2.copyMakeBorder(
        shown,
        margin,
        margin,
        margin,
        margin,
        cv2.BORDER_CONSTANT,
        value=tuple(map(float, np.clip(white, 0, 255))),
    )
    if margin > face * 0.4 and rng.random() < 0.5:
        for row in range(0, margin - 3, max(3, round(face * 0.09))):
            for y in (row, paper.shape[0] - margin + row + 3):
                ink = float(rng.uniform(20, 120))
                cv2.line(
                    paper, (margin // 3, y), (int(paper.shape[1] * rng.uniform(0.4, 0.95)), y), (ink,) * 3, 1
                )
    return paper, np.ones(paper.shape[:2], np.float32), (float(margin), float(margin))


def cut_out(rng: np.random.Generator, shape: tuple[int, ...], at: tuple[float, float], face: float) -> Float:
    """Scissors follow head and shoulders."""
    alpha = np.zeros(shape[:2], np.float32)
    angles = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    radius = face * (rng.uniform(0.8, 1.0) + 0.05 * rng.normal(size=24))
    ring = np.stack(
        [at[0] + radius * np.cos(angles), at[1] - face * 0.15 + radius * 1.15 * np.sin(angles)], 1
    )
    cv2.fillPoly(alpha, [ring.astype(np.int32)], 1.0)
    if rng.random() < 0.7:
        y = int(at[1] + face * 0.8)
        cv2.rectangle(alpha, (int(at[0] - face * 1.3), y), (int(at[0] + face * 1.3), shape[0]), 1.0, -1)
    return alpha


def bend(rng: np.random.Generator, paper: Float, alpha: Float) -> tuple[Float, Float]:
    """Curve a sheet about one axis; the slope shades it."""
    height, width = alpha.shape
    amount = rng.uniform(0, 0.06) * min(height, width)
    angle = rng.choice([0.0, np.pi / 2, rng.uniform(0, np.pi)])
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    along = (x * np.cos(angle) + y * np.sin(angle)) / max(height, width) * rng.uniform(2, 6) + rng.uniform(
        0, 6.3
    )
    pad = int(amount) + 1
    paper = cv2.copyMakeBorder(paper, pad, pad, pad, pad, cv2.BORDER_REPLICATE)[pad:-pad, pad:-pad]
    dx, dy = -np.sin(angle) * amount * np.sin(along), np.cos(angle) * amount * np.sin(along)
    shade = 1 + np.float32(rng.uniform(0, 0.25)) * np.cos(along)[..., None]
    mx, my = (x + dx).astype(np.float32), (y + dy).astype(np.float32)
    bent = cv2.remap(paper, mx, my, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return bent * shade, cv2.remap(alpha, mx, my, cv2.INTER_LINEAR)
