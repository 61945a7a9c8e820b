"""A challenge's moves in real pictures: which way a head turned, and that it is a head."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.core.challenge_look import ChallengeConfig, Look, Straight, shares
from edge.core.face import Face, Landmarks
from edge.core.geometry import head_pose
from edge.core.moves import Move
from edge.core.solidity import solidity
from edge.vision.clip import clip_frames
from edge.vision.detector import FaceDetector
from edge.vision.mesh import FaceMesh

CONFIG = ChallengeConfig(alike=0.95, alike_turned=0.93, reject=0.2)
STRAIGHT_AT = 20
TURNS = {Move.LEFT: 42, Move.RIGHT: 55, Move.UP: 72}
"""Numbers of the pictures of the clip live_c in which he looks straight, to a side, and up."""


@dataclass(frozen=True, eq=False)
class Seen:
    face: Face
    landmarks: Landmarks


@pytest.fixture(scope="module")
def sight(near, far, mesh_engine):
    detector, mesh = FaceDetector(near, far), FaceMesh(mesh_engine)

    def see(image: np.ndarray) -> Seen:
        face = max(detector.detect(image), key=lambda found: found.box.area)
        return Seen(face, mesh.locate(image, face))

    return see


@pytest.fixture(scope="module")
def pictures(data: Path) -> dict[int, np.ndarray]:
    clip: Iterator[np.ndarray] = clip_frames(data / "liveness" / "video" / "live_c.mp4")
    wanted = {STRAIGHT_AT, *TURNS.values()}
    return {n: image for n, image in enumerate(islice(clip, max(wanted) + 1)) if n in wanted}


def moved(straight: Seen, turned: Seen) -> dict[Move, float]:
    looks = [
        Look(0.0, head_pose(seen.landmarks), seen.landmarks.points, None, None) for seen in (straight, turned)
    ]
    reference = Straight(looks[0].pose, looks[0].points, np.zeros(1, np.float32))
    return shares(looks[1], reference, CONFIG)


@pytest.mark.parametrize("move", TURNS)
def test_a_turn_in_a_clip_is_the_move_that_it_is(move, sight, pictures):
    straight, turned = sight(pictures[STRAIGHT_AT]), sight(pictures[TURNS[move]])
    made = moved(straight, turned)
    assert max(made, key=lambda kind: made[kind]) is move
    assert made[move] > 1
    right_eye, left_eye, nose, _, right_ear, left_ear = turned.face.keypoints
    if move is Move.UP:
        assert nose[1] < (right_ear[1] + left_ear[1]) / 2
    else:
        # The person's own left is at the picture's right.
        assert (nose[0] > (right_eye[0] + left_eye[0]) / 2) == (move is Move.LEFT)


@pytest.mark.parametrize("move", TURNS)
def test_in_a_mirror_left_is_right_and_up_stays_up(move, sight, pictures):
    straight, turned = (sight(cv2.flip(pictures[n], 1)) for n in (STRAIGHT_AT, TURNS[move]))
    made = moved(straight, turned)
    mirrored = {Move.LEFT: Move.RIGHT, Move.RIGHT: Move.LEFT}
    assert max(made, key=lambda kind: made[kind]) is mirrored.get(move, move)


@pytest.mark.parametrize("move", TURNS)
def test_a_head_that_turned_is_solid(move, sight, pictures):
    straight, turned = sight(pictures[STRAIGHT_AT]), sight(pictures[TURNS[move]])
    assert solidity(straight.landmarks.points, turned.landmarks.points).is_solid


@pytest.mark.parametrize("degrees", [-60, -50, -40, 40, 50, 60])
def test_a_picture_of_it_that_is_turned_is_not(degrees, sight, pictures):
    image = cv2.resize(pictures[STRAIGHT_AT], None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    straight, turned = sight(image), sight(as_a_print(image, degrees))
    assert not solidity(straight.landmarks.points, turned.landmarks.points).is_solid
    assert moved(straight, turned)[Move.UP] < 1


def as_a_print(image: np.ndarray, degrees: float) -> np.ndarray:
    """The picture on a sheet that is turned about its vertical axis, from 2.5 times its width away."""
    height, width = image.shape[:2]
    away, turn = 2.5 * width, np.radians(degrees)
    to_center = np.array([[1, 0, -width / 2], [0, 1, -height / 2], [0, 0, 1]])
    in_space = np.array([[np.cos(turn), 0, 0], [0, 1, 0], [-np.sin(turn), 0, away]])
    seen = np.array([[away, 0, width / 2], [0, away, height / 2], [0, 0, 1]])
    return cv2.warpPerspective(
        image, seen @ in_space @ to_center, (width, height), borderValue=(120, 120, 120)
    )
