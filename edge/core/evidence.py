"""Gather what the frames of one track say until it is enough to decide.

One frame proves nothing. A person is named when k of the last n usable frames agree, the newest among
them, and both mean and median of the liveness reach the threshold, so that one lucky frame of an attack
carries nothing. They must reach it over all n frames and over those that named the person: a living face
shown before or after a picture must not lend it its life. A face stays unknown, or counts as an attack,
only after a full window says so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from statistics import median

from edge.core.face import PersonId
from edge.core.quality import Problem


class Outcome(StrEnum):
    """What a track turned out to be."""

    RECOGNIZED = "recognized"
    UNKNOWN = "unknown"
    AMBIGUOUS = "ambiguous"
    NOT_LIVE = "not_live"
    POOR_QUALITY = "poor_quality"


@dataclass(frozen=True, slots=True)
class EvidenceConfig:
    """agree (k) of the last `window` (n) usable frames must name one person; a refusal needs the full
    window. liveness_frames: usable frames before anybody is let in. liveness_threshold: on the lower of
    mean and median. gap_s: after so long without a usable frame those before it no longer count.
    poor_s: how long a steady face may show only unusable frames. again_s, after_grant_s: silence on a
    track after a verdict, before the next; longer for somebody recognized, who is let in once and not
    as long as they stand there."""

    agree: int = 3
    window: int = 8
    liveness_frames: int = 5
    liveness_threshold: float = 0.5
    gap_s: float = 2.0
    poor_s: float = 3.0
    again_s: float = 3.0
    after_grant_s: float = 10.0


@dataclass(frozen=True, slots=True)
class Observation:
    """One usable frame of a track. person is None below the threshold; ambiguous when two people match."""

    at: float
    person: PersonId | None
    ambiguous: bool
    similarity: float
    margin: float
    liveness: float
    quality: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome for a track, with the means of the frames it rests on (liveness: see the module)."""

    outcome: Outcome
    person: PersonId | None
    similarity: float
    margin: float
    liveness: float
    frames: int
    quality: float
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Gathered:
    """The evidence on one track so far. `since` is when its present, undecided stretch began, `told` are
    the problems it was refused for last."""

    since: float
    observations: tuple[Observation, ...] = ()
    told: tuple[Problem, ...] = ()
    quiet_until: float = float("-inf")


def add(
    gathered: Gathered, observation: Observation, config: EvidenceConfig
) -> tuple[Gathered, Verdict | None]:
    """Take one usable frame. Returns the evidence after it, and a verdict when there is one."""
    if observation.at < gathered.quiet_until:
        return gathered, None
    window = (*_recent(gathered, observation.at, config), observation)[-config.window :]
    gathered = replace(gathered, observations=window, told=())
    verdict = judge(window, config)
    if verdict is None:
        return gathered, None
    recognized = verdict.outcome is Outcome.RECOGNIZED
    return _decided(observation.at, config.after_grant_s if recognized else config.again_s), verdict


def add_unusable(
    gathered: Gathered, problems: tuple[Problem, ...], now: float, config: EvidenceConfig
) -> tuple[Gathered, Verdict | None]:
    """Take one frame that failed a gate. A face that shows nothing else for `poor_s` is refused.

    One too small is somebody far away who asks for nothing, and is not refused. Nor is a track told the
    same twice: a poster would be refused for ever.
    """
    if now < gathered.quiet_until or Problem.TOO_SMALL in problems or problems == gathered.told:
        return replace(gathered, since=now), None
    gathered = replace(gathered, observations=_recent(gathered, now, config))
    if gathered.observations or now - gathered.since < config.poor_s:
        return gathered, None
    verdict = Verdict(Outcome.POOR_QUALITY, None, 0.0, 0.0, 0.0, 0, 0.0, problems)
    return replace(_decided(now, config.again_s), told=problems), verdict


def judge(window: tuple[Observation, ...], config: EvidenceConfig) -> Verdict | None:
    """Decide on a window of usable frames, or None while they do not suffice."""
    votes = Counter(seen.person for seen in window if seen.person is not None)
    person, count = votes.most_common(1)[0] if votes else (None, 0)
    is_full = len(window) >= config.window
    if len(window) < config.liveness_frames:
        return None
    live, agree = _liveness(window), count >= config.agree
    if agree:
        live = min(live, _liveness([seen for seen in window if seen.person == person]))
    is_still_there = window[-1].person == person
    if agree and is_still_there and len(votes) == 1 and live >= config.liveness_threshold:
        return _verdict(Outcome.RECOGNIZED, person, window, live)
    if not is_full:
        return None
    if live < config.liveness_threshold:
        return _verdict(Outcome.NOT_LIVE, None, window, live)
    if len(votes) > 1 or sum(seen.ambiguous for seen in window) >= config.agree:
        return _verdict(Outcome.AMBIGUOUS, None, window, live)
    return _verdict(Outcome.UNKNOWN, None, window, live)


def _recent(gathered: Gathered, now: float, config: EvidenceConfig) -> tuple[Observation, ...]:
    """What was seen so far, unless that was too long ago to be of the same face."""
    seen = gathered.observations
    return seen if seen and now - seen[-1].at <= config.gap_s else ()


def _decided(now: float, silence_s: float) -> Gathered:
    return Gathered(since=now, quiet_until=now + silence_s)


def _verdict(
    outcome: Outcome, person: PersonId | None, window: tuple[Observation, ...], live: float
) -> Verdict:
    counted = [seen for seen in window if person is None or seen.person == person]
    return Verdict(
        outcome=outcome,
        person=person,
        similarity=_mean([seen.similarity for seen in counted]),
        margin=_mean([seen.margin for seen in counted]),
        liveness=live,
        frames=len(window),
        quality=_mean([seen.quality for seen in counted]),
    )


def _liveness(window: Sequence[Observation]) -> float:
    scores = [seen.liveness for seen in window]
    return min(_mean(scores), median(scores))


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)
