"""Rehearse attacks at the real camera, one try after the other, kept as figures in the store's folder.

The door's lock is never made here, so no relay can move.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from edge.app import hardware, wiring
from edge.app.liveness_checks import CLIP_FPS
from edge.core.frame import Frame
from edge.core.rehearsal import Situation, Try
from edge.core.track_life import LifeConfig
from edge.errors import CameraError, EndOfReplay, SettingsError
from edge.ports import Camera
from edge.service.clip_liveness import sampled
from edge.service.presentation import PresentationWatch, Watched
from edge.settings import Settings
from edge.vision.clip import timed_frames

FILE = "rehearsal.json"
FIRST_FRAME_S = 10.0
STOP_THE_DAEMON = "if the daemon runs, it holds the camera: sudo systemctl stop ostiary"


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What can be tried. Belongs to one thread. model: whose scores these are."""

    model: str
    life: LifeConfig
    _watch: PresentationWatch
    _settings: Settings

    def at_the_camera(self) -> Iterator[Watched]:
        """Watch the door's camera, opened for this one try. Raises CameraError, ModelError."""
        camera = hardware.camera(self._settings.camera)
        try:
            try:
                camera.start()
                yield from self._watch.follow(sampled(_frames(camera), CLIP_FPS))
            except CameraError as error:
                raise type(error)(f"{error}; {STOP_THE_DAEMON}") from None
        finally:
            camera.close()

    def of_clip(self, path: Path) -> Iterator[Watched]:
        """Watch a recorded clip. Raises PictureUnreadable, ModelError."""
        return self._watch.follow(sampled(timed_frames(path), CLIP_FPS))


@contextmanager
def open_rehearsal(settings: Settings) -> Iterator[Rehearsal]:
    """Open the networks. Raises ModelError."""
    with wiring.open_models(settings) as models:
        life = wiring.life_config(settings, models)
        watch = PresentationWatch(
            detector=models.detector,
            gate=wiring.face_gate(settings, models),
            embedder=models.embedder,
            watch=lambda: wiring.life_watch(settings, models),
            config=life,
            zone=settings.vision.zone,
        )
        yield Rehearsal(models.liveness.engine.manifest.model_id, life, watch, settings)


def made(situation: Situation, watched: Watched) -> Try:
    """What is kept of a try."""
    return Try(
        situation,
        tuple(tuple(round(score, 4) for score in run) for run in watched.runs),
        tuple(suspicion.value for suspicion in watched.suspicions),
        tuple(problem.value for problem in watched.problems),
    )


@dataclass(frozen=True, slots=True)
class Notes:
    """The tries so far. model: whose scores they are."""

    model: str
    tries: tuple[Try, ...] = ()

    def with_try(self, new: Try) -> Notes:
        """A situation that was tried before has the new try in place of the old one."""
        others = (one for one in self.tries if one.situation != new.situation)
        return replace(self, tries=(*others, new))


def read_notes(settings: Settings, model: str) -> Notes:
    """The tries that were kept. Raises SettingsError when they cannot be used, or are of another model."""
    file = settings.store.folder / FILE
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return Notes(model)
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"cannot read {file}: {error}; run as its owner, or say --fresh") from None
    try:
        notes = _notes(json.loads(text))
    except (ValueError, KeyError, TypeError, OverflowError):
        raise SettingsError(f"{file} is not what a rehearsal writes; move it away, or say --fresh") from None
    if notes.model != model:
        raise SettingsError(f"{file} has scores of {notes.model}, the door uses {model}; say --fresh")
    return notes


def write_notes(settings: Settings, notes: Notes) -> Path:
    """Keep the tries: all of them or, when that fails, those of before. Raises SettingsError."""
    folder = settings.store.folder
    file, new = folder / FILE, folder / f".{FILE}.new"
    text = json.dumps(_as_json(notes), indent=1).encode() + b"\n"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, stat.S_IRUSR | stat.S_IWUSR)
        with os.fdopen(descriptor, "wb") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        new.replace(file)
    except OSError as error:
        raise SettingsError(
            f"cannot write {file}: {error.strerror}; run as the owner of {folder}, or give another --store"
        ) from None
    return file


def _frames(camera: Camera) -> Iterator[Frame]:
    """Until a replay ends. The first frame of a camera just opened may take a while."""
    limit_s = FIRST_FRAME_S
    while True:
        try:
            yield camera.read(limit_s)
        except EndOfReplay:
            return
        limit_s = 2.0


def _as_json(notes: Notes) -> dict[str, Any]:
    return {
        "version": 1,
        "model": notes.model,
        "tries": [
            {
                "kind": one.situation.kind,
                "situation": one.situation.words,
                "number": one.situation.number,
                "runs": one.runs,
                "suspicions": one.suspicions,
                "problems": one.problems,
            }
            for one in notes.tries
        ],
    }


def _notes(value: dict[str, Any]) -> Notes:
    if value["version"] != 1:
        raise ValueError
    tries = []
    for one in value["tries"]:
        runs = tuple(tuple(float(score) for score in run) for run in one["runs"])
        if not all(0.0 <= score <= 1.0 for run in runs for score in run):
            raise ValueError
        situation = Situation(str(one["kind"]), str(one["situation"]), int(one["number"]))
        tries.append(
            Try(situation, runs, tuple(map(str, one["suspicions"])), tuple(map(str, one["problems"])))
        )
    return Notes(str(value["model"]), tuple(tries))
