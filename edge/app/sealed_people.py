"""People of the fleet's gallery: sealed here before they leave, and opened here to be shown."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from edge.app import wiring
from edge.core.envelope import to_timestamp
from edge.core.events import Json
from edge.core.face import ModelId
from edge.core.frame import Image
from edge.core.gallery_rows import FaceRow, PersonRow, Secrets, about, read_row, written
from edge.core.person import EnrolledFace, FaceId, FaceRecord, GroupId, Person, PersonRecord
from edge.errors import PoorQuality, SettingsError
from edge.keys.cipher import seal, unseal
from edge.keys.files import decoded_secret
from edge.service.examination import SortedPictures, sort_pictures
from edge.service.gallery_offer import offer_of
from edge.settings import Settings

_ID_DIGITS = 32


@dataclass(frozen=True, slots=True)
class SealedPerson:
    """ops: the puts of the person and of a face for each picture that can be enrolled. model: of the faces.
    refused: the other pictures, each with the reason."""

    ops: list[Json]
    model: ModelId
    refused: list[tuple[str, str]]


def sealed_person(
    settings: Settings,
    gallery: str,
    person: Person,
    groups: Sequence[GroupId],
    pictures: Sequence[Path],
    progress: Callable[[int, int], None],
) -> SealedPerson:
    """Look at the pictures of a person.

    A face is named by its picture, so that the same picture is the same face when it is put again. progress:
    told pictures done, of how many. Raises SettingsError without the gallery's key, PoorQuality when no
    picture can be used, ModelError.
    """
    shut = partial(seal, _key(settings))
    found = _examined(settings, pictures, progress)
    refused = [(one.source, one.reason) for one in found.refused]
    if not found.accepted:
        what = "; ".join(f"{source}: {reason}" for source, reason in refused)
        raise PoorQuality(f"no picture can be used: {what or 'give one of this person'}")
    faces = tuple(
        EnrolledFace(
            FaceRecord(_named(Path(source)), person.id, person.created, examined.quality.score, ""),
            (examined.embedding,),
        )
        for source, examined in found.accepted
    )
    model = faces[0].templates[0].model
    offer = offer_of(PersonRecord(person, tuple(groups), faces), gallery, model, shut)
    return SealedPerson([written(row) for row in offer.rows], model, refused)


def opened_people(settings: Settings, gallery: str, rows: Iterable[dict[str, Json]]) -> list[dict[str, Json]]:
    """People as a table shows them, in the order of their rows. rows: of the gallery, as the hub has them.

    Raises SettingsError without the gallery's key, SealBroken where it is not the one, MessageMalformed.
    """
    key = _key(settings)
    found: dict[str, dict[str, Json]] = {}
    faces: Counter[str] = Counter()
    for each in rows:
        row = read_row(each)
        faces[row.person] += isinstance(row, FaceRow)
        if isinstance(row, PersonRow):
            name = Secrets.from_bytes(unseal(key, row.sealed, about(gallery, row.person))).name
            found[row.person] = {"person": row.person, "name": name, "groups": [*row.groups]}
            found[row.person] |= {"valid_from": _day(row.valid_from), "valid_until": _day(row.valid_until)}
            found[row.person] |= {"revoked": row.revoked}
    return [{**told, "faces": faces[person]} for person, told in found.items()]


def _key(settings: Settings) -> bytes:
    """Raises SettingsError."""
    secret = settings.fleet.gallery_key
    if secret is None:
        raise SettingsError(
            "fleet.gallery_key is not set, and without it nobody's data is sealed or opened; it is among the"
            " credentials of operators with the role gallery"
        )
    return decoded_secret(secret.get_secret_value(), "fleet.gallery_key")


def _day(moment: datetime | None) -> str | None:
    return None if moment is None else to_timestamp(moment)


def _examined(
    settings: Settings, pictures: Sequence[Path], progress: Callable[[int, int], None]
) -> SortedPictures:
    """What of the pictures can be enrolled; the people of this device do not matter."""
    from edge.vision.image import load_picture

    def loaders() -> Iterator[tuple[str, Callable[[], Image]]]:
        for done, path in enumerate(pictures):
            progress(done, len(pictures))
            yield str(path), partial(load_picture, path)

    with TemporaryDirectory(prefix="ostiary-") as folder:
        apart = settings.model_copy(
            update={"store": settings.store.model_copy(update={"folder": Path(folder)})}
        )
        with (
            wiring.open_roster(apart) as roster,
            wiring.open_models(apart) as models,
            wiring.open_index(apart, models.embedder.model) as index,
        ):
            enroller = wiring.enroller(apart, models, roster.gallery, index)
            return sort_pictures(loaders(), enroller.examine, ())


def _named(picture: Path) -> FaceId:
    return FaceId(hashlib.sha256(picture.read_bytes()).hexdigest()[:_ID_DIGITS])
