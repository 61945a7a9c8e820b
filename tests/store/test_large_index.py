"""Fifty thousand faces: by bytes, and the same answers as from all floats."""

from types import SimpleNamespace

import numpy as np
import pytest

from edge.core.face import Embedding, PersonId
from edge.core.person import Group, GroupId
from edge.errors import StoreLocked
from edge.store import face_rows, scan
from edge.store import index as index_module
from edge.store.database import open_database
from edge.store.exact import ExactFaces
from edge.store.gallery import Gallery
from edge.store.groups import Groups
from edge.store.index import GalleryIndex
from edge.store.large import LargeFaces
from edge.store.strangers import add_strangers
from tests.store.builders import MODEL_A, NOON

PEOPLE, FACES, DIMENSIONS = 25_000, 2, 64
FEW = GroupId("few")


def directions(random, *shape):
    made = random.standard_normal((*shape, DIMENSIONS), np.float32)
    return made / np.linalg.norm(made, axis=-1, keepdims=True)


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    random = np.random.default_rng(5)
    vectors = directions(random, PEOPLE, 1) + np.float32(0.6) * directions(random, PEOPLE, FACES)
    vectors /= np.linalg.norm(vectors, axis=-1, keepdims=True)
    with open_database(tmp_path_factory.mktemp("large") / "ostiary.db", durable=False) as opened:
        add_strangers(opened, MODEL_A, vectors)
        groups = Groups(opened)
        groups.add(Group(FEW, "few", NOON))
        groups.join(FEW, *(PersonId(f"stranger-{number}") for number in range(0, 300, 3)))
        yield opened


@pytest.fixture(scope="module")
def large(database):
    index = GalleryIndex(database, MODEL_A)
    index.refresh()
    return index


@pytest.fixture(scope="module")
def exact(database):
    return ExactFaces.of(list(face_rows.everyone(database, MODEL_A)))


@pytest.fixture(scope="module")
def probes(exact):
    random = np.random.default_rng(6)
    near = exact.vectors[random.integers(0, len(exact.vectors), 60)] + np.float32(0.7) * directions(
        random, 60
    )
    made = np.concatenate([near / np.linalg.norm(near, axis=1, keepdims=True), directions(random, 60)])
    return [Embedding(vector, MODEL_A) for vector in made]


def test_so_many_faces_are_compared_by_bytes(large):
    assert isinstance(large._faces, LargeFaces)
    assert (large.size(), large.people()) == (PEOPLE * FACES, PEOPLE)


@pytest.mark.parametrize("groups", [None, [FEW]])
def test_faces_are_those_that_all_floats_give(large, exact, probes, groups):
    allowed = None
    if groups is not None:
        allowed = np.isin(exact.owners, np.arange(0, 300, 3))
    expected = exact.search_faces([probe.vector for probe in probes], 5, allowed)
    assert large.search_faces(probes, 5, groups) == expected


@pytest.mark.parametrize("groups", [None, [FEW]])
def test_people_are_those_that_all_fused_templates_give(large, exact, probes, groups):
    """The candidates come by their faces; a person whom no single face suggests may be missed, but not
    among those that are like the probe."""
    allowed = None
    if groups is not None:
        allowed = np.isin(exact.owners, np.arange(0, 300, 3))
    expected = exact.search_people([probe.vector for probe in probes], 2, allowed)
    found = large.search_people(probes, 2, groups)
    assert [hits[0] for hits in found[:60]] == [hits[0] for hits in expected[:60]]
    same = np.mean([one == other for one, other in zip(found, expected, strict=True)])
    assert same >= 0.99


def test_the_door_gets_the_same_match(large, exact, probes):
    expected = exact.match([probe.vector for probe in probes[:20]])
    for match, right in zip(large.matcher.match_all(probes[:20]), expected, strict=True):
        assert match.person == right.person
        assert (match.similarity, match.margin) == pytest.approx((right.similarity, right.margin), abs=1e-6)


@pytest.mark.parametrize("share", [1, 3, 50])
def test_any_share_of_the_rows_is_compared_alike(large, share):
    """Few rows are picked out and compared alone, many are all compared and the others ignored."""
    faces = large._faces
    allowed = np.arange(faces.row_count) % share == 0
    random = np.random.default_rng(7)
    (compared,) = scan.compare(faces.rows, directions(random, 1), allowed)
    assert (compared.rows is not None) == (share >= 8)
    rows = compared.candidates(5)
    assert len(rows) >= 5
    assert allowed[rows].all()


def test_more_copies_of_one_face_than_candidates_are_all_the_same_answer(tmp_path):
    random = np.random.default_rng(8)
    one = directions(random, 1)[0]
    with open_database(tmp_path / "ostiary.db", durable=False) as database:
        add_strangers(database, MODEL_A, np.tile(one, (5_000, 1, 1)))
        index = GalleryIndex(database, MODEL_A, exact_up_to=10)
        (hits,) = index.search_faces([Embedding(one, MODEL_A)], 3)
        assert [hit.person for hit in hits] == ["stranger-0", "stranger-1", "stranger-2"]
        (hits,) = index.search_people([Embedding(one, MODEL_A)], 3)
        assert [hit.person for hit in hits] == ["stranger-0", "stranger-1", "stranger-2"]


def test_a_store_that_cannot_be_read_makes_everybody_a_stranger(large, probes, monkeypatch, caplog):
    def locked(*of):
        raise StoreLocked("held by another process; try again")

    with monkeypatch.context() as patch:
        patch.setattr(face_rows, "of_faces", locked)
        assert large.matcher.match(probes[0]) is None
        with pytest.raises(StoreLocked):
            large.search_faces(probes[:1], 1)
    assert "nobody is recognized for now" in caplog.text
    assert large.matcher.match(probes[0]) is not None


def test_a_change_reads_only_what_has_changed(database, large, monkeypatch):
    read = []
    of_faces = face_rows.of_faces

    def counted(database, model, numbers):
        read.append(len(numbers))
        return of_faces(database, model, numbers)

    monkeypatch.setattr(index_module, "face_rows", SimpleNamespace(**vars(face_rows) | {"of_faces": counted}))
    gallery = Gallery(database)
    probe = Embedding(directions(np.random.default_rng(9), 1)[0], MODEL_A)
    added = gallery.add_face(PersonId("stranger-5"), probe, quality=1, source="a", at=NOON)
    assert large.search_faces([probe], 1)[0][0].face == added.id
    gallery.remove_faces(PersonId("stranger-5"), [added.id])
    assert large.search_faces([probe], 1)[0][0].face != added.id
    assert read == [1, 1]
    assert (large.size(), large.people()) == (PEOPLE * FACES, PEOPLE)
