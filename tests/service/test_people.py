"""People through their keeper, over a real store."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edge.core.face import PersonId
from edge.core.person import Description, GroupId, RecordedGender
from edge.errors import NoFace
from edge.refusals import (
    FaceNotFound,
    FieldNotFound,
    GenderIllegal,
    GroupListNotFound,
    LastFace,
    LimitTooLarge,
    MembershipExists,
    MembershipNotFound,
    NearlySameFace,
    OffsetTooLarge,
    ParameterMissing,
    PersonConflict,
    PersonExists,
    PersonIdIllegal,
    PersonInGroup,
    PersonNameTooLong,
    PersonNotFound,
    TooManyFaces,
    TooManyFacesInAll,
    TooManyGroupsAsked,
    TooManyGroupsOfPerson,
    TooManyUploads,
    TooManyValues,
    ValueIllegal,
    ValueRepeated,
    ValueTooLong,
)
from edge.store.database import open_database
from tests.factories import a_template
from tests.service.keeping import desk, examined, picture, somebody

STAFF, GUESTS = GroupId("staff"), GroupId("guests")
ADA, BOB, NOBODY = PersonId("ada"), PersonId("bob"), PersonId("nobody")
FACE = [("a.jpg", examined(a_template(1)))]
FOUR = [(f"{seed}.jpg", examined(a_template(seed))) for seed in range(4)]


@pytest.fixture
def database(tmp_path):
    with open_database(tmp_path / "ostiary.db", durable=False) as opened:
        yield opened


@pytest.fixture
def site(database):
    """Ada is staff, with one face and a floor."""
    made = desk(database, faces_per_person=3, faces=5)
    made.groups.create(STAFF, fields=["floor", "badge"])
    made.groups.create(GUESTS)
    made.people.create(somebody(), [STAFF], [Description(STAFF, "floor", "3")], faces=FACE)
    return made


def test_a_person_comes_back_as_created(site):
    shown = site.people.show(ADA)
    assert (shown.person, shown.groups) == (somebody(), (STAFF,))
    assert shown.descriptions == (Description(STAFF, "floor", "3"),)
    assert [face.source for face in shown.faces] == ["a.jpg"]


@pytest.mark.parametrize(
    ("create", "refusal"),
    [
        (lambda people: people.create(somebody(), [STAFF]), PersonInGroup),
        (lambda people: people.create(somebody(), [GUESTS]), PersonExists),
        (lambda people: people.create(somebody("bob"), []), ParameterMissing),
        (lambda people: people.create(somebody("bob"), [GroupId("none")]), GroupListNotFound),
        (lambda people: people.create(somebody("a b"), [STAFF]), PersonIdIllegal),
        (lambda people: people.create(somebody("bob", "x" * 61), [STAFF]), PersonNameTooLong),
        (lambda people: people.create(replace(somebody("bob"), gender=3), [STAFF]), GenderIllegal),
        (
            lambda people: people.create(somebody("bob"), [GUESTS], [Description(GUESTS, "floor", "3")]),
            FieldNotFound,
        ),
        (
            lambda people: people.create(somebody("bob"), [GUESTS], [Description(STAFF, "floor", "3")]),
            MembershipNotFound,
        ),
        (lambda people: people.create(somebody("bob"), [STAFF], faces=FACE * 5), TooManyUploads),
        (lambda people: people.create(somebody("bob"), [STAFF], faces=FACE * 2), NearlySameFace),
        (lambda people: people.create(somebody("bob"), [STAFF], faces=FOUR), TooManyFaces),
    ],
)
def test_a_person_who_may_not_be_is_refused_and_nothing_is_stored(site, create, refusal):
    before = site.people.show(ADA)
    with pytest.raises(refusal):
        create(site.people)
    assert site.people.show(ADA) == before
    assert site.people.list().total == 1
    assert site.groups.show(STAFF).size.people == 1


def test_somebody_who_looks_like_another_is_not_created(site):
    seen = []

    def similar(embeddings):
        seen.extend(embeddings)
        return ADA

    made = site.people.create(somebody("eve"), [GUESTS], faces=FACE, similar=similar)
    assert (made.similar, made.faces) == (ADA, ())
    assert [one.vector is FACE[0][1].embedding.vector for one in seen] == [True]
    assert not site.people.is_known(PersonId("eve"))


def test_somebody_who_looks_like_nobody_is_created(site):
    made = site.people.create(somebody("eve"), [GUESTS], faces=FACE, similar=lambda _: None)
    assert (made.similar, len(made.faces)) == (None, 1)
    assert site.people.is_known(PersonId("eve"))


def test_what_a_change_does_not_name_stays(site):
    site.people.modify(ADA, lambda known: replace(known, gender=RecordedGender.FEMALE, tag="badge 17"))
    site.people.modify(ADA, lambda known: replace(known, name="Ada Lovelace", revoked=True))
    changed = site.people.show(ADA).person
    assert changed == replace(
        somebody(), gender=RecordedGender.FEMALE, tag="badge 17", name="Ada Lovelace", revoked=True
    )


def test_a_person_whose_name_is_too_long_today_can_be_revoked(database):
    wide, narrow = desk(database, name_length=100), desk(database, name_length=10)
    wide.groups.create(STAFF)
    wide.people.create(somebody("ada", "x" * 100), [STAFF])
    narrow.people.modify(ADA, lambda known: replace(known, revoked=True))
    assert narrow.people.show(ADA).person.revoked
    with pytest.raises(PersonNameTooLong):
        narrow.people.modify(ADA, lambda known: replace(known, name="y" * 11))


def test_a_change_meant_for_another_version_is_refused(site):
    seen = site.people.show(ADA).version
    site.people.modify(ADA, lambda known: replace(known, name="first"), seen)
    with pytest.raises(PersonConflict, match="ada"):
        site.people.modify(ADA, lambda known: replace(known, name="second"), seen)
    assert site.people.show(ADA).person.name == "first"


def test_every_change_makes_another_version_and_none_comes_back(site):
    seen = [site.people.show(ADA).version]

    def step(_):
        seen.append(site.people.show(ADA).version)

    step(site.people.modify(ADA, lambda known: replace(known, name="x")))
    step(site.people.copy(ADA, [GUESTS]))
    step(site.people.describe(ADA, STAFF, [("badge", "17")]))
    step(site.uploads.add(ADA, [picture(2)]))
    step(site.people.erase_faces(ADA, [site.people.faces(ADA)[0].id]))
    step(site.groups.leave(GUESTS, [ADA]))
    site.people.remove([ADA])
    assert site.gallery.version(ADA) == 0
    step(site.people.create(somebody(), [STAFF]))
    assert len(set(seen)) == len(seen)


@pytest.mark.parametrize(
    ("texts", "refusal"),
    [
        ([("floor", "1"), ("floor", "2")], ValueRepeated),
        ([(f"f{number}", "1") for number in range(6)], TooManyValues),
        ([("floor", "x" * 61)], ValueTooLong),
        ([("floor", "a\nb")], ValueIllegal),
        ([("badge", "1"), ("none", "1")], FieldNotFound),
    ],
)
def test_a_description_that_may_not_be_changes_nothing(site, texts, refusal):
    with pytest.raises(refusal):
        site.people.describe(ADA, STAFF, texts)
    assert site.people.show(ADA).descriptions == (Description(STAFF, "floor", "3"),)


def test_an_empty_description_is_removed(site):
    site.people.describe(ADA, STAFF, [("floor", ""), ("badge", "17")])
    assert site.people.show(ADA).descriptions == (Description(STAFF, "badge", "17"),)


def test_a_group_says_nothing_of_who_is_not_in_it(site):
    with pytest.raises(MembershipNotFound, match="guests"):
        site.people.describe(ADA, GUESTS, [])


def test_a_person_is_copied_to_groups_they_are_not_in(site):
    site.people.copy(ADA, [GUESTS])
    assert site.people.show(ADA).groups == (GUESTS, STAFF)
    with pytest.raises(MembershipExists, match="staff"):
        site.people.copy(ADA, [STAFF])


def test_a_person_is_in_up_to_a_hundred_groups(database):
    site = desk(database, groups_per_request=200)
    names = [GroupId(f"g{number:03}") for number in range(101)]
    for name in names:
        site.groups.create(name)
    site.people.create(somebody(), names[:100])
    with pytest.raises(TooManyGroupsOfPerson, match="100"):
        site.people.copy(ADA, names[100:])
    with pytest.raises(TooManyGroupsAsked):
        desk(database).people.create(somebody("bob"), names)
    page = site.people.groups(ADA, 90, 20)
    assert (page.total, list(page.rows)) == (100, names[90:100])


def test_people_come_in_pages(site):
    site.people.create(somebody("bob"), [STAFF])
    assert [person.id for person in site.people.list(1, 1).rows] == [BOB]
    with pytest.raises(OffsetTooLarge):
        site.people.list(3)
    with pytest.raises(LimitTooLarge):
        site.people.list(0, 1001)
    with pytest.raises(LimitTooLarge):
        site.people.groups(ADA, 0, 0)


def test_of_people_to_remove_all_go_or_none(site):
    with pytest.raises(PersonNotFound, match="nobody"):
        site.people.remove([ADA, NOBODY])
    with pytest.raises(ParameterMissing):
        site.people.remove([])
    assert site.people.is_known(ADA)
    site.people.remove([ADA, ADA])
    assert site.groups.show(STAFF).size.people == 0


@pytest.mark.parametrize(
    "use",
    [
        lambda site: site.people.show(NOBODY),
        lambda site: site.people.modify(NOBODY, lambda known: known),
        lambda site: site.people.describe(NOBODY, STAFF, [("floor", "3")]),
        lambda site: site.people.copy(NOBODY, [GUESTS]),
        lambda site: site.people.groups(NOBODY),
        lambda site: site.people.faces(NOBODY),
        lambda site: site.people.erase_faces(NOBODY, ["x"]),
        lambda site: site.uploads.add(NOBODY, [picture(1)]),
    ],
)
def test_a_person_who_is_not_there_is_said(site, use):
    with pytest.raises(PersonNotFound, match="nobody"):
        use(site)


def test_a_usable_picture_counts_beside_those_refused(site):
    result = site.uploads.add(ADA, [picture(2), picture(0), picture(1), picture(2)])
    assert [face.source for face in result.added] == ["2.jpg"]
    assert [(one.source, type(one.error)) for one in result.refused] == [
        ("0.jpg", NoFace),
        ("1.jpg", NearlySameFace),
        ("2.jpg", NearlySameFace),
    ]
    assert list(result.added) == list(site.people.faces(ADA))[1:]


@pytest.mark.parametrize(
    ("pictures", "refusal"),
    [
        ([], ParameterMissing),
        ([picture(number) for number in range(2, 7)], TooManyUploads),
        ([picture(0)], NoFace),
        ([picture(1)], NearlySameFace),
        ([picture(number) for number in (2, 3, 4)], TooManyFaces),
    ],
)
def test_faces_that_may_not_be_added_are_refused_and_none_is_added(site, pictures, refusal):
    with pytest.raises(refusal):
        site.uploads.add(ADA, pictures)
    assert len(site.people.faces(ADA)) == 1


def test_a_device_has_only_so_many_faces(site):
    site.uploads.add(ADA, [picture(2), picture(3)])
    site.people.create(somebody("bob"), [STAFF], faces=FACE)
    with pytest.raises(TooManyFacesInAll, match="5"):
        site.uploads.add(BOB, [picture(4), picture(5)])
    assert len(site.people.faces(BOB)) == 1


def test_erased_faces_make_room_for_others(site):
    for seed in range(2, 9):
        site.uploads.add(ADA, [picture(seed)])
        site.people.erase_faces(ADA, [site.people.faces(ADA)[0].id])
    assert [face.source for face in site.people.faces(ADA)] == ["8.jpg"]


def test_every_person_keeps_a_face(site):
    (face,) = site.people.faces(ADA)
    for wanted, refusal in (([face.id], LastFace), (["none"], FaceNotFound), ([], ParameterMissing)):
        with pytest.raises(refusal):
            site.people.erase_faces(ADA, wanted)
    assert site.people.faces(ADA) == (face,)
