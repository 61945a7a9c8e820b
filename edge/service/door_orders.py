"""Orders about the door that outlast the moment: who may pass from now on, and an alarm that was seen.

A posture is one durable decision: the claim on the command's id, the answer, what outlives a restart and the
record of who ordered it are stored together, and only then the door changes.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from edge.core import door as doors
from edge.core import posture as postures
from edge.core.ack import Ack, AckStatus
from edge.core.commands import Command
from edge.core.decision import Decision, DecisionId, Reason, Receipt
from edge.core.door_orders import AcknowledgeDoor, OrderPosture, source_of
from edge.core.envelope import to_timestamp
from edge.core.events import Event, EventClass, Json
from edge.core.posture import DurablePosture, Held, Posture, Postures, Source
from edge.core.stimuli import AcknowledgeAlarm, ClearPosture, SetPosture
from edge.errors import StoreError
from edge.ports import Journal
from edge.service.door_drive import DoorDrive
from edge.service.reporting import Clocks, Reporter

logger = logging.getLogger(__name__)
STATE = "postures"
"""The key of the journal's state that has the postures which outlive a restart."""
AGAIN_S = 5.0
_PROBE = Held(Posture.FREE_ACCESS)
_LONGEST = timedelta(days=3660)


class DoorOrders:
    """Runs on the controller's thread. new_id: gives a fresh decision id."""

    def __init__(
        self,
        drive: DoorDrive,
        journal: Journal,
        reporter: Reporter,
        clocks: Clocks,
        new_id: Callable[[], str],
    ) -> None:
        self._drive = drive
        self._journal = journal
        self._reporter = reporter
        self._clocks = clocks
        self._new_id = new_id
        self._ends: dict[Source, datetime] = {}
        self._stored: str | None = None
        self._store_at = float("-inf")

    def restore(self) -> None:
        """Put back what restricted the door before the restart; before the self-test.

        While the time of day is not known, a posture holds whose time may be over. What cannot be read
        locks the door to everybody: it may have been a lockdown.
        """
        self._stored = self._journal.state(STATE)
        if self._stored is None:
            return
        try:
            found = [_read(one) for one in json.loads(self._stored)]
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError):
            self._reporter.trouble(
                "posture", "what was ordered before the restart is unreadable; order it anew"
            )
            found = [(Source.OPERATOR, Posture.LOCKDOWN, None)]
        is_set, now = self._clocks.is_set(), self._clocks.utc()
        kept = [
            (source, posture, end) for source, posture, end in found if end is None or not is_set or now < end
        ]
        self._ends = {source: end for source, _, end in kept if end is not None}
        self._drive.restore(
            DurablePosture(
                source, posture, (end - now).total_seconds() if end is not None and is_set else None
            )
            for source, posture, end in kept
        )
        for source, posture, _ in kept:
            logger.warning("posture %s of %s holds from before the restart", posture, source)

    def tick(self) -> None:
        """Set the ends that could not be told at the start, and store what has changed by itself."""
        self._set_ends()
        held = dict(self._drive.door.postures.held)
        self._ends = {source: end for source, end in self._ends.items() if source in held}
        if (
            self._clocks.monotonic() >= self._store_at
            and (text := self._text(self._drive.door.postures)) != self._stored
        ):
            try:
                self._save(text)
            except StoreError as error:
                self._store_at = self._clocks.monotonic() + AGAIN_S
                self._reporter.trouble("store", str(error))

    def order(self, command: Command, order: OrderPosture) -> Ack:
        """Change who may pass, or refuse to. Returns the final answer, which is stored.

        Raises AlreadyCommitted when the command was answered after all, StoreError when nothing could be
        stored; then nothing has changed.
        """
        source = source_of(command.signers)
        if (refusal := self._untimely(order)) is not None:
            self._journal.begin_command(command.id, self._clocks.utc(), ack=refusal.to_json())
            return refusal
        self._drive.tick()
        if (reason := self._why_not(order, source)) is not None:
            decision = self._decision(command, reason, granted=False)
            answer = Ack(AckStatus.REJECTED, reason.value)
            event = self._audit("audit.posture_refused", command, order, source, {"why": reason.value})
            self._journal.commit(decision, (event,), ack=answer.to_json())
            self._reporter.note_stored()
            return answer
        return self._change(command, order, source)

    def acknowledge(self, command: Command, order: AcknowledgeDoor) -> Ack:
        """Take it that somebody has seen the alarm. Raises StoreError; then nothing has changed."""
        forced = self._drive.door.leaf.forced
        answer = Ack(AckStatus.SUCCEEDED, None, {"forced": forced})
        self._journal.begin_command(command.id, self._clocks.utc(), ack=answer.to_json())
        self._drive.step(AcknowledgeAlarm())
        body: dict[str, Json] = {"door": order.door, "forced": forced, "by": _signers(command)}
        self._reporter.append(
            (Event(EventClass.AUDIT, "audit.alarm_acknowledged", self._clocks.utc(), body, corr=command.id),)
        )
        return answer

    def _change(self, command: Command, order: OrderPosture, source: Source) -> Ack:
        opens = order.posture is Posture.UNLOCKED
        decision = self._decision(command, Reason.ALLOW_POSTURE_UNLOCKED if opens else Reason.ALLOW_COMMAND)
        now = self._clocks.monotonic()
        until = None
        if order.until is not None:
            until = now + (order.until - self._clocks.utc()).total_seconds()
        held = None
        if order.posture is not None:
            held = Held(order.posture, until, Receipt(decision.id) if opens else None)
        before = self._drive.door.postures
        after = postures.clear(before, source) if held is None else postures.put(before, source, held)
        ends = {one: end for one, end in self._ends.items() if one is not source}
        if order.until is not None:
            ends[source] = order.until
        counts, posture = after.effective
        answer = Ack(AckStatus.SUCCEEDED, None, {"posture": posture.posture.value, "source": counts.value})
        text = self._text(after, ends)
        event = self._audit("audit.posture_ordered", command, order, source)
        receipt = self._journal.commit(decision, (event,), ack=answer.to_json(), state=(STATE, text))
        self._stored, self._ends = text, ends
        self._reporter.note_stored()
        if order.posture is None:
            self._drive.step(ClearPosture(source))
        else:
            self._drive.step(SetPosture(source, order.posture, until, receipt if opens else None))
        logger.info("posture of %s: %s", source, order.posture or "given up")
        if opens and posture.posture is Posture.UNLOCKED and not self._drive.door.is_unlocked:
            answer = Ack(AckStatus.REJECTED, Reason.DENY_FAULT.value)
            self._journal.finish_command(command.id, answer.to_json())
        return answer

    def _untimely(self, order: OrderPosture) -> Ack | None:
        """Refuse an end that has passed or cannot be told."""
        if order.until is None:
            return None
        if not self._clocks.is_set():
            text = "the clock is not synchronized, 'until' cannot be told; leave it out"
            return Ack(AckStatus.REJECTED, "clock", {"text": text})
        if not timedelta(0) < order.until - self._clocks.utc() <= _LONGEST:
            text = f"until must be in the future, and within {_LONGEST.days} days"
            return Ack(AckStatus.REJECTED, "bad_until", {"text": text})
        return None

    def _why_not(self, order: OrderPosture, source: Source) -> Reason | None:
        """Why the door must not be held open now. All else may be ordered at any time, and waits under the
        posture of a higher source; but nothing is left waiting that would move the relay by itself."""
        if order.posture is not Posture.UNLOCKED:
            return None
        door = self._drive.door
        probe = replace(door, postures=postures.put(door.postures, source, _PROBE))
        return doors.may_grant(probe, self._drive.config, self._clocks.monotonic())

    def _set_ends(self) -> None:
        waiting = [
            (source, held)
            for source, held in self._drive.door.postures.held
            if held.until is None and source in self._ends
        ]
        if not waiting or not self._clocks.is_set():
            return
        for source, held in waiting:
            left_s = (self._ends[source] - self._clocks.utc()).total_seconds()
            until = self._clocks.monotonic() + left_s
            self._drive.step(SetPosture(source, held.posture, until, held.receipt))
        self._drive.tick()

    def _text(self, held: Postures, ends: dict[Source, datetime] | None = None) -> str | None:
        """What outlives a restart, as JSON; None when there is nothing."""
        known = self._ends if ends is None else ends
        lasting = postures.durable(held, self._clocks.monotonic())
        rows: list[Json] = [
            {
                "source": one.source.value,
                "posture": one.posture.value,
                "until": to_timestamp(known[one.source]) if one.source in known else None,
            }
            for one in lasting
        ]
        return json.dumps(rows) if rows else None

    def _save(self, text: str | None) -> None:
        self._journal.save_state(STATE, text)
        self._stored = text

    def _decision(self, command: Command, reason: Reason, *, granted: bool = True) -> Decision:
        return Decision(
            id=DecisionId(self._new_id()),
            at=self._clocks.utc(),
            door=self._drive.config.name,
            granted=granted,
            reason=reason,
            factors=("posture",),
            command=command.id,
        )

    def _audit(
        self,
        event_type: str,
        command: Command,
        order: OrderPosture,
        source: Source,
        more: dict[str, Json] | None = None,
    ) -> Event:
        body: dict[str, Json] = {
            "door": order.door,
            "posture": None if order.posture is None else order.posture.value,
            "source": source.value,
            "until": None if order.until is None else to_timestamp(order.until),
            "reason": order.reason,
            "by": _signers(command),
        }
        at = self._clocks.utc()
        return Event(EventClass.AUDIT, event_type, at, body | (more or {}), corr=command.id)


def _signers(command: Command) -> list[Json]:
    return [signer.kid for signer in command.signers or ()]


def _read(row: dict[str, Any]) -> tuple[Source, Posture, datetime | None]:
    end = row["until"]
    return (
        Source(row["source"]),
        Posture(row["posture"]),
        None if end is None else datetime.fromisoformat(end),
    )
