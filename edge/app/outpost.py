"""What the parts of the line to the site share while they are put together."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field

from edge.app.crew import Crew
from edge.app.messages import Notice
from edge.app.restarting import Restart
from edge.app.routes import Routes
from edge.app.voice import Voice
from edge.core.commands import Command
from edge.core.events import Json
from edge.core.face import PersonId
from edge.mqtt.client import MqttBus
from edge.mqtt.codec import Codec
from edge.mqtt.topics import Topics
from edge.service.access import Controller
from edge.service.reporting import Clocks
from edge.settings import Settings
from edge.store.journal import Journal


@dataclass(slots=True)
class Outpost:
    """Each part joins before the line opens: it adds what it hears to `routes`, its worker to `crew`, and
    what it leaves open to `stack`.

    journal, controller: of the controller's thread. tell: hands a notice to that thread; from any thread.
    on_link: called on the bus's thread when a session has begun (True) and when it has ended; they enqueue.
    voice: says messages of ours on the bus; from any thread.
    info: more of the device's description; asked about once a second on the controller's thread, so cheap.
    levels: publish what is retained, for each session until they return True; on the controller's thread.
    desks: by the type of the order, who takes such commands on the controller's thread, and answers later by
    telling OrderProgress and OrderDone; False when it cannot take one now. Whoever is there first has it.
    sync_now: asks the hub for the gallery; False when none is followed. enrolled: called on some thread with
    everybody who was enrolled here by a command.
    """

    settings: Settings
    topics: Topics
    codec: Codec
    bus: MqttBus
    journal: Journal
    controller: Controller
    clocks: Clocks
    crew: Crew
    stack: ExitStack
    tell: Callable[[Notice], None]
    boot: str
    new_id: Callable[[], str]
    routes: Routes
    voice: Voice
    restart: Restart
    on_link: list[Callable[[bool], None]] = field(default_factory=list)
    info: dict[str, Callable[[], Json]] = field(default_factory=dict)
    levels: list[Callable[[], bool]] = field(default_factory=list)
    desks: dict[type, Callable[[Command], bool]] = field(default_factory=dict)
    sync_now: Callable[[], bool] = lambda: False
    enrolled: list[Callable[[PersonId], None]] = field(default_factory=list)
