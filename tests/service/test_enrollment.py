"""Enrollment with the real models on the demo's portraits."""

from __future__ import annotations

from datetime import UTC, datetime

import cv2
import numpy as np
import pytest

from edge.app import wiring
from edge.core.calibration import threshold_for
from edge.core.face import PersonId
from edge.core.frame import Frame
from edge.core.matching import Match
from edge.core.person import Person
from edge.demo.scenes import enrolment_pictures, frames
from edge.errors import NoFace, PoorQuality, SeveralFaces
from edge.refusals import PersonNotFound, TooManyFaces
from edge.service.enrollment import EnrollConfig, Enroller, LiveProgress
from edge.settings import Settings
from edge.vision.measure import measure


@pytest.fixture(scope="module")
def models():
    with wiring.open_models(Settings()) as opened:
        yield opened


@pytest.fixture
def site(tmp_path, models):
    settings = Settings.model_validate({"store": {"folder": tmp_path}})
    with (
        wiring.open_roster(settings) as roster,
        wiring.open_index(settings, models.embedder.model) as index,
    ):
        yield roster.gallery, index, wiring.enroller(settings, models, roster.gallery, index)


def somebody(identifier="ada"):
    return Person(PersonId(identifier), "", datetime.now(UTC))


def portrait(name="eileen_collins"):
    return enrolment_pictures(name)[0]


def test_a_portrait_is_enrolled(site):
    gallery, _, enroller = site
    result = enroller.enroll_pictures(somebody(), [("a.jpg", portrait)])
    assert result.accepted == ("a.jpg",)
    assert [face.source for face in gallery.faces(PersonId("ada"))] == ["a.jpg"]


def test_a_picture_without_a_face_is_refused(site):
    _, _, enroller = site
    with pytest.raises(NoFace):
        enroller.examine(np.full((480, 640, 3), 127, np.uint8))


def test_a_picture_of_two_people_is_refused(site):
    _, _, enroller = site
    two = [cv2.resize(portrait(name), (400, 400)) for name in ("eileen_collins", "grace_hopper")]
    with pytest.raises(SeveralFaces):
        enroller.examine(np.hstack(two))


@pytest.mark.parametrize(
    ("spoil", "word"),
    [
        (lambda image: cv2.GaussianBlur(image, (0, 0), 4), "blurred"),
        (lambda image: (image * 0.12).astype(np.uint8), "dark"),
        (lambda image: cv2.resize(image, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA), "small"),
    ],
)
def test_a_poor_picture_is_refused_with_its_reason_and_nobody_is_created(site, spoil, word):
    gallery, _, enroller = site
    result = enroller.enroll_pictures(somebody(), [("a.jpg", lambda: spoil(portrait()))])
    assert result.accepted == ()
    assert word in result.refused[0].reason
    with pytest.raises(PersonNotFound):
        gallery.person(PersonId("ada"))


def test_a_good_picture_counts_beside_a_poor_one(site):
    _, _, enroller = site
    blank = np.full((480, 640, 3), 127, np.uint8)
    result = enroller.enroll_pictures(somebody(), [("blank.png", lambda: blank), ("good.png", portrait)])
    assert (result.accepted, [one.source for one in result.refused]) == (("good.png",), ["blank.png"])


def test_the_same_face_under_another_id_is_a_duplicate(site):
    _, _, enroller = site
    first, second, _ = enrolment_pictures()
    enroller.enroll_pictures(somebody("ada"), [("a", lambda: first)])
    again = enroller.enroll_pictures(somebody("eve"), [("b", lambda: second)])
    assert [one.person for one in again.duplicates] == ["ada"]
    other = enroller.enroll_pictures(somebody("grace"), [("c", lambda: portrait("grace_hopper"))])
    assert other.duplicates == ()
    more = enroller.enroll_pictures(somebody("ada"), [("d", lambda: second)])
    assert [one.person for one in more.duplicates] == ["eve"]


@pytest.mark.parametrize(("compared", "duplicates"), [(10, ["eve"]), (1000, [])])
def test_a_duplicate_among_many_must_be_more_alike(site, models, compared, duplicates):
    """The most similar of a thousand strangers is no duplicate for being as similar as one of ten may be."""
    gallery, _, _ = site
    similarity = threshold_for(models.curve, 1e-4, 100)
    enroller = Enroller(
        detector=models.detector,
        landmarker=models.mesh,
        embedder=models.embedder,
        liveness=models.liveness,
        measure=measure,
        gallery=gallery,
        match=lambda embedding: Match(PersonId("eve"), similarity, 0.1),
        compared=lambda: compared,
        curve=models.curve,
        utc=lambda: datetime.now(UTC),
        config=EnrollConfig(duplicate_far=1e-4),
    )
    result = enroller.enroll_pictures(somebody(), [("a", portrait)])
    assert [one.person for one in result.duplicates] == duplicates


def walk_up(name, fps=15.0):
    return (Frame(image, number / fps, number) for number, image in enumerate(frames(name)))


def test_a_live_enrollment_takes_several_spaced_frames(site):
    gallery, _, enroller = site
    *progress, result = enroller.enroll_live(somebody(), walk_up("enrolled_walks_up"))
    assert len(result.accepted) == 5 == len(gallery.faces(PersonId("ada")))
    assert all(isinstance(one, LiveProgress) for one in progress)
    assert any(one.advice for one in progress)


def test_a_live_enrollment_of_nobody_stores_nothing(site):
    gallery, _, enroller = site
    with pytest.raises(PoorQuality, match="good frames"):
        list(enroller.enroll_live(somebody(), walk_up("mqtt_unlock")))
    assert gallery.count() == 0


def test_an_enrollment_that_does_not_fit_leaves_nothing_behind(tmp_path, models):
    settings = Settings.model_validate({"store": {"folder": tmp_path}, "limits": {"faces_per_person": 2}})
    with (
        wiring.open_roster(settings) as roster,
        wiring.open_index(settings, models.embedder.model) as index,
    ):
        enroller = wiring.enroller(settings, models, roster.gallery, index)
        pictures = [(str(i), lambda one=one: one) for i, one in enumerate(enrolment_pictures())]
        with pytest.raises(TooManyFaces):
            enroller.enroll_pictures(somebody(), pictures)
        assert roster.gallery.count() == 0
