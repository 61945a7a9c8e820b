"""Two who work on one person at the same time: one is refused, nothing is interleaved."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from edge.core.face import PersonId
from edge.core.person import GroupId
from edge.refusals import PersonConflict, PersonExists, PersonInGroup
from edge.store.database import open_database
from tests.factories import a_template
from tests.service.keeping import desk, examined, picture, somebody

ADA, STAFF = PersonId("ada"), GroupId("staff")


@pytest.fixture
def store(tmp_path):
    path = tmp_path / "ostiary.db"
    with open_database(path, durable=True) as database:
        site = desk(database)
        site.groups.create(STAFF, fields=["floor"])
        site.people.create(somebody(), [STAFF], faces=[("a.jpg", examined(a_template(1)))])
    return path


@contextmanager
def another_process_adding_a_face(store):
    """It has looked at the person and stores the face at the end; `said` gets what came of it."""
    began, go_on = store.with_name("began"), store.with_name("go-on")
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.service.conflicting", str(store), str(began), str(go_on)],
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        text=True,
    )
    said: list[str] = []
    try:
        deadline = time.monotonic() + 30
        while not began.exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        assert began.exists()
        yield said
    finally:
        go_on.touch()
        said.append(process.communicate(timeout=30)[0].strip())


CHANGES = {
    "removed": lambda site: site.people.remove([ADA]),
    "changed": lambda site: site.people.modify(ADA, lambda known: replace(known, revoked=True)),
    "described": lambda site: site.people.describe(ADA, STAFF, [("floor", "3")]),
    "moved": lambda site: site.groups.leave(STAFF, [ADA]),
    "enrolled": lambda site: site.uploads.add(ADA, [picture(2)]),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_face_for_a_person_changed_meanwhile_is_refused(store, change):
    with open_database(store, durable=True) as database:
        site = desk(database)
        with another_process_adding_a_face(store) as said:
            change(site)
        assert said == ["FailedOperation.ConflictOperation"]
        if site.people.is_known(ADA):
            assert "7.jpg" not in [face.source for face in site.people.faces(ADA)]


def test_work_on_somebody_else_is_no_conflict(store):
    with open_database(store, durable=True) as database:
        with another_process_adding_a_face(store) as said:
            desk(database).people.create(somebody("bob"), [STAFF])
        assert said == ["added"]
        assert [face.source for face in desk(database).people.faces(ADA)] == ["a.jpg", "7.jpg"]


def test_a_person_removed_and_made_again_is_another_one(store):
    with open_database(store, durable=True) as database:
        with another_process_adding_a_face(store) as said:
            desk(database).people.remove([ADA])
            desk(database).people.create(somebody(), [STAFF])
        assert said == ["FailedOperation.ConflictOperation"]
        assert desk(database).people.faces(ADA) == ()


def test_of_those_who_add_faces_to_one_person_at_once_one_succeeds(store):
    together = threading.Barrier(4)
    done: list[str] = []

    def add(seed):
        name, load = picture(seed)

        def loaded():
            together.wait(timeout=30)
            return load()

        with open_database(store, durable=True, check=False) as database:
            try:
                desk(database).uploads.add(ADA, [(name, loaded)])
            except PersonConflict:
                done.append("refused")
            else:
                done.append("added")

    threads = [threading.Thread(target=add, args=(seed,)) for seed in range(2, 6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert sorted(done) == ["added", "refused", "refused", "refused"]
    with open_database(store, durable=True) as database:
        assert len(desk(database).people.faces(ADA)) == 2


def test_of_those_who_create_one_person_at_once_one_succeeds(store):
    together = threading.Barrier(4)
    done: list[str] = []

    def create(seed):
        def nobody_alike(_):
            together.wait(timeout=30)

        with open_database(store, durable=True, check=False) as database:
            try:
                desk(database).people.create(
                    somebody("eve"),
                    [STAFF],
                    faces=[(f"{seed}.jpg", examined(a_template(seed)))],
                    similar=nobody_alike,
                )
            except (PersonExists, PersonInGroup):
                done.append("refused")
            else:
                done.append("created")

    threads = [threading.Thread(target=create, args=(seed,)) for seed in range(2, 6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert sorted(done) == ["created", "refused", "refused", "refused"]
    with open_database(store, durable=True) as database:
        assert len(desk(database).people.faces(PersonId("eve"))) == 1
