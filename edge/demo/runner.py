"""Run the whole daemon on the demo's scenes and judge what came of each.

Everything is the real thing but the hardware at the very edge: a replay camera and gpiozero's mock
pins. The verdict comes from outside the daemon: from the pins, and from an MQTT client of its own.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np

from edge.app import hardware, wiring
from edge.app.daemon import Daemon
from edge.core.events import Json
from edge.core.face import Box
from edge.core.frame import Image
from edge.core.person import Person
from edge.demo.broker import Address, Broker, Kind
from edge.demo.observer import Observer
from edge.demo.scenes import ENROLLED, SCENES, Scene, enrolment_pictures, prepare
from edge.demo.stage import Stage
from edge.demo.verdict import DEVICE, PERSON, SITE, TOPIC, Result, Shot, is_ack, is_decision, judge
from edge.door.simulated import SimulatedDoor
from edge.errors import OstiaryError, WorkerDied
from edge.service.recognize import Step
from edge.settings import Settings

UNLOCK_S = 1.5
SETTLE_S = 1.2
ANSWER_S = 6.0
THUMBNAILS = 6


@dataclass(slots=True)
class _Album:
    """Keeps small copies of the frames of the present scene; written by the vision thread."""

    shots: list[tuple[float, Image, Box | None]] = field(default_factory=list)

    def keep(self, step: Step) -> None:
        small = cv2.resize(step.frame.image, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        image = np.asarray(small, np.uint8)
        box = step.tracks[0].face.box if step.tracks else None
        half = None if box is None else Box(box.x0 / 2, box.y0 / 2, box.x1 / 2, box.y1 / 2)
        self.shots.append((step.frame.captured_at, image, half))

    def take(self, since: float, until: float) -> tuple[Shot, ...]:
        shown = [shot for shot in self.shots if since <= shot[0] <= until]
        self.shots = []
        chosen = (
            [shown[round(i * (len(shown) - 1) / (THUMBNAILS - 1))] for i in range(THUMBNAILS)]
            if shown
            else []
        )
        return tuple(Shot(image, at - since, box) for at, image, box in chosen)


def perform(
    *,
    seed: int = 0,
    broker: Kind | None = None,
    on_note: Callable[[str], None] = lambda text: None,
) -> Iterator[Result]:
    """Start broker and daemon, enroll the person, play every scene, and give each result as it comes.

    broker: which one; None takes mosquitto when it is there. Raises OstiaryError when it cannot start.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="ostiary-demo-")))
        address = stack.enter_context(Broker(kind=broker)).address
        on_note(f"broker: {address.kind} on port {address.port}")
        prepare()
        settings = _settings(folder, address)
        enrolled = _enroll(settings)
        on_note(f"enrolled: {ENROLLED} from {enrolled} pictures")
        observer = Observer(address)
        observer.start()
        stack.callback(observer.close)
        theater = _Theater(settings, observer, seed)
        stack.callback(theater.close)
        theater.open()
        on_note(f"daemon: ready after {theater.startup_s:.2f} s")
        command: dict[str, Json] = {}
        for scene in SCENES:
            if scene.command and not command:
                command = _unlock_command()
            yield theater.play(scene, command if scene.command else None)


class _Theater:
    """The daemon in a thread, with the stage as its camera."""

    def __init__(self, settings: Settings, observer: Observer, seed: int) -> None:
        self._observer = observer
        self._stage = Stage(seed)
        self._album = _Album()
        self._hardware = SimulatedDoor("strike")
        self._stop = threading.Event()
        self._ready = threading.Event()
        self._failure: OstiaryError | None = None
        self._daemon = Daemon(
            settings,
            camera=self._stage,
            door=hardware.Door(
                hardware.door_config(settings, has_contact=False), self._hardware.lock, self._hardware.inputs
            ),
            on_step=self._album.keep,
            on_ready=self._ready.set,
        )
        self._thread = threading.Thread(target=self._run, name="daemon", daemon=True)
        self.startup_s = 0.0

    def open(self) -> None:
        began = time.monotonic()
        self._thread.start()
        while not self._ready.wait(0.05) and self._thread.is_alive():
            pass
        self._check()
        self.startup_s = time.monotonic() - began
        self._observer.wait_for(
            lambda one: one.topic == f"{TOPIC}/state" and one.body.get("state") == "ready", began, ANSWER_S
        )

    def close(self) -> None:
        self._stop.set()
        self._thread.join(15.0)

    def play(self, scene: Scene, command: dict[str, Json] | None) -> Result:
        edges_before = len(self._hardware.edges)
        self._stage.play(scene)
        while self._stage.started_at is None:
            self._check()
            time.sleep(0.005)
        began = self._stage.started_at
        if command is not None:
            self._observer.send(f"{TOPIC}/cmd", command)
        while self._stage.is_playing:
            self._check()
            time.sleep(0.01)
        ended = time.monotonic()
        wanted = is_ack if scene.command else is_decision
        self._observer.wait_for(wanted, began, ANSWER_S)
        self._settle(edges_before)
        heard = self._observer.heard(since=began)
        edges = self._hardware.edges[edges_before:]
        return judge(scene, began, edges, heard, self._album.take(began, ended))

    def _settle(self, edges_before: int) -> None:
        """Wait until the door is locked again and the last face is forgotten."""
        deadline = time.monotonic() + UNLOCK_S + ANSWER_S
        while time.monotonic() < deadline:
            edges = self._hardware.edges[edges_before:]
            if not edges or edges[-1].state == "locked":
                break
            time.sleep(0.02)
        time.sleep(SETTLE_S)

    def _check(self) -> None:
        if self._failure is not None:
            raise self._failure
        if not self._thread.is_alive():
            raise WorkerDied("the daemon ended by itself; run 'ostiary doctor'")

    def _run(self) -> None:
        try:
            self._daemon.run(self._stop)
        except OstiaryError as error:
            self._failure = error


def _unlock_command() -> dict[str, Json]:
    now = datetime.now(UTC)
    return {
        "v": 1,
        "id": wiring.new_id(),
        "ts": now.isoformat().replace("+00:00", "Z"),
        "exp": (now + timedelta(seconds=25)).isoformat().replace("+00:00", "Z"),
        "type": "door.unlock",
        "body": {"door": "main", "seconds": UNLOCK_S},
    }


def _settings(folder: Path, address: Address) -> Settings:
    return Settings.model_validate(
        {
            # Sender and door share this machine's clock.
            "device": {"site": SITE, "id": DEVICE, "trust_clock": True},
            "camera": {"kind": "replay", "path": folder},
            "door": {"kind": "simulated", "unlock_s": UNLOCK_S, "grace_s": 1.0},
            "store": {"folder": folder},
            "mqtt": {
                "host": address.host,
                "port": address.port,
                "version": "3.1.1" if address.kind == "amqtt" else "5",
            },
        }
    )


def _enroll(settings: Settings) -> int:
    """Enroll the person from the portrait; returns how many pictures were good."""
    with (
        wiring.open_roster(settings) as roster,
        wiring.open_models(settings) as models,
        wiring.open_index(settings, models.embedder.model) as index,
    ):
        enroller = wiring.enroller(settings, models, roster.gallery, index)
        pictures = [
            (f"portrait-{i}", lambda picture=picture: picture)
            for i, picture in enumerate(enrolment_pictures())
        ]
        result = enroller.enroll_pictures(Person(PERSON, ENROLLED, datetime.now(UTC)), pictures)
        return len(result.accepted)
