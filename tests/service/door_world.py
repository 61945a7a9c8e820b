"""A door's recognizer among made-up models."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from edge.core.calibration import FarCurve
from edge.core.face import Embedding, Landmarks, PersonId
from edge.core.liveness_policy import LivenessPolicy
from edge.core.person import FaceId
from edge.core.quality import Limits, Measurements
from edge.core.quality_levels import Completeness
from edge.core.track_life import LifeConfig
from edge.errors import ModelError, NoFace
from edge.service.face_gate import FaceGate
from edge.service.life_watch import LifeWatch
from edge.service.recognize import RecognizeConfig, Recognizer
from edge.store.exact import ExactFaces
from edge.store.face_rows import FaceRow
from edge.store.matcher import PeopleMatcher
from edge.vision.fingerprint import fingerprint
from edge.vision.flow import FaceFlow
from tests.factories import MODEL, a_frame, some_landmarks

CURVE = FarCurve((0.5, 0.7, 0.9), (1e-2, 1e-4, 1e-6))
DT = 1 / 15
ADA, BOB = np.eye(8, dtype=np.float32)[0], np.eye(8, dtype=np.float32)[1]


class World:
    """The models' answers: each face is known by where it stands, and has a vector of its own. live: None
    breaks the liveness model. mesh: float32 (468, 3) of every face, in place of one with a pose."""

    def __init__(self):
        self.people = {}
        self.live = 0.9
        self.policy = LivenessPolicy.PASSIVE
        self.measured = Measurements(300.0, 120.0, 50.0)
        self.pose, self.mesh = {}, None
        self.collapsed = []
        self.embedded = 0
        self.sides = []
        self.enrolled = enrolled(ada=ADA, bob=BOB)
        self.matcher = PeopleMatcher(MODEL, lambda: self.enrolled)
        self.recognizer = Recognizer(
            detector=self,
            landmarker=self,
            gate=FaceGate(
                landmarker=self,
                measure=lambda image, box: self.measured,
                limits=Limits(),
                crop=self.crop,
                occlusion=self,
            ),
            watch=LifeWatch(liveness=self, flow=FaceFlow(), fingerprint=fingerprint, config=LifeConfig()),
            embedder=self,
            matcher=self.matcher,
            curve=CURVE,
            policy=lambda: self.policy,
            randbelow=self.draw,
            config=RecognizeConfig(),
        )
        self.now, self.sequence = 0.0, 0
        self.drawn = iter(())

    model = MODEL
    crop = 2.8
    step = None
    picture = None
    mouth = 1.0

    def draw(self, below):
        return next(self.drawn, 0) % below

    def detect(self, image, thorough=False):
        return [face for face, _ in self.people.values()]

    def locate(self, image, face):
        return some_landmarks(**self.pose) if self.mesh is None else Landmarks(self.mesh, 1.0)

    def measure(self, image, landmarks):
        return Completeness(1.0, 1.0, 1.0, self.mouth, 1.0, 1.0)

    def score(self, image, face):
        if self.live is None:
            raise ModelError("the liveness model broke; reinstall")
        return self.live

    def glance(self, image, landmarks, mirrored):
        self.embedded += 1
        self.sides.append(mirrored)
        if self._order[self.embedded - 1] in self.collapsed:
            raise NoFace("no face to align; take another picture")
        vector = next(
            vector for face, vector in self.people.values() if face is self._order[self.embedded - 1]
        )
        return Embedding(vector, MODEL)

    def frame_of(self, now, sequence):
        frame = a_frame(now, sequence)
        return frame if self.picture is None else replace(frame, image=self.picture)

    def run(self, frames):
        """Show so many frames; gives the sightings."""
        sightings = []
        for _ in range(frames):
            self.embedded = 0
            self._order = sorted((face for face, _ in self.people.values()), key=lambda face: -face.box.area)
            step = self.recognizer.process(self.frame_of(self.now, self.sequence))
            self.now, self.sequence = self.now + DT, self.sequence + 1
            self.step = step
            if step.sighting is not None:
                sightings.append(step.sighting)
        return sightings


def enrolled(**people):
    """One face for each person."""
    faces = enumerate(people.items())
    return ExactFaces.of(
        [FaceRow(n, FaceId(name), PersonId(name), 1.0, vector) for n, (name, vector) in faces]
    )
