"""What a start of the daemon has opened, for those who work with it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass

from edge.app.crew import Crew
from edge.app.messages import Notice
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
    restart: ends the daemon so that it is started anew."""

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
    restart: Restart
