"""What everything that calls itself a gallery does."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.core.face import Embedding, PersonId
from edge.core.limits import GalleryLimits
from edge.core.person import EnrolledFace, PersonRecord
from edge.errors import ModelMismatch
from edge.refusals import (
    FaceNotFound,
    GalleryError,
    LastFace,
    ParameterMissing,
    PersonExists,
    PersonIdIllegal,
    PersonIdTooLong,
    PersonNotFound,
    TooManyFaces,
)
from edge.store.database import open_database
from edge.store.gallery import Gallery
from tests.store.builders import MODEL_A, MODEL_B, NOON, embedding, person, record

ADA, BOB = PersonId("ada"), PersonId("bob")


@pytest.fixture
def gallery(tmp_path):
    with open_database(tmp_path / "ostiary.db", durable=True) as database:
        yield Gallery(database, GalleryLimits(faces_per_person=3))


def enroll(gallery, identifier=ADA, seed=1, model=MODEL_A):
    return gallery.add_face(identifier, embedding(seed, model), quality=0.5, source="camera", at=NOON)


def only_template(gallery):
    ((template,),) = [face.templates for face in gallery.record(ADA).faces]
    return template


def test_a_person_comes_back_as_added(gallery):
    full = replace(
        person(), name="Ada Lovelace Ω", valid_from=NOON, valid_until=NOON + timedelta(days=1), revoked=True
    )
    gallery.add_person(full)
    gallery.add_person(person("bob"))
    assert gallery.person(ADA) == full
    assert gallery.person(BOB) == person("bob")


def test_people_come_in_pages_by_id(gallery):
    for number in (3, 1, 2, 0):
        gallery.add_person(person(f"p{number}"))
    pages = gallery.people(0, 3), gallery.people(3, 3), gallery.people(6, 3)
    assert [[known.id for known in page] for page in pages] == [["p0", "p1", "p2"], ["p3"], []]
    assert gallery.count() == 4


@pytest.mark.parametrize("identifier", ["a", "A-1", "%@#&_-", "9" * 64])
def test_legal_ids_are_taken(gallery, identifier):
    gallery.add_person(replace(person(identifier), name=""))
    assert gallery.person(PersonId(identifier)).id == identifier


@pytest.mark.parametrize(
    ("identifier", "refusal"),
    [
        ("", ParameterMissing),
        ("9" * 65, PersonIdTooLong),
        *((one, PersonIdIllegal) for one in ("a b", "é", "a/b", "a\n", "../a", "'; --", "\ud800", "a\0b")),
    ],
)
def test_illegal_ids_are_refused_in_one_line(gallery, identifier, refusal):
    with pytest.raises(refusal, match="1 to 64") as error:
        gallery.add_person(person(identifier))
    assert "\n" not in str(error.value)
    assert gallery.count() == 0


@pytest.mark.parametrize("name", ["x" * 201, "line\nbreak", "bell\a", "\ud800"])
def test_a_name_that_cannot_be_shown_is_refused_without_repeating_it(gallery, name):
    with pytest.raises(GalleryError) as error:
        gallery.add_person(replace(person(), name=name))
    assert name not in str(error.value)


def test_an_id_is_given_once(gallery):
    gallery.add_person(person())
    with pytest.raises(PersonExists, match="ada"):
        gallery.add_person(replace(person(), name="another"))
    assert gallery.person(ADA) == person()


def test_a_person_can_be_changed(gallery):
    gallery.add_person(person())
    gallery.update_person(replace(person(), name="new", revoked=True, valid_until=NOON))
    assert gallery.person(ADA) == replace(person(), name="new", revoked=True, valid_until=NOON)


def test_a_naive_time_is_refused(gallery):
    with pytest.raises(ValueError, match="time zone"):
        gallery.add_person(replace(person(), created=NOON.replace(tzinfo=None)))


@pytest.mark.parametrize(
    "use",
    [
        lambda gallery: gallery.person(BOB),
        lambda gallery: gallery.update_person(person("bob")),
        lambda gallery: gallery.remove_person(BOB),
        lambda gallery: gallery.faces(BOB),
        lambda gallery: enroll(gallery, BOB),
        lambda gallery: gallery.remove_faces(BOB, []),
        lambda gallery: gallery.record(BOB),
    ],
)
def test_a_person_who_is_not_there_is_said(gallery, use):
    gallery.add_person(person())
    before = gallery.revision()
    with pytest.raises(PersonNotFound):
        use(gallery)
    assert gallery.revision() == before


@pytest.mark.parametrize(
    "use",
    [
        lambda gallery: gallery.remove_faces(ADA, ["nothing"]),
        lambda gallery: gallery.remove_faces(ADA, [gallery.faces(BOB)[0].id]),
        lambda gallery: gallery.add_template("nothing", embedding()),
    ],
)
def test_a_face_that_is_not_there_is_said(gallery, use):
    gallery.put([record("ada", 1), record("bob", 2)])
    before = gallery.revision()
    with pytest.raises(FaceNotFound):
        use(gallery)
    assert gallery.revision() == before


def test_the_last_face_stays(gallery):
    gallery.add_person(person())
    faces = [enroll(gallery, seed=seed).id for seed in (1, 2)]
    with pytest.raises(LastFace, match="ada"):
        gallery.remove_faces(ADA, faces)
    assert len(gallery.faces(ADA)) == 2


def test_faces_come_back_in_their_order(gallery):
    gallery.add_person(person())
    added = [enroll(gallery, seed=seed) for seed in (1, 2, 3)]
    assert gallery.faces(ADA) == added
    assert len({face.id for face in added}) == 3
    gallery.remove_faces(ADA, [added[1].id])
    assert gallery.faces(ADA) == [added[0], added[2]]


def test_a_person_has_only_so_many_faces(gallery):
    gallery.add_person(person())
    for seed in range(3):
        enroll(gallery, seed=seed)
    with pytest.raises(TooManyFaces, match="3"):
        enroll(gallery, seed=4)
    assert len(gallery.faces(ADA)) == 3


def test_a_face_may_have_templates_of_two_models(gallery):
    gallery.add_person(person())
    face = enroll(gallery, seed=1)
    gallery.add_template(face.id, embedding(1, MODEL_B, dimensions=64))
    assert gallery.models() == {MODEL_A: 1, MODEL_B: 1}
    (known,) = gallery.record(ADA).faces
    assert {one.model: one.vector.shape for one in known.templates} == {MODEL_A: (128,), MODEL_B: (64,)}


def test_a_second_template_of_one_model_replaces_the_first(gallery):
    gallery.add_person(person())
    face = enroll(gallery, seed=1)
    gallery.add_template(face.id, embedding(7))
    np.testing.assert_array_equal(only_template(gallery).vector, embedding(7).vector)


@pytest.mark.parametrize(
    "vector",
    [np.zeros(128), np.full(128, np.nan), np.ones(128), np.empty(0), embedding().vector.reshape(2, 64)],
    ids=["zero", "not a number", "not normalized", "empty", "matrix"],
)
def test_a_template_that_cannot_be_compared_is_refused(gallery, vector):
    gallery.add_person(person())
    bad = Embedding(vector.astype(np.float32), MODEL_A)
    with pytest.raises(GalleryError, match="norm"):
        gallery.add_face(ADA, bad, quality=1, source="camera", at=NOON)
    assert gallery.faces(ADA) == []


def test_a_template_of_another_size_than_its_model_is_refused(gallery):
    gallery.add_person(person())
    face = enroll(gallery, seed=1)
    with pytest.raises(ModelMismatch, match="64 numbers"):
        gallery.add_face(ADA, embedding(2, dimensions=64), quality=1, source="camera", at=NOON)
    assert gallery.faces(ADA) == [face]
    gallery.add_template(face.id, embedding(2, dimensions=64))
    assert only_template(gallery).vector.shape == (64,)


def test_a_face_without_a_quality_is_refused(gallery):
    gallery.add_person(person())
    with pytest.raises(GalleryError, match="nan"):
        gallery.add_face(ADA, embedding(), quality=float("nan"), source="camera", at=NOON)


def test_a_face_from_a_file_whose_name_is_not_text_is_enrolled(gallery):
    gallery.add_person(person())
    gallery.add_face(ADA, embedding(), quality=1, source="photo\udcff.jpg", at=NOON)
    assert gallery.faces(ADA)[0].source == "photo\\udcff.jpg"


def test_a_face_id_belongs_to_one_person(gallery):
    gallery.put([record("ada", 1)])
    taken = replace(record("ada", 1).faces[0].face, person=BOB)
    stolen = PersonRecord(person("bob"), faces=(EnrolledFace(taken, ()),))
    with pytest.raises(GalleryError, match="face-ada"):
        gallery.put([stolen])
    assert [known.id for known in gallery.people()] == [ADA]


def test_a_removed_person_takes_everything_along(gallery):
    gallery.put([record("ada", 1, ("staff",)), record("bob", 2, ("staff",))])
    gallery.remove_person(ADA)
    assert gallery.models() == {MODEL_A: 1}
    assert [face.person for face in gallery.faces(BOB)] == [BOB]
    gallery.add_person(person())
    assert gallery.faces(ADA) == []


def test_every_change_moves_the_revision(gallery):
    seen = [gallery.revision()]

    def step(_):
        seen.append(gallery.revision())

    step(gallery.add_person(person()))
    face = enroll(gallery)
    step(face)
    step(gallery.add_template(face.id, embedding(2, MODEL_B)))
    step(gallery.update_person(replace(person(), revoked=True)))
    enroll(gallery, seed=9)
    step(gallery.remove_faces(ADA, [face.id]))
    step(gallery.remove_person(ADA))
    step(gallery.put([record("bob", 1)]))
    assert seen == sorted(set(seen))
    gallery.people(), gallery.record(BOB), gallery.models()
    assert gallery.revision() == seen[-1]


def comparable(records):
    return [
        (r.person, r.groups, [(f.face, [(t.model, t.vector.tolist()) for t in f.templates]) for f in r.faces])
        for r in records
    ]


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ids=st.lists(st.from_regex(r"[A-Za-z0-9%@#&_-]{1,64}", fullmatch=True), max_size=8, unique=True))
def test_what_is_exported_can_be_put_back(gallery, ids):
    for known in gallery.people():
        gallery.remove_person(known.id)
    gallery.put([record(identifier, seed, ("staff",)) for seed, identifier in enumerate(ids)])
    exported = list(gallery.export())
    assert [r.person.id for r in exported] == sorted(ids)
    for known in gallery.people():
        gallery.remove_person(known.id)
    gallery.put(exported)
    assert comparable(gallery.export()) == comparable(exported)


def test_putting_a_known_person_replaces_all_of_it(gallery):
    gallery.put([record("ada", 1, ("staff",))])
    gallery.put([record("ada", 2, ("guests",))])
    assert comparable(gallery.export()) == comparable([record("ada", 2, ("guests",))])


def test_of_a_bad_put_nothing_stays(gallery):
    with pytest.raises(PersonIdIllegal):
        gallery.put([record("ada", 1), record("not legal", 2)])
    assert gallery.count() == 0
