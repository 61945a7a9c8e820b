"""Answer commands from the bus: judge, remember, act at most once, acknowledge."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

from edge.app.gallery_desk import GalleryDone
from edge.core.ack import Ack, AckStatus
from edge.core.commands import Accept, Command, Refuse
from edge.core.door_orders import Unlock
from edge.core.events import EventClass, Json
from edge.core.gallery_orders import GalleryOrder
from edge.core.policy import Ruling
from edge.core.rarely import Rarely
from edge.errors import AlreadyCommitted, StoreError
from edge.mqtt.codec import Codec
from edge.ports import Bus, Journal, Message
from edge.service.access import Controller
from edge.service.reporting import Clocks

logger = logging.getLogger(__name__)
REPORT_EVERY_S = 10.0


class CommandDesk:
    """Runs on the controller's thread. `new_id` gives a fresh id for every ack. gallery: takes an order about
    people, to be answered through `finished`; False when it cannot.

    Refusals that nobody asked an answer for are reported at most once in REPORT_EVERY_S for each
    reason, with how many there were, so that a flood of them fills neither log nor outbox. spend_nonce:
    called before a command is carried out that the device's nonce proved fresh.
    """

    def __init__(
        self,
        *,
        codec: Codec,
        bus: Bus,
        journal: Journal,
        controller: Controller,
        clocks: Clocks,
        new_id: Callable[[], str],
        gallery: Callable[[Command, GalleryOrder], bool],
        spend_nonce: Callable[[], None] = lambda: None,
    ) -> None:
        self._codec = codec
        self._bus = bus
        self._journal = journal
        self._controller = controller
        self._clocks = clocks
        self._new_id = new_id
        self._gallery = gallery
        self._spend_nonce = spend_nonce
        self._rarely = Rarely(REPORT_EVERY_S)

    def receive(self, message: Message) -> None:
        """Answer one message. Nothing that arrives makes it raise; what cannot be stored moves nothing."""
        now = self._clocks.utc()
        verdict = self._codec.verdict(message, now=now, clock_synced=self._clocks.is_set())
        try:
            if isinstance(verdict, Accept):
                self._execute(verdict.command)
            else:
                self._refuse(verdict, now)
        except StoreError as error:
            logger.warning("a command could not be answered durably: %s", error)
            self._controller.reporter.trouble("store", str(error))
            if verdict.id is not None:
                self._send(verdict.id, Ack(AckStatus.FAILED, "store"))

    def finished(self, done: GalleryDone) -> None:
        """Acknowledge an order about people, and tell of what it changed."""
        command = done.command
        try:
            self._journal.finish_command(command.id, done.ack.to_json())
        except StoreError as error:
            logger.warning("the answer to a command could not be stored: %s", error)
        self._send(command.id, done.ack)
        if done.changed:
            self._controller.reporter.report(
                EventClass.AUDIT, "audit.gallery_changed", {"command": command.id, "order": command.type}
            )

    def _execute(self, command: Command) -> None:
        if self._repeated(command.id):
            return
        if command.nonce is not None:
            self._spend_nonce()
        if isinstance(command.order, Unlock):
            self._unlock(command, command.order)
        elif isinstance(command.order, GalleryOrder):
            self._hand_on(command, command.order)
        else:
            text = f"this device cannot carry out {command.type}"
            unable = Ack(AckStatus.FAILED, "unavailable", {"text": text})
            self._journal.begin_command(command.id, self._clocks.utc(), ack=unable.to_json())
            self._send(command.id, unable)

    def _unlock(self, command: Command, order: Unlock) -> None:
        self._send(command.id, Ack(AckStatus.RECEIVED))
        try:
            ruling = self._controller.commanded(
                command.id, order.seconds, lambda ruling: _final(ruling).to_json()
            )
        except AlreadyCommitted:
            self._repeated(command.id)
            return
        if ruling.granted:
            self._send(command.id, Ack(AckStatus.ACCEPTED))
            self._send(command.id, Ack(AckStatus.IN_PROGRESS))
        self._send(command.id, _final(ruling))

    def _hand_on(self, command: Command, order: GalleryOrder) -> None:
        self._journal.begin_command(command.id, self._clocks.utc())
        self._send(command.id, Ack(AckStatus.RECEIVED))
        if self._gallery(command, order):
            self._send(command.id, Ack(AckStatus.ACCEPTED))
            return
        busy = Ack(AckStatus.FAILED, "busy", {"text": "too many commands are waiting; send a new one later"})
        self._journal.finish_command(command.id, busy.to_json())
        self._send(command.id, busy)

    def _refuse(self, refusal: Refuse, now: datetime) -> None:
        if refusal.id is not None:
            if refusal.claims and self._repeated(refusal.id):
                return
            if refusal.claims:
                self._journal.begin_command(refusal.id, now, ack=refusal.ack.to_json())
            self._send(refusal.id, refusal.ack)
        self._report(refusal)

    def _repeated(self, command: str) -> bool:
        """Whether the command was answered before; then the stored answer is sent again."""
        stored = self._journal.command_ack(command)
        if stored is None:
            return False
        self._send(command, Ack.from_json(stored), repeated=True)
        return True

    def _send(self, command: str, ack: Ack, *, repeated: bool = False) -> None:
        mono_ms = int(self._clocks.monotonic() * 1000)
        out = self._codec.ack(
            command, ack, id=self._new_id(), now=self._clocks.utc(), mono_ms=mono_ms, repeated=repeated
        )
        self._bus.publish(out.topic, out.payload, qos=out.qos, retain=out.retain)

    def _report(self, refusal: Refuse) -> None:
        untold = self._rarely.ask(refusal.reason, self._clocks.monotonic())
        if untold is None:
            return
        logger.warning("refused a message: %s", refusal.text)
        body: dict[str, Json] = {
            "reason": refusal.reason,
            "status": refusal.status.value,
            "unreported": untold,
        }
        if refusal.denial is None:
            self._controller.reporter.report(EventClass.SYSTEM, "system.command_refused", body)
        else:
            body |= {"denial": refusal.denial.value, "kid": refusal.kid}
            self._controller.reporter.report(EventClass.AUDIT, "audit.command_refused", body)


def _final(ruling: Ruling) -> Ack:
    status = AckStatus.SUCCEEDED if ruling.granted else AckStatus.REJECTED
    return Ack(status, ruling.reason.value)
