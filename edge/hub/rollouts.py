"""Roll-outs: one job for many devices, released step by step."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from edge.core.events import EventClass, Json
from edge.core.rollout import DeviceOutcome, Outcome, Plan, Progress, RolloutState, advance, late, order
from edge.hub.author import Author
from edge.hub.refusal import Refused
from edge.hub.reporting import Reporter
from edge.hub.tables import jobs, rollouts
from edge.hub.work import Work
from edge.mqtt.codec import Outgoing, dump_json

NEXT = "job.next"
_WAITING, _RELEASED, _CANCELLED, _TIMED_OUT = "waiting", "released", "cancelled", "timed_out"
_SUCCEEDED = "succeeded"
_OVER = (_SUCCEEDED, "failed", "rejected", _CANCELLED, _TIMED_OUT)
_SAID = ("accepted", "in_progress", _SUCCEEDED, "failed", "rejected")
_SHORT = 200


class Rollouts:
    def __init__(self, author: Author, reporter: Reporter) -> None:
        self._author = author
        self._reporter = reporter

    def start(self, work: Work, rollout: str, job: dict[str, Json], devs: Sequence[str], plan: Plan) -> None:
        """Begin. Raises Refused when there was one of that name."""
        if work.connection.execute(select(rollouts.c.rollout).where(rollouts.c.rollout == rollout)).first():
            raise Refused("conflict", f"there was a roll-out {rollout} already; choose another name")
        spec: dict[str, Json] = {"steps": [*plan.steps], "wait_s": plan.wait_s}
        spec |= {"abort_percent": plan.abort_percent, "timeout_s": plan.timeout_s}
        row = {"rollout": rollout, "plan": _text(spec), "job": _text(job), "at": work.at}
        running = {"state": RolloutState.RUNNING.value, "step": 0}
        work.connection.execute(rollouts.insert(), row | running)
        each = {"rollout": rollout, "status": _WAITING, "percent": 0, "at": work.at}
        places = enumerate(order(devs, rollout))
        work.connection.execute(jobs.insert(), [each | {"dev": dev, "place": place} for place, dev in places])
        self._release(work, rollout, plan, Progress())

    def update(self, work: Work, dev: str, job: str, body: dict[str, Json]) -> None:
        """Take what a device says of its job; one that is over for the hub stays so."""
        this = (jobs.c.rollout == job) & (jobs.c.dev == dev)
        before = work.connection.execute(select(jobs.c.status).where(this)).scalar()
        status, percent = body.get("status"), body.get("percent")
        if before is None or status not in _SAID or before in (_SUCCEEDED, "failed", "rejected", _CANCELLED):
            return
        row: dict[str, object] = {"status": status, "step": _word(body.get("step"))}
        row["reason"] = _word(body.get("reason"))
        row["percent"] = percent if type(percent) is int and 0 <= percent <= 100 else 0
        # The time that a device may take is counted from its release, not from its last word.
        if status in _OVER:
            row["at"] = work.at
        work.connection.execute(jobs.update().where(this).values(**row))
        if status in _OVER:
            self._next(work, dev)

    def tick(self, work: Work) -> None:
        """Go on with all that run, as their devices allow."""
        running = rollouts.c.state == RolloutState.RUNNING.value
        for row in work.connection.execute(select(rollouts).where(running)).all():
            self._go_on(work, row)

    def say_again(self, work: Work) -> None:
        """Publish the job of every device that has one."""
        due = select(jobs.c.dev).where(jobs.c.status.notin_((_WAITING, *_OVER))).distinct()
        for dev in list(work.connection.execute(due.order_by(jobs.c.dev)).scalars()):
            self._next(work, dev)

    def turn(self, work: Work, rollout: str, state: RolloutState) -> None:
        """Pause, go on with, or abort one. Raises Refused when it is over or not known."""
        row = self._row(work, rollout)
        if RolloutState(row.state).is_over:
            raise Refused("conflict", f"the roll-out {rollout} is {row.state} already")
        self._turned(work, row, Progress(state, row.step, "asked for" if state.is_over else None))

    def summaries(self, work: Work, rollout: str | None, limit: int) -> list[dict[str, Json]]:
        """The newest roll-outs, or a single one, each with its devices counted by status."""
        wanted = select(rollouts).order_by(rollouts.c.at.desc()).limit(limit)
        if rollout is not None:
            wanted = wanted.where(rollouts.c.rollout == rollout)
        return [self._summary(work, row) for row in work.connection.execute(wanted).all()]

    def jobs(self, work: Work, rollout: str, after: str, limit: int) -> list[dict[str, Json]]:
        """A page of the devices of a roll-out."""
        wanted = select(jobs).where(jobs.c.rollout == rollout, jobs.c.dev > after)
        rows = work.connection.execute(wanted.order_by(jobs.c.dev).limit(limit)).all()
        keys = ("dev", "place", "status", "step", "percent", "reason", "at")
        return [{"job": rollout, **{key: getattr(row, key) for key in keys}} for row in rows]

    def _go_on(self, work: Work, row: Any) -> None:
        plan = Plan(**{**json.loads(row.plan), "steps": tuple(json.loads(row.plan)["steps"])})
        found = work.connection.execute(
            select(jobs.c.dev, jobs.c.status, jobs.c.at)
            .where(jobs.c.rollout == row.rollout)
            .order_by(jobs.c.place)
        ).all()
        outcomes = [DeviceOutcome(_outcome(one.status), datetime.fromisoformat(one.at)) for one in found]
        for place in late(plan, outcomes, work.now):
            self._end(work, row.rollout, found[place].dev, _TIMED_OUT)
            outcomes[place] = DeviceOutcome(Outcome.FAILED, work.now)
        progress = Progress(RolloutState(row.state), row.step)
        after = advance(plan, progress, outcomes, work.now)
        if after.state is not progress.state:
            self._turned(work, row, after)
        elif after != progress:
            this = rollouts.update().where(rollouts.c.rollout == row.rollout)
            work.connection.execute(this.values(step=after.step))
            self._release(work, row.rollout, plan, after)

    def _release(self, work: Work, rollout: str, plan: Plan, progress: Progress) -> None:
        count = work.connection.execute(
            select(func.count()).select_from(jobs).where(jobs.c.rollout == rollout)
        ).scalar()
        due = (jobs.c.rollout == rollout) & (jobs.c.status == _WAITING)
        due &= jobs.c.place < plan.released(progress.step, count or 0)
        devs = list(work.connection.execute(select(jobs.c.dev).where(due)).scalars())
        work.connection.execute(jobs.update().where(due).values(status=_RELEASED, at=work.at))
        for dev in devs:
            self._next(work, dev)

    def _turned(self, work: Work, row: Any, progress: Progress) -> None:
        this = rollouts.update().where(rollouts.c.rollout == row.rollout)
        work.connection.execute(this.values(state=progress.state.value, reason=progress.reason))
        if progress.state is RolloutState.ABORTED:
            unbegun = (jobs.c.rollout == row.rollout) & jobs.c.status.in_((_WAITING, _RELEASED))
            devs = list(work.connection.execute(select(jobs.c.dev).where(unbegun)).scalars())
            work.connection.execute(jobs.update().where(unbegun).values(status=_CANCELLED, at=work.at))
            for dev in devs:
                self._next(work, dev)
        kind = EventClass.ALARM if progress.state is RolloutState.ABORTED else EventClass.AUDIT
        body: dict[str, Json] = {"rollout": row.rollout, "step": progress.step, "reason": progress.reason}
        self._reporter.report(work, kind, f"{kind.value}.rollout_{progress.state.value}", body)

    def _end(self, work: Work, rollout: str, dev: str, status: str) -> None:
        this = (jobs.c.rollout == rollout) & (jobs.c.dev == dev)
        work.connection.execute(jobs.update().where(this).values(status=status, at=work.at))
        self._next(work, dev)

    def _next(self, work: Work, dev: str) -> None:
        """Tell the device its oldest job that is not over, or that there is none."""
        wanted = select(rollouts.c.rollout, rollouts.c.job).join(jobs, jobs.c.rollout == rollouts.c.rollout)
        wanted = wanted.where(jobs.c.dev == dev, jobs.c.status.notin_((_WAITING, *_OVER)))
        row = work.connection.execute(wanted.order_by(rollouts.c.at, rollouts.c.rollout).limit(1)).first()
        topic = self._author.topics.device(dev).job_next
        if row is None:
            work.say(Outgoing(topic, b"", retain=True))
            return
        body: dict[str, Json] = {**json.loads(row.job), "job": row.rollout}
        work.say(self._author.write(topic, NEXT, body, work.now, retain=True))

    def _row(self, work: Work, rollout: str) -> Any:
        row = work.connection.execute(select(rollouts).where(rollouts.c.rollout == rollout)).first()
        if row is None:
            raise Refused("unknown_rollout", f"there is no roll-out {rollout}; see rollout.list")
        return row

    def _summary(self, work: Work, row: Any) -> dict[str, Json]:
        wanted = select(jobs.c.status, func.count()).where(jobs.c.rollout == row.rollout)
        rows = work.connection.execute(wanted.group_by(jobs.c.status)).all()
        counts = Counter({row[0]: row[1] for row in rows})
        total = counts.total()
        over = sum(counts[status] for status in _OVER)
        summary: dict[str, Json] = {"rollout": row.rollout, "state": row.state, "reason": row.reason}
        summary |= {"step": row.step, "at": row.at, "devices": total, "plan": json.loads(row.plan)}
        summary |= {"percent": 100 * over // total if total else 0, "counts": dict(counts)}
        return summary | {"kind": json.loads(row.job).get("kind")}


def _outcome(status: str) -> Outcome:
    if status == _WAITING:
        return Outcome.WAITING
    if status == _SUCCEEDED:
        return Outcome.SUCCEEDED
    return Outcome.FAILED if status in _OVER else Outcome.RELEASED


def _word(value: Json) -> str | None:
    return value[:_SHORT] if isinstance(value, str) else None


def _text(value: Json) -> str:
    return dump_json(value).decode()
