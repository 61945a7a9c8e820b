"""Show the device to Home Assistant, and unlock for it where the site wants that.

Its commands are neither signed nor do they expire, and have no id: whoever may publish on the topic opens the
door. So only what comes at once counts, never what was retained or may have waited at the broker, and what
comes again while the door is unlocked is the same press.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from importlib.metadata import version

from edge.app.messages import BusMessage
from edge.app.outpost import Outpost
from edge.app.station import Station
from edge.core.ack import Ack, AckStatus
from edge.core.events import EventClass, Json
from edge.core.policy import Ruling
from edge.core.rarely import Rarely
from edge.errors import AlreadyCommitted, StoreError
from edge.mqtt.codec import dump_json
from edge.mqtt.home_assistant import LOCK, UNLOCK, Described, discovery
from edge.mqtt.topics import DISCOVERY_BIRTH
from edge.ports import Bus, Journal, Message
from edge.service.access import Controller
from edge.service.reporting import Clocks

logger = logging.getLogger(__name__)
REPORT_EVERY_S = 10.0
_STATE = "home_assistant"
_ONLINE = b"online"


class HomeAssistantDesk:
    """Runs on the controller's thread. topic: of the description. described: None where the device is not
    to be shown, or not any more. new_id: gives a fresh id for each unlock."""

    def __init__(
        self,
        topic: str,
        described: Described | None,
        *,
        bus: Bus,
        journal: Journal,
        controller: Controller,
        clocks: Clocks,
        new_id: Callable[[], str],
    ) -> None:
        self._topic = topic
        self._described = described
        self._bus = bus
        self._journal = journal
        self._controller = controller
        self._clocks = clocks
        self._new_id = new_id
        self._rarely = Rarely(REPORT_EVERY_S)

    def born(self, message: Message) -> None:
        """Home Assistant says how it is; after a start of its own it may have missed us."""
        if message.payload == _ONLINE:
            self.show()

    def show(self) -> bool:
        """Publish the description, or take back what an earlier configuration has shown. False: try again."""
        journal, bus, topic = self._journal, self._bus, self._topic
        try:
            is_shown = journal.state(_STATE) is not None
            if self._described is not None:
                if not is_shown:
                    journal.save_state(_STATE, "shown")
                return bus.publish(topic, dump_json(discovery(self._described)), retain=True)
            if is_shown:
                if not bus.publish(topic, b"", retain=True):
                    return False
                journal.save_state(_STATE, None)
        except StoreError as error:
            self._controller.reporter.trouble("store", str(error))
            return False
        return True

    def receive(self, message: Message) -> None:
        """Unlock. Nothing that arrives makes it raise."""
        if message.payload == LOCK:
            return  # it locks by itself
        if message.payload != UNLOCK:
            self._refuse("malformed")
        elif message.retain or message.qos:
            self._refuse("may_be_late")
        elif self._controller.door.is_unlocked:
            logger.info("Home Assistant asks to unlock a door that is unlocked")
        else:
            self._unlock()

    def _unlock(self) -> None:
        command = self._new_id()
        try:
            ruling = self._controller.commanded(command, None, lambda ruling: _ack(ruling).to_json())
        except (AlreadyCommitted, StoreError) as error:
            logger.warning("an unlock that Home Assistant asked for cannot be recorded: %s", error)
            self._controller.reporter.trouble("store", str(error))
            return
        body: dict[str, Json] = {"command": command, "granted": ruling.granted, "reason": ruling.reason.value}
        self._controller.reporter.report(EventClass.AUDIT, "audit.home_assistant", body)

    def _refuse(self, reason: str) -> None:
        untold = self._rarely.ask(reason, self._clocks.monotonic())
        if untold is not None:
            logger.warning("refused what came for Home Assistant: %s", reason)
            body: dict[str, Json] = {"reason": reason, "unreported": untold}
            self._controller.reporter.report(EventClass.SYSTEM, "system.command_refused", body)


def join(outpost: Outpost, station: Station) -> None:
    wanted = outpost.settings.home_assistant
    desk = HomeAssistantDesk(
        outpost.topics.discovery,
        _described(outpost, station) if wanted.discovery else None,
        bus=outpost.bus,
        journal=outpost.journal,
        controller=outpost.controller,
        clocks=outpost.clocks,
        new_id=outpost.new_id,
    )
    outpost.levels.append(desk.show)
    if wanted.discovery:
        _hear(outpost, DISCOVERY_BIRTH, desk.born)
    if wanted.allow_unlock:
        logger.warning("Home Assistant may unlock the door: its commands are not signed and do not expire")
        _hear(outpost, outpost.topics.home_assistant, desk.receive)


def _hear(outpost: Outpost, topic: str, receive: Callable[[Message], None]) -> None:
    outpost.routes.add([topic], lambda message: outpost.tell(BusMessage(message, receive)))


def _described(outpost: Outpost, station: Station) -> Described:
    settings = outpost.settings
    return Described(
        topics=outpost.topics,
        door=settings.door.name,
        version=version("ostiary"),
        wired=station.wired,
        follows_gallery=settings.fleet.gallery is not None,
        health_s=settings.fleet.health_s,
        allow_unlock=settings.home_assistant.allow_unlock,
    )


def _ack(ruling: Ruling) -> Ack:
    return Ack(AckStatus.SUCCEEDED if ruling.granted else AckStatus.REJECTED, ruling.reason.value)
