"""What a start of the daemon has opened, for those who work with it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass

from edge.app.crew import Crew
from edge.app.frame_tap import FrameTap
from edge.app.log_memory import LogMemory
from edge.app.messages import Notice
from edge.app.observers import Observers
from edge.app.on_trial import OnTrial
from edge.app.restarting import Restart
from edge.ports import Inputs, Notifier
from edge.service.access import Controller
from edge.service.reporting import Clocks
from edge.settings import Settings
from edge.store.database import Database
from edge.store.gallery import Gallery
from edge.store.journal import Journal


@dataclass(frozen=True, slots=True)
class Station:
    """database, journal, gallery, controller: of the controller's thread. stack: closes everything, in
    reverse. boot: id of this start. tell: hands a notice to the controller's thread; from any thread.
    restart: ends the daemon so that it is started anew. tap: the frames of the camera. memory: of the log.
    blink: lets a lamp blink for so many seconds; None without one. on_trial: what the site may change; None
    where it may change nothing. wired: the inputs of the door by name."""

    settings: Settings
    clocks: Clocks
    boot: str
    stack: ExitStack
    crew: Crew
    tell: Callable[[Notice], None]
    database: Database
    journal: Journal
    gallery: Gallery
    controller: Controller
    inputs: Inputs
    notifier: Notifier
    observers: Observers
    restart: Restart
    on_trial: OnTrial | None
    tap: FrameTap
    memory: LogMemory
    blink: Callable[[float], None] | None
    wired: frozenset[str]
