"""Groups through their keeper, over a real store."""

from __future__ import annotations

import pytest

from edge.core.face import PersonId
from edge.core.person import Description, Group, GroupId, GroupSize
from edge.refusals import (
    FieldExists,
    FieldNameIllegal,
    FieldNotFound,
    FieldRepeated,
    GroupBeingDeleted,
    GroupExists,
    GroupIdIllegal,
    GroupListNotFound,
    GroupNameExists,
    GroupNotFound,
    GroupTagTooLong,
    LimitTooLarge,
    MembershipNotFound,
    OffsetTooLarge,
    ParameterMissing,
    PersonNotFound,
    TooManyFacesInGroup,
    TooManyFields,
    TooManyGroups,
    TooManyGroupsAsked,
    TooManyGroupsOfPerson,
    TooManyPeopleInGroup,
)
from edge.service.groups import FieldChanges
from edge.store.database import open_database
from tests.factories import NOON, a_template
from tests.service.keeping import desk, examined, picture, somebody

STAFF, GUESTS, NIGHT = GroupId("staff"), GroupId("guests"), GroupId("night")
ADA, BOB, EVE = PersonId("ada"), PersonId("bob"), PersonId("eve")


@pytest.fixture
def database(tmp_path):
    with open_database(tmp_path / "ostiary.db", durable=False) as opened:
        yield opened


@pytest.fixture
def site(database):
    """Ada and Bob are staff, Bob is a guest too; staff has two fields."""
    made = desk(database, groups=4, groups_per_person=2, people_per_group=3, page=2)
    made.groups.create(STAFF, "All staff", fields=["floor", "badge"])
    made.groups.create(GUESTS)
    made.people.create(somebody("ada"), [STAFF], [Description(STAFF, "floor", "3")])
    made.people.create(somebody("bob"), [STAFF, GUESTS])
    return made


def test_a_group_comes_back_as_created(site):
    assert site.groups.show(STAFF).group == Group(STAFF, "All staff", NOON, "", ("floor", "badge"))
    assert site.groups.show(GUESTS).group == Group(GUESTS, "guests", NOON)
    assert site.groups.show(STAFF).size == GroupSize(people=2, faces=0)


@pytest.mark.parametrize(
    ("create", "refusal"),
    [
        (lambda groups: groups.create(GroupId("")), ParameterMissing),
        (lambda groups: groups.create(GroupId("a b")), GroupIdIllegal),
        (lambda groups: groups.create(STAFF), GroupExists),
        (lambda groups: groups.create(NIGHT, "All staff"), GroupNameExists),
        (lambda groups: groups.create(NIGHT, tag="x" * 41), GroupTagTooLong),
        (lambda groups: groups.create(NIGHT, fields=list("abcdef")), TooManyFields),
        (lambda groups: groups.create(NIGHT, fields=["a", "a"]), FieldRepeated),
        (lambda groups: groups.create(NIGHT, fields=["a b"]), FieldNameIllegal),
    ],
)
def test_a_group_that_may_not_be_is_refused_and_nothing_is_stored(site, create, refusal):
    with pytest.raises(refusal):
        create(site.groups)
    assert [group.id for group in site.groups.list(limit=2).rows] == [GUESTS, STAFF]
    assert site.groups.list(limit=2).total == 2


def test_there_are_only_so_many_groups(site):
    site.groups.create(NIGHT)
    site.groups.create(GroupId("day"))
    with pytest.raises(TooManyGroups, match="4"):
        site.groups.create(GroupId("one-more"))
    assert site.groups.list(limit=1).total == 4


def test_what_is_not_named_stays_as_it_is(site):
    site.groups.modify(STAFF, tag="north")
    assert site.groups.show(STAFF).group == Group(STAFF, "All staff", NOON, "north", ("floor", "badge"))
    site.groups.modify(STAFF, name="Everybody")
    assert site.groups.show(STAFF).group == Group(STAFF, "Everybody", NOON, "north", ("floor", "badge"))


def test_a_renamed_field_keeps_what_it_says_and_a_dropped_one_does_not(site):
    site.people.describe(ADA, STAFF, [("badge", "17")])
    site.groups.modify(STAFF, fields=FieldChanges({"floor": "level"}, ["badge"], ["shift"]))
    assert site.groups.show(STAFF).group.fields == ("level", "shift")
    assert site.people.show(ADA).descriptions == (Description(STAFF, "level", "3"),)


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        (FieldChanges({"floor": "badge"}), FieldExists),
        (FieldChanges({}, added=["badge"]), FieldExists),
        (FieldChanges({}, added=["a", "a"]), FieldRepeated),
        (FieldChanges({"none": "other"}), FieldNotFound),
        (FieldChanges({}, dropped=["none"]), FieldNotFound),
        (FieldChanges({"floor": "not a name"}), FieldNameIllegal),
        (FieldChanges({}, added=list("abcd")), TooManyFields),
    ],
)
def test_a_change_of_fields_that_may_not_be_changes_nothing(site, changes, refusal):
    before = site.groups.show(STAFF), site.people.show(ADA)
    with pytest.raises(refusal):
        site.groups.modify(STAFF, name="Changed", fields=changes)
    assert (site.groups.show(STAFF), site.people.show(ADA)) == before


def test_groups_come_in_pages(site):
    site.groups.create(NIGHT)
    pages = [site.groups.list(offset, 2) for offset in (0, 2, 3)]
    assert [[group.id for group in page.rows] for page in pages] == [[GUESTS, NIGHT], [STAFF], []]
    assert {page.total for page in pages} == {3}
    with pytest.raises(OffsetTooLarge, match="0 to 3"):
        site.groups.list(4, 2)
    with pytest.raises(LimitTooLarge, match="1 to 2"):
        site.groups.list(0, 3)


def test_members_come_in_pages(site):
    assert [person.id for person in site.groups.members(STAFF, 0, 1).rows] == [ADA]
    assert [person.id for person in site.groups.members(STAFF, 1, 1).rows] == [BOB]
    with pytest.raises(OffsetTooLarge):
        site.groups.members(STAFF, 3, 1)


def test_people_join_and_leave(site):
    assert site.groups.join(GUESTS, [ADA, BOB]) == 1
    assert [person.id for person in site.groups.members(GUESTS, 0, 2).rows] == [ADA, BOB]
    site.groups.leave(STAFF, [ADA])
    assert site.people.show(ADA).groups == (GUESTS,)
    assert site.people.show(ADA).descriptions == ()


def test_who_is_not_in_a_group_cannot_leave_it_and_nobody_leaves(site):
    with pytest.raises(MembershipNotFound, match="ada"):
        site.groups.leave(GUESTS, [BOB, ADA])
    assert site.groups.show(GUESTS).size.people == 1


def test_of_people_who_join_all_do_or_none(site):
    with pytest.raises(PersonNotFound, match="nobody"):
        site.groups.join(GUESTS, [ADA, PersonId("nobody")])
    assert site.groups.show(GUESTS).size.people == 1


def test_a_person_is_in_only_so_many_groups(site):
    site.groups.create(NIGHT)
    with pytest.raises(TooManyGroupsOfPerson, match="bob"):
        site.groups.join(NIGHT, [ADA, BOB])
    assert site.groups.show(NIGHT).size.people == 0


def test_a_group_has_only_so_many_people(site):
    for number in range(2):
        site.people.create(somebody(f"p{number}"), [GUESTS])
    with pytest.raises(TooManyPeopleInGroup, match="3"):
        site.groups.join(GUESTS, [ADA])


def test_a_group_has_only_so_many_faces(database):
    site = desk(database, faces_per_group=2)
    for group in (STAFF, GUESTS):
        site.groups.create(group)
    for seed, (identifier, group) in enumerate([("ada", STAFF), ("bob", STAFF), ("eve", GUESTS)], 1):
        site.people.create(somebody(identifier), [group], faces=[("a.jpg", examined(a_template(seed)))])
    with pytest.raises(TooManyFacesInGroup, match="staff"):
        site.groups.join(STAFF, [EVE])
    with pytest.raises(TooManyFacesInGroup, match="staff"):
        site.uploads.add(ADA, [picture(9)])
    site.uploads.add(EVE, [picture(9)])
    assert (site.groups.show(STAFF).size.faces, site.groups.show(GUESTS).size.faces) == (2, 2)


def test_a_group_is_copied_into_others(site):
    site.groups.create(NIGHT)
    site.people.remove([BOB])
    assert site.groups.copy(STAFF, [NIGHT]) == 1
    assert site.people.show(ADA).groups == (NIGHT, STAFF)
    assert site.groups.copy(STAFF, [NIGHT]) == 0


def test_a_copy_that_does_not_fit_copies_nothing(site):
    site.groups.create(NIGHT)
    with pytest.raises(TooManyGroupsOfPerson):
        site.groups.copy(STAFF, [NIGHT])
    with pytest.raises(GroupListNotFound, match="none"):
        site.groups.copy(STAFF, [NIGHT, GroupId("none")])
    assert site.groups.show(NIGHT).size.people == 0


def test_the_people_of_a_deleted_group_stay(site):
    site.groups.delete(STAFF)
    assert [person.id for person in site.people.list(limit=2).rows] == [ADA, BOB]
    assert site.people.show(BOB).groups == (GUESTS,)
    with pytest.raises(GroupNotFound):
        site.groups.show(STAFF)


def test_people_of_no_other_group_go_with_it_when_asked(site):
    site.groups.delete(STAFF, with_people=True)
    assert [person.id for person in site.people.list(limit=2).rows] == [BOB]


@pytest.mark.parametrize("with_people", [False, True])
def test_a_deletion_that_was_cut_short_shows_and_is_finished_later(site, database, with_people):
    database.execute("UPDATE groups SET deleting = ? WHERE id = 'staff'", (1 + with_people,))
    for use in (
        lambda: site.groups.show(STAFF),
        lambda: site.groups.members(STAFF),
        lambda: site.groups.modify(STAFF, tag="x"),
        lambda: site.groups.join(STAFF, [ADA]),
        lambda: site.groups.leave(STAFF, [ADA]),
        lambda: site.groups.require([STAFF]),
        lambda: site.groups.create(STAFF),
        lambda: site.people.describe(ADA, STAFF, [("floor", "4")]),
        lambda: site.people.create(somebody("eve"), [STAFF]),
    ):
        with pytest.raises(GroupBeingDeleted, match="staff"):
            use()
    assert site.people.show(ADA).groups == ()
    assert site.people.show(ADA).descriptions == ()
    assert [group.id for group in site.groups.list(limit=2).rows] == [GUESTS]
    site.groups.delete(STAFF)
    assert site.people.list(limit=2).total == 2 - with_people
    site.groups.create(STAFF)
    assert site.groups.show(STAFF).size.people == 0


def test_a_large_group_is_deleted_in_several_transactions(database):
    site = desk(database)
    site.groups.create(STAFF)
    with site.gallery.together():
        for number in range(2500):
            site.gallery.add_person(somebody(f"p{number}"))
        site.groups.join(STAFF, [PersonId(f"p{number}") for number in range(2500)])
    before = site.gallery.revision()
    site.groups.delete(STAFF, with_people=True)
    assert site.gallery.count() == 0
    assert site.gallery.revision() - before == 7


def test_the_groups_of_a_request_are_checked_together(site):
    assert site.groups.require([STAFF, GUESTS, STAFF]) == (STAFF, GUESTS)
    with pytest.raises(ParameterMissing):
        site.groups.require([])
    with pytest.raises(GroupListNotFound, match="none, other"):
        site.groups.require([STAFF, GroupId("none"), GroupId("other")])


def test_a_request_names_only_so_many_groups(database):
    site = desk(database, groups_per_request=2)
    with pytest.raises(TooManyGroupsAsked, match="at most 2"):
        site.groups.require([GroupId(f"g{number}") for number in range(3)])


@pytest.mark.parametrize("use", ["show", "members", "delete", "modify"])
def test_a_group_that_is_not_there_is_said(site, use):
    with pytest.raises(GroupNotFound, match="none"):
        getattr(site.groups, use)(GroupId("none"))
