"""Make, change, copy, list and remove people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from edge.core.face import Embedding, PersonId
from edge.core.limits import GalleryLimits
from edge.core.person import Description, FaceId, FaceRecord, GroupId, Person, Version
from edge.core.same_picture import is_same_picture
from edge.refusals import (
    MembershipExists,
    NearlySameFace,
    ParameterMissing,
    PersonExists,
    PersonInGroup,
    PersonNotFound,
    TooManyUploads,
    TooManyValues,
    ValueRepeated,
)
from edge.roster import Gallery, Groups
from edge.service.examination import Examined
from edge.service.groups import DEFAULT_PAGE, GroupKeeper
from edge.service.page import Page, page


@dataclass(frozen=True, slots=True)
class PersonInfo:
    """Everything that may be shown of a person. version: give it to `modify` to notice other changes."""

    person: Person
    version: Version
    groups: tuple[GroupId, ...]
    descriptions: tuple[Description, ...]
    faces: tuple[FaceRecord, ...]


@dataclass(frozen=True, slots=True)
class Created:
    """What came of a request to create a person. similar: somebody enrolled who looks the same; then
    nobody was created. faces: those enrolled."""

    person: PersonId
    similar: PersonId | None = None
    faces: tuple[FaceId, ...] = ()


class PersonKeeper:
    """Every operation is done whole or not at all, and may raise StoreError.

    Those that name a person raise PersonNotFound, those that name groups what `GroupKeeper.require` raises.
    keeper: of the groups in the same store.
    """

    def __init__(self, gallery: Gallery, groups: Groups, keeper: GroupKeeper, limits: GalleryLimits) -> None:
        self._gallery = gallery
        self._groups = groups
        self._keeper = keeper
        self._limits = limits

    def create(
        self,
        person: Person,
        groups: Sequence[GroupId],
        descriptions: Sequence[Description] = (),
        *,
        faces: Sequence[tuple[str, Examined]] = (),
        similar: Callable[[Sequence[Embedding]], PersonId | None] | None = None,
    ) -> Created:
        """Add a person to groups, with descriptions and with faces that were examined before.

        faces: each with its source. similar: finds somebody who looks the same, so that one human is not two
        people. Raises PersonInGroup or PersonExists for an id that is taken, TooManyUploads, NearlySameFace,
        TooManyFaces and its kin, and what `place` raises.
        """
        into = self._keeper.require(groups)
        if len(faces) > self._limits.uploads:
            raise TooManyUploads(
                f"{len(faces)} faces are given; give at most {self._limits.uploads} at a time"
            )
        for number, (source, examined) in enumerate(faces):
            if is_same_picture(examined.embedding, [one.embedding for _, one in faces[:number]]):
                raise NearlySameFace(f"{source} shows the same face as another picture; leave it out")
        twin = similar([examined.embedding for _, examined in faces]) if similar and faces else None
        if twin is not None:
            return Created(person.id, similar=twin)
        with self._gallery.together():
            if self._gallery.version(person.id):
                self._refuse_known(person.id, into)
            self._gallery.add_person(person)
            self.place(person.id, into, descriptions)
            added = [
                self._gallery.add_face(
                    person.id,
                    examined.embedding,
                    quality=examined.quality.score,
                    source=source,
                    at=person.created,
                )
                for source, examined in faces
            ]
        return Created(person.id, faces=tuple(face.id for face in added))

    def place(
        self, person: PersonId, groups: Sequence[GroupId], descriptions: Sequence[Description] = ()
    ) -> None:
        """Put a person into groups, where they may be already, and write what these say of them.

        Raises TooManyPeopleInGroup, TooManyGroupsOfPerson, TooManyFacesInGroup, and what `describe` raises.
        """
        with self._gallery.together():
            for group in groups:
                self._groups.join(group, person)
            for group in dict.fromkeys(one.group for one in descriptions):
                texts = [(one.field, one.text) for one in descriptions if one.group == group]
                self.describe(person, group, texts)

    def modify(
        self, person: PersonId, change: Callable[[Person], Person], seen: Version | None = None
    ) -> Person:
        """Change a person. seen: the version the change is meant for; another one raises PersonConflict.

        Raises PersonNameIllegal, PersonNameTooLong, GenderIllegal.
        """
        with self._gallery.together():
            if seen is not None:
                self._gallery.require_version(person, seen)
            changed = change(self._gallery.person(person))
            self._gallery.update_person(changed)
        return changed

    def describe(self, person: PersonId, group: GroupId, texts: Sequence[tuple[str, str]]) -> None:
        """Write what fields of a group say of a person in it; an empty text removes what was there.

        Raises TooManyValues, ValueRepeated, MembershipNotFound, FieldNotFound, ValueIllegal, ValueTooLong.
        """
        if len(texts) > self._limits.fields:
            raise TooManyValues(f"{len(texts)} descriptions are given; give at most {self._limits.fields}")
        for field, count in Counter(field for field, _ in texts).items():
            if count > 1:
                raise ValueRepeated(f"field {field[:40]!a} is given {count} times; give it once")
        with self._gallery.together():
            self._gallery.person(person)
            self._groups.describe(group, person, dict(texts))

    def copy(self, person: PersonId, groups: Sequence[GroupId]) -> None:
        """Put a person into more groups. Raises MembershipExists for one they are in, and as `place`."""
        with self._gallery.together():
            self._gallery.person(person)
            into = self._keeper.require(groups)
            already = set(self._groups.of(person)) & set(into)
            if already:
                raise MembershipExists(f"person {person} is in {', '.join(sorted(already))}; leave that out")
            self.place(person, into)

    def remove(self, people: Sequence[PersonId]) -> None:
        """Erase people with faces and templates, from all groups; many in steps, which are not one whole."""
        if not people:
            raise ParameterMissing("nobody is named; name at least one person")
        self._gallery.remove_people(list(dict.fromkeys(people)))

    def faces(self, person: PersonId) -> tuple[FaceRecord, ...]:
        """The faces of a person, in the order they were added."""
        return tuple(self._gallery.faces(person))

    def erase_faces(self, person: PersonId, faces: Sequence[FaceId]) -> None:
        """Erase faces and their templates. Raises ParameterMissing, FaceNotFound, LastFace; then all stay."""
        if not faces:
            raise ParameterMissing("no face is named; name at least one")
        self._gallery.remove_faces(person, list(dict.fromkeys(faces)))

    def list(self, offset: int = 0, limit: int = DEFAULT_PAGE) -> Page[Person]:
        """Everybody, in the order of their ids. Raises LimitTooLarge, OffsetTooLarge."""
        return page(offset, limit, self._gallery.count(), self._limits, self._gallery.people)

    def show(self, person: PersonId) -> PersonInfo:
        # The version first: what is changed while the rest is read makes it an old one.
        version = self._gallery.version(person)
        return PersonInfo(
            self._gallery.person(person),
            version,
            tuple(self._groups.of(person)),
            tuple(self._groups.descriptions(person)),
            tuple(self._gallery.faces(person)),
        )

    def groups(self, person: PersonId, offset: int = 0, limit: int = DEFAULT_PAGE) -> Page[GroupId]:
        """The groups of a person, in the order of their ids. Raises LimitTooLarge, OffsetTooLarge."""
        self._gallery.person(person)
        theirs = self._groups.of(person)
        return page(
            offset, limit, len(theirs), self._limits, lambda first, most: theirs[first : first + most]
        )

    def is_known(self, person: PersonId) -> bool:
        try:
            self._gallery.person(person)
        except PersonNotFound:
            return False
        return True

    def _refuse_known(self, person: PersonId, groups: Sequence[GroupId]) -> None:
        shared = set(self._groups.of(person)) & set(groups)
        if shared:
            raise PersonInGroup(f"person {person} is in group {', '.join(sorted(shared))} already")
        raise PersonExists(f"person {person} exists; copy it to other groups, or choose another id")
