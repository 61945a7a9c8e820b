"""The checks of `ostiary doctor`, made from the settings."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

from edge.app import hardware, liveness_told, wiring
from edge.app.exposure import check_home_assistant, check_metrics
from edge.app.model_shelf import folders
from edge.app.signature_check import check_signatures
from edge.app.thresholds import expectation, told
from edge.app.waiting import REMEDY
from edge.app.waiting import told as told_waiting
from edge.core.clock_state import ClockState
from edge.host.clock import clock_state
from edge.host.folder import folder_trouble, free_bytes
from edge.host.gpiochips import gpio_trouble
from edge.service.health import Check, Status, check_camera, check_space
from edge.settings import Settings

Probe = tuple[str, Callable[[], Check]]


def probes(settings: Settings) -> list[Probe]:
    """What to check, in the order in which it is told."""
    return [
        ("permissions", partial(_permissions, settings)),
        ("disk", lambda: check_space(free_bytes(settings.store.folder))),
        ("gallery", partial(_gallery, settings)),
        ("threshold", partial(_threshold, settings)),
        ("models", partial(_models, settings)),
        ("scorecard", partial(_scorecard, settings)),
        ("liveness", partial(_liveness, settings)),
        ("camera", lambda: check_camera(hardware.camera(settings.camera), time.monotonic)),
        ("gpio", partial(_gpio, settings)),
        ("broker", partial(_broker, settings)),
        ("signatures", lambda: check_signatures(settings, datetime.now(UTC))),
        ("metrics", partial(check_metrics, settings)),
        ("automation", partial(check_home_assistant, settings)),
        ("clock", lambda: _clock(settings, clock_state())),
    ]


def _permissions(settings: Settings) -> Check:
    trouble = folder_trouble(settings.store.folder)
    if trouble is not None:
        return Check("permissions", Status.FAIL, *trouble)
    return Check("permissions", Status.OK, f"{settings.store.folder} is ours alone")


def _gallery(settings: Settings) -> Check:
    if not settings.store.file.exists():
        return Check("gallery", Status.WARN, "nobody is enrolled yet", "ostiary person add")
    from edge.vision.manifest import find

    model = find("embedding", settings.vision.embedding).model_id
    with wiring.open_roster(settings) as roster:
        people, waiting = roster.gallery.count(), told_waiting(roster.gallery, model)
    if not people:
        return Check("gallery", Status.WARN, "nobody is enrolled yet", "ostiary person add")
    if waiting:
        return Check("gallery", Status.WARN, waiting, REMEDY)
    return Check("gallery", Status.OK, f"{people} enrolled")


def _threshold(settings: Settings) -> Check:
    from edge.vision.manifest import find

    manifest, people = find("embedding", settings.vision.embedding), 0
    if settings.store.file.exists():
        with wiring.open_roster(settings) as roster:
            people = roster.gallery.count()
    expected = expectation(settings, manifest, people)
    if expected.score is None:
        return Check(
            "threshold", Status.WARN, told(expected, settings), "raise recognition.far: ostiary threshold"
        )
    return Check("threshold", Status.OK, told(expected, settings))


def _models(settings: Settings) -> Check:
    with wiring.open_models(settings) as models:
        found = ", ".join(f"{manifest.task} {manifest.name}" for manifest in models.manifests)
        model = models.embedder.model
    return Check("models", Status.OK, f"templates of {model}; {found}")


def _scorecard(settings: Settings) -> Check:
    from edge.vision.manifest import find

    manifest = find("liveness", over=folders(settings.store.folder))
    return Check("scorecard", Status.OK, f"liveness {manifest.name}: {manifest.scored()}")


def _liveness(settings: Settings) -> Check:
    text = liveness_told.told(settings.liveness)
    if liveness_told.is_ever_off(settings.liveness):
        return Check("liveness", Status.WARN, text, liveness_told.CURE)
    return Check("liveness", Status.OK, text)


def _gpio(settings: Settings) -> Check:
    if settings.door.kind == "simulated":
        return Check("gpio", Status.SKIPPED, "the door is simulated", 'set door.kind = "gpio" on a real door')
    trouble = gpio_trouble()
    if trouble is not None:
        return Check("gpio", Status.FAIL, *trouble)
    if settings.door.board is None:
        return Check("gpio", Status.FAIL, "door.board is not set", "name a profile, see hardware/README.md")

    from edge.door.board import load_board
    from edge.door.lines import open_lines

    board = load_board(settings.door.board)
    # Opens the chip and takes no line, so the door does not move.
    open_lines(board).close()
    return Check("gpio", Status.OK, f"{board.title}: chip {board.chip}, relay on line {board.lock.pin}")


def _broker(settings: Settings) -> Check:
    from edge.broker_link import broker_link

    link = broker_link(settings)
    if link is None:
        return Check("broker", Status.SKIPPED, "no broker is configured; events stay here", "set mqtt.host")

    from edge.mqtt.probe import probe

    for node in link.nodes:
        probe(node)
    where = ", ".join(node.where for node in link.nodes)
    takes = "takes" if len(link.nodes) == 1 else "take"
    return Check("broker", Status.OK, f"{where} {takes} us, {'TLS' if link.tls else 'no TLS'}")


def _clock(settings: Settings, state: ClockState) -> Check:
    if settings.device.trust_clock and state is not ClockState.SYNCED:
        return Check("clock", Status.OK, "not synchronized, and trusted as it is (device.trust_clock)")
    match state:
        case ClockState.SYNCED:
            return Check("clock", Status.OK, "synchronized")
        case ClockState.HOLDOVER:
            return Check(
                "clock", Status.WARN, "was set, and runs on alone", "check the time server: timedatectl"
            )
        case ClockState.UNSYNCED:
            return Check(
                "clock",
                Status.WARN,
                "not synchronized; commands and people with dates are refused",
                "sudo timedatectl set-ntp true, and let the time server through",
            )
