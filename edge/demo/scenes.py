"""The scenes of the demo: what the door's camera sees, frame by frame."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from edge.core.decision import Reason
from edge.core.frame import Image
from edge.demo.attacks import show_phone, show_print, tremor
from edge.demo.camera_chain import CameraChain, SensorModel
from edge.demo.exposure import EXPOSURE_S, smear
from edge.demo.hall import hall
from edge.demo.mesh_motion import Stance, compose, draw_person
from edge.demo.optics import DOOR_CAMERA, Optics
from edge.demo.portrait import Portrait, load_portrait
from edge.demo.walk import WALK_S, gait, stance_at

FPS = 15.0
ENROLLED = "Eileen Collins"

View = tuple[Image, NDArray[np.float32] | None]
Painter = Callable[[float], View]


@dataclass(frozen=True, slots=True)
class Scene:
    """One thing that happens at the door, and what must come of it.

    decision: granted, denied or repeated. reasons: one of these is given. person: who is let in by face,
    None otherwise. command: True when an MQTT unlock belongs to the scene.
    """

    name: str
    title: str
    decision: str
    reasons: tuple[Reason, ...]
    person: str | None
    seconds: float
    command: bool = False

    @property
    def frame_count(self) -> int:
        return round(self.seconds * FPS)

    def frames(self, seed: int = 0) -> Iterator[Image]:
        """Render uint8 (480, 640, 3) BGR frames, FPS a second; the same seed gives the same pictures."""
        paint = _PAINTERS[self.name](seed)
        chain = CameraChain(DOOR_CAMERA.width, DOOR_CAMERA.height, seed)
        for number in range(self.frame_count):
            image, light = paint(number / FPS)
            yield chain.capture(image, number, light)


_NOT_LIVE = (Reason.DENY_LIVENESS, Reason.DENY_LIVENESS_UNSURE)

SCENES: tuple[Scene, ...] = (
    Scene("enrolled_walks_up", "Enrolled person walks up", "granted", (Reason.ALLOW_GRANT,), ENROLLED, 4.4),
    Scene("stranger_walks_up", "Stranger walks up", "denied", (Reason.DENY_UNKNOWN_FACE,), None, 4.4),
    Scene("printed_photo", "Printed photo held up", "denied", _NOT_LIVE, None, 4.0),
    Scene("phone_replay", "Video on a phone held up", "denied", _NOT_LIVE, None, 4.0),
    Scene("mqtt_unlock", "Unlock command over MQTT", "granted", (Reason.ALLOW_COMMAND,), None, 1.6, True),
    Scene(
        "mqtt_unlock_again", "The same command again", "repeated", (Reason.ALLOW_COMMAND,), None, 1.6, True
    ),
)


def scene(name: str) -> Scene:
    """The scene of that name. Raises KeyError."""
    return {s.name: s for s in SCENES}[name]


def frames(name: str, seed: int = 0) -> Iterator[Image]:
    """Render the frames of one scene; see `Scene.frames`."""
    return scene(name).frames(seed)


def prepare() -> None:
    """Load and build all that the scenes share, about 1.5 s of work, so that none begins late."""
    for name in _PAINTERS:
        _PAINTERS[name](0)(1.0)


def enrolment_pictures(name: str = "eileen_collins") -> list[Image]:
    """Three pictures to enrol a person from: the portrait, and two views with the head turned a little."""
    portrait = load_portrait(name)
    return [
        portrait.picture.copy(),
        *(_studio(portrait, yaw, pitch) for yaw, pitch in ((-11.0, 2.0), (11.0, -3.0))),
    ]


def _studio(portrait: Portrait, yaw: float, pitch: float) -> Image:
    optics = Optics(width=640, height=640, focal=1100.0, center_x=320.0, horizon_y=320.0)
    tone = np.linspace(196, 160, optics.height, dtype=np.float32)[:, None, None]
    wall = tone * np.array((0.93, 0.98, 1.0), np.float32)
    plain = np.broadcast_to(wall, (optics.height, optics.width, 3)).round().astype(np.uint8)
    image, light = compose(plain, draw_person(portrait, Stance(0.0, -0.06, 1.0, yaw, pitch), optics))
    good = SensorModel(full_well=20000.0, read_noise=4.0, vignetting=0.08, lens_sigma=0.5, jpeg_quality=94)
    return CameraChain(optics.width, optics.height, 0, good).capture(image, 0, light)


def _walker(name: str, eye_y_m: float, blinks: bool) -> Callable[[int], Painter]:
    def prepare(seed: int) -> Painter:
        portrait, way = load_portrait(name), gait(seed, eye_y_m, blinks)

        def paint(t: float) -> View:
            stance, before = stance_at(way, t), stance_at(way, t - EXPOSURE_S)
            layer = draw_person(portrait, stance, DOOR_CAMERA)
            (x, y), (from_x, from_y) = (
                DOOR_CAMERA.project(s.x_m, s.y_m, s.distance_m) for s in (stance, before)
            )
            moved = replace(layer, color=smear(layer.color, (x - from_x, y - from_y)))
            return compose(hall(DOOR_CAMERA), moved)

        return paint

    return prepare


def _nobody(_seed: int) -> Painter:
    return lambda _t: (hall(DOOR_CAMERA), None)


def _print_shown(seed: int) -> Painter:
    shake = tremor(seed, distance_m=0.31, y_m=-0.038, bend=0.9)

    def paint(t: float) -> View:
        grip, before = shake.exposed_at(t)
        return show_print("eileen_collins", grip, before)

    return paint


def _phone_shown(seed: int) -> Painter:
    shake = tremor(seed + 1, distance_m=0.225, y_m=-0.028)
    recorded = gait(seed + 2, -0.02)

    def paint(t: float) -> View:
        # The recording shows the person already close, standing.
        stance = replace(stance_at(recorded, WALK_S + t), distance_m=0.54, brightness=0.9)
        grip, before = shake.exposed_at(t)
        return show_phone("eileen_collins", grip, stance, before)

    return paint


# Behind glasses a lid cannot be drawn over the eye without bending the frame: the stranger does not blink.
_PAINTERS: dict[str, Callable[[int], Painter]] = {
    "enrolled_walks_up": _walker("eileen_collins", -0.10, blinks=True),
    "stranger_walks_up": _walker("grace_hopper", -0.07, blinks=False),
    "printed_photo": _print_shown,
    "phone_replay": _phone_shown,
    "mqtt_unlock": _nobody,
    "mqtt_unlock_again": _nobody,
}
