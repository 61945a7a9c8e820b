"""Follow faces from frame to frame, and say which one stands at the door."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from edge.core.face import Box, Face
from edge.core.geometry import inside, iou

Polygon = tuple[tuple[float, float], ...]
WHOLE_FRAME: Polygon = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))


@dataclass(frozen=True, slots=True)
class TrackingConfig:
    """min_iou: overlap that continues a track. reach: how far, in face widths, a face may have moved
    when the boxes no longer overlap. keep_s: how long a track outlives its face. steady_speed: face
    widths a second that still count as standing. steady_frames: how many frames a face must be seen."""

    min_iou: float = 0.25
    reach: float = 0.6
    keep_s: float = 0.7
    steady_speed: float = 1.2
    steady_frames: int = 3


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """One face over time. Times are monotonic seconds; speed is in face widths a second, smoothed."""

    id: int
    face: Face
    first_seen: float
    last_seen: float
    frames: int = 1
    speed: float = 0.0

    def is_steady(self, config: TrackingConfig) -> bool:
        return self.frames >= config.steady_frames and self.speed <= config.steady_speed


@dataclass(frozen=True, slots=True, eq=False)
class Tracks:
    """All faces followed at this moment. `next_id` is never used twice."""

    tracks: tuple[Track, ...] = ()
    next_id: int = 1

    def visible(self, now: float) -> tuple[Track, ...]:
        """The tracks whose face is in the frame taken at `now`."""
        return tuple(track for track in self.tracks if track.last_seen == now)


def update(state: Tracks, faces: Sequence[Face], now: float, config: TrackingConfig) -> Tracks:
    """Give every face of the frame taken at `now` a track: the best pairs first, the rest are new."""
    pairs = sorted(
        (
            (affinity, t, f)
            for t, track in enumerate(state.tracks)
            for f, face in enumerate(faces)
            if (affinity := _affinity(track.face.box, face.box, config)) > 0
        ),
        reverse=True,
    )
    face_of: dict[int, int] = {}
    taken: set[int] = set()
    for _, t, f in pairs:
        if t not in face_of and f not in taken:
            face_of[t] = f
            taken.add(f)
    tracks = [
        _continued(track, faces[face_of[t]], now) if t in face_of else track
        for t, track in enumerate(state.tracks)
        if t in face_of or now - track.last_seen <= config.keep_s
    ]
    next_id = state.next_id
    for f, face in enumerate(faces):
        if f not in taken:
            tracks.append(Track(next_id, face, first_seen=now, last_seen=now))
            next_id += 1
    return Tracks(tuple(tracks), next_id)


def primary(
    state: Tracks, now: float, frame_wh: tuple[int, int], zone: Polygon, config: TrackingConfig
) -> Track | None:
    """The one face that may open: the nearest (largest) inside the zone, once it is steady.

    zone: polygon in fractions of the frame's width and height. While the nearest face still moves
    nobody is primary, so that a face further back never opens for the person in front of it.
    """
    found = nearest(state, now, frame_wh, zone)
    return found if found is not None and found.is_steady(config) else None


def nearest(state: Tracks, now: float, frame_wh: tuple[int, int], zone: Polygon) -> Track | None:
    """The nearest (largest) face inside the zone, whether it is steady or not."""
    width, height = frame_wh
    candidates = [
        track
        for track in state.visible(now)
        if inside((track.face.box.center[0] / width, track.face.box.center[1] / height), zone)
    ]
    return max(candidates, key=lambda track: track.face.box.area, default=None)


def _affinity(a: Box, b: Box, config: TrackingConfig) -> float:
    overlap = iou(a, b)
    if overlap >= config.min_iou:
        return 1.0 + overlap
    size = max(a.width, b.width, 1.0)
    if min(a.area, b.area) < 0.4 * max(a.area, b.area):
        return 0.0
    distance = math.dist(a.center, b.center) / size
    return 1.0 - distance / config.reach if distance < config.reach else 0.0


def _continued(track: Track, face: Face, now: float) -> Track:
    elapsed = max(now - track.last_seen, 1e-3)
    moved = math.dist(track.face.box.center, face.box.center) / max(face.box.width, 1.0)
    speed = moved / elapsed
    smoothed = speed if track.frames == 1 else 0.6 * track.speed + 0.4 * speed
    return replace(track, face=face, last_seen=now, frames=track.frames + 1, speed=smoothed)
