"""Gather what the frames of one track say until it is enough to decide.

One frame proves nothing. A person is named when k of the last n usable frames agree, the newest among
them, and the track was judged to be that of a living face (`track_life`). The frames that named the person
must themselves look alive: a living face shown before or after a picture must not lend it its life. A face
stays unknown only after a full window says so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from edge.core.challenge import Failure
from edge.core.face import PersonId
from edge.core.quality import Problem
from edge.core.suspicion import Suspicion
from edge.core.track_life import Judgement, Life, LifeConfig, Weight, logistic, logit


class Outcome(StrEnum):
    """What a track turned out to be. not_live: an attack, or something speaks against life. unsure_liveness:
    neither alive nor an attack, whatever was looked at. challenge_failed: as it says."""

    RECOGNIZED = "recognized"
    UNKNOWN = "unknown"
    AMBIGUOUS = "ambiguous"
    NOT_LIVE = "not_live"
    UNSURE_LIVENESS = "unsure_liveness"
    CHALLENGE_FAILED = "challenge_failed"
    POOR_QUALITY = "poor_quality"


@dataclass(frozen=True, slots=True)
class EvidenceConfig:
    """agree (k) of the last `window` (n) usable frames must name one person; that nobody is known needs the
    full window. life: what counts as alive, and after what gap frames no longer count. poor_s: how long a
    steady face may show only unusable frames. again_s, after_grant_s: silence on a track after a verdict,
    before the next; longer for somebody recognized, who is let in once and not as long as they stand
    there."""

    agree: int = 3
    window: int = 8
    life: LifeConfig = field(default_factory=LifeConfig)
    poor_s: float = 3.0
    again_s: float = 3.0
    after_grant_s: float = 10.0


@dataclass(frozen=True, slots=True)
class Observation:
    """One usable frame of a track. person is None below the threshold; ambiguous when two people match.
    liveness: probability 0..1, None where it was not or could not be told."""

    at: float
    person: PersonId | None
    ambiguous: bool
    similarity: float
    margin: float
    liveness: float | None
    quality: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome for a track, with the means of the frames it rests on.

    liveness: 0..1, of all frames weighed, or of those that named the person where it is lower; None where
    it was not asked for. frames: how many that were. by_challenge: an active challenge was passed. problems:
    why no frame was usable. failure: why the challenge was not passed.
    """

    outcome: Outcome
    person: PersonId | None
    similarity: float
    margin: float
    liveness: float | None
    frames: int
    quality: float
    problems: tuple[Problem, ...] = ()
    suspicions: tuple[Suspicion, ...] = ()
    by_challenge: bool = False
    failure: Failure | None = None

    @property
    def method(self) -> str | None:
        """How life was asked for, as published; None where no frame could be used."""
        if self.outcome is Outcome.POOR_QUALITY:
            return None
        if self.liveness is None:
            return "off"
        return "passive+challenge" if self.by_challenge or self.failure is not None else "passive"


@dataclass(frozen=True, slots=True)
class Gathered:
    """The evidence on one track so far. `since` is when its present, undecided stretch began, `refused` are
    the problems it was refused for last."""

    since: float
    observations: tuple[Observation, ...] = ()
    refused: tuple[Problem, ...] = ()
    quiet_until: float = float("-inf")


def add(
    gathered: Gathered, observation: Observation, judgement: Judgement, config: EvidenceConfig
) -> tuple[Gathered, Verdict | None]:
    """Take one usable frame. Returns the evidence after it, and a verdict when there is one.

    judgement: what the frames of the track, this one among them, say of its life. The verdict is not taken
    for told: `decided` does that, once it is final.
    """
    if observation.at < gathered.quiet_until:
        return gathered, None
    window = (*_recent(gathered, observation.at, config), observation)[-config.window :]
    return replace(gathered, observations=window, refused=()), judge(window, judgement, config)


def decided(verdict: Verdict, now: float, config: EvidenceConfig) -> Gathered:
    """The evidence after a final verdict: none, and silence for a while."""
    recognized = verdict.outcome is Outcome.RECOGNIZED
    silence_s = config.after_grant_s if recognized else config.again_s
    return Gathered(since=now, refused=verdict.problems, quiet_until=now + silence_s)


def add_unusable(
    gathered: Gathered, problems: tuple[Problem, ...], now: float, config: EvidenceConfig
) -> tuple[Gathered, Verdict | None]:
    """Take one frame that failed a gate. A face that shows nothing else for `poor_s` is refused.

    One too small is somebody far away who asks for nothing, and is not refused. Nor is a track told the
    same twice: a poster would be refused for ever.
    """
    if now < gathered.quiet_until or Problem.TOO_SMALL in problems or problems == gathered.refused:
        return replace(gathered, since=now), None
    gathered = replace(gathered, observations=_recent(gathered, now, config))
    if gathered.observations or now - gathered.since < config.poor_s:
        return gathered, None
    verdict = Verdict(Outcome.POOR_QUALITY, None, 0.0, 0.0, None, 0, 0.0, problems)
    return decided(verdict, now, config), verdict


def judge(window: tuple[Observation, ...], judgement: Judgement, config: EvidenceConfig) -> Verdict | None:
    """Decide on a window of usable frames, or None while they do not suffice."""
    match judgement.life:
        case None:
            return None
        case Life.ATTACK:
            return told(Outcome.NOT_LIVE, window, judgement)
        case Life.UNSURE:
            return told(Outcome.UNSURE_LIVENESS, window, judgement)
        case Life.LIVE | Life.UNCHECKED:
            return _identify(window, judgement, config)


def _identify(
    window: tuple[Observation, ...], judgement: Judgement, config: EvidenceConfig
) -> Verdict | None:
    """Decide on the frames of a track that passes for alive."""
    votes = Counter(seen.person for seen in window if seen.person is not None)
    person, count = votes.most_common(1)[0] if votes else (None, 0)
    agree = count >= config.agree
    named = [seen for seen in window if seen.person == person] if agree else window
    life = _life_of(named, judgement, config)
    is_still_there = bool(window) and window[-1].person == person
    if agree and is_still_there and len(votes) == 1 and life in (Life.LIVE, Life.UNCHECKED):
        return told(Outcome.RECOGNIZED, window, judgement, person)
    if len(window) < config.window:
        return None
    if life is Life.ATTACK:
        return told(Outcome.NOT_LIVE, window, judgement)
    if life is Life.UNSURE:
        return told(Outcome.UNSURE_LIVENESS, window, judgement)
    if len(votes) > 1 or sum(seen.ambiguous for seen in window) >= config.agree:
        return told(Outcome.AMBIGUOUS, window, judgement)
    return told(Outcome.UNKNOWN, window, judgement)


def _life_of(seen: Sequence[Observation], judgement: Judgement, config: EvidenceConfig) -> Life:
    """Whether the frames that an answer rests on look alive by themselves.

    Where a challenge was passed they need not, if they do not look like an attack.
    """
    if judgement.life is Life.UNCHECKED:
        return Life.UNCHECKED
    weight = Weight.of([one.liveness for one in seen])
    if weight is not None and weight.mean <= logit(config.life.reject):
        return Life.ATTACK
    if weight is not None and (judgement.by_challenge or weight.least >= logit(config.life.accept)):
        return Life.LIVE
    return Life.UNSURE


def _recent(gathered: Gathered, now: float, config: EvidenceConfig) -> tuple[Observation, ...]:
    """What was seen so far, unless that was too long ago to be of the same face."""
    seen = gathered.observations
    return seen if seen and now - seen[-1].at <= config.life.gap_s else ()


def told(
    outcome: Outcome, window: Sequence[Observation], judgement: Judgement, person: PersonId | None = None
) -> Verdict:
    """The verdict on a window of usable frames, with their figures."""
    counted = [seen for seen in window if person is None or seen.person == person]
    named = Weight.of([seen.liveness for seen in counted]) if person is not None else None
    live = judgement.score if named is None else min(judgement.score, logistic(named.mean))
    return Verdict(
        outcome=outcome,
        person=person,
        similarity=_mean([seen.similarity for seen in counted]),
        margin=_mean([seen.margin for seen in counted]),
        liveness=None if judgement.life is Life.UNCHECKED else live,
        frames=judgement.frames,
        quality=_mean([seen.quality for seen in counted]),
        suspicions=judgement.suspicions,
        by_challenge=judgement.by_challenge,
    )


def _mean(values: list[float]) -> float:
    return sum(values) / len(values) if values else 0.0
