"""Put together those who take commands, each order with who carries it out."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial

from edge.app import device_desk, face_desk, gallery_desk, self_test, wiring
from edge.app.ack_post import AckPost
from edge.app.commands import CommandDesk
from edge.app.device_desk import DeviceDesk
from edge.app.face_desk import FaceDesk
from edge.app.keepers import keepers
from edge.app.live_enrollment import LiveEnrollment
from edge.app.log_upload import LogUpload
from edge.app.messages import BusMessage
from edge.app.order_desk import OrderDesk
from edge.app.outpost import Outpost
from edge.app.station import Station
from edge.app.trust import Trust
from edge.core.events import Json
from edge.core.face import PersonId
from edge.core.face_orders import DeleteFaces, ListFaces
from edge.core.gallery_orders import GALLERY_ORDERS

_WAITING = 8
"""So many orders that take a while may wait for each other."""


def join(outpost: Outpost, station: Station, trust: Trust) -> CommandDesk:
    """Take on the desks and their workers. Raises StoreError."""
    _join_people(outpost)
    _join_device(outpost, station)
    _join_faces(outpost, station)
    desk = CommandDesk(
        codec=outpost.codec,
        post=AckPost(outpost.codec, outpost.bus, outpost.clocks, outpost.new_id),
        journal=outpost.journal,
        controller=outpost.controller,
        clocks=outpost.clocks,
        restart=outpost.restart,
        desks=outpost.desks,
        spend_nonce=trust.spend,
    )
    outpost.info["keyring"] = lambda: trust.version
    outpost.routes.add(
        outpost.codec.command_topics, lambda message: outpost.tell(BusMessage(message, desk.receive))
    )
    return desk


def _join_people(outpost: Outpost) -> None:
    roster = outpost.stack.enter_context(wiring.open_roster(outpost.settings))
    work = partial(gallery_desk.carry_out, keepers(outpost.settings, roster))
    desk = OrderDesk(lambda command, _: work(command), outpost.tell, utc=outpost.clocks.utc)
    _register(outpost, (*GALLERY_ORDERS.values(), ListFaces, DeleteFaces), desk)
    outpost.crew.add("orders", desk.run, stale_s=gallery_desk.STALE_S)


def _join_device(outpost: Outpost, station: Station) -> None:
    topic = outpost.topics.log("upload")

    def say(message_type: str, body: dict[str, Json], command: str) -> bool:
        return outpost.voice.say(topic, message_type, body, corr=command)

    work = DeviceDesk(
        settings=outpost.settings,
        memory=station.memory,
        upload=LogUpload(say, lambda seconds: desk.pause(seconds)),
        checks=lambda: self_test.live_probes(
            outpost.settings,
            station.tap,
            lambda: outpost.controller.reporter.troubles,
            outpost.clocks.monotonic,
        ),
        sync=lambda: outpost.sync_now(),
        blink=station.blink,
    )
    desk = OrderDesk(work.carry_out, outpost.tell, utc=outpost.clocks.utc, waiting=_WAITING)
    _register(outpost, device_desk.ORDERS, desk)
    outpost.crew.add("device orders", desk.run, stale_s=device_desk.STALE_S)


def _join_faces(outpost: Outpost, station: Station) -> None:

    def enrolled(person: PersonId) -> None:
        for hear in outpost.enrolled:
            hear(person)

    enrollment = LiveEnrollment(
        tap=station.tap,
        limits=wiring.gallery_limits(outpost.settings),
        monotonic=outpost.clocks.monotonic,
        utc=outpost.clocks.utc,
        enrolled=enrolled,
        stopping=lambda: desk.is_ending,
    )
    work = FaceDesk(
        outpost.settings,
        station.tap,
        enrollment=enrollment,
        monotonic=outpost.clocks.monotonic,
        enrolled=enrolled,
    )
    desk = OrderDesk(work.carry_out, outpost.tell, utc=outpost.clocks.utc, waiting=_WAITING, idle=work.idle)

    def run(stop: threading.Event, beat: Callable[[], None]) -> None:
        try:
            desk.run(stop, beat)
        finally:
            # On the thread that the networks belong to.
            work.close()

    _register(outpost, face_desk.ORDERS, desk)
    outpost.crew.add("face orders", run, stale_s=face_desk.STALE_S)


def _register(outpost: Outpost, orders: tuple[type, ...], desk: OrderDesk) -> None:
    for order in orders:
        outpost.desks.setdefault(order, desk.put)
