"""What the order, times and sizes of a camera's pictures give away of a stream that was put in its place.

Only what no camera does counts. Missing numbers are fine: frames are dropped when they come too fast. So are
even times: the frames of a clip have them, and those of some drivers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from edge.core.frame import Frame
from edge.core.suspicion import Suspicion

_FASTEST_S = 0.002
"""No camera of a door gives more than 500 pictures a second."""
_BURST = 8
"""So many pictures must have come that fast: a network hands over two or three at once after it stalled."""


@dataclass(frozen=True, slots=True)
class StreamLook:
    """One frame, without what it shows. at: monotonic seconds. size_wh: pixels."""

    at: float
    size_wh: tuple[int, int]
    sequence: int


def stream_look(frame: Frame) -> StreamLook:
    height, width = frame.image.shape[:2]
    return StreamLook(frame.captured_at, (width, height), frame.sequence)


def suspicious(looks: Sequence[StreamLook]) -> Suspicion | None:
    """Judge the latest frames of one camera, in the order in which they came."""
    for before, after in pairwise(looks):
        # Written so that a time that is not a number is one that no camera gives.
        if not after.at >= before.at or after.sequence <= before.sequence:
            return Suspicion.STREAM_TIMES
        if after.size_wh != before.size_wh:
            return Suspicion.STREAM_CHANGED
    bursts = zip(looks, looks[_BURST:], strict=False)
    if any(last.at - first.at < _BURST * _FASTEST_S for first, last in bursts):
        return Suspicion.STREAM_TIMES
    return None
