"""Commands that change the device itself: its settings, and what it takes over from afar."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias

from edge.core.config_document import Layer, layer_hash, read_layer
from edge.core.events import Json
from edge.core.jobs import read_job
from edge.core.order_body import BadOrder
from edge.errors import MessageMalformed


@dataclass(frozen=True, slots=True)
class SetConfiguration:
    """Change the remote layer of this device. settings: only what changes; null takes a key out of it."""

    settings: Layer


@dataclass(frozen=True, slots=True)
class RunJob:
    """Do a job. job: the body of a `job.next`, found right."""

    job: dict[str, Json]


ChangeOrder: TypeAlias = SetConfiguration | RunJob

CHANGE_ORDERS: MappingProxyType[str, type[ChangeOrder]] = MappingProxyType(
    {"config.set": SetConfiguration, "job.run": RunJob}
)
"""The types of the commands, and what each is read into."""


def read_change_order(kind: type[ChangeOrder], body: dict[str, Json]) -> ChangeOrder:
    """Read the body of such a command. Raises BadOrder."""
    try:
        if kind is RunJob:
            read_job(body)
            return RunJob(body)
        if body.keys() != {"settings"}:
            raise BadOrder("the body must have the key settings alone")
        settings = read_layer(body["settings"], may_remove=True)
        # Fractions travel as texts, here as in a signed document.
        layer_hash(settings)
        return SetConfiguration(settings)
    except MessageMalformed as error:
        raise BadOrder(str(error)) from error
