"""From one embedding to another: real pictures, both real embeddings, a real store."""

from __future__ import annotations

import json
import shutil

import cv2
import numpy as np
import pytest

from edge.app.diagnosis import probes
from edge.demo.scenes import enrolment_pictures
from edge.service.health import Status, run_checks
from edge.settings import Settings
from edge.store.database import open_database
from edge.store.gallery import Gallery
from edge.vision.manifest import find
from tests.cli.command import ostiary

OLD, NEW = (find("embedding", name).model_id for name in ("dlib-resnet", "fused"))


@pytest.fixture(scope="module")
def portraits(tmp_path_factory):
    folder = tmp_path_factory.mktemp("people")
    for name in ("eileen_collins", "grace_hopper"):
        (folder / name).mkdir()
        for number, picture in enumerate(enrolment_pictures(name)[:2]):
            cv2.imwrite(str(folder / name / f"{number}.jpg"), picture)
    return folder


@pytest.fixture(scope="module")
def enrolled(portraits, tmp_path_factory):
    """A store whose people were enrolled with the old embedding."""
    store = tmp_path_factory.mktemp("enrolled") / "store"
    store.mkdir(mode=0o700)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OSTIARY_VISION__EMBEDDING", "dlib-resnet")
        assert ostiary("--store", store, "person", "import", portraits).code == 0
    return store


@pytest.fixture
def store(enrolled, tmp_path):
    shutil.copytree(enrolled, tmp_path / "store", copy_function=shutil.copy)
    (tmp_path / "store").chmod(0o700)
    return tmp_path / "store"


@pytest.fixture
def migrate(store):
    return lambda *arguments: ostiary("--store", store, "person", "migrate", *arguments)


def gallery(store):
    with open_database(store / "ostiary.db", durable=True) as database:
        return Gallery(database).models()


def doctor(store, **vision):
    settings = Settings(store={"folder": store}, vision=vision)
    (check,) = run_checks([probe for probe in probes(settings) if probe[0] == "gallery"])
    return check


def test_the_doctor_says_who_waits_and_what_to_do(store):
    check = doctor(store)
    assert check.status is Status.WARN
    assert f"2 of 2 people have no template of {NEW}" in check.detail
    assert "person migrate" in check.cure


def test_a_site_that_names_the_old_embedding_has_nothing_to_do(store):
    assert doctor(store, embedding="dlib-resnet").status is Status.OK


def test_without_pictures_it_tells_who_waits(migrate):
    done = migrate("--json")
    assert done.code == 0
    assert json.loads(done.out) == {
        "model": NEW,
        "people": [],
        "waiting": ["eileen_collins", "grace_hopper"],
        "erased": 0,
    }


def test_pictures_of_the_same_name_renew_the_faces(migrate, store, portraits):
    result = json.loads(migrate("--pictures", portraits, "--json").out)
    assert [(one["person"], one["renewed"], one["added"]) for one in result["people"]] == [
        ("eileen_collins", ["0.jpg", "1.jpg"], []),
        ("grace_hopper", ["0.jpg", "1.jpg"], []),
    ]
    assert result["waiting"] == []
    assert gallery(store) == {OLD: 4, NEW: 4}
    assert doctor(store).status is Status.OK


def test_migrating_again_makes_nothing_twice(migrate, store, portraits):
    migrate("--pictures", portraits)
    again = json.loads(migrate("--pictures", portraits, "--json").out)
    assert [one["known"] for one in again["people"]] == [["0.jpg", "1.jpg"]] * 2
    assert gallery(store) == {OLD: 4, NEW: 4}


def test_pictures_of_another_name_become_further_faces(migrate, store, portraits, tmp_path):
    (tmp_path / "new" / "grace_hopper").mkdir(parents=True)
    shutil.copy(portraits / "grace_hopper" / "0.jpg", tmp_path / "new" / "grace_hopper" / "today.jpg")
    result = json.loads(migrate("--pictures", tmp_path / "new", "--json").out)
    assert [(one["renewed"], one["added"]) for one in result["people"]] == [([], ["today.jpg"])]
    assert result["waiting"] == ["eileen_collins"]
    assert gallery(store) == {OLD: 4, NEW: 1}


def test_old_templates_stay_until_they_are_pruned(migrate, store, portraits, tmp_path):
    (tmp_path / "one").mkdir()
    shutil.copytree(portraits / "grace_hopper", tmp_path / "one" / "grace_hopper")
    migrate("--pictures", tmp_path / "one")
    result = json.loads(migrate("--prune", "--yes", "--json").out)
    assert result["erased"] == 2
    assert result["waiting"] == ["eileen_collins"], "who has no new template keeps the old ones"
    assert gallery(store) == {OLD: 2, NEW: 2}


def test_pruning_erases_faces_that_are_left_without_a_template(migrate, store, portraits, tmp_path):
    (tmp_path / "one" / "grace_hopper").mkdir(parents=True)
    shutil.copy(portraits / "grace_hopper" / "1.jpg", tmp_path / "one" / "grace_hopper")
    migrate("--pictures", tmp_path / "one")
    migrate("--prune", "--yes")
    shown = json.loads(ostiary("--store", store, "person", "show", "grace_hopper", "--json").out)
    assert [face["source"] for face in shown["faces"]] == ["1.jpg"]


def test_somebody_unknown_and_a_picture_of_nobody_are_refused(migrate, store, tmp_path):
    for name in ("nobody", "grace_hopper"):
        (tmp_path / "new" / name).mkdir(parents=True)
        cv2.imwrite(str(tmp_path / "new" / name / "gray.png"), np.full((300, 300, 3), 90, np.uint8))
    done = migrate("--pictures", tmp_path / "new")
    assert done.is_one_line_error
    assert "nobody is known as nobody" in done.err
    assert "gray.png: refused: no face" in done.err
    assert gallery(store) == {OLD: 4}


def test_a_folder_that_is_not_there_is_refused(migrate, tmp_path):
    assert migrate("--pictures", tmp_path / "gone").is_one_line_error
