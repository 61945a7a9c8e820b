"""Carry out commands about people and groups, beside the door: a long one must not delay a relock."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import assert_never

from edge.app.keepers import Keepers
from edge.core.ack import Ack, AckStatus
from edge.core.commands import Command
from edge.core.events import Json
from edge.core.face import PersonId
from edge.core.gallery_orders import (
    CopyPerson,
    CreateGroup,
    CreatePerson,
    DeleteGroup,
    DeletePeople,
    GalleryOrder,
    LeaveGroup,
    ListGroups,
    ListPeople,
    ModifyGroup,
    ModifyPerson,
    RevokePerson,
    ShowPerson,
)
from edge.core.legality import gender
from edge.core.order_body import KEEP
from edge.core.person import GroupId, Person, Version
from edge.errors import OstiaryError
from edge.service.groups import GroupKeeper
from edge.service.people import PersonInfo

logger = logging.getLogger(__name__)
WAITING = 100
"""So many commands may wait; more are refused as busy."""
BEAT_S = 0.5
STALE_S = 120.0
"""A group of a million people takes its time."""


@dataclass(frozen=True, slots=True)
class GalleryDone:
    """A command about people was carried out, or refused. changed: somebody may be known differently now."""

    command: Command
    ack: Ack
    changed: bool


class GalleryDesk:
    """Takes orders from the controller's thread and carries them out on its own.

    keepers: used by that thread alone. tell: called there with every result.
    """

    def __init__(self, keepers: Keepers, tell: Callable[[GalleryDone], None]) -> None:
        self._keepers = keepers
        self._tell = tell
        self._waiting: queue.Queue[tuple[Command, GalleryOrder]] = queue.Queue(WAITING)

    def put(self, command: Command, order: GalleryOrder) -> bool:
        """Take an order. False when too many are waiting."""
        try:
            self._waiting.put_nowait((command, order))
        except queue.Full:
            return False
        return True

    def run(self, stop: threading.Event, beat: Callable[[], None]) -> None:
        """Carry out orders in the order they came, until `stop` is set."""
        while not stop.is_set():
            beat()
            try:
                command, order = self._waiting.get(timeout=BEAT_S)
            except queue.Empty:
                continue
            self._tell(carry_out(self._keepers, command, order))


def carry_out(keepers: Keepers, command: Command, order: GalleryOrder) -> GalleryDone:
    """Do what an order says. What is refused or fails has changed nothing."""
    try:
        detail = _do(keepers, command, order)
    except OstiaryError as error:
        told: dict[str, Json] = {"code": error.code, "number": error.number, "text": str(error)}
        return GalleryDone(command, Ack(AckStatus.FAILED, "refused", told), changed=False)
    reads = isinstance(order, ListGroups | ListPeople | ShowPerson)
    return GalleryDone(command, Ack(AckStatus.SUCCEEDED, None, detail), changed=not reads)


def _do(keepers: Keepers, command: Command, order: GalleryOrder) -> dict[str, Json]:
    match order:
        case ListGroups(offset, limit):
            page = keepers.groups.list(offset, limit)
            return {"total": page.total, "groups": [one.id for one in page.rows]}
        case ListPeople():
            return _listed(keepers, order)
        case ShowPerson(person):
            return _shown(keepers.people.show(PersonId(person)))
        case CreateGroup() | ModifyGroup() | DeleteGroup():
            _change_group(keepers.groups, order)
        case CreatePerson() | ModifyPerson() | RevokePerson() | CopyPerson() | LeaveGroup() | DeletePeople():
            _change_people(keepers, command, order)
        case _:
            assert_never(order)
    return {}


def _change_group(groups: GroupKeeper, order: CreateGroup | ModifyGroup | DeleteGroup) -> None:
    match order:
        case CreateGroup(group, name, tag, fields):
            groups.create(GroupId(group), name, tag=tag, fields=fields)
        case ModifyGroup(group, name, tag):
            groups.modify(
                GroupId(group), name=None if name is KEEP else name, tag=None if tag is KEEP else tag
            )
        case DeleteGroup(group, with_people):
            groups.delete(GroupId(group), with_people=with_people)


def _change_people(
    keepers: Keepers,
    command: Command,
    order: CreatePerson | ModifyPerson | RevokePerson | CopyPerson | LeaveGroup | DeletePeople,
) -> None:
    people = keepers.people
    match order:
        case CreatePerson():
            people.create(_person(order, command), [GroupId(group) for group in order.groups])
        case ModifyPerson():
            seen = None if order.version is KEEP else Version(order.version)
            people.modify(PersonId(order.person), lambda known: _modified(known, order), seen)
        case RevokePerson(person):
            people.modify(PersonId(person), lambda known: replace(known, revoked=True))
        case CopyPerson(person, into):
            people.copy(PersonId(person), [GroupId(group) for group in into])
        case LeaveGroup(person, group):
            keepers.groups.leave(GroupId(group), [PersonId(person)])
        case DeletePeople(gone):
            people.remove([PersonId(person) for person in gone])


def _listed(keepers: Keepers, order: ListPeople) -> dict[str, Json]:
    if order.group:
        page = keepers.groups.members(GroupId(order.group), order.offset, order.limit)
    else:
        page = keepers.people.list(order.offset, order.limit)
    return {"total": page.total, "people": [one.id for one in page.rows]}


def _person(order: CreatePerson, command: Command) -> Person:
    return Person(
        PersonId(order.person),
        order.name,
        command.at,
        order.valid_from,
        order.valid_until,
        gender=gender(order.gender),
        tag=order.tag,
    )


def _modified(known: Person, order: ModifyPerson) -> Person:
    return replace(
        known,
        name=known.name if order.name is KEEP else order.name,
        gender=known.gender if order.gender is KEEP else gender(order.gender),
        tag=known.tag if order.tag is KEEP else order.tag,
        valid_from=known.valid_from if order.valid_from is KEEP else order.valid_from,
        valid_until=known.valid_until if order.valid_until is KEEP else order.valid_until,
        revoked=known.revoked if order.revoked is KEEP else order.revoked,
    )


def _shown(info: PersonInfo) -> dict[str, Json]:
    """Ids, times and counts; no name, no tag and no description leaves the device."""
    person = info.person
    return {
        "person": person.id,
        "version": info.version,
        "groups": list(info.groups),
        "faces": [face.id for face in info.faces],
        "valid_from": None if person.valid_from is None else person.valid_from.isoformat(),
        "valid_until": None if person.valid_until is None else person.valid_until.isoformat(),
        "revoked": person.revoked,
    }
