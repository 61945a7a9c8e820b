"""Simulated scenes: living people, prints and screens seen by one and the same camera.

A scene is a square uint8 (S, S, 3) BGR picture centered on a face whose longer box side is
S / SPAN. Only what a medium does to light tells an attack from life here: both kinds share
portraits, backgrounds and the camera chain, so that picture quality gives nothing away.
"""

from __future__ import annotations

import numpy as np

from liveness.camera import photograph
from liveness.hands import beside_face, fingers, own_phone, waving_hand
from liveness.kinds import SPAN, Float, Image
from liveness.layouts import page
from liveness.media import bend, cut_out, in_case, ink, on_paper, on_screen, portrait_shown
from liveness.optics import glare, halftone, held, leave_frame, light_unevenly, shadow, subpixels, warped
from liveness.people import Person, bystander, place
from liveness.places import background


def live_scene(rng: np.random.Generator, people: list[Person], backdrops: list[Image]) -> Image:
    """A living person before a background."""
    size = _size(rng)
    canvas = background(rng, backdrops, size)
    for chance in (0.3, 0.12):
        if rng.random() < chance:
            bystander(rng, canvas, people[rng.integers(len(people))])
    bottom = place(rng, canvas, people[rng.integers(len(people))], size / SPAN, (size / 2, size / 2))
    if rng.random() < 0.15:
        waving_hand(
            rng, canvas, beside_face(rng, size), size / SPAN * rng.uniform(0.5, 0.8), rng.uniform(0, 6.3)
        )
    if rng.random() < 0.08:
        own_phone(rng, canvas, beside_face(rng, size), size / SPAN)
    canvas = light_unevenly(rng, canvas)
    shot = photograph(rng, canvas)
    return leave_frame(rng, shot, bottom if rng.random() < 0.6 else None)


def screen_scene(rng: np.random.Generator, people: list[Person], backdrops: list[Image]) -> Image:
    """A phone, tablet or monitor that shows a face."""
    size = _size(rng)
    face = size / SPAN
    scene = _behind(rng, people, backdrops, size)
    kind = rng.choice(["phone", "tablet", "monitor", "television"], p=[0.45, 0.15, 0.15, 0.25])
    width = (
        face
        / {
            "phone": rng.uniform(0.28, 0.8),
            "tablet": rng.uniform(0.2, 0.5),
            "monitor": rng.uniform(0.1, 0.3),
            "television": rng.uniform(0.08, 0.18),
        }[kind]
    )
    aspect = {
        "phone": rng.uniform(0.45, 0.6),
        "tablet": rng.uniform(0.62, 0.78),
        "monitor": rng.uniform(1.4, 1.8),
        "television": rng.uniform(1.5, 1.8),
    }[kind]
    stands = kind in ("monitor", "television")
    if not stands and rng.random() < 0.25:
        aspect = 1 / aspect
        width *= 1.5
    height = width / aspect
    shown, at = portrait_shown(rng, people, backdrops, face, (width, height), 0.7 if stands else 0.2)
    shown = on_screen(rng, shown)
    rim = face * rng.uniform(0.05, 0.25) if stands else width * rng.uniform(0.015, 0.06)
    chin = rim if rng.random() < 0.5 else width * rng.uniform(0.05, 0.2)
    device, alpha, offset = in_case(rng, shown, rim, chin, stands)
    quad, warp = held(rng, device.shape[:2], (at[0] + offset[0], at[1] + offset[1]), size, stands)
    seen, cover = warped(device, alpha, warp, size)
    grid = subpixels(rng, warp, size, rng.uniform(0.35, 2.2))
    seen = seen * (1 + grid)
    if rng.random() < 0.6:
        seen = glare(rng, seen, size)
    scene = shadow(rng, scene, cover)
    scene = scene * (1 - cover) + seen * cover
    if not stands and rng.random() < 0.85:
        fingers(rng, scene, quad, face)
    return leave_frame(rng, photograph(rng, light_unevenly(rng, scene)), None)


def print_scene(rng: np.random.Generator, people: list[Person], backdrops: list[Image]) -> Image:
    """A printed photo, a page or a cut-out that is held up."""
    size = _size(rng)
    face = size / SPAN
    scene = _behind(rng, people, backdrops, size)
    width = face / rng.uniform(0.22, 0.7)
    height = width * rng.choice([1.0, 1.25, 1.41, 1.5, 0.7], p=[0.1, 0.2, 0.4, 0.2, 0.1])
    shown, at = portrait_shown(rng, people, backdrops, face, (width, height))
    cut = rng.random() < 0.12
    shown = ink(rng, shown)
    if not cut and rng.random() < 0.25:
        paper, offset = page(rng, shown, round(face * rng.uniform(0.6, 2.5)), face)
        alpha = np.ones(paper.shape[:2], np.float32)
    else:
        paper, alpha, offset = on_paper(rng, shown, face)
    if cut:
        alpha = cut_out(rng, paper.shape[:2], (at[0] + offset[0], at[1] + offset[1]), face)
    paper, alpha = bend(rng, paper, alpha)
    quad, warp = held(rng, paper.shape[:2], (at[0] + offset[0], at[1] + offset[1]), size, False)
    seen, cover = warped(paper, alpha, warp, size)
    if rng.random() < 0.5:
        seen = seen * (1 + halftone(rng, warp, size))
    if rng.random() < 0.4:
        seen = glare(rng, seen, size)
    scene = shadow(rng, scene, cover)
    scene = scene * (1 - cover) + seen * cover
    if rng.random() < 0.85:
        fingers(rng, scene, quad, face)
    return leave_frame(rng, photograph(rng, light_unevenly(rng, scene)), None)


def _behind(rng: np.random.Generator, people: list[Person], backdrops: list[Image], size: int) -> Float:
    """The room behind an attack, often with the one who holds it."""
    canvas = background(rng, backdrops, size)
    if rng.random() < 0.6:
        scale = size / SPAN * rng.uniform(0.8, 1.7)
        center = (size * rng.uniform(0.2, 0.8), size * rng.uniform(-0.1, 0.45))
        place(rng, canvas, people[rng.integers(len(people))], scale, center)
    return canvas


def _size(rng: np.random.Generator) -> int:
    """Side of the rendered scene: near and far faces, in sensor pixels."""
    return int(rng.choice([240, 320, 420], p=[0.35, 0.4, 0.25]))
