"""The real daemon in a process of its own, as an operator would start it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2

from edge.app import wiring
from edge.configuration import load
from edge.core.face import PersonId
from edge.core.person import Person
from edge.demo.scenes import enrolment_pictures, frames
from edge.settings import Settings
from tests.factories import NOON

TOPIC = "ostiary/1/site/d/door-1"


def write_clip(folder: Path, scene: str = "enrolled_walks_up", step: int = 1) -> Path:
    """Render a scene into a folder of pictures."""
    folder.mkdir(exist_ok=True)
    for number, image in enumerate(frames(scene)):
        if number % step == 0:
            cv2.imwrite(str(folder / f"{number:04}.jpg"), image)
    return folder


def write_config(folder: Path, clip: Path, *, port: int | None = None, loop: bool = True) -> Path:
    """A configuration with the replay camera, a simulated door that logs its edges, and maybe a broker."""
    text = f"""
[device]
trust_clock = true
[camera]
kind = "replay"
path = "{clip}"
loop = {str(loop).lower()}
[door]
unlock_s = 1
grace_s = 0.5
edge_log = "{folder / "edges.jsonl"}"
[store]
folder = "{folder / "store"}"
"""
    if port is not None:
        text += f'[mqtt]\nhost = "127.0.0.1"\nport = {port}\n'
    (folder / "store").mkdir(exist_ok=True)
    file = folder / "ostiary.toml"
    file.write_text(text)
    return file


def enroll_demo_person(config: Path, identifier: str = "eileen") -> Settings:
    settings = load(config)
    with (
        wiring.open_roster(settings) as roster,
        wiring.open_models(settings) as models,
        wiring.open_index(settings, models.embedder.model) as index,
    ):
        enroller = wiring.enroller(settings, models, roster.gallery, index)
        pictures = [(f"{i}", lambda one=one: one) for i, one in enumerate(enrolment_pictures())]
        enroller.enroll_pictures(Person(PersonId(identifier), "", NOON), pictures)
    return settings


class DaemonProcess:
    """`ostiary run`; `kill` is SIGKILL, `stop` is SIGTERM."""

    def __init__(self, config: Path, log: Path) -> None:
        self._command = [sys.executable, "-m", "edge", "--config", str(config), "run"]
        self._log = log
        self._begun = 0
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._begun = log.tell()
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log, env=os.environ.copy())

    @property
    def pid(self) -> int:
        return self._process.pid

    def poll(self) -> int | None:
        return self._process.poll()

    def wait_ready(self, timeout_s: float = 60.0) -> None:
        """Wait until this process has said `ready` in the log."""
        deadline = time.monotonic() + timeout_s
        while " ready: " not in self._log.read_text()[self._begun :]:
            if self.poll() is not None:
                raise AssertionError(f"the daemon ended with {self.poll()}: {self._log.read_text()[-2000:]}")
            if time.monotonic() > deadline:
                raise AssertionError(f"not ready in {timeout_s} s: {self._log.read_text()[-2000:]}")
            time.sleep(0.02)

    def kill(self) -> None:
        """SIGKILL; harmless when it has ended or was never started."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()

    def wait(self, timeout_s: float) -> int:
        """The exit code of a daemon that ends by itself."""
        return self._process.wait(timeout_s)

    def stop(self, timeout_s: float = 15.0) -> int:
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(timeout_s)


def read_edges(folder: Path) -> list[dict]:
    file = folder / "edges.jsonl"
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
