"""Where each kind of message goes: the topics of one device below `ostiary/1/{site}/`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from edge.core.events import EventClass
from edge.errors import SettingsError

ROOT = "ostiary/1"
_LEVEL = re.compile(r"[a-z0-9-]{1,64}")


@dataclass(frozen=True, slots=True)
class Topics:
    """The topics of device `dev` at `site`. Raises SettingsError for an id that is no topic level."""

    site: str
    dev: str

    def __post_init__(self) -> None:
        level(self.site, "site")
        level(self.dev, "device")

    @property
    def state(self) -> str:
        return f"{self._base}/state"

    @property
    def info(self) -> str:
        return f"{self._base}/info"

    @property
    def cmd(self) -> str:
        return f"{self._base}/cmd"

    @property
    def cmd_ack(self) -> str:
        return f"{self._base}/cmd-ack"

    def event(self, kind: EventClass) -> str:
        return f"{self._base}/evt/{kind.value}"

    def door_state(self, door: str) -> str:
        return f"{self._base}/door/{level(door, 'door')}/state"

    @property
    def _base(self) -> str:
        return f"{ROOT}/{self.site}/d/{self.dev}"


def level(value: str, what: str) -> str:
    """Return `value` if it can be one level of a topic, else raise SettingsError."""
    if _LEVEL.fullmatch(value):
        return value
    raise SettingsError(f"{what} id {value!r} cannot be part of a topic; use 1 to 64 of a-z, 0-9 and -")
