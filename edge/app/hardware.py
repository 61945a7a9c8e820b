"""Make the hardware that the settings name: camera, lock and inputs.

Adapters that need hardware or a heavy library are imported where they are made.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from edge.core.door_config import DoorConfig
from edge.errors import BoardInvalid
from edge.ports import Camera, Inputs, Lock
from edge.settings import (
    CameraSettings,
    JetsonSettings,
    OpenCvSettings,
    PairedSettings,
    PicameraSettings,
    ReplaySettings,
    Settings,
)

if TYPE_CHECKING:
    from edge.door.inputs import InputName

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Door:
    """The hardware of one door. blink: lets a lamp blink for so many seconds; None without one. wired: the
    inputs there are, by name."""

    config: DoorConfig
    lock: Lock
    inputs: Inputs
    blink: Callable[[float], None] | None = None
    wired: frozenset[str] = frozenset()


def camera(settings: CameraSettings) -> Camera:
    match settings:
        case ReplaySettings():
            from edge.cameras.replay import ReplayCamera

            return ReplayCamera(
                settings.path, realtime=settings.realtime, fps=settings.fps, loop=settings.loop
            )
        case OpenCvSettings():
            from edge.cameras.opencv import OpenCvCamera

            return OpenCvCamera(settings.source, size_wh=(settings.width, settings.height), fps=settings.fps)
        case JetsonSettings():
            from edge.cameras.address import jetson_csi_pipeline
            from edge.cameras.opencv import OpenCvCamera

            size_wh = (settings.width, settings.height)
            return OpenCvCamera(jetson_csi_pipeline(settings.sensor, size_wh, settings.fps))
        case PicameraSettings():
            from edge.cameras.picamera import Picamera2Camera

            return Picamera2Camera(
                settings.index, size_wh=(settings.width, settings.height), fps=settings.fps
            )
        case PairedSettings():
            from edge.cameras.paired import PairedCamera

            return PairedCamera(camera(settings.color), camera(settings.infrared), apart_s=settings.apart_s)


def door(settings: Settings, stack: ExitStack) -> Door:
    """Make the door's hardware; the stack releases it. Raises DoorError."""
    wanted = settings.door
    if wanted.kind == "simulated":
        from edge.door.simulated import SimulatedDoor

        logger.warning('the door is simulated: no relay moves; set door.kind = "gpio" on a real door')
        simulated = SimulatedDoor(wanted.lock_type, edge_log=wanted.edge_log)
        config = door_config(settings, has_contact=wanted.contact_pin is not None)
        return Door(config, simulated.lock, simulated.inputs)

    from edge.door.board import load_board
    from edge.door.indicator import GpioIndicator
    from edge.door.inputs import GpioInputs, InputPin
    from edge.door.lines import open_lines
    from edge.door.lock import GpioLock

    if wanted.board is None:
        raise BoardInvalid("door.kind is gpio and door.board is not set; name one, see hardware/README.md")
    board = load_board(wanted.board)
    lock_pin = board.lock.pin if wanted.lock_pin is None else wanted.lock_pin
    active_high = board.lock.active_high if wanted.lock_active_high is None else wanted.lock_active_high
    pins = {pin.name: pin for pin in board.inputs}
    numbers: dict[InputName, int | None] = {
        "contact": wanted.contact_pin,
        "rex": wanted.rex_pin,
        "tamper": wanted.tamper_pin,
        "fire": wanted.fire_pin,
    }
    for name, number in numbers.items():
        if number is not None:
            known = pins.get(name, InputPin(name, number, active_high=False))
            pins[name] = replace(known, pin=number)
    used = [pin for pin in pins.values() if pin.pin >= 0]
    lines = open_lines(board)
    stack.callback(lines.close)
    blink = None
    if wanted.led_pin is not None and wanted.led_pin >= 0:
        if wanted.led_pin in {lock_pin, *(pin.pin for pin in used)}:
            raise BoardInvalid(
                f"door.led_pin is {wanted.led_pin}, which is another line of the door; change it"
            )
        lamp = GpioIndicator(wanted.led_pin, lines)
        stack.callback(lamp.close)
        blink = lamp.blink
    return Door(
        door_config(settings, has_contact=any(pin.name == "contact" for pin in used)),
        GpioLock(lock_pin, wanted.lock_type, active_high, lines),
        GpioInputs(used, lines),
        blink,
        frozenset(pin.name for pin in used),
    )


def door_config(settings: Settings, *, has_contact: bool) -> DoorConfig:
    wanted = settings.door
    return DoorConfig(
        name=wanted.name,
        unlock_s=wanted.unlock_s,
        grace_s=wanted.grace_s,
        relock_on_close=wanted.relock_on_close,
        held_open_s=wanted.held_open_s,
        rex_window_s=wanted.rex_window_s,
        has_contact=has_contact,
        rex_unlocks=wanted.rex_unlocks,
        fire_unlocks=wanted.fire_unlocks,
    )
