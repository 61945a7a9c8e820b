"""The daemon's line to the broker: one session, and the parts that speak and listen over it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial

from edge.app import change_wiring, command_wiring, gallery_sync_desk, home_assistant_desk, wiring
from edge.app.commands import CommandDesk
from edge.app.log_post import LogPost
from edge.app.messages import BusMessage, LinkChanged
from edge.app.observers import tell
from edge.app.outpost import Outpost
from edge.app.publishing import Publisher
from edge.app.routes import Routes
from edge.app.station import Station
from edge.app.trust import Trust, open_trust
from edge.app.vitals import Vitals
from edge.app.voice import Voice
from edge.core.canonical import digest
from edge.core.events import Json
from edge.mqtt.client import MqttBus
from edge.mqtt.codec import Codec
from edge.mqtt.link import Link
from edge.mqtt.listening import GALLERY_BYTES
from edge.mqtt.pump import OutboxPump
from edge.mqtt.topics import Topics
from edge.ports import Message
from edge.store.database import open_database
from edge.store.outbox import Outbox


@dataclass(frozen=True, slots=True)
class Uplink:
    """What the controller's thread uses of it."""

    bus: MqttBus
    desk: CommandDesk
    publisher: Publisher


def start(link: Link, station: Station, info: dict[str, Json]) -> Uplink:
    """Begin connecting, and take on the workers that go with it. info: what the device is.

    Raises SettingsError, KeyringInvalid and StoreError.
    """
    outpost, trust = _outpost(link, station)
    pump = _join_outbox(outpost)
    if station.on_trial is not None:
        change_wiring.join(outpost, station.on_trial)
    gallery_sync_desk.join(outpost)
    desk = command_wiring.join(outpost, station, trust)
    home_assistant_desk.join(outpost, station)
    publisher = Publisher(
        outpost.codec,
        outpost.bus,
        pump,
        clocks=station.clocks,
        info=lambda: info | {key: figure() for key, figure in outpost.info.items()},
        on_info=partial(tell, station.observers.info),
        levels=outpost.levels,
    )
    _join_health(outpost, station)
    station.controller.versions = partial(_versions, outpost.info, info.get("models"))
    outpost.on_link.extend((lambda up: station.tell(LinkChanged(up)), partial(tell, station.observers.link)))
    station.stack.callback(outpost.bus.close)
    outpost.bus.start(outpost.routes.deliver, partial(tell, outpost.on_link))
    return Uplink(outpost.bus, desk, publisher)


def _outpost(link: Link, station: Station) -> tuple[Outpost, Trust]:
    settings, controller = station.settings, station.controller
    topics = Topics(settings.device.site, settings.device.id)
    # Read before any command arrives: what cannot be read ends the start.
    station.journal.forgotten()
    trust = open_trust(
        settings,
        topic=topics.shared.keys,
        journal=station.journal,
        reporter=controller.reporter,
        clocks=station.clocks,
    )
    codec = Codec(
        topics,
        station.boot,
        frozenset({settings.door.name}),
        groups=settings.fleet.groups,
        signers=trust.signers,
        nonce=trust.nonce,
        passed=trust.passed,
        forgotten=station.journal.forgotten,
        pictures=settings.fleet.pictures,
        # Answered ids are kept that long.
        max_age_s=settings.store.keep_days * 86_400.0,
    )
    routes = Routes()
    bus = MqttBus(
        link,
        codec,
        routes.filters,
        sessions=wiring.sessions(station.journal),
        max_bytes=GALLERY_BYTES,
    )
    outpost = Outpost(
        settings=settings,
        topics=topics,
        codec=codec,
        bus=bus,
        journal=station.journal,
        controller=controller,
        clocks=station.clocks,
        crew=station.crew,
        stack=station.stack,
        tell=station.tell,
        boot=station.boot,
        new_id=wiring.new_id,
        routes=routes,
        voice=Voice(bus, topics.dev, station.boot, station.clocks, wiring.new_id),
        restart=station.restart,
    )
    outpost.info["keyring"] = lambda: trust.version
    _to_controller(outpost, [trust.topic], trust.receive)
    return outpost, trust


def _versions(info: Mapping[str, Callable[[], Json]], models: Json) -> dict[str, Json]:
    """By which gallery, which configuration from afar and which models a decision was made. models: as in
    the description of the device, which tells them one by one."""
    told: dict[str, Json] = {"models": digest(models).hex()[:16]}
    for name, key in (("gallery", "gallery"), ("policy", "config")):
        figures = info[key]() if key in info else None
        if isinstance(figures, dict):
            told[name] = figures.get("version")
    return told


def _join_outbox(outpost: Outpost) -> OutboxPump:
    store, collected = outpost.settings.store, outpost.settings.fleet.require_ack
    database = outpost.stack.enter_context(open_database(store.file, durable=False, check=False))
    pump = OutboxPump(Outbox(database), outpost.bus, outpost.codec.event, collected=collected)
    if collected:
        outpost.routes.add([outpost.topics.event_ack], pump.hear)
    outpost.on_link.append(pump.on_link)
    outpost.crew.add("outbox", pump.run)
    return pump


def _to_controller(outpost: Outpost, filters: Iterable[str], receive: Callable[[Message], None]) -> None:
    outpost.routes.add(filters, lambda message: outpost.tell(BusMessage(message, receive)))


def _join_health(outpost: Outpost, station: Station) -> None:
    """Publish warnings of the log, and how the device is."""
    voice, topics = outpost.voice, outpost.topics
    post = outpost.stack.enter_context(LogPost(voice, topics, outpost.clocks.monotonic).attached())
    outpost.crew.add("log", post.run)

    def publish(vitals: Vitals) -> None:
        voice.say(topics.health, "tele.health", vitals.body(), qos=0)

    fleet = outpost.settings.fleet
    # By the oldest event that waits here a collector knows which it need not wait for.
    if fleet.health_s or fleet.require_ack:
        station.observers.vitals.append(publish)
