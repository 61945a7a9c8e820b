"""Orders for one device, a group or all, and what everybody answered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from edge.core.authorization import TO_OPEN_ALL, WHY, Denial
from edge.core.door_orders import DOOR_ORDERS
from edge.core.events import Json
from edge.core.roles import Role, roles_for
from edge.errors import RequestRefused
from edge.hub.asking import needed
from edge.hub.console import Answer, Console
from edge.hub.fleet_view import UNKNOWN, Device, FleetView, look
from edge.mqtt.topics import level

OFFLINE, NO_ANSWER = "offline", "no_answer"
_UNREACHED = (OFFLINE, UNKNOWN)
_SPARE_S, _LONGEST_S = 5.0, 29.0
"""An order about a door is refused when it is valid for longer than 30 s."""


@dataclass(frozen=True, slots=True)
class Target:
    """Devices by name, a group, or all: exactly one of them."""

    devices: tuple[str, ...] = ()
    group: str | None = None
    everybody: bool = False

    @classmethod
    def of(cls, devices: Sequence[str] | None, group: str | None, everybody: bool) -> Target:
        """Raises RequestRefused unless exactly one is given, SettingsError for what is no id."""
        if sum((bool(devices), group is not None, everybody)) != 1:
            raise RequestRefused("say whom it is for: ids of devices, --group GROUP, or --all")
        for dev in devices or ():
            level(dev, "device")
        if group is not None:
            level(group, "group")
        return cls(tuple(dict.fromkeys(devices or ())), group, everybody)

    def as_scope(self) -> dict[str, Json]:
        """As requests to the hub name it."""
        if self.everybody:
            return {"all": True}
        return {"group": self.group} if self.group is not None else {"devices": [*self.devices]}


@dataclass(slots=True)
class Result:
    """What one device made of an order. status: `no_answer` where none came, `offline` where none can,
    `unknown` of a device that never was at this site."""

    dev: str
    status: str = NO_ANSWER
    reason: str | None = None
    detail: dict[str, Json] = field(default_factory=dict)
    after_s: float | None = None

    @property
    def is_good(self) -> bool:
        return self.status == "succeeded"

    @property
    def is_unauthorized(self) -> bool:
        return self.reason == "auth"

    def note(self, answer: Answer) -> None:
        ack = answer.ack
        self.status, self.reason, self.detail = ack.status.value, ack.reason, dict(ack.detail)
        self.after_s = answer.after_s

    def as_json(self) -> dict[str, Json]:
        waited = None if self.after_s is None else round(self.after_s * 1000)
        return {
            "dev": self.dev,
            "status": self.status,
            "reason": self.reason,
            "detail": self.detail,
            "after_ms": waited,
        }


def deliver(
    console: Console,
    target: Target,
    type_: str,
    body: dict[str, Json],
    *,
    wait_s: float,
    progress: Callable[[int, int], None],
) -> list[Result]:
    """Send an order and collect the answers, in the order of the devices' ids.

    wait_s: for answers, and a little longer it is valid. progress: told how many have answered, of how many.
    A device that is not connected is not waited for, and if it was named is sent nothing: nobody expects its
    door to open a while later. Raises RequestRefused when nobody is there to hear it, BrokerUnavailable,
    MessageMalformed.
    """
    view = look(console)
    results = {one.dev: _before(one) for one in _expected(view, target)}
    waiting = {dev for dev, result in results.items() if result.status not in _UNREACHED}
    valid_s = min(wait_s + _SPARE_S, _LONGEST_S)
    if target.devices:
        orders = [send(console, one, type_, body, valid_s) for one in view.named(sorted(waiting))]
    else:
        orders = [console.order(_shared(console, target), type_, body, valid_s)]
    for answer in console.answers(orders, wait_s):
        if answer is not None:
            results.setdefault(answer.dev, Result(answer.dev)).note(answer)
            waiting.discard(answer.dev)
        progress(len(results) - len(waiting), len(results))
        if not waiting:
            break
    return [results[dev] for dev in sorted(results)]


def send(console: Console, device: Device, type_: str, body: dict[str, Json], valid_s: float) -> str:
    """Give one device an order, and return its id. Raises as `Console.order`.

    A device that does not know the time cannot tell whether an order is still valid: one about a door
    repeats what it asks for, any other has no end.
    """
    topic = console.topics.device(device.dev).cmd
    if device.nonce is None:
        return console.order(topic, type_, body, valid_s)
    if type_ in DOOR_ORDERS:
        return console.order(topic, type_, {**body, "nonce": device.nonce}, valid_s)
    return console.order(topic, type_, body, None)


def advice(results: Sequence[Result], type_: str, target: Target) -> str | None:
    """What helps against the commonest refusal, in one line; None when it was not that."""
    refused = next((one for one in results if one.is_unauthorized), None)
    if refused is None:
        return None
    why = refused.detail.get("text")
    if (
        why != WHY[Denial.SIGNATURE]
        and target.everybody
        and Role.EMERGENCY in roles_for(type_)
        and type_.startswith("door.")
    ):
        return (
            f"what opens every door takes {TO_OPEN_ALL} keys with the role emergency: one of your own, and"
            " --cosign FILE; a group takes one of an operator"
        )
    return needed(type_, why)


def _before(device: Device) -> Result:
    """As it is as long as nothing was answered."""
    if device.is_there:
        return Result(device.dev)
    if device.state == UNKNOWN:
        return Result(device.dev, UNKNOWN, reason="never_heard_of")
    return Result(device.dev, OFFLINE, reason=device.state)


def _expected(view: FleetView, target: Target) -> list[Device]:
    found = view.named(target.devices) if target.devices else view.devices(target.group)
    if not target.devices and not any(one.is_there for one in found):
        where = "at this site" if target.group is None else f"in the group {target.group}"
        raise RequestRefused(f"no device {where} is connected; see 'ostiary fleet list'")
    return found


def _shared(console: Console, target: Target) -> str:
    """The topic of all whom it is for."""
    topics = console.topics
    return topics.all_cmd if target.group is None else topics.group_cmd(target.group)
