"""The active challenge: moves of the head in an order and at times that nobody can know beforehand.

A prompt asks for one move; before each the head is straight and still, and a drawn pause passes. A move must
begin after its prompt, no sooner than a person can react and no later than `begin_s`; another move, or one
in a pause, fails. All the while it must be one track of one face, solid in its turns, that does not look like
a picture. It says of this face that a living head moves, at this moment: a track that was lost, and the next
visit, need another challenge with another plan.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from edge.core.challenge_look import (
    ChallengeConfig,
    Look,
    Straight,
    continues,
    first_straight,
    is_alike,
    is_solid,
    is_still,
    is_straight,
    is_whole,
    logit,
    mean_logit,
    shares,
)
from edge.core.moves import Move, Plan

BEGUN, TOO_FAR = 0.45, 2.0
"""Shares of a whole move: from where on it has begun, and up to where a turned mesh is trusted."""
MOST_TURNED = 8


class Outcome(StrEnum):
    PASSED = "passed"
    FAILED = "failed"


class Failure(StrEnum):
    """not_live: the turned face looks like a picture. flat: it turned as a flat picture does."""

    TOO_SLOW = "too_slow"
    TOO_EARLY = "too_early"
    WRONG_MOVE = "wrong_move"
    LOST = "lost"
    ANOTHER_FACE = "another_face"
    NOT_LIVE = "not_live"
    FLAT = "flat"


class Phase(StrEnum):
    """returning: until the head is straight and still. paused: it stays so. asked, moving: a prompt shows."""

    RETURNING = "returning"
    PAUSED = "paused"
    ASKED = "asked"
    MOVING = "moving"


@dataclass(frozen=True, slots=True, eq=False)
class Challenge:
    """A challenge at work or over. at: of the last look. since: when its phase began. recent: the looks of
    the last `still_s`. turned: those of the present move. unlike: so many looks in a row were not alike.
    done: moves made."""

    plan: Plan
    at: float
    since: float
    recent: tuple[Look, ...]
    phase: Phase = Phase.RETURNING
    straight: Straight | None = None
    turned: tuple[Look, ...] = ()
    unlike: int = 0
    done: int = 0
    outcome: Outcome | None = None
    failure: Failure | None = None

    @property
    def is_over(self) -> bool:
        return self.outcome is not None

    @property
    def prompt(self) -> Move | None:
        """What to ask for now; None: to look straight at the camera."""
        is_asked = self.phase in (Phase.ASKED, Phase.MOVING) and not self.is_over
        return self.plan.moves[self.done] if is_asked else None


def begin(plan: Plan, look: Look) -> Challenge:
    """Start with a look at the face. The first pause begins once it is straight and still.

    Raises ValueError for a plan without moves, or without a pause for each.
    """
    if not plan.moves or len(plan.moves) != len(plan.pauses_s):
        raise ValueError(f"a plan needs moves and a pause before each, not {plan}")
    started = Challenge(plan, at=look.at, since=look.at, recent=(look,))
    return started if is_whole(look) else _failed(started, Failure.LOST)


def step(challenge: Challenge, look: Look, config: ChallengeConfig) -> Challenge:
    """Take the next look at the same track. A challenge that is over stays as it is."""
    now = expire(challenge, look.at, config)
    if now.is_over:
        return now
    if not (is_whole(look) and continues(now.recent[-1], look, config)):
        return _failed(now, Failure.LOST)
    recent = (*(seen for seen in now.recent if look.at - seen.at <= config.still_s), look)
    now = replace(now, at=look.at, recent=recent)
    if now.straight is None:
        found = first_straight(recent, config)
        return now if found is None else _paused_from(now, found)
    straight, made = now.straight, shares(look, now.straight, config)
    least = config.alike if is_straight(made) else config.alike_turned
    now = replace(now, unlike=0 if is_alike(look, straight, least) else now.unlike + 1)
    if now.unlike >= config.unlike:
        return _failed(now, Failure.ANOTHER_FACE)
    match now.phase:
        case Phase.RETURNING:
            return _returning(now, straight, made, config)
        case Phase.PAUSED:
            return _paused(now, made)
        case Phase.ASKED | Phase.MOVING:
            return _asked(now, made, config)


def expire(challenge: Challenge, now: float, config: ChallengeConfig) -> Challenge:
    """Let time pass without a look: a track not seen for gap_s is lost, a move not made in time too slow.

    now: monotonic seconds.
    """
    if challenge.is_over:
        return challenge
    if not challenge.at < now <= challenge.at + config.gap_s:
        return _failed(challenge, Failure.LOST)
    limit = {
        Phase.RETURNING: config.return_s,
        Phase.PAUSED: _pause_s(challenge) + config.return_s,
        Phase.ASKED: config.begin_s,
        Phase.MOVING: config.move_s,
    }[challenge.phase]
    is_late = now - challenge.since > limit
    return _failed(challenge, Failure.TOO_SLOW) if is_late else challenge


def _returning(
    now: Challenge, straight: Straight, made: dict[Move, float], config: ChallengeConfig
) -> Challenge:
    """After a move: wait until the head is straight and still, then judge how it turned."""
    look, last = now.recent[-1], now.plan.moves[now.done - 1]
    if any(share >= 1.0 for move, share in made.items() if move is not last):
        return _failed(now, Failure.WRONG_MOVE)
    if 1.0 <= made[last] <= TOO_FAR:
        now = replace(now, turned=(*now.turned, look)[-MOST_TURNED:])
    if now.unlike or not is_still(now.recent, straight, config):
        return now
    if not mean_logit(now.turned) > logit(config.reject):
        return _failed(now, Failure.NOT_LIVE)
    if last is not Move.APPROACH and not is_solid(now.turned, straight):
        return _failed(now, Failure.FLAT)
    if now.done == len(now.plan.moves):
        return replace(now, outcome=Outcome.PASSED)
    # Whoever came nearer, or swayed, stands there now: the next move is measured from here.
    return _paused_from(now, replace(straight, points=look.points))


def _paused_from(now: Challenge, straight: Straight) -> Challenge:
    return replace(now, phase=Phase.PAUSED, since=now.at, straight=straight, turned=())


def _paused(now: Challenge, made: dict[Move, float]) -> Challenge:
    if max(made.values()) >= BEGUN:
        return _failed(now, Failure.TOO_EARLY)
    is_ready = now.at - now.since >= _pause_s(now) and is_straight(made) and not now.unlike
    return replace(now, phase=Phase.ASKED, since=now.at) if is_ready else now


def _asked(now: Challenge, made: dict[Move, float], config: ChallengeConfig) -> Challenge:
    asked, furthest = now.plan.moves[now.done], max(made, key=lambda move: made[move])
    if now.phase is Phase.ASKED and made[furthest] >= BEGUN and now.at - now.since < config.reaction_s:
        return _failed(now, Failure.TOO_EARLY)
    if made[furthest] >= 1.0 and furthest is not asked:
        return _failed(now, Failure.WRONG_MOVE)
    if now.phase is Phase.ASKED and made[asked] >= BEGUN:
        now = replace(now, phase=Phase.MOVING, since=now.at)
    if now.phase is Phase.MOVING and made[asked] >= 1.0 and not now.unlike:
        turned = (now.recent[-1],)
        return replace(now, phase=Phase.RETURNING, since=now.at, done=now.done + 1, turned=turned)
    return now


def _pause_s(challenge: Challenge) -> float:
    """Of the move that comes next; of the last one while the head comes back from it."""
    pauses = challenge.plan.pauses_s
    return pauses[min(challenge.done, len(pauses) - 1)]


def _failed(challenge: Challenge, failure: Failure) -> Challenge:
    return replace(challenge, outcome=Outcome.FAILED, failure=failure)
