"""How each kind of job is done, step by step. Whatever was done before a power cut is not done again."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from edge.app import model_check
from edge.app.configuration_desk import Answer
from edge.app.job_hand import POLL_S, Hand
from edge.app.on_trial import OnTrial
from edge.core.config_document import ConfigState, Desired
from edge.core.events import Json
from edge.core.jobs import ConfigJob, Job, ModelJob, SoftwareJob, Step
from edge.errors import JobFailed, ModelError, StoreError
from edge.settings import Settings
from edge.vision.manifest import load_manifest

logger = logging.getLogger(__name__)
_TRIAL = 90


@dataclass(frozen=True, slots=True)
class JobKinds:
    """Belongs to the thread of the jobs. take: has a configuration tried. restart: asks for an orderly start
    anew. is_signed: whether documents have to be signed here."""

    settings: Settings
    on_trial: OnTrial
    hand: Hand
    take: Callable[[Desired], Answer]
    restart: Callable[[str], None]
    is_signed: bool

    def carry_out(self, job: Job) -> dict[str, Json]:
        """Do a job to its end, over starts of the daemon. Returns figures for the site. Raises JobFailed."""
        try:
            match job:
                case ModelJob():
                    figures = self._model(job)
                case SoftwareJob():
                    figures = self._software(job)
                case ConfigJob():
                    return self._config(job)
        except StoreError as error:
            self.hand.forget(job)
            raise JobFailed(str(error), "store") from error
        except JobFailed as failed:
            if failed.reason != "interrupted":
                self.hand.forget(job)
            raise
        self.hand.forget(job)
        return figures

    def _model(self, job: ModelJob) -> dict[str, Json]:
        shelf, hand, figures = self.on_trial.shelf, self.hand, {}
        if not self._model_ended(job) and not shelf.is_trying:
            file = hand.fetch(job.file)
            hand.tell(Step.CHECK, 60)
            try:
                manifest = load_manifest(shelf.put(job.manifest, file))
            except ModelError as error:
                raise JobFailed(str(error), "manifest") from error
            with shelf.tried_out(job.id):
                model_check.self_test(self.settings, manifest)
            if job.shadow is not None:
                hand.tell(Step.SHADOW, 65)
                figures = model_check.shadow(
                    self.settings,
                    manifest,
                    job.shadow,
                    self.on_trial.understudies,
                    monotonic=hand.monotonic,
                    pause=hand.pause,
                    progress=lambda share: hand.tell(Step.SHADOW, 65 + int(20 * share)),
                )
            # From here on the next start decides.
            hand.tell(Step.TRIAL, _TRIAL)
            shelf.switch(job.id, manifest)
            self.restart(f"the model {manifest.task}-{manifest.name} is new")
        hand.tell(Step.TRIAL, _TRIAL)
        while not self._model_ended(job):
            hand.pause(POLL_S)
        return figures

    def _model_ended(self, job: ModelJob) -> bool:
        outcome = self.on_trial.shelf.outcome
        if outcome is None or outcome.job != job.id:
            return False
        if outcome.reason:
            raise JobFailed("the device was not well with the model", outcome.reason)
        return True

    def _software(self, job: SoftwareJob) -> dict[str, Json]:
        software, hand, ota = self.on_trial.software, self.hand, self.settings.ota
        if self._software_ended(job):
            return {}
        if not self.is_signed:
            raise JobFailed("software is taken only where jobs have to be signed: fleet.keyring", "keyring")
        if software is None or not software.slots.is_ours:
            raise JobFailed("the daemon does not run from ota.slots; see systemd/README.md", "slots")
        if not software.is_trying:
            file = hand.fetch(job.file)
            wheel = file.with_name(job.name)
            file.rename(wheel)
            hand.tell(Step.INSTALL, 60)
            try:
                place = software.slots.install(
                    wheel,
                    job.version,
                    wheels=ota.wheels,
                    index=ota.index,
                    beat=lambda: hand.pause(0.0),
                )
            finally:
                wheel.rename(file)
            hand.tell(Step.TRIAL, _TRIAL)
            software.switch(place, job.id)
            self.restart(f"the software {job.version} is new")
        hand.tell(Step.TRIAL, _TRIAL)
        while not self._software_ended(job):
            hand.pause(POLL_S)
        return {}

    def _software_ended(self, job: SoftwareJob) -> bool:
        last = self.on_trial.software.slots.last() if self.on_trial.software is not None else None
        if last is None or last[0] != job.id:
            return False
        if last[1]:
            raise JobFailed("the device was not well with the software", last[1])
        return True

    def _config(self, job: ConfigJob) -> dict[str, Json]:
        layer, desired = self.on_trial.layer, job.desired
        self.hand.tell(Step.CHECK, 10)
        if layer.reported.version < desired.version:
            answer = self.take(desired)
            if answer.reason and answer.reason != "refused":
                raise JobFailed(answer.reason, "store")
        self.hand.tell(Step.TRIAL, _TRIAL)
        while True:
            reported = layer.reported
            if (reported.version, reported.hash) != (desired.version, desired.hash):
                raise JobFailed(f"version {reported.version} was there already", "superseded")
            match reported.state:
                case ConfigState.APPLIED:
                    return {}
                case ConfigState.REFUSED:
                    keys = ", ".join(sorted(reported.refused))
                    raise JobFailed(f"refused: {keys}", "refused")
                case ConfigState.ROLLED_BACK | ConfigState.NONE:
                    raise JobFailed(reported.reason, "unhealthy")
                case ConfigState.TRYING:
                    self.hand.pause(POLL_S)
