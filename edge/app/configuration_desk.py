"""Take the configuration that the site wants, and tell the site what became of it."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass

from edge.app.documents import Documents
from edge.app.order_results import OrderDone
from edge.app.remote_layer import RemoteLayer
from edge.app.restarting import GRACE_S
from edge.core.ack import Ack, AckStatus
from edge.core.change_orders import SetConfiguration
from edge.core.commands import Command
from edge.core.config_document import ConfigState, Desired, Reported, read_desired
from edge.core.events import Json
from edge.core.remote_note import Origin
from edge.errors import MessageMalformed, SettingsError, StoreError
from edge.ports import Message

logger = logging.getLogger(__name__)
WAITING = 20
AGAIN_S = 30.0
"""After so long a document is taken up again that could not be stored."""
BEAT_S = 0.5
DESIRED = "config.desired"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a document or a command came to. reason: empty when it was taken. restarts: the daemon will."""

    reported: Reported
    reason: str = ""
    restarts: bool = False


class ConfigurationDesk:
    """Has its own thread: to look at a document and to write it takes a while on a slow card.

    publish: sends what is reported; False without a session. restart: asks for an orderly start anew in
    so many seconds. report: stores an audit event. tell: takes the answers to commands.
    """

    def __init__(
        self,
        *,
        layer: RemoteLayer,
        documents: Documents,
        publish: Callable[[Reported], bool],
        restart: Callable[[str, float], None],
        report: Callable[[str, dict[str, Json]], None],
        tell: Callable[[OrderDone], None],
        monotonic: Callable[[], float],
    ) -> None:
        self._layer = layer
        self._documents = documents
        self._publish = publish
        self._restart = restart
        self._report = report
        self._tell_done = tell
        self._monotonic = monotonic
        self._waiting: queue.Queue[Message | Command] = queue.Queue(WAITING)
        self._published: Reported | None = None
        self._again: tuple[float, Desired] | None = None

    def put(self, message: Message) -> None:
        """Take a document, from any thread. One that finds no room comes again with the next connection."""
        try:
            self._waiting.put_nowait(message)
        except queue.Full:
            logger.warning("a configuration is passed over: too many came at once")

    def order(self, command: Command) -> bool:
        """Take a command that changes settings. False when too much waits."""
        try:
            self._waiting.put_nowait(command)
        except queue.Full:
            return False
        return True

    def on_link(self, up: bool) -> None:
        """A session began or ended; from any thread."""
        self._published = None

    def run(self, stop: threading.Event, beat: Callable[[], None]) -> None:
        """Answer documents until `stop` is set."""
        while not stop.is_set():
            beat()
            self._tell()
            self._try_again()
            try:
                news = self._waiting.get(timeout=BEAT_S)
            except queue.Empty:
                continue
            if isinstance(news, Command):
                self._tell_done(OrderDone(news, self._set(news)))
            else:
                self._receive(news)

    def _set(self, command: Command) -> Ack:
        """Change settings of this device alone. The answer goes before the start anew."""
        order, layer = command.order, self._layer
        if not isinstance(order, SetConfiguration):
            raise TypeError(f"{command.type} is not about settings")
        if layer.note.origin is Origin.SITE and layer.reported.version:
            text = "the site sets the configuration of this device; have it changed there"
            return Ack(AckStatus.REJECTED, "managed", {"text": text})
        try:
            answer = self.take(layer.patch(order.settings), Origin.DEVICE, grace_s=GRACE_S)
        except MessageMalformed as error:
            return Ack(AckStatus.REJECTED, "bad_body", {"text": str(error)})
        if answer.reason == "refused":
            return Ack(AckStatus.REJECTED, "refused", {"refused": dict(answer.reported.refused)})
        if answer.reason:
            return Ack(AckStatus.FAILED, "store", {"text": answer.reason})
        reported = answer.reported
        return Ack(AckStatus.SUCCEEDED, None, {"version": reported.version, "state": reported.state.value})

    def take(self, desired: Desired, origin: Origin = Origin.SITE, *, grace_s: float = 0.0) -> Answer:
        """Have a document tried, tell the site and start again; from any thread.

        grace_s: how long whoever asked for it needs to hear the answer.
        """
        before = self._layer.reported
        try:
            restarts = self._layer.take(desired, origin)
        except (StoreError, SettingsError) as error:
            logger.warning("configuration %d is not taken: %s", desired.version, error)
            return Answer(before, str(error))
        reported = self._layer.reported
        if reported != before:
            body: dict[str, Json] = {"version": reported.version, "state": reported.state.value}
            self._report("audit.configuration_taken", body)
        if restarts:
            self._tell()
            self._restart(f"configuration {desired.version} is new", grace_s)
        refused = reported.state is ConfigState.REFUSED and reported.version == desired.version
        return Answer(reported, "refused" if refused else "", restarts)

    def _receive(self, message: Message) -> None:
        # The site may take its document away; what is in force stays.
        received = self._documents.open(message, DESIRED) if message.payload else None
        if received is None:
            return
        try:
            desired = read_desired(received.body)
        except MessageMalformed as error:
            logger.warning("refused a configuration: %s", error)
            return
        self._take_or_wait(desired)
        self._published = None

    def _take_or_wait(self, desired: Desired) -> None:
        answer = self.take(desired)
        is_stored = answer.reason in ("", "refused")
        self._again = None if is_stored else (self._monotonic() + AGAIN_S, desired)

    def _try_again(self) -> None:
        if self._again is not None and self._monotonic() >= self._again[0]:
            self._take_or_wait(self._again[1])

    def _tell(self) -> None:
        reported = self._layer.reported
        if reported != self._published and self._publish(reported):
            self._published = reported
