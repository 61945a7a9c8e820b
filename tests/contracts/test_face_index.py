"""What everything that calls itself a face index does, whichever way it compares."""

import threading
from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.core.face import Embedding, PersonId
from edge.core.fusion import fuse
from edge.core.person import EnrolledFace, FaceId, FaceRecord, Group, GroupId, PersonRecord
from edge.errors import ModelMismatch
from edge.store.database import open_database
from edge.store.gallery import Gallery
from edge.store.groups import Groups
from edge.store.index import GalleryIndex
from tests.store.builders import MODEL_A, MODEL_B, NOON, embedding, person

ADA, BOB, EVE = PersonId("ada"), PersonId("bob"), PersonId("eve")
STAFF, GUESTS = GroupId("staff"), GroupId("guests")
KINDS = {"exact": 10_000, "large": 0}


@dataclass(frozen=True)
class Site:
    database: object
    gallery: Gallery
    groups: Groups
    index: GalleryIndex

    def enroll(self, identifier, *seeds, groups=(), quality=0.9):
        """A person with a face for each seed, in place of what is known of that person."""
        faces = tuple(
            EnrolledFace(
                FaceRecord(FaceId(f"{identifier}-{seed}"), PersonId(identifier), NOON, quality, "camera"),
                (embedding(seed),),
            )
            for seed in seeds
        )
        self.gallery.put([PersonRecord(person(identifier), tuple(map(GroupId, groups)), faces)])

    def faces(self, seed, count=5, groups=None):
        return [hit.face for hit in self.index.search_faces([embedding(seed)], count, groups)[0]]

    def people(self, seed, count=5, groups=None):
        return [hit.person for hit in self.index.search_people([embedding(seed)], count, groups)[0]]


@pytest.fixture(params=KINDS)
def site(request, tmp_path):
    with open_database(tmp_path / "ostiary.db", durable=False) as database:
        index = GalleryIndex(database, MODEL_A, exact_up_to=KINDS[request.param])
        yield Site(database, Gallery(database), Groups(database), index)


def test_nobody_is_found_where_nobody_is_enrolled(site):
    assert site.index.search_faces([embedding(), embedding(1)], 5) == [[], []]
    assert site.index.search_people([embedding()], 5) == [[]]
    assert (site.index.size(), site.index.people()) == (0, 0)
    assert (site.index.matcher.size, site.index.matcher.match(embedding())) == (0, None)


def test_the_most_similar_face_comes_first_with_its_cosine(site):
    site.enroll("ada", 1, 2)
    site.enroll("bob", 3)
    (hits,) = site.index.search_faces([embedding(2)], 3)
    expected = sorted(
        (float(embedding(2).vector @ embedding(seed).vector) for seed in (1, 2, 3)), reverse=True
    )
    assert (hits[0].face, hits[0].person) == ("ada-2", ADA)
    assert [hit.similarity for hit in hits] == pytest.approx(expected, abs=1e-6)


def test_several_probes_are_answered_in_their_order(site):
    for seed in range(12):
        site.enroll(f"p{seed}", seed)
    probes = [embedding(seed) for seed in range(11, -1, -1)]
    assert [hits[0].person for hits in site.index.search_people(probes, 1)] == [
        f"p{seed}" for seed in range(11, -1, -1)
    ]


def test_no_more_are_found_than_asked_for_and_than_there_are(site):
    site.enroll("ada", 1, 2)
    assert [len(site.faces(1, count)) for count in (0, 1, 2, 3)] == [0, 1, 2, 2]
    assert [len(site.people(1, count)) for count in (0, 1, 2)] == [0, 1, 1]


def test_a_person_is_found_by_all_faces_together(site):
    """Each face alone is less like the probe than the other person's one face."""
    probe, aside = embedding(0).vector, embedding(7).vector
    aside = aside - (aside @ probe) * probe
    aside /= np.linalg.norm(aside)

    def at(cosine, direction):
        return Embedding((cosine * probe + np.sqrt(1 - cosine**2) * direction).astype(np.float32), MODEL_A)

    site.gallery.add_person(person("ada"))
    for direction in (aside, -aside):
        site.gallery.add_face(ADA, at(0.6, direction), quality=1, source="a", at=NOON)
    site.gallery.add_person(person("bob"))
    site.gallery.add_face(BOB, at(0.65, aside), quality=1, source="b", at=NOON)
    (people,) = site.index.search_people([embedding(0)], 2)
    assert [hit.person for hit in people] == [ADA, BOB]
    fused = fuse(np.stack([at(0.6, aside).vector, at(0.6, -aside).vector]), np.ones(2, np.float32))
    assert [hit.similarity for hit in people] == pytest.approx([float(fused @ probe), 0.65], abs=1e-5)
    assert [hit.person for hit in site.index.search_faces([embedding(0)], 1)[0]] == [BOB]


def test_a_good_face_weighs_more_than_a_poor_one(site):
    site.enroll("ada", 1)
    site.gallery.add_face(ADA, embedding(2), quality=0.1, source="b", at=NOON)
    fused = fuse(np.stack([embedding(1).vector, embedding(2).vector]), np.array([0.9, 0.1], np.float32))
    (hits,) = site.index.search_people([embedding(1)], 1)
    assert hits[0].similarity == pytest.approx(float(fused @ embedding(1).vector), abs=1e-6)


def test_equally_similar_faces_come_in_the_order_of_enrollment(site):
    for identifier in ("eve", "ada", "bob"):
        site.enroll(identifier, 1)
    assert site.people(1, 2) == [EVE, ADA]
    assert site.faces(1, 3) == ["eve-1", "ada-1", "bob-1"]


def test_only_people_in_one_of_the_groups_are_found(site):
    site.enroll("ada", 1, groups=["staff"])
    site.enroll("bob", 2, 3, groups=["guests", "staff"])
    site.enroll("eve", 4)
    assert site.people(4, groups=[GUESTS]) == [BOB]
    assert sorted(site.people(4, groups=[GUESTS, STAFF])) == [ADA, BOB]
    assert sorted(site.people(4, groups=[])) == []
    assert site.people(4, groups=[GroupId("nobody")]) == []
    assert (site.index.size([STAFF]), site.index.people([STAFF])) == (3, 2)
    assert (site.index.size(), site.index.people()) == (4, 3)


def test_a_small_group_is_searched_among_many_who_are_more_similar(site):
    """Whoever looks for the nearest of all first would find nobody of the group."""
    site.enroll("ada", 999, groups=["guests"])
    near = embedding(0).vector
    with site.gallery.together():
        for number in range(300):
            close = near + 0.01 * embedding(number + 1).vector
            site.gallery.add_person(person(f"p{number}"))
            one = Embedding(close / np.linalg.norm(close), MODEL_A)
            site.gallery.add_face(PersonId(f"p{number}"), one, quality=1, source="a", at=NOON)
    assert site.people(0, groups=[GUESTS]) == [ADA]
    assert site.faces(0, groups=[GUESTS]) == ["ada-999"]


def test_joining_and_leaving_a_group_is_seen_by_the_next_search(site):
    site.enroll("ada", 1, groups=["staff"])
    site.enroll("bob", 2)
    assert site.people(2, groups=[STAFF]) == [ADA]
    site.groups.join(STAFF, BOB)
    assert site.people(2, groups=[STAFF]) == [BOB, ADA]
    site.groups.leave(STAFF, ADA)
    assert site.people(2, groups=[STAFF]) == [BOB]
    site.groups.remove(STAFF)
    assert site.people(2, groups=[STAFF]) == []


def test_what_is_added_and_removed_is_seen_by_the_next_search(site):
    site.enroll("ada", 1)
    assert site.people(2) == [ADA]
    site.enroll("bob", 2)
    assert site.people(2) == [BOB, ADA]
    site.enroll("bob", 2, 3)
    site.gallery.remove_faces(BOB, [FaceId("bob-2")])
    assert (sorted(site.faces(2)), site.index.size(), site.index.people()) == (["ada-1", "bob-3"], 2, 2)
    site.gallery.remove_person(BOB)
    assert (site.people(2), site.index.size(), site.index.people()) == ([ADA], 1, 1)
    site.gallery.remove_person(ADA)
    assert (site.people(2), site.index.size(), site.index.people()) == ([], 0, 0)
    site.enroll("ada", 5, 6)
    assert (site.faces(6), site.index.size(), site.index.people()) == (["ada-6", "ada-5"], 2, 1)


def test_another_template_of_a_face_takes_the_place_of_the_first(site):
    site.enroll("ada", 1)
    site.enroll("bob", 2)
    assert site.people(3, 1)
    site.gallery.add_template(FaceId("ada-1"), embedding(3))
    (hits,) = site.index.search_faces([embedding(3)], 2)
    assert (hits[0].person, hits[0].similarity) == (ADA, pytest.approx(1))
    assert site.index.size() == 2


def test_a_change_by_another_process_is_seen(site):
    assert site.people(1) == []
    with open_database(site.database.path, durable=True) as other:
        replace(site, gallery=Gallery(other)).enroll("ada", 1)
    assert site.people(1) == [ADA]


def test_what_was_taken_back_was_never_there(site):
    site.enroll("ada", 1)

    def enroll_and_fail():
        with site.gallery.together():
            site.enroll("bob", 2)
            assert site.people(2) == [BOB, ADA]
            raise RuntimeError

    with pytest.raises(RuntimeError):
        enroll_and_fail()
    assert site.people(2) == [ADA]
    site.enroll("eve", 3)
    assert sorted(site.people(2)) == [ADA, EVE]


def test_templates_of_different_models_are_never_compared(site):
    site.enroll("ada", 1)
    for search in (site.index.search_faces, site.index.search_people):
        with pytest.raises(ModelMismatch, match=MODEL_B):
            search([embedding(1, MODEL_B)], 1)
        with pytest.raises(ModelMismatch, match="128"):
            search([embedding(1, dimensions=64)], 1)
    with pytest.raises(ModelMismatch, match=MODEL_B):
        site.index.matcher.match(embedding(1, MODEL_B))


def test_faces_of_another_model_are_not_there(site):
    site.gallery.add_person(person("ada"))
    face = site.gallery.add_face(ADA, embedding(1, MODEL_B, 64), quality=1, source="a", at=NOON)
    assert (site.index.size(), site.people(1)) == (0, [])
    site.gallery.add_template(face.id, embedding(1))
    assert (site.index.size(), site.people(1)) == (1, [ADA])


def test_a_probe_that_is_no_number_finds_nobody_and_the_others_are_answered(site):
    site.enroll("ada", 1)
    nothing = Embedding(np.full(128, np.nan, np.float32), MODEL_A)
    for search in (site.index.search_faces, site.index.search_people):
        assert [len(hits) for hits in search([nothing, embedding(1)], 1)] == [0, 1]
    assert site.index.matcher.match(nothing) is None


def test_a_template_that_is_no_number_is_like_nobody(site):
    site.enroll("ada", 1)
    site.enroll("bob", 2)
    for broken, seed in ((np.full(128, np.nan, "<f4"), 1), (np.zeros(128, "<f4"), 2)):
        site.database.execute(
            "UPDATE templates SET vector = ? WHERE vector = ?",
            (broken.tobytes(), embedding(seed).vector.astype("<f4").tobytes()),
        )
    (hits,) = site.index.search_faces([embedding(1)], 5)
    assert [hit.similarity for hit in hits] == [0, 0]
    assert site.index.matcher.match(embedding(1)).similarity == 0


def test_the_door_sees_a_match_with_the_margin_to_the_next_person(site):
    site.enroll("ada", 1, 2)
    site.enroll("bob", 3)
    site.index.refresh()
    fused = fuse(np.stack([embedding(1).vector, embedding(2).vector]), np.full(2, 0.9, np.float32))
    match = site.index.matcher.match(embedding(2))
    similarity = float(fused @ embedding(2).vector)
    assert match.person == ADA
    assert match.similarity == pytest.approx(similarity, abs=1e-6)
    assert match.margin == pytest.approx(
        similarity - float(embedding(2).vector @ embedding(3).vector), abs=1e-6
    )
    assert site.index.matcher.size == 2


def test_the_door_sees_nobody_else_as_far_away(site):
    site.enroll("ada", 1)
    site.index.refresh()
    assert site.index.matcher.match(embedding(1)).margin == pytest.approx(2)


def test_a_search_beside_changes_is_of_a_state_before_or_after(site):
    site.enroll("ada", 1)
    site.enroll("bob", 2)
    seen, failures, is_over = [], [], threading.Event()

    def look():
        try:
            while not is_over.is_set():
                seen.append(len(site.people(1, 3)))
                seen.append(2 if site.index.matcher.match(embedding(2)).person == BOB else 0)
        except Exception as error:  # noqa: BLE001 - the test must learn of it
            failures.append(error)

    threads = [threading.Thread(target=look) for _ in range(2)]
    for thread in threads:
        thread.start()
    for _ in range(25):
        site.enroll("eve", 3, 4)
        site.gallery.remove_person(EVE)
    is_over.set()
    for thread in threads:
        thread.join()
    assert failures == []
    assert set(seen) <= {2, 3}
    assert len(seen) > 10


SEEDS = st.integers(0, 30)
CHANGES = st.one_of(
    st.tuples(st.just("add"), st.integers(0, 6), SEEDS),
    st.tuples(st.just("drop face"), st.integers(0, 40), st.just(0)),
    st.tuples(st.just("drop person"), st.integers(0, 6), st.just(0)),
    st.tuples(st.just("join"), st.integers(0, 6), st.integers(0, 1)),
    st.tuples(st.just("leave"), st.integers(0, 6), st.integers(0, 1)),
    st.tuples(st.just("search"), SEEDS, st.integers(0, 3)),
)
GROUPS = (STAFF, GUESTS)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=st.lists(CHANGES, min_size=5, max_size=40))
def test_any_sequence_of_changes_and_searches_equals_comparing_everything(tmp_path_factory, kind, changes):
    folder = tmp_path_factory.mktemp("index")
    with open_database(folder / "ostiary.db", durable=False) as database:
        index = GalleryIndex(database, MODEL_A, exact_up_to=KINDS[kind])
        site = Site(database, Gallery(database), Groups(database), index)
        for group in GROUPS:
            site.groups.add(Group(group, group, NOON))
        truth = {}  # face -> (person, vector), in the order of enrollment
        members = {group: set() for group in GROUPS}
        for what, first, second in (*changes, ("search", 3, 0), ("search", 4, 1)):
            somebody = PersonId(f"p{first}")
            there = {owner for owner, _ in truth.values()}
            if what == "add" and sum(owner == somebody for owner, _ in truth.values()) < 20:
                if somebody not in there:
                    members = {group: people - {somebody} for group, people in members.items()}
                    if not any(one.id == somebody for one in site.gallery.people()):
                        site.gallery.add_person(person(somebody))
                face = site.gallery.add_face(somebody, embedding(second), quality=0.5, source="a", at=NOON)
                truth[face.id] = (somebody, embedding(second).vector)
            elif what == "drop face" and truth:
                face = list(truth)[first % len(truth)]
                owner = truth[face][0]
                if sum(other == owner for other, _ in truth.values()) > 1:
                    site.gallery.remove_faces(owner, [face])
                    del truth[face]
            elif what == "drop person" and somebody in there:
                site.gallery.remove_person(somebody)
                truth = {face: one for face, one in truth.items() if one[0] != somebody}
                members = {group: people - {somebody} for group, people in members.items()}
            elif what == "join" and somebody in there:
                site.groups.join(GROUPS[second], somebody)
                members[GROUPS[second]].add(somebody)
            elif what == "leave" and somebody in there:
                site.groups.leave(GROUPS[second], somebody)
                members[GROUPS[second]].discard(somebody)
            elif what == "search":
                groups = {0: None, 1: [STAFF], 2: [GUESTS], 3: [STAFF, GUESTS]}[second]
                allowed = None if groups is None else set().union(*(members[group] for group in groups))
                assert_equals_brute_force(site, embedding(first), truth, groups, allowed)


def assert_equals_brute_force(site, probe, truth, groups, allowed):
    known = {face: one for face, one in truth.items() if allowed is None or one[0] in allowed}
    assert site.index.size(groups) == len(known)
    assert site.index.people(groups) == len({owner for owner, _ in known.values()})
    expected = sorted((float(vector @ probe.vector) for _, vector in known.values()), reverse=True)
    (hits,) = site.index.search_faces([probe], 4, groups)
    assert [hit.similarity for hit in hits] == pytest.approx(expected[:4], abs=1e-5)
    for hit in hits:
        owner, vector = known[hit.face]
        assert hit.person == owner
        assert hit.similarity == pytest.approx(float(vector @ probe.vector), abs=1e-5)
    faces = {}
    for owner, vector in known.values():
        faces.setdefault(owner, []).append(vector)
    fused = {
        owner: float(fuse(np.stack(vectors), np.full(len(vectors), 0.5, np.float32)) @ probe.vector)
        for owner, vectors in faces.items()
    }
    (hits,) = site.index.search_people([probe], 3, groups)
    assert [hit.similarity for hit in hits] == pytest.approx(
        sorted(fused.values(), reverse=True)[:3], abs=1e-5
    )
    for hit in hits:
        assert hit.similarity == pytest.approx(fused[hit.person], abs=1e-5)
        assert known[hit.face][0] == hit.person
