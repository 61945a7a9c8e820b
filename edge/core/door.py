"""One door: posture, strike and leaf together.

`step` takes the door, one stimulus and the time, and gives the next door and what to do. It lets
time pass first, so that a busy controller can never delay a relock, and it never goes back in
time. `may_grant` is the question policy asks before it decides.

Nothing here unlocks without the receipt of a committed decision, and everything that is not
known to be right keeps the door locked.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from edge.core import leaf as leaves
from edge.core import posture as postures
from edge.core import strike as strikes
from edge.core.decision import Reason, Receipt
from edge.core.door_config import LONGEST_UNLOCK_S, DoorConfig
from edge.core.effects import Effect, Report
from edge.core.events import Json
from edge.core.leaf import Leaf, LeafState, Surroundings
from edge.core.posture import DurablePosture, Held, Posture, Postures, Source
from edge.core.stimuli import (
    AcknowledgeAlarm,
    ClearPosture,
    ContactReading,
    FireReading,
    Grant,
    PeerReading,
    RequestToExit,
    SelfTestFailed,
    SelfTestPassed,
    SetPosture,
    Stimulus,
    Stopped,
    TamperReading,
    Tick,
)
from edge.core.strike import Strike, StrikeState


@dataclass(frozen=True, slots=True)
class Peer:
    """What an interlocked door last said of its leaf, and when (monotonic seconds)."""

    name: str
    open: bool
    at: float


@dataclass(frozen=True, slots=True)
class Door:
    """The state of one door. at: monotonic seconds of the last step."""

    strike: Strike = field(default_factory=Strike)
    postures: Postures = field(default_factory=Postures)
    leaf: Leaf = field(default_factory=Leaf)
    tamper: bool = False
    fire: bool = False
    peers: tuple[Peer, ...] = ()
    at: float = -math.inf

    @property
    def posture(self) -> Posture:
        return self.postures.effective[1].posture

    @property
    def is_unlocked(self) -> bool:
        return self.strike.is_unlocked


def step(door: Door, config: DoorConfig, event: Stimulus, now: float) -> tuple[Door, tuple[Effect, ...]]:
    """Let time pass, then take one stimulus.

    now: monotonic seconds; one earlier than that of the last step counts as that.
    """
    now = max(now, door.at)
    ticked, effects = _tick(replace(door, at=now), config)
    taken, more = _take(ticked, config, event)
    return taken, (*effects, *more)


def may_grant(door: Door, config: DoorConfig, now: float) -> Reason | None:
    """Why nobody may be let in at this time; None when policy alone decides."""
    if not door.strike.works:
        return Reason.DENY_FAULT
    match postures.expire(door.postures, now).effective[1].posture:
        case Posture.LOCKDOWN:
            return Reason.DENY_LOCKDOWN
        case Posture.DISABLED:
            return Reason.DENY_DISABLED
    shut = {peer.name for peer in door.peers if not peer.open and now - peer.at <= config.peer_fresh_s}
    return None if config.peers <= shut else Reason.DENY_INTERLOCK


def durable_postures(door: Door, now: float) -> tuple[DurablePosture, ...]:
    """The postures to store whenever they change, for `restore` after a restart."""
    return postures.durable(door.postures, now)


def restore(door: Door, stored: Iterable[DurablePosture], now: float) -> Door:
    """Put stored postures back before the self-test; what would unlock is never among them."""
    return replace(door, postures=postures.restore(door.postures, stored, now))


def level_state(door: Door) -> dict[str, Json]:
    """What the door is, not what happened to it: the body of the retained state topic."""
    source, held = door.postures.effective
    return {
        "strike": door.strike.state.value,
        "locked": not door.is_unlocked,
        "posture": held.posture.value,
        "posture_source": source.value,
        "leaf": door.leaf.state.value,
        "forced": door.leaf.forced,
        "held": door.leaf.state is LeafState.HELD,
        "tamper": door.tamper,
        "fire": door.fire,
    }


def _tick(door: Door, config: DoorConfig) -> tuple[Door, tuple[Effect, ...]]:
    after = replace(
        door,
        postures=postures.expire(door.postures, door.at),
        strike=strikes.tick(door.strike, door.at),
    )
    after, effects = _settle(door, after, config, "timeout")
    if not config.has_contact:
        return after, effects
    leaf, more = leaves.tick(after.leaf, _around(after, config), after.at)
    return replace(after, leaf=leaf), (*effects, *more)


def _take(door: Door, config: DoorConfig, event: Stimulus) -> tuple[Door, tuple[Effect, ...]]:
    match event:
        case Tick():
            return door, ()
        case Grant():
            return _grant(door, config, event)
        case ContactReading(is_open):
            return _contact(door, config, is_open)
        case RequestToExit(receipt):
            return _exit(door, config, receipt)
        case AcknowledgeAlarm():
            leaf, effects = leaves.acknowledge(door.leaf)
            return replace(door, leaf=leaf), effects
        case PeerReading(name, is_open):
            others = tuple(peer for peer in door.peers if peer.name != name)
            known = (*others, Peer(name, is_open, door.at)) if name in config.peers else others
            return replace(door, peers=known), ()
        case TamperReading(active):
            return _overlay(door, replace(door, tamper=active), config, "tamper", door.tamper, active)
        case FireReading(active, receipt):
            after = replace(door, fire=active, postures=_fire_posture(door, config, active, receipt))
            return _overlay(door, after, config, "fire", door.fire, active)
        case SetPosture() | ClearPosture():
            after = replace(door, postures=_with_posture(door.postures, event))
            return _settle(door, after, config, "posture")
        case SelfTestPassed() | SelfTestFailed():
            return _self_test(door, config, event)
        case Stopped():
            return _settle(door, replace(door, strike=Strike()), config, "stop")


def _with_posture(current: Postures, event: SetPosture | ClearPosture) -> Postures:
    if isinstance(event, ClearPosture):
        return postures.clear(current, event.source)
    return postures.put(current, event.source, Held(event.posture, event.until, event.receipt))


def _self_test(
    door: Door, config: DoorConfig, event: SelfTestPassed | SelfTestFailed
) -> tuple[Door, tuple[Effect, ...]]:
    strike = strikes.after_self_test(door.strike, passed=isinstance(event, SelfTestPassed))
    after, effects = _settle(door, replace(door, strike=strike), config, "self_test")
    if isinstance(event, SelfTestPassed) or door.strike.state is StrikeState.FAULT:
        return after, effects
    return after, (*effects, Report("door.fault", {"what": event.what}))


def _settle(before: Door, after: Door, config: DoorConfig, cause: str) -> tuple[Door, tuple[Effect, ...]]:
    """Make the strike obey the posture, and tell what changed."""
    _, held = after.postures.effective
    strike = after.strike
    if held.posture is Posture.UNLOCKED and held.receipt is not None:
        strike = strikes.hold(strike, held.receipt)
    elif strike.state is StrikeState.HELD_OPEN or held.posture.restricts:
        strike = strikes.release(strike)
    leaf = after.leaf
    if before.is_unlocked and not strike.is_unlocked:
        leaf = leaves.cut(leaf, after.at + config.grace_s)
    after = replace(after, strike=strike, leaf=leaf)
    return after, (*strikes.motion(before.strike, strike), *_changes(before, after, cause))


def _changes(before: Door, after: Door, cause: str) -> Iterable[Report]:
    was, now = before.postures.effective, after.postures.effective
    if (was[0], was[1].posture) != (now[0], now[1].posture):
        yield Report("door.posture_changed", {"posture": now[1].posture.value, "source": now[0].value})
    if after.is_unlocked and not before.is_unlocked and after.strike.receipt is not None:
        body: dict[str, Json] = {"cause": cause, "decision": after.strike.receipt.decision}
        if after.strike.deadline is not None:
            body["seconds"] = round(after.strike.deadline - after.at, 3)
        yield Report("door.unlocked", body)
    if before.is_unlocked and not after.is_unlocked:
        yield Report("door.locked", {"cause": cause})


def _around(door: Door, config: DoorConfig) -> Surroundings:
    kept_open = door.strike.state is StrikeState.HELD_OPEN
    return Surroundings(door.strike.receipt, kept_open, door.fire, config.held_open_s)


def _refused(receipt: Receipt, reason: Reason) -> Report:
    return Report("door.refused", {"decision": receipt.decision, "reason": reason.value})


def _grant(door: Door, config: DoorConfig, event: Grant) -> tuple[Door, tuple[Effect, ...]]:
    reason = may_grant(door, config, door.at)
    if reason is not None:
        return door, (_refused(event.receipt, reason),)
    seconds = min(event.seconds or config.unlock_s, LONGEST_UNLOCK_S)
    deadline = door.at + seconds
    after = replace(door, strike=strikes.grant(door.strike, event.receipt, deadline))
    if config.has_contact:
        leaf = leaves.granted(door.leaf, event.receipt, deadline + config.grace_s, door.at)
        after = replace(after, leaf=leaf)
    return _settle(door, after, config, "grant")


def _exit(door: Door, config: DoorConfig, receipt: Receipt | None) -> tuple[Door, tuple[Effect, ...]]:
    after, refusal = door, None
    until = door.at + config.rex_window_s
    if config.rex_unlocks and receipt is not None:
        refusal = may_grant(door, config, door.at)
        if refusal is None:
            deadline = door.at + config.unlock_s
            after = replace(door, strike=strikes.grant(door.strike, receipt, deadline))
            until = max(until, deadline)
    if config.has_contact:
        after = replace(after, leaf=leaves.exit_requested(after.leaf, until))
    after, effects = _settle(door, after, config, "request_to_exit")
    refused = (_refused(receipt, refusal),) if receipt is not None and refusal is not None else ()
    return after, (*effects, Report("door.exit_requested"), *refused)


def _contact(door: Door, config: DoorConfig, is_open: bool) -> tuple[Door, tuple[Effect, ...]]:
    if not config.has_contact:
        return door, ()
    was = door.leaf.state
    leaf, effects = leaves.read(door.leaf, is_open, _around(door, config), door.at)
    after = replace(door, leaf=leaf)
    went_through = was.is_open and leaf.state is LeafState.CLOSED and leaf.passage_done
    if config.relock_on_close and went_through:
        after = replace(after, strike=strikes.release(door.strike), leaf=replace(leaf, window=None))
    after, more = _settle(door, after, config, "closed")
    return after, (*effects, *more)


def _fire_posture(door: Door, config: DoorConfig, active: bool, receipt: Receipt | None) -> Postures:
    """Emergency-unlocked while the panel says fire; an emergency lockdown is never lifted by it."""
    emergency = door.postures.of(Source.EMERGENCY)
    if active and config.fire_unlocks and receipt is not None and emergency is None:
        return postures.put(door.postures, Source.EMERGENCY, Held(Posture.UNLOCKED, None, receipt))
    if not active and door.fire and emergency is not None and emergency.posture is Posture.UNLOCKED:
        return postures.clear(door.postures, Source.EMERGENCY)
    return door.postures


def _overlay(
    before: Door, after: Door, config: DoorConfig, name: str, was: bool, active: bool
) -> tuple[Door, tuple[Effect, ...]]:
    """Report an alarm that lies over the rest of the door when it comes and when it goes."""
    after, effects = _settle(before, after, config, name)
    if was == active:
        return after, effects
    return after, (Report(f"alarm.{name}" if active else f"alarm.{name}_clear"), *effects)
