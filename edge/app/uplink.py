"""The daemon's line to the broker: session, outbox, commands, and what is published."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass

from edge.app import wiring
from edge.app.commands import CommandDesk
from edge.app.crew import Crew
from edge.app.gallery_desk import STALE_S, GalleryDesk
from edge.app.keepers import keepers
from edge.app.messages import BusMessage, LinkChanged, Notice
from edge.app.publishing import Publisher
from edge.app.trust import Trust, open_trust
from edge.core.events import Json
from edge.mqtt.client import MqttBus
from edge.mqtt.codec import Codec
from edge.mqtt.link import Link
from edge.mqtt.pump import OutboxPump
from edge.mqtt.topics import Topics
from edge.ports import Message
from edge.service.access import Controller
from edge.service.reporting import Clocks
from edge.settings import Settings
from edge.store.database import open_database
from edge.store.journal import Journal
from edge.store.outbox import Outbox


@dataclass(frozen=True, slots=True)
class Uplink:
    """What the controller's thread uses of it."""

    bus: MqttBus
    desk: CommandDesk
    publisher: Publisher
    trust: Trust

    def receive(self, message: Message) -> None:
        """Take one message from the bus."""
        if message.topic == self.trust.topic:
            self.trust.receive(message)
        else:
            self.desk.receive(message)


def start(
    stack: ExitStack,
    link: Link,
    settings: Settings,
    *,
    journal: Journal,
    controller: Controller,
    clocks: Clocks,
    info: dict[str, Json],
    boot: str,
    crew: Crew,
    tell: Callable[[Notice], None],
) -> Uplink:
    """Begin connecting, and take on the workers that go with it. stack: closes it all."""
    topics = Topics(settings.device.site, settings.device.id)
    trust = open_trust(
        settings, topic=topics.shared.keys, journal=journal, reporter=controller.reporter, clocks=clocks
    )
    codec = Codec(
        topics,
        boot,
        frozenset({settings.door.name}),
        groups=settings.fleet.groups,
        signers=trust.signers,
        nonce=trust.nonce,
        # Answered ids are kept that long.
        max_age_s=settings.store.keep_days * 86_400.0,
    )
    bus = MqttBus(link, codec, [*codec.command_topics, trust.topic], sessions=wiring.sessions(journal))
    outbox_database = stack.enter_context(open_database(settings.store.file, durable=False, check=False))
    pump = OutboxPump(Outbox(outbox_database), bus, codec.event)
    roster = stack.enter_context(wiring.open_roster(settings))
    gallery = GalleryDesk(keepers(settings, roster), tell)
    desk = CommandDesk(
        codec=codec,
        bus=bus,
        journal=journal,
        controller=controller,
        clocks=clocks,
        new_id=wiring.new_id,
        gallery=gallery.put,
        spend_nonce=trust.spend,
    )
    publisher = Publisher(codec, bus, pump, clocks=clocks, info=info)

    def on_link(up: bool) -> None:
        pump.on_link(up)
        tell(LinkChanged(up))

    stack.callback(bus.close)
    bus.start(lambda message: tell(BusMessage(message)), on_link)
    crew.add("outbox", pump.run)
    crew.add("orders", gallery.run, stale_s=STALE_S)
    return Uplink(bus, desk, publisher, trust)
