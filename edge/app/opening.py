"""Open what a start of the daemon needs before it can decide: the store, the door, and who watches both."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial

from edge.app import hardware, wiring
from edge.app.crew import Crew
from edge.app.frame_tap import FrameTap
from edge.app.hardware import Door
from edge.app.log_memory import LogMemory
from edge.app.messages import Notice
from edge.app.observers import ObservedLock, Observers, tell
from edge.app.on_trial import OnTrial
from edge.app.restarting import Restart
from edge.app.station import Station
from edge.host.keeper import sole_keeper
from edge.host.notify import SystemdNotifier
from edge.ports import Notifier
from edge.service.access import Controller
from edge.service.reporting import Clocks
from edge.settings import Settings
from edge.store.database import open_database
from edge.store.gallery import Gallery
from edge.store.journal import Journal


def open_station(
    stack: ExitStack,
    settings: Settings,
    clocks: Clocks,
    *,
    door: Door | None,
    notifier: Notifier | None,
    crew: Crew,
    tap: FrameTap,
    restart: Restart,
    on_trial: OnTrial | None,
    report: Callable[[Notice], None],
) -> Station:
    """stack: closes it all, in reverse. door, notifier: stand in for what the settings would name.

    Raises StoreError, DoorError and SettingsError.
    """
    boot, observers = uuid.uuid4().hex[:12], Observers()
    memory = stack.enter_context(LogMemory.of_everything())
    database = stack.enter_context(open_database(settings.store.file, durable=True))
    stack.enter_context(sole_keeper(settings.store.folder))
    journal = Journal(
        database,
        boot=boot,
        monotonic=clocks.monotonic,
        capacity=settings.store.outbox_limit,
        clock=clocks.state,
        on_decision=partial(tell, observers.decision),
    )
    gallery = Gallery(database)
    door = door or hardware.door(settings, stack)
    stack.callback(door.lock.close)
    controller = Controller(
        config=door.config,
        journal=journal,
        lock=ObservedLock(door.lock, partial(tell, observers.unlock)),
        standing=wiring.standing(gallery),
        clocks=clocks,
        new_id=wiring.new_id,
        far=settings.recognition.far,
    )
    return Station(
        settings=settings,
        clocks=clocks,
        boot=boot,
        stack=stack,
        crew=crew,
        tell=report,
        database=database,
        journal=journal,
        gallery=gallery,
        controller=controller,
        inputs=door.inputs,
        notifier=notifier or SystemdNotifier.from_environment(),
        observers=observers,
        restart=restart,
        on_trial=on_trial,
        tap=tap,
        memory=memory,
        blink=door.blink,
        wired=door.wired,
    )
