"""The controller: the only owner of the door. It decides, makes the decision durable, then acts.

Runs on the main thread. Time passes (`tick`) before every message, so that a full inbox cannot
delay a relock.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from edge.core import door as doors
from edge.core.access_event import access_event, attack_events, stranger_events
from edge.core.decision import Decision, DecisionId, Evidence, Reason, Receipt
from edge.core.door import Door
from edge.core.door_config import DoorConfig
from edge.core.events import EventClass, Json
from edge.core.face import PersonId
from edge.core.policy import CommandGiven, Credential, ExitRequested, FaceShown, Ruling, Standing, decide
from edge.core.stimuli import (
    ContactReading,
    FireReading,
    Grant,
    RequestToExit,
    TamperReading,
    Tick,
)
from edge.errors import AlreadyCommitted, StoreError
from edge.ports import InputReading, Journal, Lock
from edge.service.door_drive import DoorDrive
from edge.service.door_orders import DoorOrders
from edge.service.recognize import Sighting
from edge.service.reporting import Clocks, Reporter
from edge.service.trial import Prompt

logger = logging.getLogger(__name__)


class Controller:
    """One door. `standing` looks a person up; `new_id` gives a fresh decision id. `reporter` tells the
    site what happens here, and knows what is in trouble.

    far: the false accept rate that the published evidence names as its target. versions: what it decides
    by, told with each decision; asked on its thread, so cheap.
    """

    def __init__(
        self,
        *,
        config: DoorConfig,
        journal: Journal,
        lock: Lock,
        standing: Callable[[PersonId], Standing | None],
        clocks: Clocks,
        new_id: Callable[[], str],
        far: float,
    ) -> None:
        self._config = config
        self._journal = journal
        self._standing = standing
        self._clocks = clocks
        self._new_id = new_id
        self._far = far
        self.versions: Callable[[], dict[str, Json]] = dict
        self.reporter = Reporter(journal, clocks)
        self._drive = DoorDrive(config, lock, self.reporter, clocks)
        self.orders = DoorOrders(self._drive, journal, self.reporter, clocks, new_id)

    @property
    def name(self) -> str:
        return self._config.name

    @property
    def door(self) -> Door:
        return self._drive.door

    def start(self) -> None:
        """Put the postures back that outlive a restart, take the relay's line, and begin; maybe in fault."""
        self.orders.restore()
        self._drive.start()

    def tick(self) -> None:
        """Let time pass: relock at the deadline, and do again what failed: locking, and saving events."""
        self._drive.tick()
        self.orders.tick()
        self.reporter.retry()

    def sighted(self, sighting: Sighting) -> Ruling:
        """Answer a face at the door."""
        verdict = sighting.verdict
        evidence = Evidence(
            similarity=verdict.similarity,
            threshold=sighting.threshold,
            margin=verdict.margin,
            far_target=self._far,
            liveness=verdict.liveness,
            liveness_frames=verdict.frames,
            quality=verdict.quality,
            latency_ms=(self._clocks.monotonic() - sighting.first_seen) * 1000,
            liveness_method=verdict.method,
            suspicions=tuple(one.value for one in verdict.suspicions),
            problems=tuple(one.value for one in verdict.problems),
            failure=None if verdict.failure is None else verdict.failure.value,
        )
        shown = FaceShown(verdict.outcome, verdict.person, self._clocks.monotonic() - sighting.at)
        return self._answer(shown, "face", evidence, verdict.person)

    def prompted(self, prompt: Prompt) -> None:
        """Tell the site what the face at the door is asked to do: a screen elsewhere may show it."""
        body: dict[str, Json] = {
            "door": self._config.name,
            "prompt": "straight" if prompt.move is None else prompt.move.value,
            "done": prompt.done,
            "of": prompt.of,
        }
        self.reporter.report(EventClass.PAD, "pad.challenge", body)

    def commanded(self, command: str, seconds: float | None, ack: Callable[[Ruling], str]) -> Ruling:
        """Answer an authorized `door.unlock` that was never answered before.

        The claim on its id, the decision and the ack for a repeat become durable together. Raises
        AlreadyCommitted when the id was answered after all, StoreError when nothing could be stored;
        then nothing moved. Where the lock fails after that, the answer is corrected to a refusal.
        """
        ruling = self._answer(CommandGiven(command), "command", Evidence(), None, command, seconds, ack)
        if ruling.granted and not self._drive.door.is_unlocked:
            ruling = Ruling(False, Reason.DENY_FAULT)
            self._journal.finish_command(command, ack(ruling))
        return ruling

    def read(self, reading: InputReading) -> None:
        """Take a level from an input line."""
        match reading.name:
            case "contact":
                self._drive.step(ContactReading(reading.active))
            case "rex" if reading.active:
                self._exit()
            case "tamper":
                self._drive.step(TamperReading(reading.active))
            case "fire":
                self._fire(reading.active)

    def stop(self) -> None:
        """Lock, then tell. The line is released by whoever made the lock."""
        self._drive.stop()

    def _answer(
        self,
        credential: Credential,
        factor: str,
        evidence: Evidence,
        person: PersonId | None = None,
        command: str | None = None,
        seconds: float | None = None,
        ack: Callable[[Ruling], str] | None = None,
    ) -> Ruling:
        self._drive.step(Tick())
        refusal = doors.may_grant(self._drive.door, self._config, self._clocks.monotonic())
        standing = None
        if person is not None:
            try:
                standing = self._standing(person)
            except StoreError as error:
                self.reporter.trouble("gallery", str(error))
                refusal = refusal or Reason.DENY_FAULT
        ruling = decide(
            credential,
            standing=standing,
            door_refusal=refusal,
            posture=self._drive.door.posture,
            clock_is_set=self._clocks.is_set(),
            now=self._clocks.utc(),
        )
        decision = Decision(
            id=DecisionId(self._new_id()),
            at=self._clocks.utc(),
            door=self._config.name,
            granted=ruling.granted,
            reason=ruling.reason,
            factors=(factor,),
            person=person,
            seconds=seconds,
            command=command,
            evidence=evidence,
        )
        receipt = self._commit(decision, None if ack is None else ack(ruling))
        if receipt is None:
            return Ruling(False, Reason.DENY_FAULT)
        logger.info("%s: %s", "granted" if ruling.granted else "denied", ruling.reason)
        if ruling.granted:
            stimulus = (
                RequestToExit(receipt) if isinstance(credential, ExitRequested) else Grant(receipt, seconds)
            )
            self._drive.step(stimulus)
        return ruling

    def _commit(self, decision: Decision, ack: str | None) -> Receipt | None:
        """Make the decision durable. None when that failed: then the answer is no."""
        told = access_event(decision, self.versions())
        events = (told, *attack_events(decision), *stranger_events(decision))
        try:
            if ack is None:
                receipt = self._journal.commit(decision, events)
            else:
                receipt = self._journal.commit(decision, events, ack=ack)
        except AlreadyCommitted:
            raise
        except StoreError as error:
            self.reporter.trouble("store", str(error))
            if ack is not None:
                raise
            return None
        self.reporter.note_stored()
        return receipt

    def _exit(self) -> None:
        if self._config.rex_unlocks:
            ruling = self._answer(ExitRequested(), "request_to_exit", Evidence())
            if ruling.granted:
                return
        self._drive.step(RequestToExit())

    def _fire(self, active: bool) -> None:
        """Follow the fire panel where the site wants it: a courtesy on top of the hardware."""
        if not (active and self._config.fire_unlocks and self._drive.door.strike.works):
            self._drive.step(FireReading(active))
            return
        decision = Decision(
            id=DecisionId(self._new_id()),
            at=self._clocks.utc(),
            door=self._config.name,
            granted=True,
            reason=Reason.ALLOW_POSTURE_UNLOCKED,
            factors=("fire",),
        )
        self._drive.step(FireReading(active, self._commit(decision, None)))
