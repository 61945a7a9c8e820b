"""Watch the faces of a camera or a clip for what a living person gives, and a picture of one does not."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from edge.core import track_life
from edge.core.face import Box, Face, Points, Vector
from edge.core.frame import Frame, Image
from edge.core.repeats import Memory, Print, is_still, recall
from edge.core.screen_check import in_depth, in_infrared
from edge.core.stream_hints import StreamLook, stream_look, suspicious
from edge.core.suspicion import Suspicion
from edge.core.track_life import Glimpse, Held, Judgement, Life, LifeConfig
from edge.errors import ModelError
from edge.ports import Flow, LivenessModel

_LOOKS_S = 2.0
"""How long the stream's own figures count."""


class LifeWatch:
    """Belongs to one thread, and to one camera or one clip.

    fingerprint: of the grain of a picture and where a face lies in it, see `repeats`. fault: why the liveness
    model gave no score the last time it was asked; None when it did.
    """

    def __init__(
        self,
        *,
        liveness: LivenessModel,
        flow: Flow,
        fingerprint: Callable[[Image, Box], Print],
        config: LifeConfig,
    ) -> None:
        self._liveness = liveness
        self._flow = flow
        self._fingerprint = fingerprint
        self._config = config
        self._glimpses: dict[int, tuple[Glimpse, ...]] = {}
        self._held: dict[int, Held] = {}
        self._refusals: dict[int, Held] = {}
        self._looks: tuple[StreamLook, ...] = ()
        self._memory = Memory()
        self._is_still = False
        self._repeat: _Noted | None = None
        self._stream: _Noted | None = None
        self.fault: str | None = None

    def saw(self, frame: Frame, nearest: Box | None) -> None:
        """Take every frame, usable or not, before its score: what the stream itself gives away.

        nearest: the nearest face of it.
        """
        now = frame.captured_at
        recent = (look for look in self._looks if not now - look.at > _LOOKS_S)
        self._looks = (*recent, stream_look(frame))
        if (found := suspicious(self._looks)) is not None:
            self._stream = _Noted(found, now)
        if nearest is not None:
            print_ = self._fingerprint(frame.image, nearest)
            self._is_still = is_still(self._memory, print_)
            self._memory, found = recall(self._memory, print_, now)
            if found is not None:
                self._repeat = _Noted(found, now)

    def score(self, image: Image, face: Face) -> float | None:
        """What the liveness model says of one face: probability 0..1, None where it fails."""
        try:
            score = self._liveness.score(image, face)
        except ModelError as error:
            self.fault = str(error)
            return None
        if not 0.0 <= score <= 1.0:
            self.fault = f"the liveness model gave {score}, which is no probability; run 'ostiary doctor'"
            return None
        self.fault = None
        return score

    def add(
        self, track: int, frame: Frame, score: float | None, points: Points, vector: Vector | None
    ) -> Judgement:
        """Take one usable frame of a track, and judge the track."""
        now = frame.captured_at
        new = Glimpse(
            at=now,
            score=score,
            motion=self._flow.follow(track, now, frame.image, points),
            vector=vector,
            is_still=self._is_still,
            repeat=_lately(self._repeat, now),
            stream=_lately(self._stream, now),
            infrared=() if frame.infrared is None else (in_infrared(frame.image, frame.infrared, points),),
            depth=() if frame.depth is None else (in_depth(frame.depth, points),),
        )
        self._glimpses[track] = track_life.gather(self._glimpses.get(track, ()), new, self._config)
        judgement = track_life.judge(self._glimpses[track], self._config, self._held.get(track))
        self._refusals.pop(track, None)
        if judgement.life is Life.LIVE:
            self._held.pop(track, None)
        elif judgement.life is not None:
            held = self._held.get(track, Held())
            self._refusals[track] = held.after(self._glimpses[track])
        return judgement

    def forget(self, track: int, *, is_trusted: bool = False) -> None:
        """Begin anew with a track: it was answered, or it became unclear who is seen.

        is_trusted: it was proven alive in another way. Else what it was refused for stays held against it
        while it lives.
        """
        self._glimpses.pop(track, None)
        self._flow.forget(track)
        refusal = self._refusals.pop(track, None)
        if is_trusted:
            self._held.pop(track, None)
        elif refusal is not None:
            self._held[track] = refusal

    def keep(self, tracks: Collection[int]) -> None:
        """Forget all tracks but these, and what was held against them."""
        for track in [track for track in {*self._glimpses, *self._held} if track not in tracks]:
            self.forget(track, is_trusted=True)


@dataclass(frozen=True, slots=True)
class _Noted:
    suspicion: Suspicion
    at: float


def _lately(noted: _Noted | None, now: float) -> Suspicion | None:
    """What was noted on a frame that could not be used counts for those that can, for a while."""
    return noted.suspicion if noted is not None and not now - noted.at > _LOOKS_S else None
