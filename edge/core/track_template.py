"""One template from the latest frames of a track, as long as they show one face.

A tracker can slip from one person to the next. Frames are fused only while every new one is so much like all
before it that two people would hardly be; one that is not begins anew. So no template mixes two people but
by a false accept between them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edge.core.face import Vector
from edge.core.fusion import fuse

ALIKE_FAR = 1e-5
"""Frames of two people are taken for one face this often, if the tracker took them for one."""
MOST = 5
"""So many frames are fused: more of one moment add nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """A usable frame of a track. at: monotonic seconds. vector: float32 (D,), norm 1. quality: 0..1.
    mirrored: which side of the face it is of."""

    at: float
    vector: Vector
    quality: float
    mirrored: bool = False


def follow(looks: tuple[Look, ...], new: Look, *, alike: float, gap_s: float) -> tuple[Look, ...]:
    """The frames to fuse now, newest last.

    alike: the cosine that two frames of one face reach. gap_s: after so long without a usable frame those
    before it no longer count.
    """
    if not looks or new.at - looks[-1].at > gap_s:
        return (new,)
    if any(not float(look.vector @ new.vector) >= alike for look in looks):
        return (new,)
    return (*looks, new)[-MOST:]


def template(looks: tuple[Look, ...]) -> Vector:
    """Of at least one frame: float32 (D,), of norm 1 at most, see `fuse`."""
    weights = np.array([look.quality for look in looks], np.float32)
    return fuse(np.stack([look.vector for look in looks]), weights)
