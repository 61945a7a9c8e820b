"""A clip is judged as the door would judge it, again and again to its end."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from edge.core.clip_verdict import Decision
from edge.core.face import Embedding, Face, Landmarks
from edge.core.frame import Image
from edge.core.quality import Limits, Measurements, Problem
from edge.core.track_life import LifeConfig
from edge.errors import ModelError, NoFace
from edge.service.clip_liveness import ClipAnswer, ClipLiveness
from edge.service.face_gate import FaceGate
from edge.service.life_watch import LifeWatch
from edge.vision.fingerprint import fingerprint
from edge.vision.flow import FaceFlow
from tests.factories import MODEL, a_face, a_frame, some_landmarks

DT = 1 / 15
FACE = a_face(320, 240, 150)
LIFE = LifeConfig(accept=0.6, reject=0.2)


class Clip:
    """What the networks see in each frame. scores: of the liveness model; None fails it. faces: in all of
    them, unless `shown` says otherwise frame by frame."""

    model = MODEL

    def __init__(self, scores: Sequence[float | None], *faces: Face) -> None:
        self.scores = scores
        self.faces = faces or (FACE,)
        self.shown: Callable[[int], Sequence[Face]] = lambda number: self.faces
        self.brightness: Callable[[int], float] = lambda number: 120.0
        self.aligned = True
        self.number = -1

    def detect(self, image: Image, thorough: bool = False) -> list[Face]:
        self.number += 1
        return list(self.shown(self.number))

    def locate(self, image: Image, face: Face) -> Landmarks:
        return some_landmarks()

    def glance(self, image: Image, landmarks: Landmarks, mirrored: bool) -> Embedding:
        if not self.aligned:
            raise NoFace("no face to align; take another picture")
        return Embedding(np.eye(8, dtype=np.float32)[0], MODEL)

    def score(self, image: Image, face: Face) -> float:
        score = self.scores[self.number]
        if score is None:
            raise ModelError("the liveness model is damaged; reinstall")
        return score

    def check(self) -> ClipAnswer:
        gate = FaceGate(
            landmarker=self,
            measure=lambda image, box: Measurements(300.0, self.brightness(self.number), 50.0),
            limits=Limits(),
            crop=2.8,
            occlusion=None,
        )
        clips = ClipLiveness(
            detector=self,
            gate=gate,
            embedder=self,
            watch=lambda: LifeWatch(liveness=self, flow=FaceFlow(), fingerprint=fingerprint, config=LIFE),
        )
        return clips.check(a_frame(10.0 + number * DT, number) for number in range(len(self.scores)))


def test_a_living_face_is_decided_after_a_third_of_a_second_and_judged_again() -> None:
    answer = Clip([0.9] * 45).check()
    assert (answer.decision, answer.score) == (Decision.LIVE, pytest.approx(0.9))
    assert answer.steady_at == pytest.approx(2 * DT)
    assert answer.seconds == pytest.approx(4 * DT)
    assert len(answer.opened_at) == 8
    assert answer.refused_at == ()
    assert answer.frames == 43
    assert answer.scores == pytest.approx((0.9, 0.9, 0.9))
    assert answer.at_the_door == (Decision.LIVE, pytest.approx(4 * DT))


def test_an_attack_is_decided_after_the_whole_window() -> None:
    answer = Clip([0.05] * 45).check()
    assert (answer.decision, answer.opened_at) == (Decision.ATTACK, ())
    assert answer.seconds == pytest.approx(7 * DT)
    assert answer.at_the_door == (Decision.ATTACK, answer.seconds)


def test_between_the_thresholds_it_stays_unsure() -> None:
    answer = Clip([0.4] * 45).check()
    assert (answer.decision, answer.opened_at, answer.refused_at) == (Decision.UNSURE, (), ())
    assert answer.seconds == pytest.approx(15 * DT)


def test_an_attack_after_a_living_face_is_told_though_the_door_has_opened() -> None:
    answer = Clip([0.9] * 20 + [0.01] * 40).check()
    assert answer.decision is Decision.UNSURE
    assert answer.opened_at
    assert answer.refused_at
    assert answer.at_the_door == (Decision.LIVE, pytest.approx(4 * DT))


def test_a_living_face_after_an_attack_makes_no_living_clip() -> None:
    answer = Clip([0.05] * 8 + [0.9] * 52).check()
    assert answer.decision is Decision.UNSURE
    decision, seconds = answer.at_the_door
    assert decision is Decision.LIVE
    assert seconds is not None
    assert seconds > 1.0


def test_nobody_and_somebody_in_motion_are_no_face() -> None:
    clip = Clip([0.9] * 30)
    clip.shown = lambda number: ()
    assert clip.check().decision is Decision.NO_FACE
    clip = Clip([0.9] * 30)
    clip.shown = lambda number: (a_face(60 + 18 * number, 240, 100),)
    answer = clip.check()
    assert (answer.decision, answer.seconds, answer.steady_at) == (Decision.NO_FACE, None, None)
    assert answer.scores == (None, None)


def test_a_face_that_is_never_good_enough_gets_no_decision_and_the_reason() -> None:
    clip = Clip([0.9] * 30)
    clip.brightness = lambda number: 10.0
    answer = clip.check()
    assert (answer.decision, answer.frames, answer.problems) == (Decision.NO_DECISION, 0, (Problem.DARK,))


def test_a_face_that_cannot_be_aligned_is_no_evidence() -> None:
    clip = Clip([0.9] * 30)
    clip.aligned = False
    answer = clip.check()
    assert (answer.decision, answer.problems) == (Decision.NO_DECISION, (Problem.OCCLUDED,))


def test_another_face_beside_it_breaks_the_evidence() -> None:
    beside = a_face(460, 240, 110)
    clip = Clip([0.9] * 60)
    clip.shown = lambda number: (FACE, beside) if number % 4 == 3 else (FACE,)
    answer = clip.check()
    assert (answer.decision, answer.opened_at) == (Decision.NO_DECISION, ())
    assert answer.problems == (Problem.SEVERAL_FACES,)


def test_a_network_that_fails_ends_the_check() -> None:
    with pytest.raises(ModelError, match="damaged"):
        Clip([0.9] * 5 + [None] * 5).check()
    with pytest.raises(ModelError, match="no probability"):
        Clip([0.9] * 4 + [float("nan")] * 5).check()


def test_an_empty_clip_has_no_face() -> None:
    answer = Clip([]).check()
    assert (answer.decision, answer.scores, answer.steady_at) == (Decision.NO_FACE, (), None)


def test_the_json_has_words_for_every_reason() -> None:
    clip = Clip([0.9] * 30)
    clip.brightness = lambda number: 10.0 if number < 20 else 120.0
    told = clip.check().as_json()
    assert set(told) == {
        "decision",
        "score",
        "seconds",
        "steady_at",
        "opened_at",
        "refused_at",
        "frames",
        "suspicions",
        "problems",
        "scores",
    }
    (problem,) = told["problems"]
    assert problem["problem"] == "dark"
    assert problem["say"].endswith(".")
