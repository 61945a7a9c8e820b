"""Presentation attacks: the enrolled person's printed photo, and a video of that person on a phone."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.core.frame import Image
from edge.demo import phone, printed
from edge.demo.exposure import EXPOSURE_S, smear
from edge.demo.hall import hall
from edge.demo.hand import Canvas
from edge.demo.held import Grip, Sight, look_at
from edge.demo.mesh_motion import Stance, compose, draw_person
from edge.demo.optics import DOOR_CAMERA, Optics
from edge.demo.portrait import load_portrait

RAISE_S = 0.7
"""Seconds it takes to bring the thing up in front of the camera."""

_VIDEO = Optics(width=240, height=504, focal=500.0, center_x=120.0, horizon_y=268.0)
_SUBPIXEL_SHIFT = 2 * math.pi / 3
_SUBPIXEL_CONTRAST = 1.65
"""First harmonic of a color lit over a third of each screen pixel, against its mean."""
_ROW_CONTRAST = 0.45


@dataclass(frozen=True, slots=True)
class Tremor:
    """How a hand shakes and turns what it holds. phases: of its swings."""

    phases: tuple[float, ...]
    distance_m: float
    y_m: float
    bend: float

    def exposed_at(self, t: float) -> tuple[Grip, Grip]:
        """The grip when the shutter closes, and when it opened."""
        return self.grip_at(t), self.grip_at(t - EXPOSURE_S)

    def grip_at(self, t: float) -> Grip:
        p = self.phases
        rise = 1.0 - min(1.0, max(0.0, t / RAISE_S))
        low = rise * rise * 0.36
        return Grip(
            x_m=0.006 * math.sin(1.7 * t + p[0]) + 0.0012 * math.sin(9.1 * t + p[1]) + 0.05 * rise,
            y_m=self.y_m + 0.005 * math.sin(1.3 * t + p[2]) + 0.0010 * math.sin(10.3 * t + p[3]) + low,
            distance_m=self.distance_m * (1 + 0.035 * math.sin(0.9 * t + p[4])) + 0.04 * rise,
            yaw=7.0 * math.sin(1.25 * t + p[5]),
            pitch=-4.0 + 4.0 * math.sin(0.95 * t + p[1]) + 16.0 * rise,
            roll=2.5 * math.sin(0.8 * t + p[2]) - 8.0 * rise,
            bend=self.bend * (1 + 0.25 * math.sin(1.1 * t + p[0])),
        )


def tremor(seed: int, distance_m: float, y_m: float, bend: float = 0.0) -> Tremor:
    rng = np.random.default_rng([seed, 0x7E0])
    return Tremor(tuple(float(v) for v in rng.uniform(0, 2 * math.pi, 6)), distance_m, y_m, bend)


def show_print(name: str, grip: Grip, before: Grip | None = None) -> tuple[Image, NDArray[np.float32]]:
    """The held-up print in the hall: picture and map of linear light factors.

    before: where it was when the shutter opened.
    """
    sight = look_at(grip, DOOR_CAMERA, shininess=120.0)
    color, alpha = _paste(printed.held_print(name), printed.CANVAS, sight)
    on_paper = (np.abs(sight.a) < printed.WIDTH_M / 2) & (np.abs(sight.b) < printed.HEIGHT_M / 2)
    shine = sight.full((sight.gloss * 70.0 * on_paper).astype(np.float32)).astype(np.uint8)
    shone = cv2.add(color, cv2.cvtColor(cv2.min(shine, alpha), cv2.COLOR_GRAY2BGR))
    color, alpha = _moved(np.asarray(shone, dtype=np.uint8), alpha, grip, before)
    image = _under(color, alpha)
    brightness = sight.full(0.34 + 0.66 * sight.lit)
    light = 1.0 + (brightness - 1.0) * (alpha * np.float32(1 / 255.0))
    return image, np.asarray(light, dtype=np.float32)


def show_phone(
    name: str, grip: Grip, played: Stance, before: Grip | None = None
) -> tuple[Image, NDArray[np.float32]]:
    """The phone that plays a recording of the person, at one moment of the recording; see `show_print`."""
    sight = look_at(grip, DOOR_CAMERA, shininess=300.0)
    sprite, window = phone.held_phone()
    color, alpha = _paste(sprite, phone.CANVAS, sight)
    light = 1.0 + (sight.full(0.34 + 0.66 * sight.lit) - 1.0) * (alpha * np.float32(1 / 255.0))
    box = _window_box(sight)
    seen = cv2.remap(window, *_texels(phone.CANVAS, sight, box), cv2.INTER_LINEAR)
    share = seen[..., None] * np.float32(1 / 255.0)
    screen = _screen(_recording(name, played), sight, box)
    region = color[box].astype(np.float32)
    color[box] = np.clip(region * (1.0 - share) + screen * share, 0, 255).astype(np.uint8)
    # The screen shines by itself, a little brighter than the room.
    light[box] += (1.12 - light[box]) * share[..., 0]
    image = _under(*_moved(color, alpha, grip, before))
    return image, np.asarray(light, dtype=np.float32)


def _recording(name: str, stance: Stance) -> Image:
    """One picture of the video on the phone: the person in the same hall, compressed."""
    image, light = compose(_recorded_room(), draw_person(load_portrait(name), stance, _VIDEO))
    lit = cv2.multiply(image, cv2.cvtColor(light ** np.float32(0.45), cv2.COLOR_GRAY2BGR), dtype=cv2.CV_8U)
    _, packed = cv2.imencode(".jpg", lit, [cv2.IMWRITE_JPEG_QUALITY, 72])
    return np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR), dtype=np.uint8)


@lru_cache(maxsize=1)
def _recorded_room() -> Image:
    wall = hall(DOOR_CAMERA)[140:476, 396:556]
    return np.asarray(cv2.resize(wall, (_VIDEO.width, _VIDEO.height)), dtype=np.uint8)


Region = tuple[slice, slice]


def _screen(video: Image, sight: Sight, box: Region) -> NDArray[np.float32]:
    """The lit screen through the camera's lens: colors, subpixels, glare; float32 BGR of the region."""
    u = sight.a / phone.SCREEN_WIDTH_M + 0.5
    v = sight.b / phone.SCREEN_HEIGHT_M + 0.5
    height, width = video.shape[:2]
    shown = cv2.remap(
        video,
        sight.full(u)[box] * width - 0.5,
        sight.full(v)[box] * height - 0.5,
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    ).astype(np.float32)
    # Cold backlight, deep but not perfect black.
    shown = shown * np.array((1.04, 0.97, 0.90), np.float32) + np.array((11.0, 8.0, 7.0), np.float32)
    columns, rows = u * phone.SCREEN_PIXELS_X, v * phone.SCREEN_PIXELS_Y
    across = sight.full(columns)[box] * np.float32(2 * math.pi)
    strength = sight.full(_aperture(sight, columns) * _SUBPIXEL_CONTRAST)[box]
    sine, cosine = np.sin(across) * strength, np.cos(across) * strength
    down = (
        np.cos(sight.full(rows)[box] * np.float32(2 * math.pi))
        * sight.full(_aperture(sight, rows) * _ROW_CONTRAST)[box]
    )
    tilt = math.sin(_SUBPIXEL_SHIFT)
    for channel, side in ((0, -1.0), (1, 0.0), (2, 1.0)):
        ripple = cosine if side == 0.0 else -0.5 * cosine + (side * tilt) * sine
        # The picture is gamma coded, the ripple is one of light.
        shown[..., channel] *= 1.0 + (ripple + down) * np.float32(0.4545)
    glare = sight.full(sight.gloss * 120.0)[box] + np.float32(6.0)
    return np.asarray(shown + glare[..., None], dtype=np.float32)


def _aperture(sight: Sight, cycles: NDArray[np.float32]) -> NDArray[np.float32]:
    """What is left of a fine pattern after each sensor pixel has averaged over its own area."""
    right, down = sight.per_pixel(cycles)
    return np.asarray(np.sinc(right) * np.sinc(down), dtype=np.float32)


def _window_box(sight: Sight) -> Region:
    """The part of the picture that holds the screen, in whole rows and columns."""
    inside = (np.abs(sight.a) < phone.SCREEN_WIDTH_M * 0.6) & (np.abs(sight.b) < phone.SCREEN_HEIGHT_M * 0.55)
    width, height = sight.size
    ys, xs = np.nonzero(inside)
    if ys.size == 0:
        return slice(0, 1), slice(0, 1)
    top, bottom = max(0, int(ys.min()) * 8 - 16), min(height, int(ys.max()) * 8 + 16)
    left, right = max(0, int(xs.min()) * 8 - 16), min(width, int(xs.max()) * 8 + 16)
    return slice(top, max(bottom, top + 1)), slice(left, max(right, left + 1))


def _texels(canvas: Canvas, sight: Sight, box: Region) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    x = sight.full((sight.a - canvas.left) * canvas.pixels_per_m - 0.5)[box]
    y = sight.full((sight.b - canvas.top) * canvas.pixels_per_m - 0.5)[box]
    return x, y


def _paste(
    sprite: NDArray[np.uint8], canvas: Canvas, sight: Sight
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Warp a premultiplied sprite into the picture: its color and its coverage."""
    everything = (slice(None), slice(None))
    warped = cv2.remap(sprite, *_texels(canvas, sight, everything), cv2.INTER_LINEAR)
    color, alpha = cv2.cvtColor(warped, cv2.COLOR_BGRA2BGR), cv2.extractChannel(warped, 3)
    return np.asarray(color, dtype=np.uint8), np.asarray(alpha, dtype=np.uint8)


def _moved(
    color: NDArray[np.uint8], alpha: NDArray[np.uint8], grip: Grip, before: Grip | None
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Smear what is held up along its way while the shutter was open."""
    if before is None:
        return color, alpha
    (x, y), (from_x, from_y) = (DOOR_CAMERA.project(g.x_m, g.y_m, g.distance_m) for g in (grip, before))
    shift = (x - from_x, y - from_y)
    return smear(color, shift), smear(alpha, shift)


def _under(color: NDArray[np.uint8], alpha: NDArray[np.uint8]) -> Image:
    """Put the hall behind."""
    rest = cv2.cvtColor(255 - alpha, cv2.COLOR_GRAY2BGR)
    return np.asarray(cv2.add(cv2.multiply(hall(DOOR_CAMERA), rest, scale=1 / 255.0), color), dtype=np.uint8)
