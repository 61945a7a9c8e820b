"""Where each kind of message goes, below `ostiary/1/{site}/`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from edge.core.events import EventClass
from edge.core.roles import Scope
from edge.errors import SettingsError

ROOT = "ostiary/1"
DISCOVERY_BIRTH = "homeassistant/status"
_LEVEL = re.compile(r"[a-z0-9-]{1,64}")


@dataclass(frozen=True, slots=True)
class SiteTopics:
    """What a whole site shares, and the filters of whoever listens to all of it.

    Raises SettingsError for an id that is no topic level.
    """

    site: str

    def __post_init__(self) -> None:
        level(self.site, "site")

    def device(self, dev: str) -> Topics:
        return Topics(self.site, dev)

    @property
    def every_device(self) -> str:
        """A filter for all that devices say: `ostiary/1/{site}/d/+/#`."""
        return f"{self._base}/d/+/#"

    def each(self, leaf: str) -> str:
        """A filter for one kind of message of every device, e.g. `each("cmd-ack")`."""
        return f"{self._base}/d/+/{leaf}"

    @property
    def all_cmd(self) -> str:
        return f"{self._base}/all/cmd"

    def group_cmd(self, group: str) -> str:
        return f"{self._base}/g/{level(group, 'group')}/cmd"

    @property
    def keys(self) -> str:
        """The retained, root-signed list of keys."""
        return f"{self._base}/keys"

    def head(self, gallery: str) -> str:
        return f"{self._base}/gal/{level(gallery, 'gallery')}/head"

    def delta(self, gallery: str, to: int | str) -> str:
        """to: the version a delta leads to; `+` for a filter."""
        return f"{self._base}/gal/{level(gallery, 'gallery')}/delta/{to}"

    @property
    def hub_state(self) -> str:
        return f"{self._base}/hub/state"

    @property
    def hub_cmd(self) -> str:
        """Signed requests to the hub; the answer goes to `hub_ack` of who asked."""
        return f"{self._base}/hub/cmd"

    def hub_ack(self, client: str) -> str:
        return f"{self._base}/hub/ack/{client if client == '+' else level(client, 'client')}"

    def dev_of(self, topic: str) -> str | None:
        """The device that a topic `…/d/{dev}/…` of this site belongs to; None for another topic."""
        before = f"{self._base}/d/"
        if not topic.startswith(before):
            return None
        dev, slash, _ = topic[len(before) :].partition("/")
        return dev if slash and _LEVEL.fullmatch(dev) else None

    def leaf_of(self, topic: str) -> str:
        """What follows the device: `cmd-ack`, `evt/access`, `gal/chunk/7/3`; empty for another topic."""
        dev = self.dev_of(topic)
        return "" if dev is None else topic[len(f"{self._base}/d/{dev}/") :]

    def scope_of(self, topic: str) -> Scope | None:
        """Whom a command on this topic addresses; None when it is no topic for commands to devices."""
        if topic == self.all_cmd:
            return Scope.ALL
        if re.fullmatch(rf"{re.escape(self._base)}/g/{_LEVEL.pattern}/cmd", topic):
            return Scope.GROUP
        if self.leaf_of(topic) == "cmd":
            return Scope.DEVICE
        return None

    @property
    def _base(self) -> str:
        return f"{ROOT}/{self.site}"


@dataclass(frozen=True, slots=True)
class Topics:
    """The topics of device `dev` at `site`. Raises SettingsError for an id that is no topic level."""

    site: str
    dev: str

    def __post_init__(self) -> None:
        level(self.site, "site")
        level(self.dev, "device")

    @property
    def shared(self) -> SiteTopics:
        return SiteTopics(self.site)

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

    @property
    def event_ack(self) -> str:
        return f"{self._base}/evt-ack"

    def door_state(self, door: str) -> str:
        return f"{self._base}/door/{level(door, 'door')}/state"

    @property
    def config_desired(self) -> str:
        return f"{self._base}/cfg/desired"

    @property
    def config_reported(self) -> str:
        return f"{self._base}/cfg/reported"

    @property
    def gallery_request(self) -> str:
        return f"{self._base}/gal/req"

    @property
    def gallery_ack(self) -> str:
        return f"{self._base}/gal/ack"

    @property
    def gallery_offer(self) -> str:
        """What was enrolled here, for the hub."""
        return f"{self._base}/gal/offer"

    @property
    def gallery_delta(self) -> str:
        """Deltas that this device asked for."""
        return f"{self._base}/gal/delta"

    def chunk(self, transfer: str, index: int | str) -> str:
        """One piece of a file, as it is; `+` and `+` for a filter."""
        return f"{self._base}/gal/chunk/{transfer}/{index}"

    @property
    def job_next(self) -> str:
        return f"{self._base}/job/next"

    def job_update(self, job: str) -> str:
        return f"{self._base}/job/{job if job == '+' else level(job, 'job')}/update"

    @property
    def health(self) -> str:
        return f"{self._base}/tele/health"

    def log(self, severity: str) -> str:
        return f"{self._base}/log/{level(severity, 'level')}"

    @property
    def discovery(self) -> str:
        """Where Home Assistant looks for the description of this device."""
        return f"homeassistant/device/{self.dev}/config"

    @property
    def home_assistant(self) -> str:
        """What Home Assistant asks for, where it may; neither signed nor with an end."""
        return f"{self._base}/ha/set"

    @property
    def _base(self) -> str:
        return f"{ROOT}/{self.site}/d/{self.dev}"


def level(value: str, what: str) -> str:
    """Return `value` if it can be one level of a topic, else raise SettingsError."""
    if _LEVEL.fullmatch(value):
        return value
    raise SettingsError(f"{what} id {value!r} cannot be part of a topic; use 1 to 64 of a-z, 0-9 and -")
