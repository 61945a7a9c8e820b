"""Put together those who take over what the site has changed: settings, models and software."""

from __future__ import annotations

from functools import partial

from edge.app import job_desk
from edge.app.configuration_desk import ConfigurationDesk
from edge.app.documents import Documents
from edge.app.job_desk import JobDesk
from edge.app.job_hand import Hand
from edge.app.job_kinds import JobKinds
from edge.app.job_log import JobLog
from edge.app.on_trial import OnTrial
from edge.app.order_results import OrderDone
from edge.app.outpost import Outpost
from edge.core.ack import Ack, AckStatus
from edge.core.change_orders import RunJob, SetConfiguration
from edge.core.commands import Command
from edge.core.config_document import Reported
from edge.core.jobs import JobUpdate


def join(outpost: Outpost, on_trial: OnTrial) -> None:
    """Take on the desks and their workers."""
    configuration = _join_configuration(outpost, on_trial)
    _join_jobs(outpost, on_trial, configuration)
    if on_trial.software is not None:
        on_trial.software.is_linked = lambda: outpost.bus.trouble is None
    outpost.info["config"] = lambda: {
        "version": on_trial.layer.reported.running_version,
        "hash": on_trial.layer.reported.running_hash,
    }


def _join_configuration(outpost: Outpost, on_trial: OnTrial) -> ConfigurationDesk:
    topics, voice = outpost.topics, outpost.voice

    def publish(reported: Reported) -> bool:
        return voice.say(topics.config_reported, "config.reported", reported.body(), retain=True)

    desk = ConfigurationDesk(
        layer=on_trial.layer,
        documents=_documents(outpost, on_trial),
        publish=publish,
        restart=lambda why, grace_s: outpost.restart.request(why, grace_s=grace_s),
        report=on_trial.audit,
        tell=outpost.tell,
        monotonic=outpost.clocks.monotonic,
    )
    outpost.routes.add([topics.config_desired], desk.put)
    outpost.on_link.append(desk.on_link)
    outpost.desks[SetConfiguration] = desk.order
    outpost.crew.add("configuration", desk.run)
    return desk


def _join_jobs(outpost: Outpost, on_trial: OnTrial, configuration: ConfigurationDesk) -> None:
    topics, voice, settings = outpost.topics, outpost.voice, outpost.settings
    ask = partial(voice.say, topics.gallery_request, "file.request")

    def publish(update: JobUpdate) -> bool:
        return voice.say(topics.job_update(update.job), "job.update", update.body())

    def order(command: Command) -> bool:
        if not isinstance(command.order, RunJob) or not desk.order(command.order.job):
            return False
        ack = Ack(AckStatus.SUCCEEDED, None, {"job": command.order.job["job"]})
        outpost.tell(OrderDone(command, ack))
        return True

    desk = JobDesk(
        log=JobLog(settings.store.folder / "jobs.json"),
        documents=_documents(outpost, on_trial),
        publish=publish,
        audit=on_trial.audit,
        next_topic=topics.job_next,
        monotonic=outpost.clocks.monotonic,
        utc=lambda: outpost.clocks.utc() if outpost.clocks.is_set() else None,
        work=lambda job: kinds.carry_out(job),
    )
    hand = Hand(
        folder=settings.store.folder / "jobs",
        ca_file=settings.ota.ca_file,
        max_bytes=settings.ota.max_mb << 20,
        monotonic=outpost.clocks.monotonic,
        pause=desk.pause,
        tell=desk.tell,
        ask=ask,
        pieces=desk.hear_pieces,
    )
    kinds = JobKinds(
        settings=settings,
        on_trial=on_trial,
        hand=hand,
        take=configuration.take,
        restart=outpost.restart.request,
        is_signed=settings.fleet.keyring is not None,
    )
    outpost.routes.add([topics.job_next, topics.chunk("+", "+")], desk.put)
    outpost.on_link.append(desk.on_link)
    outpost.desks[RunJob] = order
    outpost.crew.add("jobs", desk.run, stale_s=job_desk.STALE_S)


def _documents(outpost: Outpost, on_trial: OnTrial) -> Documents:
    return Documents(
        dev=outpost.topics.dev,
        signers=outpost.codec.signers,
        clocks=outpost.clocks,
        refused=lambda reason, text: on_trial.audit(
            "audit.document_refused", {"reason": reason, "text": text}
        ),
    )
