"""Answer commands from the bus: judge, remember, act at most once, acknowledge."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import datetime

from edge.app.ack_post import AckPost
from edge.app.open_orders import OpenOrders
from edge.app.order_results import OrderDone, OrderProgress
from edge.app.restarting import GRACE_S, Restart, remember
from edge.core import device_orders
from edge.core.ack import Ack, AckStatus
from edge.core.commands import Accept, Command, Refuse
from edge.core.door_orders import AcknowledgeDoor, DoorOrder, OrderPosture, Unlock
from edge.core.events import Event, EventClass, Json
from edge.core.policy import Ruling
from edge.core.rarely import Rarely
from edge.errors import AlreadyCommitted, StoreError
from edge.mqtt.codec import Codec
from edge.ports import Journal, Message
from edge.service.access import Controller
from edge.service.reporting import Clocks

logger = logging.getLogger(__name__)
REPORT_EVERY_S = 10.0
BUSY = Ack(AckStatus.FAILED, "busy", {"text": "too many commands are waiting; send a new one later"})


class CommandDesk:
    """Runs on the controller's thread. desks: by the type of the order, who takes a command to carry it out
    elsewhere, to be answered through `advanced` and `finished`; False when it cannot now. What is about the
    door is decided here.

    Refusals that nobody asked an answer for are reported at most once in REPORT_EVERY_S for each
    reason, with how many there were, so that a flood of them fills neither log nor outbox. spend_nonce:
    called before a command is carried out that the device's nonce proved fresh.
    """

    def __init__(
        self,
        *,
        codec: Codec,
        post: AckPost,
        journal: Journal,
        controller: Controller,
        clocks: Clocks,
        restart: Restart,
        desks: Mapping[type, Callable[[Command], bool]],
        spend_nonce: Callable[[], None] = lambda: None,
    ) -> None:
        self._codec = codec
        self._post = post
        self._journal = journal
        self._controller = controller
        self._clocks = clocks
        self._restart = restart
        self._desks = desks
        self._spend_nonce = spend_nonce
        self._open = OpenOrders()
        self._rarely = Rarely(REPORT_EVERY_S)

    def receive(self, message: Message) -> None:
        """Answer one message. Nothing that arrives makes it raise; what cannot be stored moves nothing."""
        now = self._clocks.utc()
        verdict = self._codec.verdict(message, now=now, clock_synced=self._clocks.is_set())
        try:
            if isinstance(verdict, Accept):
                self._execute(verdict.command)
            else:
                self._refuse(verdict)
        except StoreError as error:
            logger.warning("a command could not be answered durably: %s", error)
            self._controller.reporter.trouble("store", str(error))
            if verdict.id is not None:
                self._post.send(verdict.id, Ack(AckStatus.FAILED, "store"))

    def advanced(self, progress: OrderProgress) -> None:
        """Tell how far an order is."""
        command = progress.command.id
        if self._open.advance(command, AckStatus.IN_PROGRESS):
            self._post.send(command, Ack(AckStatus.IN_PROGRESS, None, progress.detail))

    def finished(self, done: OrderDone) -> None:
        """Acknowledge an order that was carried out elsewhere, and tell of what it changed."""
        command = done.command
        if done.audit is not None:
            body: dict[str, Json] = {"command": command.id, "order": command.type}
            event = Event(EventClass.AUDIT, done.audit, self._clocks.utc(), body, corr=command.id)
            self._controller.reporter.append((event,))
        if self._open.advance(command.id, done.ack.status):
            self._answer(command.id, done.ack)

    def tick(self) -> None:
        """Send what waits for the broker, and give up on what takes too long."""
        self._post.flush()
        for command in self._open.overdue(self._clocks.monotonic()):
            logger.warning("command %s takes too long; it is not waited for", command)
            self._open.advance(command, AckStatus.TIMED_OUT)
            text = "it takes too long; whether it is carried out is not known"
            self._answer(command, Ack(AckStatus.TIMED_OUT, "timed_out", {"text": text}))

    def _execute(self, command: Command) -> None:
        if self._repeated(command.id):
            return
        if command.nonce is not None:
            self._spend_nonce()
            self._journal.begin_command(command.id, self._dated(command.at))
        match command.order:
            case Unlock() | OrderPosture() | AcknowledgeDoor() as order:
                self._at_the_door(command, order)
            case device_orders.Restart():
                self._begin_anew(command)
            case _:
                self._hand_on(command)
        self._tell_whose(command)

    def _at_the_door(self, command: Command, order: DoorOrder) -> None:
        self._post.send(command.id, Ack(AckStatus.RECEIVED))
        try:
            final = self._decide(command, order)
        except AlreadyCommitted:
            self._repeated(command.id)
            return
        if final.status is AckStatus.SUCCEEDED:
            self._post.send(command.id, Ack(AckStatus.ACCEPTED))
            self._post.send(command.id, Ack(AckStatus.IN_PROGRESS))
        self._post.send(command.id, final)

    def _decide(self, command: Command, order: DoorOrder) -> Ack:
        match order:
            case Unlock(_, seconds):
                ack = lambda ruling: _final(ruling).to_json()  # noqa: E731
                return _final(self._controller.commanded(command.id, seconds, ack))
            case OrderPosture():
                return self._controller.orders.order(command, order)
            case AcknowledgeDoor():
                return self._controller.orders.acknowledge(command, order)

    def _begin_anew(self, command: Command) -> None:
        """Answer first: nobody is left to do it afterwards."""
        done = Ack(AckStatus.SUCCEEDED)
        self._journal.begin_command(command.id, self._dated(command.at), ack=done.to_json())
        remember(self._journal, command.id)
        for status in (AckStatus.RECEIVED, AckStatus.ACCEPTED):
            self._post.send(command.id, Ack(status))
        self._restart.request(f"command {command.id}", grace_s=GRACE_S)
        self._post.send(command.id, done, on_acked=self._restart.now)

    def _hand_on(self, command: Command) -> None:
        take = self._desks.get(type(command.order))
        if take is None:
            text = f"this device cannot carry out {command.type}"
            self._turn_away(command, Ack(AckStatus.FAILED, "unavailable", {"text": text}))
            return
        self._journal.begin_command(command.id, self._dated(command.at))
        self._open.begin(command, self._clocks.monotonic())
        self._post.send(command.id, Ack(AckStatus.RECEIVED))
        if take(command):
            self._open.advance(command.id, AckStatus.ACCEPTED)
            self._post.send(command.id, Ack(AckStatus.ACCEPTED))
        else:
            self._open.advance(command.id, AckStatus.FAILED)
            self._answer(command.id, BUSY)

    def _tell_whose(self, command: Command) -> None:
        """Whose keys signed it, so that it can be told later; the door itself tells of its postures."""
        if command.signers and not isinstance(command.order, OrderPosture | AcknowledgeDoor):
            by: list[Json] = [signer.kid for signer in command.signers]
            body: dict[str, Json] = {"command": command.id, "order": command.type, "by": by}
            event = Event(EventClass.AUDIT, "audit.command_taken", self._clocks.utc(), body, corr=command.id)
            self._controller.reporter.append((event,))

    def _turn_away(self, command: Command, ack: Ack) -> None:
        self._journal.begin_command(command.id, self._dated(command.at), ack=ack.to_json())
        self._post.send(command.id, ack)

    def _answer(self, command: str, ack: Ack) -> None:
        """Give the final answer to a command that was begun."""
        try:
            self._journal.finish_command(command, ack.to_json())
        except StoreError as error:
            logger.warning("the answer to a command could not be stored: %s", error)
        self._post.send(command, ack)

    def _dated(self, at: datetime | None) -> datetime:
        """From when on the claim of an id grows old: never from before the command was made.

        A clock that was not set yet, or a sender's that is ahead, would have the id forgotten while the
        command still passes for a fresh one.
        """
        now = self._clocks.utc()
        return now if at is None else max(now, at)

    def _refuse(self, refusal: Refuse) -> None:
        if refusal.id is not None:
            if refusal.claims and self._repeated(refusal.id):
                return
            if refusal.claims:
                self._journal.begin_command(refusal.id, self._dated(refusal.at), ack=refusal.ack.to_json())
            self._post.send(refusal.id, refusal.ack)
        self._report(refusal)

    def _repeated(self, command: str) -> bool:
        """Whether the command was answered before, or is on its way; then that is told again."""
        status = self._open.status(command)
        if status is not None:
            self._post.send(command, Ack(status), repeated=True)
            return True
        stored = self._journal.command_ack(command)
        if stored is None:
            return False
        self._post.send(command, Ack.from_json(stored), repeated=True)
        return True

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
