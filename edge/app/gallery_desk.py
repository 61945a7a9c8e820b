"""Carry out commands about people, their faces and groups."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeAlias, assert_never

from edge.app.keepers import Keepers
from edge.app.order_results import OrderDone
from edge.core.ack import Ack, AckStatus
from edge.core.commands import Command
from edge.core.envelope import to_timestamp
from edge.core.events import Json
from edge.core.face import PersonId
from edge.core.face_orders import DeleteFaces, ListFaces
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
from edge.core.person import FaceId, FaceRecord, GroupId, Person, Version
from edge.service.groups import GroupKeeper
from edge.service.people import PersonInfo

STALE_S = 120.0
"""A group of a million people takes its time."""
PeopleOrder: TypeAlias = GalleryOrder | ListFaces | DeleteFaces
"""What needs no network."""


def carry_out(keepers: Keepers, command: Command) -> OrderDone:
    """Do what an order says. What raises an error of ours has changed nothing."""
    order = command.order
    if not isinstance(order, PeopleOrder):
        raise TypeError(f"{command.type} is not about people")
    detail = _do(keepers, command, order)
    reads = isinstance(order, ListGroups | ListPeople | ShowPerson | ListFaces)
    ack = Ack(AckStatus.SUCCEEDED, None, detail)
    return OrderDone(command, ack, audit=None if reads else "audit.gallery_changed")


def _do(keepers: Keepers, command: Command, order: PeopleOrder) -> dict[str, Json]:
    match order:
        case ListGroups(offset, limit):
            page = keepers.groups.list(offset, limit)
            return {"total": page.total, "groups": [one.id for one in page.rows]}
        case ListPeople():
            return _listed(keepers, order)
        case ShowPerson(person):
            return _shown(keepers.people.show(PersonId(person)))
        case ListFaces():
            return _faces(keepers, order)
        case DeleteFaces(person, gone):
            keepers.people.erase_faces(PersonId(person), [FaceId(face) for face in gone])
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
        case RevokePerson(person=person):
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


def _faces(keepers: Keepers, order: ListFaces) -> dict[str, Json]:
    """Where a picture came from is left out: the name of its file may be that of the person."""
    known = keepers.people.faces(PersonId(order.person))
    chosen = known[order.offset : order.offset + order.limit]
    return {"total": len(known), "faces": [_face(one) for one in chosen]}


def _face(face: FaceRecord) -> dict[str, Json]:
    return {"face": face.id, "quality": round(face.quality, 3), "added": to_timestamp(face.added)}


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
