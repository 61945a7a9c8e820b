"""Orders about faces, with the real networks on the demo's portraits, and a camera that the test is."""

from __future__ import annotations

import base64
import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime

import cv2
import numpy as np
import pytest

from edge.app.face_desk import IDLE_S, FaceDesk
from edge.app.face_work import open_face_work
from edge.app.frame_tap import FrameTap
from edge.app.live_enrollment import LiveEnrollment
from edge.app.wiring import gallery_limits
from edge.core.ack import AckStatus
from edge.core.commands import Command
from edge.core.device_orders import RequestSnapshot, StartEnrollment
from edge.core.face import PersonId
from edge.core.face_orders import AddFace, SearchFace, VerifyFace
from edge.core.frame import Frame
from edge.core.order_body import LARGEST_PICTURE
from edge.core.person import Person
from edge.demo.scenes import enrolment_pictures, frames
from edge.errors import CameraStalled, NoFace, PictureIllegal
from edge.refusals import GroupListNotFound, NobodyToSearch, PersonIdIllegal, PersonNotFound
from edge.settings import Settings
from tests.factories import NOON

FPS = 15.0


class Site:
    """A store with nobody in it, a camera that shows nothing, and one set of networks for all tests."""

    def __init__(self, settings):
        self.settings = settings
        self.seen = []
        self.tap = FrameTap(self)
        self.enrolled, self.progress = [], []
        self.opened = 0
        self.now = 1000.0
        self.is_ending = False
        enrollment = LiveEnrollment(
            tap=self.tap,
            limits=gallery_limits(settings),
            monotonic=time.monotonic,
            utc=lambda: datetime.now(UTC),
            enrolled=self.enrolled.append,
            stopping=lambda: self.is_ending,
        )
        self.desk = FaceDesk(
            settings,
            self.tap,
            enrollment=enrollment,
            monotonic=lambda: self.now,
            enrolled=self.enrolled.append,
            open_work=self.open,
        )

    def put(self, frame):
        """The slot of the door."""
        self.seen.append(frame)

    @contextmanager
    def open(self, settings):
        self.opened += 1
        with open_face_work(settings) as self.work:
            yield self.work

    def ask(self, order):
        return self.desk.carry_out(Command("c1", "x.y", order, NOON, None), self.progress.append)

    def know(self, person, name):
        pictures = [("a", lambda: enrolment_pictures(name)[0])]
        self.desk._ready().enroller.enroll_pictures(Person(PersonId(person), "secret name", NOON), pictures)

    @contextmanager
    def shown(self, images, every_s=1 / FPS):
        """The camera shows these pictures, as they come, and the last one again and again."""
        over = threading.Event()

        def show():
            number, image = 0, None
            for image in images:
                self.tap.put(Frame(image, time.monotonic(), number))
                number += 1
                if over.wait(every_s):
                    return
            while not over.wait(every_s):
                self.tap.put(Frame(image, time.monotonic(), number))
                number += 1

        thread = threading.Thread(target=show)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()


@pytest.fixture
def site(tmp_path):
    made = Site(
        Settings.model_validate(
            {"store": {"folder": tmp_path}, "enrollment": {"frames": 2}, "fleet": {"pictures": True}}
        )
    )
    yield made
    made.desk.close()


def small(image, width=480):
    size = (width, round(image.shape[0] * width / image.shape[1]))
    done, data = cv2.imencode(".jpg", cv2.resize(image, size, interpolation=cv2.INTER_AREA))
    assert done
    return data.tobytes()


def test_a_camera_that_shows_nothing_gives_no_snapshot_and_enrolls_nobody(site, monkeypatch):
    monkeypatch.setattr("edge.app.face_desk.FRAME_S", 0.05)
    monkeypatch.setattr("edge.app.live_enrollment.FRAME_S", 0.05)
    with pytest.raises(CameraStalled):
        site.ask(RequestSnapshot(faces=True))
    with pytest.raises(CameraStalled):
        site.ask(StartEnrollment("ada", seconds=5))
    assert site.enrolled == []


def test_who_may_not_be_named_so_is_not_enrolled(site):
    with pytest.raises(PersonIdIllegal):
        site.ask(StartEnrollment("ada lovelace"))
    with pytest.raises(GroupListNotFound):
        site.ask(StartEnrollment("ada", ("staff",)))
    assert site.progress == []


def test_an_enrollment_of_nobody_ends_in_time_and_the_door_sees_frames_again(site):
    blank = np.full((480, 640, 3), 127, np.uint8)
    site.desk._ready()
    with site.shown([blank]):
        begun = time.monotonic()
        done = site.ask(StartEnrollment("ada", seconds=1))
        assert time.monotonic() - begun < 20
        assert (done.ack.status, done.ack.reason) == (AckStatus.TIMED_OUT, "no_good_frames")
        assert done.ack.detail["taken"] == 0
        assert "no face" in done.ack.detail["text"]
        withheld = len(site.seen)
        time.sleep(0.3)
    assert len(site.seen) > withheld
    assert site.progress[0] == {"taken": 0, "wanted": 2, "advice": site.progress[0]["advice"]}
    assert site.enrolled == []
    assert done.audit is None


def test_an_enrollment_is_given_up_when_the_daemon_ends(site):
    site.is_ending = True
    assert site.ask(StartEnrollment("ada", seconds=60)).ack.status is AckStatus.TIMED_OUT


def test_who_walks_up_is_enrolled_and_the_door_gets_no_frames_meanwhile(site):
    site.desk._ready().keepers.groups.create("staff")
    with site.shown(list(frames("enrolled_walks_up"))):
        before = len(site.seen)
        done = site.ask(StartEnrollment("eileen", ("staff",), seconds=30))
        # The frame on its way at the begin and at the end may still come.
        assert len(site.seen) - before <= 2
    assert done.ack.detail == {"person": "eileen", "created": True, "faces": 2, "duplicates": []}
    assert done.audit == "audit.gallery_changed"
    assert site.enrolled == ["eileen"]
    assert site.work.keepers.people.groups(PersonId("eileen")).rows == ("staff",)
    assert site.progress[-1]["taken"] <= 2


def test_somebody_known_under_another_id_is_told(site):
    site.know("ada", "eileen_collins")
    with site.shown(list(frames("enrolled_walks_up"))):
        done = site.ask(StartEnrollment("eileen", seconds=30))
    assert done.ack.detail["duplicates"] == ["ada"]


def test_pictures_are_compared_with_people_and_nobody_is_named(site):
    picture = small(enrolment_pictures()[1])
    with pytest.raises(NobodyToSearch):
        site.ask(SearchFace(picture))
    with pytest.raises(PersonNotFound):
        site.ask(VerifyFace("eileen", picture))
    site.know("eileen", "eileen_collins")
    site.know("grace", "grace_hopper")
    found = site.ask(SearchFace(picture, count=2)).ack.detail
    (face,) = found["faces"]
    assert [one["person"] for one in face["candidates"]] == ["eileen", "grace"]
    assert [one["is_match"] for one in face["candidates"]] == [True, False]
    assert all("tag" not in one for one in face["candidates"])
    assert site.ask(VerifyFace("eileen", picture)).ack.detail["is_match"] is True
    assert site.ask(VerifyFace("grace", picture)).ack.detail["is_match"] is False
    with pytest.raises(PictureIllegal):
        site.ask(VerifyFace("grace", b"not a picture"))


def test_a_face_is_added_to_somebody_known(site):
    site.know("eileen", "eileen_collins")
    with pytest.raises(NoFace):
        site.ask(AddFace("eileen", small(np.full((480, 640, 3), 127, np.uint8))))
    added = site.ask(AddFace("eileen", small(enrolment_pictures()[1]))).ack.detail["faces"]
    known = site.work.keepers.people.faces(PersonId("eileen"))
    assert [face.id for face in known][-1:] == added
    assert site.enrolled == ["eileen"]


def test_a_snapshot_shows_nobody_unless_it_may(site):
    image = enrolment_pictures()[0]
    with site.shown([image]):
        open_ = site.ask(RequestSnapshot(width=320, faces=True)).ack
        hidden = site.ask(RequestSnapshot(width=320)).ack
    for ack in (open_, hidden):
        picture = shown(ack)
        assert ack.detail["bytes"] <= LARGEST_PICTURE
        assert picture.shape[:2] == (ack.detail["height"], ack.detail["width"])
        assert picture.shape[1] == 320
        assert "image" not in ack.to_json()
    reader = site.work.known.faces.redaction
    assert len(reader.faces(shown(open_))) >= 1
    assert reader.faces(shown(hidden)) == []
    assert hidden.detail["faces_hidden"] >= 1


def test_a_picture_full_of_detail_is_made_small_enough(site):
    noise = np.random.default_rng(1).integers(0, 256, (720, 1280, 3), np.uint8)
    with site.shown([noise]):
        ack = site.ask(RequestSnapshot(width=1280, faces=True)).ack
    assert 0 < ack.detail["bytes"] <= LARGEST_PICTURE
    assert ack.detail["width"] < 1280


def test_networks_that_nobody_needs_are_closed_and_opened_again(site):
    assert site.opened == 0
    with pytest.raises(NobodyToSearch):
        site.ask(SearchFace(small(enrolment_pictures()[0])))
    site.desk.idle()
    site.now += IDLE_S
    site.desk.idle()
    with pytest.raises(NobodyToSearch):
        site.ask(SearchFace(small(enrolment_pictures()[0])))
    assert site.opened == 2


def shown(ack):
    data = np.frombuffer(base64.b64decode(ack.once["image"]), np.uint8)
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR))
