"""An order to one device whose answer is what is wanted: its log, a picture."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable

from edge.core.ack import AckStatus
from edge.core.events import Json
from edge.errors import BrokerUnavailable, MessageMalformed, RequestRefused
from edge.hub.asking import refusal
from edge.hub.console import Answer, Console, Heard
from edge.hub.fleet_view import UNKNOWN, look
from edge.hub.ordering import send

HEARS = ("state",)
"""What has to be heard of devices to know whether they are there."""


def told_by(
    console: Console,
    dev: str,
    type_: str,
    body: dict[str, Json],
    within_s: float,
    *,
    aside: Callable[[Heard], None] = lambda heard: None,
) -> Answer:
    """Give a device an order and return its answer. aside: is given what else is heard meanwhile.

    Raises RequestRefused when the device is not there or refuses, BrokerUnavailable when it does not answer,
    MessageMalformed as `aside` does.
    """
    (device,) = look(console).named([dev])
    if not device.is_there:
        state = "was never heard of" if device.state == UNKNOWN else f"is {device.state}"
        raise RequestRefused(f"{dev} {state}; see 'ostiary fleet list'")
    order = send(console, device, type_, body, within_s)
    for heard in console.heard(within_s):
        if heard is None or heard.dev != dev:
            continue
        answer = console.answer(heard)
        if answer is None or answer.order != order:
            aside(heard)
        elif answer.ack.status is AckStatus.SUCCEEDED:
            return answer
        elif answer.ack.status.is_final:
            raise RequestRefused(refusal(dev, type_, answer.ack))
    raise BrokerUnavailable(f"{dev} did not answer within {within_s:g} s; see 'ostiary fleet list'")


def decoded(data: Json) -> bytes:
    """Bytes that travelled as base64. Raises MessageMalformed."""
    try:
        return base64.b64decode(data if isinstance(data, str) else "?", validate=True)
    except (binascii.Error, ValueError):
        raise MessageMalformed("what the device sent is not base64; ask again") from None
