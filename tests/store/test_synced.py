"""The copy of the hub's gallery beside the people of the device itself."""

import multiprocessing
import os
import random
import signal
import time
from dataclasses import replace

import pytest

from edge.core.face import ModelId
from edge.core.gallery_rows import Removal
from edge.core.gallery_sync import Have, Mark
from edge.core.person import Group
from edge.errors import MessageMalformed, ModelMismatch
from edge.refusals import PersonIsManaged
from edge.store.database import open_database
from edge.store.gallery import Gallery
from edge.store.groups import Groups
from edge.store.index import GalleryIndex
from edge.store.sync_tables import release
from edge.store.synced import SyncedGallery
from tests.small_hub import MODEL, SmallHub, a_face, a_person, a_vector, opens
from tests.store.builders import NOON, embedding, person, record


@pytest.fixture
def hub():
    return SmallHub()


@pytest.fixture
def copy(database, hub):
    made = SyncedGallery(database, "main", opens)
    made.adopt(hub.head())
    return made


@pytest.fixture
def gallery(database, copy, hub):
    """Ada is the hub's, Bob was enrolled here."""
    copy.apply(hub.enroll("ada", groups=("staff",)))
    made = Gallery(database, pause=lambda seconds: None)
    made.put([record("bob", 2, ("staff",))])
    return made


@pytest.fixture
def groups(database, gallery):
    return Groups(database, pause=lambda seconds: None)


def stored(gallery, who):
    one = gallery.record(who)
    return one.person.name, one.groups, [face.face.id for face in one.faces]


def test_people_of_the_hub_are_people_like_others(gallery):
    assert stored(gallery, "ada") == ("Name of ada", ("staff",), ["face-ada"])
    (face,) = gallery.record("ada").faces
    (template,) = face.templates
    assert template.model == MODEL
    assert float(template.vector @ a_vector(3)) > 0.999
    assert face.face.quality == 0.9
    assert [one.id for one in gallery.people()] == ["ada", "bob"]


@pytest.mark.parametrize(
    "use",
    [
        lambda gallery, groups: gallery.update_person(replace(gallery.person("ada"), name="Another")),
        lambda gallery, groups: gallery.remove_person("ada"),
        lambda gallery, groups: gallery.remove_people(["bob", "ada"]),
        lambda gallery, groups: gallery.add_face("ada", embedding(), quality=1, source="camera", at=NOON),
        lambda gallery, groups: gallery.add_template("face-ada", embedding()),
        lambda gallery, groups: gallery.remove_faces("ada", ["face-ada"]),
        lambda gallery, groups: gallery.put([record("carl", 3), record("ada", 4)]),
        lambda gallery, groups: groups.join("lab", "ada"),
        lambda gallery, groups: groups.leave("staff", "ada"),
        lambda gallery, groups: groups.copy("staff", ["lab"]),
        lambda gallery, groups: groups.remove("staff"),
        lambda gallery, groups: groups.remove("staff", with_people=True),
    ],
)
def test_nobody_else_changes_them(gallery, groups, copy, use):
    groups.add(Group("lab", "lab", NOON))
    before, have = list(gallery.export()), copy.have()
    with pytest.raises(PersonIsManaged, match="hub") as error:
        use(gallery, groups)
    assert "\n" not in str(error.value)
    assert [one.person for one in gallery.export()] == [one.person for one in before]
    assert stored(gallery, "ada") == ("Name of ada", ("staff",), ["face-ada"])
    assert copy.have() == have


def test_who_is_the_devices_own_is_changed_as_ever(gallery, groups):
    groups.add(Group("lab", "lab", NOON))
    groups.join("lab", "bob")
    gallery.update_person(replace(gallery.person("bob"), name="Robert", revoked=True))
    gallery.update_person(replace(gallery.person("bob"), revoked=False))
    gallery.remove_person("bob")


def test_revoking_is_allowed_here_and_stays_until_the_hub_has_it(gallery, copy, hub):
    gallery.update_person(gallery.person("ada"))
    gallery.update_person(replace(gallery.person("ada"), revoked=True))
    with pytest.raises(PersonIsManaged):
        gallery.update_person(replace(gallery.person("ada"), revoked=False))
    copy.apply(hub.change(a_person("ada", name="Ada again")))
    assert gallery.person("ada").revoked
    copy.apply(hub.revoke("ada"))
    copy.apply(hub.pardon("ada"))
    assert not gallery.person("ada").revoked


def test_pruning_passes_over_people_of_the_hub(gallery, copy, hub):
    copy.apply(hub.change(a_face("ada", "old", 5, model="old@0123456789ab", size=8)))
    assert gallery.prune(ModelId(MODEL)) == 0
    assert stored(gallery, "ada")[2] == ["face-ada", "old"]


def test_the_hub_takes_over_who_was_enrolled_here(gallery, copy, hub):
    copy.apply(hub.change(a_person("bob", name="Robert", groups=("lab",)), a_face("bob", "new")))
    assert stored(gallery, "bob") == ("Robert", ("lab",), ["new"])
    with pytest.raises(PersonIsManaged):
        gallery.remove_person("bob")
    copy.apply(hub.remove("bob"))
    assert [one.id for one in gallery.people()] == ["ada"]


def test_a_face_that_changes_its_owner_does(gallery, copy, hub):
    copy.apply(hub.change(Removal("ada", "face-ada"), a_person("carl"), a_face("carl", "face-ada")))
    assert stored(gallery, "carl")[2] == ["face-ada"]
    with pytest.raises(MessageMalformed, match="two people"):
        copy.apply(hub.change(a_face("ada", "face-ada")))


def test_a_face_enrolled_here_makes_way_for_one_of_its_id(gallery, copy, hub):
    copy.apply(hub.change(a_face("ada", "face-bob")))
    assert stored(gallery, "bob")[2] == []
    assert stored(gallery, "ada")[2] == ["face-ada", "face-bob"]


def test_templates_of_two_sizes_are_no_model(gallery, copy, hub):
    have = copy.have()
    with pytest.raises(ModelMismatch):
        copy.apply(hub.change(a_face("ada", "other", size=8)))
    assert copy.have() == have


def test_a_group_that_is_being_deleted_stays_when_the_hub_needs_it(database, gallery, groups, copy, hub):
    groups.add(Group("lab", "lab", NOON))
    groups.join("lab", "bob")
    database.execute("UPDATE groups SET deleting = 1 WHERE id = 'lab'")
    copy.apply(hub.change(a_person("carl", groups=("lab",))))
    assert not groups.remove_some("lab")
    assert groups.of("carl") == ["lab"]


def test_what_is_removed_is_in_no_file(store_path, hub):
    with open_database(store_path, durable=True) as database:
        copy = SyncedGallery(database, "main", opens)
        copy.adopt(hub.head())
        copy.apply(hub.enroll("ada", "robert"))
        secret = Gallery(database).record("robert").faces[0].templates[0].vector.astype("<f4").tobytes()
        copy.apply(hub.remove("robert"))
        assert copy.receipts(9)
        for path in store_path.parent.iterdir():
            assert secret not in path.read_bytes()
            assert b"Name of robert" not in path.read_bytes()


def test_no_receipt_while_somebody_still_reads_the_log(store_path, hub):
    with (
        open_database(store_path, durable=True) as database,
        open_database(store_path, durable=False) as other,
    ):
        copy = SyncedGallery(database, "main", opens)
        copy.adopt(hub.head())
        copy.apply(hub.enroll("ada"))
        database.wait_at_most(0)
        reader = other._tables.conn.execute("SELECT id FROM people")
        copy.apply(hub.remove("ada"))
        assert copy.receipts(9) == []
        reader.close()
        assert len(copy.receipts(9)) == 1


def test_another_gallery_takes_the_place_of_the_first(database, gallery, copy):
    annex = SmallHub("annex")
    annex.change(a_person("eve", gallery="annex"))
    other = SyncedGallery(database, "annex", opens)
    assert other.have() == Have("annex", 0, 0, copy.have().root, 1)
    ref = annex.snapshot()
    for index, data in enumerate(annex.chunks(ref)):
        other.stage(ref, index, data)
    other.replace(annex.target(ref))
    while other.step() is not None:
        pass
    assert other.have() == Have("annex", 1, annex.version, annex.root, 1)
    assert [one.id for one in gallery.people()] == ["bob", "eve"]


def test_without_a_hub_everybody_is_the_devices_own(database, gallery, copy):
    copy.revoke("ada", Mark(1, 99), contained=True)
    assert release(database)
    assert not release(database)
    gallery.update_person(replace(gallery.person("ada"), revoked=False))
    gallery.remove_person("ada")
    assert SyncedGallery(database, "main", opens).have() == Have("main")


def test_the_index_follows(store_path, database, gallery, copy, hub):
    with open_database(store_path, durable=False, check=False) as own:
        index = GalleryIndex(own, ModelId(MODEL))
        assert index.people() == 1
        copy.apply(hub.enroll("carl", "dora"))
        assert index.people() == 3
        copy.apply(hub.remove("ada"))
        assert index.people() == 2


def test_rows_that_were_changed_behind_its_back_are_noticed(database, gallery, copy, hub):
    database.execute("DELETE FROM synced_rows WHERE person = 'ada'")
    assert SyncedGallery(database, "main", opens).have().root != hub.root


def test_people_enrolled_here_come_in_pages(gallery, copy):
    for number in range(3):
        gallery.add_person(person(f"p{number}"))
    assert [one.person.id for one in copy.enrolled_here("", 2)] == ["bob", "p0"]
    assert [one.person.id for one in copy.enrolled_here("p0", 9)] == ["p1", "p2"]


def replace_all(path, hub, ref):
    """In a process of its own, to be killed."""
    with open_database(path, durable=True) as database:
        copy = SyncedGallery(database, "main", opens)
        for index, data in enumerate(hub.chunks(ref)):
            copy.stage(ref, index, data)
        copy.replace(hub.target(ref))
        while (pause := copy.step()) is not None:
            time.sleep(pause / 10)


def test_killed_anywhere_it_goes_on_and_refuses_first(store_path, hub):
    """After every kill: nobody of the old rows who is not in the new ones is granted once anybody new is."""
    old = [f"old{number}" for number in range(300)]
    with open_database(store_path, durable=True) as database:
        copy = SyncedGallery(database, "main", opens)
        copy.adopt(hub.head())
        copy.apply(hub.change(*(a_person(one) for one in old)))
    hub.change(
        *(Removal(one) for one in old[:200]), *(replace(a_person(one), revoked=True) for one in old[200:])
    )
    hub.change(*(a_person(f"new{number}") for number in range(1500)))
    ref = hub.snapshot()
    moments = random.Random(3)
    context = multiprocessing.get_context("fork")
    for _ in range(8):
        child = context.Process(target=replace_all, args=(store_path, hub, ref))
        child.start()
        time.sleep(0.05 + moments.random() * 0.35)
        os.kill(child.pid, signal.SIGKILL)
        child.join()
        with open_database(store_path, durable=True) as database:
            people = Gallery(database).people(0, 9999)
            if any(one.id.startswith("new") for one in people):
                assert all(one.revoked for one in people if one.id.startswith("old"))
    replace_all(store_path, hub, ref)
    with open_database(store_path, durable=True) as database:
        database.verify()
        copy = SyncedGallery(database, "main", opens)
        assert copy.have() == Have("main", 1, hub.version, hub.root, 1600)
        assert copy.changing() is None
    assert list(store_path.parent.glob("*-gallery-*")) == []
