"""One active challenge at the door: who is in doubt is asked to move the head, and is watched doing it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from edge.core import challenge as challenges
from edge.core import evidence
from edge.core.challenge import Challenge, Failure
from edge.core.challenge_look import ChallengeConfig, Look
from edge.core.evidence import EvidenceConfig, Observation, Outcome, Verdict
from edge.core.moves import Move, Plan
from edge.core.suspicion import Suspicion
from edge.core.track_life import Judgement, Life
from edge.core.tracking import Track


@dataclass(frozen=True, slots=True)
class Prompt:
    """What the face of a track is asked for. move: None is to look straight at the camera. done: how many
    moves of all (`of`) were made."""

    track: int
    move: Move | None
    done: int
    of: int


class Trial:
    """A track in a challenge. Whom the challenge lets in is named by its own frames alone, those in which the
    face looks straight: a face that took the place of another before it gets no name from that one.

    judgement: what the frames before it said of the track's life.
    """

    def __init__(
        self,
        track: Track,
        plan: Plan,
        look: Look,
        observation: Observation,
        judgement: Judgement,
        config: ChallengeConfig,
    ) -> None:
        self.track = track
        self._config = config
        self._judgement = judgement
        self._challenge: Challenge = challenges.begin(plan, look)
        self._observations: tuple[Observation, ...] = (observation,)
        self._suspicions: tuple[Suspicion, ...] = ()

    @property
    def prompt(self) -> Prompt:
        present = self._challenge
        return Prompt(self.track.id, present.prompt, present.done, len(present.plan.moves))

    def look(self, look: Look, observation: Observation | None, suspicions: tuple[Suspicion, ...]) -> None:
        """Take a frame of the track. observation: where the face looks straight. suspicions: of the track."""
        self._challenge = challenges.step(self._challenge, look, self._config)
        self._suspicions = suspicions
        if observation is not None:
            self._observations = (*self._observations, observation)

    def miss(self, now: float) -> None:
        """A frame without a look at the track."""
        self._challenge = challenges.expire(self._challenge, now, self._config)

    def verdict(self, config: EvidenceConfig) -> Verdict | None:
        """What came of it, None while it goes on."""
        if self._suspicions:
            attack = replace(self._judgement, life=Life.ATTACK, suspicions=self._suspicions)
            return evidence.judge(self._observations[-config.window :], attack, config)
        match self._challenge.outcome:
            case None:
                return None
            case challenges.Outcome.FAILED:
                return self._refused(self._challenge.failure)
            case challenges.Outcome.PASSED:
                window = self._observations[-config.window :]
                proven = replace(self._judgement, life=Life.LIVE, by_challenge=True)
                # Nothing is waited for any more: what there is decides.
                return evidence.judge(window, proven, replace(config, window=len(window)))

    def _refused(self, failure: Failure | None) -> Verdict:
        unsure = replace(self._judgement, life=Life.UNSURE)
        return replace(
            evidence.told(Outcome.CHALLENGE_FAILED, self._observations, unsure),
            failure=failure,
        )
