"""How people are shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from edge.cli.paging import minute, print_page

if TYPE_CHECKING:
    from edge.core.person import FaceRecord
    from edge.service.people import PersonInfo

GENDERS = {0: "not said", 1: "male", 2: "female"}


def person_row(info: PersonInfo) -> dict[str, Any]:
    """What is known of a person, without the faces themselves."""
    person = info.person
    return {
        "id": person.id,
        "name": person.name,
        "gender": int(person.gender),
        "tag": person.tag,
        "groups": list(info.groups),
        "descriptions": [
            {"group": one.group, "field": one.field, "text": one.text} for one in info.descriptions
        ],
        "faces": len(info.faces),
        "valid_from": person.valid_from and person.valid_from.isoformat(),
        "valid_until": person.valid_until and person.valid_until.isoformat(),
        "revoked": person.revoked,
    }


def face_row(face: FaceRecord) -> dict[str, Any]:
    return {
        "id": face.id,
        "added": face.added.isoformat(),
        "quality": round(face.quality, 3),
        "source": face.source,
    }


def print_people(rows: Sequence[dict[str, Any]], total: int) -> None:
    """Print what `person_row` made as a table. total: how many there are in all."""
    shown = [{**row, "valid": validity(row)} for row in rows]
    columns = ("id", "name", "groups", "faces", "valid")
    print_page(shown, columns, f"{len(rows)} of {total} people")


def print_faces(rows: Sequence[dict[str, Any]]) -> None:
    """Print what `face_row` made as a table."""
    shown = [{**row, "face": row["id"], "added (UTC)": minute(row["added"])} for row in rows]
    print_page(shown, ("face", "added (UTC)", "quality", "source"), None)


def validity(row: dict[str, Any]) -> str:
    """When a person may enter, in a few words."""
    if row["revoked"]:
        return "revoked"
    if not row["valid_from"] and not row["valid_until"]:
        return "always"
    return f"{minute(row['valid_from'] or '…')} to {minute(row['valid_until'] or '…')}"
