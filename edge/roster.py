"""What Ostiary needs from those who keep the people, as protocols; `store` implements them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from edge.core.face import Embedding, ModelId, PersonId
from edge.core.gallery_sync import Changing, Delta, Have, Head, Mark, SnapshotRef
from edge.core.person import (
    Description,
    FaceId,
    FaceRecord,
    Group,
    GroupId,
    GroupSize,
    Person,
    PersonRecord,
    Version,
)


class Gallery(Protocol):
    """The people the door may know. Every method may raise StoreError.

    People whom the hub of a fleet manages can be revoked; every other change of them raises PersonIsManaged.
    """

    def revision(self) -> int:
        """A number that grows with every change, by whichever process made it."""

    def version(self, person: PersonId) -> Version:
        """Which version of a person is known; 0 when nobody is known under that id."""

    def require_version(self, person: PersonId, seen: Version) -> None:
        """Inside `together`: nobody else has changed the person since. Raises PersonConflict."""

    def together(self) -> AbstractContextManager[None]:
        """Make what is changed inside it durable at once, or not at all."""

    def count(self) -> int:
        """How many people there are."""

    def add_person(self, person: Person) -> None:
        """Raises PersonExists, and what the checks of an id, a name, a tag and a gender raise."""

    def update_person(self, person: Person) -> None:
        """Replace all but id and creation. Raises PersonNotFound, and as `add_person`."""

    def remove_person(self, person: PersonId) -> None:
        """Erase a person with faces and templates. Raises PersonNotFound."""

    def remove_people(self, wanted: Sequence[PersonId]) -> None:
        """Erase people as `remove_person` does, many in steps.

        Raises PersonNotFound, before anybody is erased.
        """

    def person(self, person: PersonId) -> Person:
        """Raises PersonNotFound."""

    def people(self, offset: int = 0, limit: int = 100) -> list[Person]:
        """A page of the people in the order of their ids."""

    def add_face(
        self, person: PersonId, embedding: Embedding, *, quality: float, source: str, at: datetime
    ) -> FaceRecord:
        """Enroll one more face.

        Raises PersonNotFound, TooManyFaces, TooManyFacesInGroup, TooManyFacesInAll.
        """

    def add_template(self, face: FaceId, embedding: Embedding) -> None:
        """Give an enrolled face the template of another model. Raises FaceNotFound."""

    def remove_faces(self, person: PersonId, wanted: Sequence[FaceId]) -> None:
        """Erase faces of a person, but not the last. Raises PersonNotFound, FaceNotFound, LastFace."""

    def faces(self, person: PersonId) -> list[FaceRecord]:
        """The faces of a person, in the order they were added. Raises PersonNotFound."""

    def record(self, person: PersonId) -> PersonRecord:
        """Everything known of a person, with the templates. Raises PersonNotFound."""

    def models(self) -> dict[ModelId, int]:
        """How many templates there are of each model."""

    def waiting(self, model: ModelId) -> list[PersonId]:
        """Who has faces but no template of a model, and is so compared with nobody; in the order of ids."""

    def prune(self, model: ModelId) -> int:
        """Erase the templates of other models of everybody who has one of this, and their faces that have
        none. Returns how many templates."""

    def put(self, records: Sequence[PersonRecord], groups: Sequence[Group] = ()) -> None:
        """Store people with all that belongs to them, or none of it; known ones are replaced."""

    def export(self) -> Iterator[PersonRecord]:
        """Everything known of everybody, in the order of their ids."""


class Groups(Protocol):
    """Who is in which group, and what the groups say of them. Every method may raise StoreError.

    What is changed inside the gallery's `together` belongs to that. Every method that names a group raises
    GroupNotFound, and GroupBeingDeleted from the moment its deletion has begun. Nobody whom the hub of a
    fleet manages joins or leaves a group here, nor goes with one: PersonIsManaged.
    """

    def add(self, group: Group) -> None:
        """Raises GroupExists, GroupNameExists, TooManyGroups, and what the checks of texts raise."""

    def update(self, group: Group, renamed: Mapping[str, str] | None = None) -> None:
        """Replace name, tag and fields. renamed: old to new names of fields that keep their descriptions.

        Raises GroupNameExists, FieldNotFound, FieldExists, and what the checks of texts raise.
        """

    def remove(self, group: GroupId, *, with_people: bool = False) -> None:
        """Delete a group, with the people who are in no other one, or without; harmless when begun before."""

    def group(self, group: GroupId) -> Group: ...

    def all(self, offset: int = 0, limit: int = -1) -> list[Group]:
        """A page of the groups in the order of their ids; a limit of -1 is none."""

    def count(self) -> int:
        """How many groups there are."""

    def size(self, group: GroupId) -> GroupSize: ...

    def join(self, group: GroupId, *newcomers: PersonId) -> int:
        """Put people into a group; harmless for those in it. Returns how many joined.

        Raises PersonNotFound, TooManyPeopleInGroup, TooManyGroupsOfPerson, TooManyFacesInGroup; then
        nobody joined.
        """

    def copy(self, source: GroupId, targets: Sequence[GroupId]) -> int:
        """Put everybody of a group into others, in steps. Returns how many memberships that made.

        Raises TooManyPeopleInGroup, TooManyGroupsOfPerson, TooManyFacesInGroup; then nobody joined, unless
        others joined meanwhile.
        """

    def leave(self, group: GroupId, person: PersonId) -> bool:
        """Take a person out of a group; whether it was in it."""

    def members(self, group: GroupId, offset: int = 0, limit: int = -1) -> list[PersonId]:
        """A page of the people in a group, in the order of their ids; a limit of -1 is none."""

    def of(self, person: PersonId) -> list[GroupId]:
        """The groups a person is in, in the order of their ids."""

    def describe(self, group: GroupId, person: PersonId, texts: Mapping[str, str]) -> None:
        """Write what fields of the group say of a person in it; an empty text removes what was there.

        Raises MembershipNotFound, FieldNotFound, ValueIllegal, ValueTooLong.
        """

    def descriptions(self, person: PersonId) -> Sequence[Description]:
        """All that groups say of a person, by group and in the order of their fields."""


class SyncedGallery(Protocol):
    """The copy of a gallery of the hub that a device follows. Belongs to one thread.

    Every method may raise StoreError. Where one raises, nothing has changed unless it says otherwise.
    """

    def have(self) -> Have:
        """How far the copy is. While it is `changing`, how far it was before."""

    def changing(self) -> Changing | None:
        """The snapshot that the copy is on its way to; only `replace` leads further then."""

    def apply(self, delta: Delta) -> Have:
        """Do all that a delta says, or nothing of it. Returns what there is then.

        Raises RootMismatch when it does not fit or leads to another root than it says; SealBroken,
        MessageMalformed and ModelMismatch for rows that cannot be taken.
        """

    def adopt(self, head: Head) -> Have:
        """The rows are those of a later head: take over its epoch and version. Raises RootMismatch."""

    def revoke(self, person: PersonId, mark: Mark, *, contained: bool) -> bool:
        """Refuse somebody from now on, known or not. Returns whether the person is known.

        contained: the gallery has the revocation at `mark`, and the person stays revoked until the copy is
        there; else at some later version, and the person stays revoked until its row is, or is gone.
        """

    def deny(self, people: Sequence[PersonId], mark: Mark) -> None:
        """Revoke people all together; the gallery has it, or has them no more, at `mark`."""

    def staged(self, ref: SnapshotRef) -> int:
        """How many chunks of a snapshot are here, from the first one on; also after a restart."""

    def stage(self, ref: SnapshotRef, index: int, data: bytes) -> int:
        """Keep a chunk; one that leaves a gap is passed over. Returns how many there are.

        Another snapshot that was staged is dropped. Raises MessageMalformed for a chunk of another size.
        """

    def drop_staged(self) -> None: ...

    def replace(self, target: Changing) -> None:
        """Begin, or go on, to make the copy what a staged snapshot has; `step` does it."""

    def step(self) -> float | None:
        """Do the next bit of it. Returns how long to pause before the next one, in seconds; None when done.

        Raises RootMismatch and MessageMalformed for a file that is not the snapshot: it is dropped. Raises
        SealBroken and ModelMismatch: whom the snapshot denies is denied, and `replace` begins anew.
        """

    def receipts(self, limit: int) -> Sequence[str]:
        """Whose erasure is complete and not told yet, as `gallery_rows.person_hash`."""

    def receipts_given(self, told: Sequence[str]) -> None:
        """The hub hears of these."""

    def enrolled_here(self, after: str, limit: int) -> Sequence[PersonRecord]:
        """The next people whom the hub does not manage, in the order of their ids, with their faces."""
