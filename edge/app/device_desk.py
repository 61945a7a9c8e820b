"""Carry out orders about the device that need no networks: who is it, how is it, what does it say."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from edge.app import self_test
from edge.app.diagnosis import Probe
from edge.app.log_memory import LogMemory
from edge.app.log_upload import LogUpload
from edge.app.order_results import OrderDone
from edge.app.settings_shown import shown
from edge.core.ack import Ack, AckStatus
from edge.core.commands import Command
from edge.core.device_orders import GetConfiguration, Identify, SelfTest, SyncGallery, UploadLog
from edge.core.events import Json
from edge.settings import Settings

logger = logging.getLogger(__name__)
STALE_S = 60.0
"""Opening every network of a slow board once takes its time."""
ORDERS = (Identify, SelfTest, UploadLog, GetConfiguration, SyncGallery)


@dataclass(frozen=True, slots=True)
class DeviceDesk:
    """Belongs to one thread. blink: lets a lamp blink for so many seconds; None without one. checks: of the
    self-test. sync: asks the hub for the gallery now; False when none is followed."""

    settings: Settings
    memory: LogMemory
    upload: LogUpload
    checks: Callable[[], list[Probe]]
    sync: Callable[[], bool]
    blink: Callable[[float], None] | None = None

    def carry_out(self, command: Command, progress: Callable[[dict[str, Json]], None]) -> OrderDone:
        """Do what an order says; what it raises of ours is the answer."""
        match command.order:
            case Identify(seconds):
                return OrderDone(command, self._identify(seconds), audit="audit.device_identified")
            case SelfTest():
                return OrderDone(command, _done(self_test.run(self.checks(), progress)))
            case UploadLog(lines, since, level):
                found = self.memory.last(lines, since, level)
                ack = self.upload.send(command, found, progress)
                return OrderDone(command, ack, audit="audit.log_uploaded")
            case GetConfiguration(keys):
                return OrderDone(command, _done(shown(self.settings, keys)))
            case SyncGallery():
                return OrderDone(command, self._sync())
        raise TypeError(f"{command.type} is not about the device")

    def _identify(self, seconds: int) -> Ack:
        logger.warning("this is %s of %s", self.settings.device.id, self.settings.device.site)
        if self.blink is None:
            return _done({"by": "log"})
        self.blink(seconds)
        return _done({"by": "led"})

    def _sync(self) -> Ack:
        if self.sync():
            return _done({})
        text = "this device follows no gallery; set fleet.gallery and its key"
        return Ack(AckStatus.FAILED, "no_gallery", {"text": text})


def _done(detail: dict[str, Json]) -> Ack:
    return Ack(AckStatus.SUCCEEDED, None, detail)
