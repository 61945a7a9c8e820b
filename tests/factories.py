"""Builders with defaults, so that a test shows only what matters."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np

from edge.core.decision import Decision, DecisionId, Reason
from edge.core.evidence import Observation
from edge.core.face import Box, Embedding, Face, Landmarks, ModelId, PersonId
from edge.core.frame import Frame
from edge.core.track_life import Glimpse

NOON = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
MODEL = ModelId("test@0123456789ab")


def a_box(x: float = 100.0, y: float = 100.0, size: float = 100.0) -> Box:
    """A square; (x, y) is its center."""
    return Box(x - size / 2, y - size / 2, x + size / 2, y + size / 2)


def a_face(x: float = 100.0, y: float = 100.0, size: float = 100.0, score: float = 0.9) -> Face:
    return Face(a_box(x, y, size), np.full((6, 2), (x, y), np.float32), score)


def a_frame(at: float, sequence: int = 0, width: int = 640, height: int = 480) -> Frame:
    return Frame(np.zeros((height, width, 3), np.uint8), at, sequence)


def some_landmarks(
    yaw: float = 0.0, pitch: float = 0.0, roll: float = 0.0, presence: float = 1.0
) -> Landmarks:
    """A mesh of which only the four points that tell the pose are set; angles in degrees."""
    across, down = 60.0, 120.0
    yaw, pitch, roll = np.deg2rad([yaw, pitch, roll])
    points = np.zeros((468, 3), np.float32)
    eyes = across * np.array([np.cos(roll) * np.cos(yaw), np.sin(roll) * np.cos(yaw), np.sin(yaw)])
    spine = down * np.array([-np.sin(roll) * np.cos(pitch), np.cos(roll) * np.cos(pitch), -np.sin(pitch)])
    points[33], points[263] = -eyes / 2, eyes / 2
    points[10], points[152] = -spine / 2, spine / 2
    return Landmarks(points, presence)


def a_template(seed: int, size: int = 16) -> Embedding:
    vector = np.random.default_rng(seed).normal(size=size).astype(np.float32)
    return Embedding(vector / np.linalg.norm(vector), MODEL)


def an_observation(
    at: float = 0.0,
    person: str | None = "ada",
    *,
    ambiguous: bool = False,
    liveness: float | None = 0.9,
    similarity: float = 0.95,
) -> Observation:
    named = None if person is None else PersonId(person)
    return Observation(at, named, ambiguous, similarity, margin=0.2, liveness=liveness, quality=0.8)


def a_glimpse(at: float = 0.0, score: float | None = 0.9, **seen: Any) -> Glimpse:
    """A usable frame of a track; seen: what else it gave."""
    return Glimpse(at, score, **seen)


def a_decision(identifier: str = "d1", *, granted: bool = True, command: str | None = None) -> Decision:
    reason = Reason.ALLOW_GRANT if granted else Reason.DENY_UNKNOWN_FACE
    return Decision(DecisionId(identifier), NOON, "main", granted, reason, ("face",), command=command)
