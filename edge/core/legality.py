"""What may be an id, a name, a tag or a description. No message repeats a name or a description."""

from __future__ import annotations

import re
from collections.abc import Sequence

from edge.core.limits import GalleryLimits
from edge.core.person import Group, Person, RecordedGender
from edge.errors import OstiaryError
from edge.refusals import (
    FieldNameIllegal,
    FieldNameTooLong,
    FieldRepeated,
    GenderIllegal,
    GroupIdIllegal,
    GroupIdTooLong,
    GroupNameIllegal,
    GroupNameTooLong,
    GroupTagIllegal,
    GroupTagTooLong,
    ParameterMissing,
    PersonIdIllegal,
    PersonIdTooLong,
    PersonNameIllegal,
    PersonNameTooLong,
    TooManyFields,
    ValueIllegal,
    ValueTooLong,
)

_ID = re.compile(r"[A-Za-z0-9%@#&_-]+")
_FIELD = re.compile(r"[A-Za-z0-9_-]+")


def check_person_id(identifier: str, limits: GalleryLimits) -> None:
    """Raises ParameterMissing, PersonIdIllegal, PersonIdTooLong."""
    _check_id("person", identifier, limits.id_length, PersonIdIllegal, PersonIdTooLong)


def check_group_id(identifier: str, limits: GalleryLimits) -> None:
    """Raises ParameterMissing, GroupIdIllegal, GroupIdTooLong."""
    _check_id("group", identifier, limits.id_length, GroupIdIllegal, GroupIdTooLong)


def check_person_text(person: Person, limits: GalleryLimits) -> None:
    """Refuse a name, a tag or a gender that may not be stored.

    Raises PersonNameIllegal, PersonNameTooLong (a person's tag is refused as a name is) and GenderIllegal.
    """
    _check_text("name", person.name, limits.name_length, PersonNameIllegal, PersonNameTooLong)
    _check_text("tag", person.tag, limits.tag_length, PersonNameIllegal, PersonNameTooLong)
    gender(person.gender)


def gender(number: int) -> RecordedGender:
    """Raises GenderIllegal."""
    try:
        return RecordedGender(number)
    except ValueError:
        raise GenderIllegal(
            f"gender {number} is not known; use 0 (not said), 1 (male) or 2 (female)"
        ) from None


def check_group_text(group: Group, limits: GalleryLimits) -> None:
    """Raises ParameterMissing, GroupNameIllegal, GroupNameTooLong, GroupTagIllegal, GroupTagTooLong."""
    if not group.name:
        raise ParameterMissing("the group's name is empty; give one")
    _check_text("group's name", group.name, limits.name_length, GroupNameIllegal, GroupNameTooLong)
    _check_text("group's tag", group.tag, limits.tag_length, GroupTagIllegal, GroupTagTooLong)


def check_fields(fields: Sequence[str], limits: GalleryLimits) -> None:
    """Refuse custom description fields a group may not have.

    Raises TooManyFields, FieldNameIllegal, FieldNameTooLong, FieldRepeated.
    """
    if len(fields) > limits.fields:
        raise TooManyFields(f"{len(fields)} description fields; a group may have {limits.fields}")
    for field in fields:
        if _FIELD.fullmatch(field) is None:
            raise FieldNameIllegal(
                f"description field {field[:40]!a} is not allowed; use the characters A-Z a-z 0-9 - _"
            )
        if len(field) > limits.field_length:
            raise FieldNameTooLong(
                f"description field {field[:40]}... has {len(field)} characters; use at most"
                f" {limits.field_length}"
            )
    for field in fields:
        if fields.count(field) > 1:
            raise FieldRepeated(f"description field {field} is named twice; name each once")


def check_description(text: str, limits: GalleryLimits) -> None:
    """Raises ValueIllegal, ValueTooLong."""
    _check_text("description", text, limits.value_length, ValueIllegal, ValueTooLong)


def _check_id(
    whose: str, identifier: str, longest: int, illegal: type[OstiaryError], too_long: type[OstiaryError]
) -> None:
    if not identifier:
        raise ParameterMissing(f"the id of a {whose} is empty; give 1 to {longest} characters")
    if _ID.fullmatch(identifier) is None:
        raise illegal(
            f"{whose} id {identifier[:80]!a} is not allowed; use 1 to {longest} of the characters"
            " A-Z a-z 0-9 - % @ # & _"
        )
    if len(identifier) > longest:
        raise too_long(
            f"{whose} id {identifier[:20]}... has {len(identifier)} characters; use 1 to {longest}"
        )


def _check_text(
    what: str, text: str, longest: int, illegal: type[OstiaryError], too_long: type[OstiaryError]
) -> None:
    if not text.isprintable():
        raise illegal(f"the {what} has characters that cannot be shown; leave them out")
    if len(text) > longest:
        raise too_long(f"the {what} has {len(text)} characters; use at most {longest}")
