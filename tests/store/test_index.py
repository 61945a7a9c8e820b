import threading

import numpy as np
import pytest

from edge.core.face import Embedding, PersonId
from edge.core.matching import Match
from edge.errors import ModelMismatch
from edge.store.database import open_database
from edge.store.gallery import Gallery
from edge.store.index import TemplateIndex
from tests.store.builders import MODEL_A, MODEL_B, embedding, person, record

ADA, BOB = PersonId("ada"), PersonId("bob")


def index_of(*rows):
    index = TemplateIndex(MODEL_A)
    index.replace([owner for owner, _ in rows], np.stack([embedding(seed).vector for _, seed in rows]))
    return index


def test_an_empty_index_matches_nobody():
    assert TemplateIndex(MODEL_A).match(embedding()) is None


def test_a_face_matches_its_owner_with_the_margin_to_the_other_person():
    index = index_of((ADA, 1), (ADA, 2), (BOB, 3))
    match = index.match(embedding(2))
    assert match.person == ADA
    assert match.similarity == pytest.approx(1)
    assert match.margin == pytest.approx(1 - float(embedding(2).vector @ embedding(3).vector), abs=1e-5)


def test_several_faces_are_matched_in_their_order():
    index = index_of((ADA, 1), (BOB, 3))
    assert [match.person for match in index.match_all([embedding(3), embedding(1)])] == [BOB, ADA]


def test_templates_of_different_models_are_never_compared():
    index = index_of((ADA, 1))
    with pytest.raises(ModelMismatch, match=MODEL_B):
        index.match(embedding(1, MODEL_B))
    with pytest.raises(ModelMismatch, match=MODEL_B):
        index.add(ADA, embedding(1, MODEL_B))


def test_a_template_of_another_size_is_refused():
    with pytest.raises(ModelMismatch, match="128"):
        index_of((ADA, 1)).match(embedding(1, dimensions=64))


def test_a_probe_that_is_no_number_matches_nobody():
    assert index_of((ADA, 1)).match(Embedding(np.full(128, np.nan, np.float32), MODEL_A)) is None


def test_a_template_without_direction_matches_nobody():
    index = TemplateIndex(MODEL_A)
    index.replace([ADA, BOB], np.stack([np.zeros(128, np.float32), np.full(128, np.nan, np.float32)]))
    assert index.match(embedding(1)).similarity == 0


def test_a_person_can_be_added_and_removed():
    index = TemplateIndex(MODEL_A)
    index.add(ADA, embedding(1))
    index.add(BOB, embedding(2))
    index.add(ADA, embedding(3))
    assert (index.size, index.match(embedding(3)).person) == (3, ADA)
    index.remove(ADA)
    assert (index.size, index.match(embedding(3)).person) == (1, BOB)
    index.remove(ADA)
    assert index.size == 1


def test_a_reader_keeps_the_state_it_started_with():
    index = index_of((ADA, 1))
    before = index._snapshot
    index.add(BOB, embedding(2))
    index.remove(ADA)
    assert before.people == (ADA,)
    assert before.vectors.shape == (1, 128)


def test_a_match_beside_a_change_is_of_the_state_before_or_after():
    index = index_of((ADA, 1))
    matches, is_over = [], threading.Event()

    def look():
        while not is_over.is_set():
            matches.append(index.match(embedding(1)))

    reader = threading.Thread(target=look)
    reader.start()
    for _ in range(200):
        index.replace([BOB, BOB, ADA], np.stack([embedding(seed).vector for seed in (2, 1, 3)]))
        index.replace([ADA], embedding(1).vector[np.newaxis])
    is_over.set()
    reader.join()
    alone, among = Match(ADA, 1.0, 2.0), Match(BOB, 1.0, 1 - float(embedding(1).vector @ embedding(3).vector))
    assert matches
    for match in matches:
        expected = alone if match.person == ADA else among
        assert (match.similarity, match.margin) == pytest.approx(
            (expected.similarity, expected.margin), abs=1e-5
        )


def test_owners_and_templates_must_be_as_many():
    with pytest.raises(ValueError, match="2 owners for 1"):
        TemplateIndex(MODEL_A).replace([ADA, BOB], embedding(1).vector[np.newaxis])


def test_a_change_of_the_gallery_is_noticed_once(database):
    gallery, index = Gallery(database), TemplateIndex(MODEL_A)
    gallery.put([record("ada", 1), record("bob", 2)])
    assert index.refresh(gallery)
    assert not index.refresh(gallery)
    assert index.match(embedding(2)).person == BOB
    gallery.remove_person(BOB)
    assert index.refresh(gallery)
    assert index.match(embedding(2)).person == ADA


def test_a_change_by_another_process_is_noticed(database, store_path):
    gallery, index = Gallery(database), TemplateIndex(MODEL_A)
    index.refresh(gallery)
    with open_database(store_path, durable=True) as command_line:
        Gallery(command_line).put([record("ada", 1)])
    assert index.refresh(gallery)
    assert index.match(embedding(1)).person == ADA


def test_only_the_templates_of_the_own_model_are_loaded(database):
    gallery = Gallery(database)
    gallery.add_person(person("ada"))
    face = gallery.add_face(ADA, embedding(1, MODEL_B, 64), quality=1, source="camera", at=person().created)
    index = TemplateIndex(MODEL_A)
    index.refresh(gallery)
    assert index.size == 0
    gallery.add_template(face.id, embedding(1))
    index.refresh(gallery)
    assert index.size == 1
