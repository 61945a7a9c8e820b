import pytest

from edge.core.face import PersonId
from edge.core.person import Group, GroupId, Person
from edge.refusals import (
    GroupExists,
    GroupIdIllegal,
    GroupIdTooLong,
    GroupNotFound,
    ParameterMissing,
    PersonNotFound,
)
from edge.store.database import open_database
from edge.store.gallery import Gallery
from edge.store.groups import Groups
from tests.store.builders import NOON, record

ADA, BOB = PersonId("ada"), PersonId("bob")
STAFF, GUESTS = GroupId("staff"), GroupId("guests")


@pytest.fixture
def gallery(database):
    gallery = Gallery(database)
    gallery.put([record("ada", 1), record("bob", 2)])
    return gallery


@pytest.fixture
def groups(database, gallery):
    groups = Groups(database)
    groups.add(Group(STAFF, "Staff", NOON))
    groups.add(Group(GUESTS, "Guests", NOON))
    return groups


def test_groups_come_back_as_added(groups):
    assert groups.all() == [Group(GUESTS, "Guests", NOON), Group(STAFF, "Staff", NOON)]


def test_people_join_and_leave(groups):
    groups.join(STAFF, BOB)
    groups.join(STAFF, ADA)
    groups.join(STAFF, ADA)
    groups.join(GUESTS, ADA)
    assert (groups.members(STAFF), groups.of(ADA)) == ([ADA, BOB], [GUESTS, STAFF])
    groups.leave(STAFF, ADA)
    groups.leave(STAFF, ADA)
    assert (groups.members(STAFF), groups.of(ADA)) == ([BOB], [GUESTS])


def test_a_removed_group_leaves_its_people(groups, gallery):
    groups.join(STAFF, ADA)
    groups.remove(STAFF)
    assert (groups.of(ADA), gallery.count()) == ([], 2)


def test_a_removed_person_leaves_all_groups(groups, gallery):
    groups.join(STAFF, ADA)
    gallery.remove_person(ADA)
    assert groups.members(STAFF) == []


@pytest.mark.parametrize(
    ("identifier", "refusal"),
    [("", ParameterMissing), ("a b", GroupIdIllegal), ("x" * 65, GroupIdTooLong), ("\n", GroupIdIllegal)],
)
def test_illegal_ids_are_refused(groups, identifier, refusal):
    with pytest.raises(refusal, match="1 to 64"):
        groups.add(Group(GroupId(identifier), "name", NOON))


def test_an_id_is_given_once(groups):
    with pytest.raises(GroupExists, match="staff"):
        groups.add(Group(STAFF, "Another", NOON))


@pytest.mark.parametrize(
    ("use", "error"),
    [
        (lambda groups: groups.remove(GroupId("none")), GroupNotFound),
        (lambda groups: groups.members(GroupId("none")), GroupNotFound),
        (lambda groups: groups.join(GroupId("none"), ADA), GroupNotFound),
        (lambda groups: groups.leave(GroupId("none"), ADA), GroupNotFound),
        (lambda groups: groups.join(STAFF, PersonId("none")), PersonNotFound),
    ],
)
def test_what_is_not_there_is_said(groups, use, error):
    with pytest.raises(error, match="none"):
        use(groups)


def test_others_write_between_the_steps_of_a_large_deletion(database, store_path, gallery):
    with open_database(store_path, durable=True, busy_timeout_s=0.0) as other:
        written = []

        def pause(_):
            with other.transaction():
                other.execute("INSERT OR REPLACE INTO state VALUES ('step', ?)", (len(written),))
            written.append(Groups(other).of(ADA))

        groups = Groups(database, pause=pause)
        groups.add(Group(STAFF, "Staff", NOON))
        people = [PersonId(f"p{number}") for number in range(1100)]
        with gallery.together():
            for person in people:
                gallery.add_person(Person(person, "", NOON))
            groups.join(STAFF, ADA, *people)
        groups.remove(STAFF)
    assert written == [[], []]
    assert gallery.count() == 1102
