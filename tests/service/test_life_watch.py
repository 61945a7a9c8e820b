from __future__ import annotations

import math

import numpy as np
import pytest

from edge.core.frame import Frame
from edge.core.planarity import Motion
from edge.core.suspicion import Suspicion
from edge.core.track_life import Life, LifeConfig
from edge.errors import ModelError
from edge.service.life_watch import LifeWatch
from edge.vision.fingerprint import fingerprint
from tests.factories import a_face

DT = 1 / 15
FACE = a_face(320, 240, 150)
POINTS = np.full((468, 3), 320.0, np.float32)
ADA, BOB = np.eye(8, dtype=np.float32)[0], np.eye(8, dtype=np.float32)[1]
SPREAD = np.random.default_rng(1).uniform(250, 390, (468, 3)).astype(np.float32)


class Watched:
    """A watch with a model, a flow and a camera that say what the test wants."""

    def __init__(self):
        self.live = 0.95
        self.vector = ADA
        self.motion = None
        self.now, self.sequence = 5.0, 0
        self.followed, self.forgotten = [], []
        self.noise = np.random.default_rng(0)
        self.watch = LifeWatch(liveness=self, flow=self, fingerprint=fingerprint, config=LifeConfig())

    def score(self, image, face):
        if self.live is None:
            raise ModelError("it broke; reinstall")
        return self.live

    def follow(self, track, at, image, points):
        self.followed.append(track)
        return self.motion

    def forget(self, track):
        self.forgotten.append(track)

    def picture(self):
        return self.noise.integers(60, 200, (480, 640, 3), np.uint8)

    def show(self, frames=1, *, track=1, image=None, points=POINTS, usable=True, **sensors):
        """Gives the last judgement."""
        judgement = None
        for _ in range(frames):
            picture = self.picture() if image is None else image
            frame = Frame(picture, self.now, self.sequence, **sensors)
            self.watch.saw(frame, FACE.box)
            if usable:
                score = self.watch.score(frame.image, FACE)
                judgement = self.watch.add(track, frame, score, points, self.vector)
            self.now, self.sequence = self.now + DT, self.sequence + 1
        return judgement


@pytest.fixture
def watched():
    return Watched()


def test_five_living_frames_are_alive(watched):
    assert watched.show(4).life is None
    assert watched.show(1).life is Life.LIVE


def test_each_track_has_its_own_life(watched):
    watched.show(4, track=1)
    assert watched.show(4, track=2).life is None


def test_what_was_answered_begins_anew(watched):
    assert watched.show(6).life is Life.LIVE
    watched.watch.forget(1)
    assert watched.show(4).life is None
    assert watched.forgotten == [1]


def refused(watched):
    watched.live = 0.3
    assert watched.show(16).life is Life.UNSURE


def test_who_was_refused_needs_all_frames_to_count_as_alive(watched):
    refused(watched)
    watched.watch.forget(1)
    watched.live = 0.95
    assert watched.show(15).life is None
    assert watched.show(1).life is Life.LIVE
    watched.watch.forget(1)
    assert watched.show(5).life is Life.LIVE
    assert watched.show(5, track=2).life is Life.LIVE


def test_what_was_refused_is_weighed_again_with_what_comes(watched):
    refused(watched)
    watched.watch.forget(1)
    watched.live = 0.6
    assert watched.show(16).life is Life.UNSURE
    assert LifeConfig().accept < 0.6


def test_who_passed_a_challenge_is_trusted_again(watched):
    refused(watched)
    watched.watch.forget(1, is_trusted=True)
    watched.live = 0.95
    assert watched.show(5).life is Life.LIVE


def test_nothing_is_held_against_a_track_that_is_gone(watched):
    refused(watched)
    watched.watch.forget(1)
    watched.watch.keep(set())
    watched.live = 0.95
    assert watched.show(5).life is Life.LIVE


def test_tracks_that_are_gone_are_forgotten(watched):
    watched.show(6, track=1)
    watched.show(1, track=2)
    watched.watch.keep({2})
    assert watched.show(1, track=1).frames == 1
    assert watched.show(1, track=2).frames == 2


@pytest.mark.parametrize("live", [None, math.nan, 1.5, -0.2])
def test_a_model_that_gives_no_probability_is_told_and_lets_nobody_live(watched, live):
    watched.live = live
    assert watched.show(6).life is None
    assert watched.watch.fault is not None
    assert watched.show(12).life is Life.UNSURE
    watched.live = 0.95
    watched.watch.forget(1)
    assert watched.show(16).life is Life.LIVE
    assert watched.watch.fault is None


def test_a_picture_that_stands_still_is_no_camera(watched):
    image = watched.picture()
    watched.show(20, image=image, usable=False)
    judgement = watched.show(1, image=image)
    assert (judgement.life, judgement.suspicions) == (Life.ATTACK, (Suspicion.FROZEN,))


def test_a_recording_that_comes_again_is_seen_also_when_its_first_round_was_of_no_use(watched):
    recording = [watched.picture() for _ in range(45)]
    for image in recording:
        watched.show(image=image, usable=False)
    found = [watched.show(image=image) for image in recording[:8]]
    assert Suspicion.REPEATED in found[-1].suspicions
    assert found[-1].life is Life.ATTACK


def test_what_an_unusable_frame_gave_away_counts_for_the_next_usable_one(watched):
    watched.sequence = 10
    watched.show(usable=False)
    watched.sequence = 3
    watched.show(usable=False)
    assert watched.show().suspicions == (Suspicion.STREAM_TIMES,)


def test_a_stream_that_changed_its_size_long_ago_is_forgiven(watched):
    watched.show(5)
    watched.show(image=np.zeros((240, 320, 3), np.uint8), usable=False)
    watched.now += 10.0
    assert watched.show(6).life is Life.LIVE


def test_a_face_that_becomes_another_is_an_attack(watched):
    watched.show(4)
    watched.vector = BOB
    assert watched.show(4).suspicions == (Suspicion.FACE_SWAP,)


def test_a_face_that_moves_as_a_plane_is_an_attack(watched):
    watched.motion = Motion(watched.now, warp=0.05, rest=0.001)
    judgement = watched.show(4)
    assert (judgement.life, judgement.suspicions) == (Life.ATTACK, (Suspicion.PLANAR,))


def test_a_face_that_is_black_in_infrared_is_an_attack(watched):
    dark = np.full((480, 640), 5, np.uint8)
    judgement = watched.show(3, points=SPREAD, infrared=dark)
    assert (judgement.life, judgement.suspicions) == (Life.ATTACK, (Suspicion.DARK_IN_INFRARED,))


def test_a_face_that_is_bright_in_infrared_lives(watched):
    bright = np.full((480, 640), 120, np.uint8)
    assert watched.show(6, points=SPREAD, infrared=bright).life is Life.LIVE


def test_a_flat_face_is_an_attack(watched):
    flat = np.full((480, 640), 0.6, np.float32)
    judgement = watched.show(3, points=SPREAD, depth=flat)
    assert (judgement.life, judgement.suspicions) == (Life.ATTACK, (Suspicion.FLAT_IN_DEPTH,))


def test_frames_without_the_second_sensor_neither_help_nor_harm_what_it_said(watched):
    dark = np.full((480, 640), 5, np.uint8)
    watched.show(1, points=SPREAD, infrared=dark)
    watched.show(5, points=SPREAD)
    assert watched.show(1, points=SPREAD, infrared=dark).suspicions == (Suspicion.DARK_IN_INFRARED,)


def test_a_frame_without_a_face_needs_no_fingerprint(watched):
    asked = []
    watched.watch = LifeWatch(
        liveness=watched,
        flow=watched,
        fingerprint=lambda image, box: asked.append(box),
        config=LifeConfig(),
    )
    watched.watch.saw(Frame(watched.picture(), 0.0, 0), None)
    assert asked == []
