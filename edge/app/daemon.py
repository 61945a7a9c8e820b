"""The running daemon: threads around one controller loop, and an orderly end."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING

from edge.app import hardware, monitoring, recognition, unfinished, wiring
from edge.app.capture import CaptureWorker
from edge.app.crew import Crew
from edge.app.device_info import device_info
from edge.app.following import LONGEST_S, GalleryFollower
from edge.app.frame_tap import FrameTap
from edge.app.greeting import greet
from edge.app.housekeeping import Housekeeping
from edge.app.looking import VisionWorker
from edge.app.messages import (
    BusMessage,
    Happened,
    InputChanged,
    LinkChanged,
    Notice,
    PartChanged,
    Prompted,
    ReplayEnded,
    Sighted,
)
from edge.app.observers import tell
from edge.app.on_trial import OnTrial
from edge.app.opening import open_station
from edge.app.order_results import OrderDone, OrderProgress
from edge.app.restarting import RESTART, Restart, started
from edge.app.station import Station
from edge.app.stopwatch import Stopwatch
from edge.app.threads import Inbox, LatestSlot
from edge.app.timed_models import timed_matcher, timed_models
from edge.app.vision_figures import VisionFigures
from edge.core.events import EventClass, Json
from edge.errors import WorkerDied
from edge.ports import Camera, Inputs, Notifier
from edge.service.access import Controller
from edge.service.recognize import Recognizer, Step
from edge.service.reporting import Clocks
from edge.settings import Settings

if TYPE_CHECKING:
    from edge.app.hardware import Door
    from edge.app.uplink import Uplink

logger = logging.getLogger(__name__)

TICK_S = 0.05
HOUSEKEEPING_S = 1.0
LONGEST_WAIT_S = 0.5
"""How long a commit may wait for another process once the door works: a relock must not wait for it."""
CAPTURE_STALE_S = 15.0
"""Opening and closing a camera may take 6 s each without a sign of life."""


class Daemon:
    """One door, from start to stop. `run` may be called once.

    camera, door, notifier, clocks: stand in for what the settings would name. on_trial: what the site may
    change; nothing without it. on_step: called from the vision thread with what each frame showed. on_ready:
    called when everything works.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        camera: Camera | None = None,
        door: Door | None = None,
        notifier: Notifier | None = None,
        clocks: Clocks | None = None,
        on_trial: OnTrial | None = None,
        on_step: Callable[[Step], None] = lambda step: None,
        on_ready: Callable[[], None] = lambda: None,
    ) -> None:
        self._settings = settings
        self._camera = camera
        self._door = door
        self._notifier = notifier
        self._clocks = clocks or wiring.clocks(settings)
        self._on_trial = on_trial
        self._on_step = on_step
        self._on_ready = on_ready
        self._inbox: Inbox[Notice] = Inbox()
        self._slot = LatestSlot(keep_all=_is_fast_replay(settings))
        self._tap = FrameTap(self._slot)
        self._crew = Crew(self._clocks.monotonic)
        self._uplink: Uplink | None = None
        self._inputs: Inputs | None = None
        self._replay_over = False
        self._restart = Restart(self._clocks)

    def run(self, stop: threading.Event) -> int:
        """Serve the door until `stop` is set, or a replay is over. Raises OstiaryError.

        Returns the exit code: RESTART when the daemon is to be started anew, else 0.

        However it ends, the relay is locked first and everything else is closed after that.
        """
        with ExitStack() as stack:
            self._serve(stack, stop)
        return RESTART if self._restart.is_wanted else 0

    def _serve(self, stack: ExitStack, stop: threading.Event) -> None:
        station = open_station(
            stack,
            self._settings,
            self._clocks,
            door=self._door,
            notifier=self._notifier,
            crew=self._crew,
            tap=self._tap,
            restart=self._restart,
            on_trial=self._on_trial,
            report=self._tell,
        )
        try:
            self._work(station, stop)
        finally:
            # Locked before anything else is closed, whatever ended the loop.
            station.controller.stop()
            station.notifier.stopping()
            if self._uplink is not None:
                self._uplink.publisher.publish_changes(station.controller)

    def _work(self, station: Station, stop: threading.Event) -> None:
        settings, stack, controller = self._settings, station.stack, station.controller
        controller.start()
        models = stack.enter_context(wiring.open_models(settings))
        index = stack.enter_context(wiring.open_index(settings, models.embedder.model))
        follower = GalleryFollower(index)
        watch, figures = Stopwatch(), VisionFigures(self._clocks.monotonic)
        station.observers.frame.append(figures.frame)
        recognizer = recognition.recognizer(
            settings,
            timed_models(models, watch),
            timed_matcher(index.matcher, watch),
            None if self._on_trial is None else self._on_trial.understudies,
        )
        station.inputs.start(lambda reading: self._tell(InputChanged(reading)))
        self._inputs = station.inputs
        stack.callback(station.inputs.close)
        monitoring.open_metrics(station)
        self._start_uplink(station, device_info(settings, models, station.boot))
        monitoring.watch_vitals(station, figures)
        self._crew.add("capture", self._capture, stale_s=CAPTURE_STALE_S, may_end=True)
        self._crew.add(
            "vision", partial(self._look, recognizer, lambda: tell(station.observers.frame, watch.lap()))
        )
        self._crew.add("gallery", follower.run, stale_s=LONGEST_S)
        self._crew.add(
            "deletions",
            partial(unfinished.finish_deletions, settings),
            stale_s=unfinished.STALE_S,
            may_end=True,
        )
        # Ended before the connections and the models they use are closed.
        stack.callback(self._stop_workers)
        self._crew.start()
        people = station.gallery.count()
        body: dict[str, Json] = {"people": people, "boot": station.boot}
        controller.reporter.append((started(station.journal, self._clocks, body),))
        station.database.wait_at_most(LONGEST_WAIT_S)
        station.notifier.ready()
        self._on_ready()
        greet(settings, models, station.gallery, people, index.matcher.size)
        housekeeping = Housekeeping(
            controller, station.journal, follower, clocks=self._clocks, keep_days=settings.store.keep_days
        )
        self._loop(stop, controller, housekeeping, station.notifier)
        if self._on_trial is not None:
            self._on_trial.leave()
        controller.reporter.report(EventClass.SYSTEM, "system.stopping", {"boot": station.boot})
        logger.info("stopping%s: the door is locked first", self._restart.reason)

    def _loop(
        self, stop: threading.Event, controller: Controller, housekeeping: Housekeeping, notifier: Notifier
    ) -> None:
        housekeeping_at = float("-inf")
        while not (stop.is_set() or self._restart.is_due or self._is_over(controller)):
            notice = self._inbox.take(TICK_S)
            controller.tick()
            if notice is not None:
                self._handle(notice, controller)
            if self._uplink is not None:
                self._uplink.publisher.publish_changes(controller)
            now = self._clocks.monotonic()
            if now >= housekeeping_at:
                housekeeping_at = now + HOUSEKEEPING_S
                self._check_workers(controller, notifier)
                housekeeping.run()
                if self._on_trial is not None:
                    self._on_trial.run(controller.reporter, self._restart.request)
                if self._uplink is not None:
                    self._uplink.desk.tick()

    def _handle(self, notice: Notice, controller: Controller) -> None:
        match notice:
            case Sighted(sighting):
                controller.sighted(sighting)
            case Prompted(prompt):
                controller.prompted(prompt)
            case InputChanged(reading):
                controller.read(reading)
            case BusMessage(message, receive):
                receive(message)
            case OrderProgress() if self._uplink is not None:
                self._uplink.desk.advanced(notice)
            case OrderDone() if self._uplink is not None:
                self._uplink.desk.finished(notice)
            case LinkChanged(up):
                if self._uplink is not None and up:
                    self._uplink.publisher.publish_levels(controller)
            case PartChanged(name, reason):
                controller.reporter.trouble(name, reason)
            case Happened(event):
                controller.reporter.append((event,))
            case ReplayEnded():
                self._replay_over = True

    def _is_over(self, controller: Controller) -> bool:
        """A replay ends the daemon once its last frame was answered and the door is locked again."""
        is_answered = self._slot.is_empty and self._inbox.is_empty
        return self._replay_over and is_answered and not controller.door.is_unlocked

    def _start_uplink(self, station: Station, info: dict[str, Json]) -> None:
        from edge.broker_link import broker_link

        link = broker_link(self._settings)
        if link is None:
            logger.info("no broker is configured; events stay on the device")
            return
        from edge.app import uplink

        self._uplink = uplink.start(link, station, info)

    def _capture(self, stop: threading.Event, beat: Callable[[], None]) -> None:
        camera = self._camera or hardware.camera(self._settings.camera)
        CaptureWorker(
            camera,
            self._tap,
            on_down=lambda reason: self._tell(PartChanged("camera", reason)),
            on_up=lambda: self._tell(PartChanged("camera", None)),
            on_end=lambda: self._tell(ReplayEnded()),
            beat=beat,
        ).run(stop)

    def _look(
        self,
        recognizer: Recognizer,
        looked: Callable[[], None],
        stop: threading.Event,
        beat: Callable[[], None],
    ) -> None:
        def on_step(step: Step) -> None:
            looked()
            self._on_step(step)

        VisionWorker(recognizer, self._slot, self._inbox, on_step=on_step, beat=beat).run(stop, TICK_S)

    def _tell(self, notice: Notice) -> None:
        self._inbox.put(notice)

    def _check_workers(self, controller: Controller, notifier: Notifier) -> None:
        """Feed the watchdog while every worker lives; end the daemon when one does not.

        One that lives and gives no sign of it is alarmed, in time for the alarm to leave before the
        watchdog bites, or in its place where there is none.
        """
        if self._uplink is not None and not self._uplink.bus.is_alive:
            raise WorkerDied("the thread of the MQTT session ended; see the log, then restart")
        if self._inputs is not None:
            controller.reporter.trouble("inputs", self._inputs.trouble)
        stuck = self._crew.stuck()
        controller.reporter.trouble("thread", f"no sign of life from: {', '.join(stuck)}" if stuck else None)
        if not stuck:
            notifier.alive()

    def _stop_workers(self) -> None:
        self._slot.close()
        self._crew.stop()


def _is_fast_replay(settings: Settings) -> bool:
    return settings.camera.kind == "replay" and not settings.camera.realtime
