"""Which of two hubs of one site is the hub.

A hub that starts listens for a while before it does anything. When another one answers that it is there, it
stands by: it publishes nothing and stores nothing. It takes over when the other is gone, provided both keep
the same database; with another one it would give the devices another gallery.

What the broker retains may be the word of a hub that is gone: a broker that was restarted tells nobody's last
will. So one that stands by because of it waits for an answer, and goes on when there is none.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from edge.core.events import Json

SETTLE_S = 3.0
ANSWER_SETTLES = 10
"""So many times SETTLE_S the other one may take to answer: its database may hold it up."""
_AGAIN_S = 1.0
_ALIVE = ("init", "ready", "degraded")
_BUSY = ("ready", "degraded")
_STANDBY = "standby"


class Part(StrEnum):
    """LISTENING: it does not know yet. ACTIVE: it is the hub. STANDBY: another one is."""

    LISTENING = "listening"
    ACTIVE = "active"
    STANDBY = "standby"


@dataclass(frozen=True, slots=True)
class Rival:
    """Another hub. is_twin: it keeps the same database."""

    hub: str
    boot: str
    is_twin: bool


class Standing:
    """Times are monotonic seconds, but `since`, which others compare, too: seconds since 1970. settle_s: how
    long it listens for another hub before it begins.

    rival: the other hub, as long as one is there.
    """

    def __init__(self, boot: str, database: str, since: int, settle_s: float = SETTLE_S) -> None:
        self.part = Part.LISTENING
        self.rival: Rival | None = None
        self._boot = boot
        self._database = database
        self._since = since
        self._settle_s = settle_s
        self._decide_at = float("inf")
        self._answer_by = float("inf")
        self._was_answered = False
        self._said_at = float("-inf")

    def document(self) -> dict[str, Json]:
        """What the state of this hub tells other ones."""
        return {"boot": self._boot, "database": self._database, "since": self._since}

    def connected(self, now: float) -> None:
        """A session began: another hub may have taken over meanwhile."""
        if self.part is not Part.STANDBY or self._may_go_on:
            self._listen(now)

    def heard(self, said: dict[str, Json], now: float) -> bool:
        """Take the state of some hub, this one perhaps. Returns whether this one has to say again that it is
        there."""
        boot, state = said.get("boot"), said.get("state")
        if not isinstance(boot, str) or boot == self._boot:
            return False
        rival = Rival(str(said.get("hub"))[:64], boot, said.get("database") == self._database)
        if state not in _ALIVE:
            return self._ended(rival, str(state), now)
        self.rival = rival
        if self.part is Part.STANDBY:
            self._answer_by, self._was_answered = float("inf"), True
            return False
        if self._is_first(said) and self._yields_to(state):
            # It answers to our saying so, if it is there.
            self.part, self._decide_at = Part.STANDBY, float("inf")
            self._answer_by = now + ANSWER_SETTLES * self._settle_s
            return False
        return self._say(now)

    def tick(self, now: float) -> None:
        if now >= self._decide_at:
            self.part, self._decide_at = Part.ACTIVE, float("inf")
        elif self.part is Part.STANDBY and now >= self._answer_by:
            self.rival = None
            self._listen(now)

    @property
    def _may_go_on(self) -> bool:
        """Whether it may take over from the other one, if that is gone."""
        return not self._was_answered or (self.rival is not None and self.rival.is_twin)

    def _listen(self, now: float) -> None:
        self.part, self._answer_by = Part.LISTENING, float("inf")
        self._decide_at = now + self._settle_s

    def _ended(self, rival: Rival, state: str, now: float) -> bool:
        """Another hub ended, or stands by; either way it has overwritten the state that is kept."""
        is_known = self.rival is not None and self.rival.boot == rival.boot
        if self.part is not Part.STANDBY:
            self.rival = rival if state == _STANDBY else None if is_known else self.rival
            return self._say(now)
        if is_known and rival.is_twin and state != _STANDBY:
            self.rival = None
            self._listen(now)
        return False

    def _yields_to(self, state: Json) -> bool:
        return self.part is Part.LISTENING or state in _BUSY

    def _is_first(self, said: dict[str, Json]) -> bool:
        """Whether the other one has the older claim. One that is at work goes before one that begins."""
        if self.part is Part.LISTENING and said.get("state") in _BUSY:
            return True
        since = said.get("since")
        claim = (since if type(since) is int else 0, str(said.get("boot")))
        return claim < (self._since, self._boot)

    def _say(self, now: float) -> bool:
        """Two that answer each other must not do so without a pause."""
        if now - self._said_at < _AGAIN_S and self.part is not Part.ACTIVE:
            return False
        self._said_at = now
        return True
