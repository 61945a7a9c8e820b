import contextlib
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.core.face import PersonId
from edge.core.limits import GalleryLimits
from edge.core.person import Group, GroupId, Person
from edge.refusals import (
    GalleryError,
    GroupExists,
    GroupIdIllegal,
    GroupIdTooLong,
    GroupNotFound,
    ParameterMissing,
    PersonNotFound,
    TooManyFacesInGroup,
    TooManyGroupsOfPerson,
    TooManyPeopleInGroup,
)
from edge.store.database import open_database
from edge.store.gallery import Gallery
from edge.store.groups import Groups
from tests.store.builders import MODEL_A, MODEL_B, NOON, embedding, record

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


def test_others_write_between_the_steps_of_a_large_copy(database, store_path, gallery):
    with open_database(store_path, durable=True, busy_timeout_s=0.0) as other:
        written = []

        def pause(_):
            with other.transaction():
                other.execute("INSERT OR REPLACE INTO state VALUES ('step', ?)", (len(written),))
            written.append(Groups(other).size(GUESTS).people)

        groups = Groups(database, pause=pause)
        groups.add(Group(STAFF, "Staff", NOON))
        groups.add(Group(GUESTS, "Guests", NOON))
        people = [PersonId(f"p{number}") for number in range(1100)]
        with gallery.together():
            for person in people:
                gallery.add_person(Person(person, "", NOON))
            groups.join(STAFF, ADA, *people)
            groups.join(GUESTS, BOB)
        assert groups.copy(STAFF, [GUESTS]) == 1101
    assert written == [501, 1001]
    assert groups.size(GUESTS).people == 1102


@pytest.mark.parametrize(
    ("limits", "refusal"),
    [
        ({"people_per_group": 2}, TooManyPeopleInGroup),
        ({"faces_per_group": 2}, TooManyFacesInGroup),
        ({"groups_per_person": 2}, TooManyGroupsOfPerson),
    ],
)
def test_a_copy_that_does_not_fit_everywhere_begins_nowhere(database, gallery, groups, limits, refusal):
    gallery.put([record("eve", 3)])
    groups.add(Group(GroupId("night"), "Night", NOON))
    groups.join(STAFF, ADA, BOB)
    groups.join(GUESTS, PersonId("eve"))
    with pytest.raises(refusal):
        Groups(database, GalleryLimits(**limits)).copy(STAFF, [GroupId("night"), GUESTS])
    assert groups.members(GroupId("night")) == []
    assert groups.members(GUESTS) == ["eve"]


def test_others_write_between_the_steps_of_pruning(database, store_path):
    with open_database(store_path, durable=True, busy_timeout_s=0.0) as other:
        left = []

        def pause(_):
            with other.transaction():
                other.execute("INSERT OR REPLACE INTO state VALUES ('step', ?)", (len(left),))
            left.append(Gallery(other).models()[MODEL_B])

        gallery = Gallery(database, pause=pause)
        with gallery.together():
            for number in range(450):
                person = PersonId(f"p{number}")
                gallery.add_person(Person(person, "", NOON))
                template = embedding(number, MODEL_B)
                face = gallery.add_face(person, template, quality=1, source="", at=NOON)
                gallery.add_template(face.id, embedding(number))
        assert gallery.prune(MODEL_A) == 450
    assert left == [250, 50]
    assert gallery.models() == {MODEL_A: 450}


def test_others_write_between_the_steps_of_erasing_many(database, store_path):
    with open_database(store_path, durable=True, busy_timeout_s=0.0) as other:
        left = []

        def pause(_):
            with other.transaction():
                other.execute("DELETE FROM people WHERE id = 'p1199'")
            left.append(Gallery(other).count())

        gallery = Gallery(database, pause=pause)
        people = [PersonId(f"p{number}") for number in range(1200)]
        with gallery.together():
            for person in people:
                gallery.add_person(Person(person, "", NOON))
        with pytest.raises(PersonNotFound, match="nobody"):
            gallery.remove_people([*people, PersonId("nobody")])
        assert gallery.count() == 1200
        gallery.remove_people(people)
    assert left == [699, 199]
    assert gallery.count() == 0


def test_a_deletion_does_not_reach_a_group_made_anew_under_its_id(database, gallery):
    def pause(_):
        """Somebody else finishes it meanwhile, and makes a group of that id."""
        others = Groups(database, pause=lambda _: None)
        others.remove(STAFF)
        others.add(Group(STAFF, "Staff", NOON))
        others.join(STAFF, BOB)

    groups = Groups(database, pause=pause)
    groups.add(Group(STAFF, "Staff", NOON))
    with gallery.together():
        people = [PersonId(f"p{number}") for number in range(600)]
        for person in people:
            gallery.add_person(Person(person, "", NOON))
        groups.join(STAFF, *people)
    groups.remove(STAFF, with_people=True)
    assert groups.members(STAFF) == [BOB]


PEOPLE, PLACES = st.sampled_from(["ada", "bob", "eve"]), st.sampled_from(["staff", "guests"])
ACTIONS = st.one_of(
    st.tuples(st.sampled_from(["join", "leave"]), PLACES, PEOPLE),
    st.tuples(st.just("add_person"), PEOPLE),
    st.tuples(st.just("remove_person"), PEOPLE),
    st.tuples(st.sampled_from(["add", "remove"]), PLACES),
)


@settings(max_examples=30, deadline=None)
@given(st.lists(ACTIONS, max_size=25))
def test_whatever_happens_a_group_knows_how_many_are_in_it(actions):
    """Against a plain picture of it: who exists, and who is in which group."""
    people, members = set(), {}
    with (
        tempfile.TemporaryDirectory() as folder,
        open_database(Path(folder) / "s.db", durable=False) as store,
    ):
        gallery, groups = Gallery(store), Groups(store, pause=lambda _: None)
        for what, *names in actions:
            with contextlib.suppress(GalleryError):
                match what:
                    case "join" | "leave":
                        getattr(groups, what)(*names)
                        (members[names[0]].add if what == "join" else members[names[0]].discard)(names[1])
                    case "add_person":
                        gallery.add_person(Person(PersonId(names[0]), "", NOON))
                        people.add(names[0])
                    case "remove_person":
                        gallery.remove_person(PersonId(names[0]))
                        people.discard(names[0])
                        for inside in members.values():
                            inside.discard(names[0])
                    case "add":
                        groups.add(Group(GroupId(names[0]), names[0], NOON))
                        members[names[0]] = set()
                    case "remove":
                        groups.remove(GroupId(names[0]))
                        del members[names[0]]
        assert [group.id for group in groups.all()] == sorted(members)
        for group, inside in members.items():
            assert groups.members(GroupId(group)) == sorted(inside)
            assert groups.size(GroupId(group)).people == len(inside)
        assert gallery.count() == len(people)
