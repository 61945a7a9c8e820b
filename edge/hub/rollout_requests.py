"""Requests about roll-outs and the files they bring."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable

from edge.core.canonical import canonical
from edge.core.envelope import Envelope
from edge.core.events import EventClass, Json
from edge.core.rollout import Plan, RolloutState
from edge.hub.files import LARGEST, JobFiles
from edge.hub.reading import Body
from edge.hub.refusal import Refused
from edge.hub.registry import Registry
from edge.hub.reporting import Reporter
from edge.hub.requests import Handler, fitting
from edge.hub.rollouts import Rollouts
from edge.hub.work import Work

KINDS = ("model", "software", "config")
_NAME = re.compile(r"[a-z0-9-]{1,64}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_TURNS = {
    "rollout.pause": RolloutState.PAUSED,
    "rollout.resume": RolloutState.RUNNING,
    "rollout.abort": RolloutState.ABORTED,
}
_DEFAULT = Plan()


class RolloutRequests:
    def __init__(self, rollouts: Rollouts, registry: Registry, files: JobFiles, reporter: Reporter) -> None:
        self._rollouts = rollouts
        self._registry = registry
        self._files = files
        self._reporter = reporter

    def handlers(self) -> dict[str, Handler]:
        return {
            "rollout.start": self._start,
            "rollout.list": self._list,
            **{type_: self._turn(state) for type_, state in _TURNS.items()},
            "job.list": self._jobs,
            "file.put": self._put,
            "file.list": self._listed,
        }

    def _start(self, work: Work, asked: Envelope) -> dict[str, Json]:
        optional = "rollout devices group all steps wait_s abort_percent timeout_s"
        body = Body(asked.body, "job", optional)
        name = body.text_or("rollout", f"r-{asked.id.replace('-', '').lower()[:16]}")
        if not _NAME.fullmatch(name):
            raise Refused("bad_body", "a roll-out is named by 1 to 64 of a-z, 0-9 and -; correct it")
        job = body.table("job")
        self._check(job)
        steps = body.values.get("steps", [*_DEFAULT.steps])
        if not isinstance(steps, list) or not all(type(step) is int for step in steps):
            raise Refused("bad_body", "steps are whole percentages that rise to 100; correct them")
        try:
            plan = Plan(
                tuple(int(str(step)) for step in steps),
                body.whole_or("wait_s", _DEFAULT.wait_s, 0, 30 * 86_400),
                body.whole_or("abort_percent", _DEFAULT.abort_percent, 0, 100),
                body.whole_or("timeout_s", _DEFAULT.timeout_s, 1, 30 * 86_400),
            )
        except ValueError as error:
            raise Refused("bad_body", str(error)) from error
        devs = self._registry.chosen(work, body.values)
        self._rollouts.start(work, name, job, devs, plan)
        audit: dict[str, Json] = {"rollout": name, "client": asked.dev, "kind": job["kind"]}
        self._reporter.report(work, EventClass.AUDIT, "audit.rollout_started", audit | {"devices": len(devs)})
        return {"rollout": name, "devices": len(devs)}

    def _check(self, job: dict[str, Json]) -> None:
        """Refuse a job that no device could do. Raises MessageMalformed for fractions in it."""
        if job.get("kind") not in KINDS or "job" in job:
            raise Refused("bad_body", f"a job has a kind, one of {', '.join(KINDS)}, and is named by the hub")
        canonical(job)
        file = job.get("file")
        if not isinstance(file, dict) or "url" in file:
            return
        sha256 = file.get("sha256")
        if not isinstance(sha256, str) or not _SHA256.fullmatch(sha256) or not self._files.has(sha256):
            raise Refused("file_missing", "the hub does not have the file of the job; send it by file.put")

    def _turn(self, state: RolloutState) -> Callable[[Work, Envelope], dict[str, Json]]:
        def turn(work: Work, asked: Envelope) -> dict[str, Json]:
            rollout = Body(asked.body, "rollout").text("rollout")
            self._rollouts.turn(work, rollout, state)
            return {"rollout": rollout, "state": state.value}

        return turn

    def _list(self, work: Work, asked: Envelope) -> dict[str, Json]:
        body = Body(asked.body, "", "rollout limit")
        rollout = body.text("rollout") if body.has("rollout") else None
        return {"rollouts": [*fitting(self._rollouts.summaries(work, rollout, body.limit()))]}

    def _jobs(self, work: Work, asked: Envelope) -> dict[str, Json]:
        body = Body(asked.body, "rollout", "after limit")
        rows = self._rollouts.jobs(work, body.text("rollout"), body.text_or("after", ""), body.limit())
        kept = fitting(rows)
        return {"jobs": [*kept], "after": kept[-1]["dev"] if kept else None}

    def _put(self, work: Work, asked: Envelope) -> dict[str, Json]:
        del work
        body = Body(asked.body, "sha256 bytes chunk data")
        sha256, data = body.values["sha256"], body.values["data"]
        if not isinstance(sha256, str) or not _SHA256.fullmatch(sha256):
            raise Refused("bad_body", "sha256 is 64 hexadecimal digits in lower case; correct it")
        try:
            decoded = base64.b64decode(data if isinstance(data, str) else "", validate=True)
        except (binascii.Error, ValueError):
            raise Refused("bad_body", "data is base64; correct it") from None
        size, chunk = body.whole("bytes", 1, LARGEST), body.whole("chunk")
        following = self._files.put(sha256, size, chunk, decoded)
        return {"next": following, "done": following is None}

    def _listed(self, work: Work, asked: Envelope) -> dict[str, Json]:
        del work
        Body(asked.body)
        return {"files": [{"sha256": sha256, "bytes": size} for sha256, size in self._files.listed()]}
