"""Watch the faces of a camera or a clip for what a living person gives, and a picture of one does not."""

from __future__ import annotations

from collections.abc import Collection

from edge.core import track_life
from edge.core.face import Box, Face, Points, Vector
from edge.core.frame import Frame, Image
from edge.core.track_life import Glimpse, Judgement, LifeConfig
from edge.errors import ModelError
from edge.ports import LivenessModel


class LifeWatch:
    """Belongs to one thread, and to one camera or one clip.

    fault: why the liveness model gave no score the last time it was asked; None when it did.
    """

    def __init__(self, *, liveness: LivenessModel, config: LifeConfig) -> None:
        self._liveness = liveness
        self._config = config
        self._glimpses: dict[int, tuple[Glimpse, ...]] = {}
        self.fault: str | None = None

    def saw(self, frame: Frame, lead: Box | None) -> None:
        """Take every frame, usable or not, before its score: what the stream itself gives away.

        lead: the nearest face of it.
        """

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
        new = Glimpse(frame.captured_at, score, points, vector)
        self._glimpses[track] = track_life.gather(self._glimpses.get(track, ()), new, self._config)
        return track_life.judge(self._glimpses[track], self._config)

    def forget(self, track: int) -> None:
        """Begin anew with a track: it was answered, or it became unclear who is seen."""
        self._glimpses.pop(track, None)

    def keep(self, tracks: Collection[int]) -> None:
        """Forget all tracks but these."""
        for track in [track for track in self._glimpses if track not in tracks]:
            self.forget(track)
