"""Put together those who take commands, each order with who carries it out."""

from __future__ import annotations

from functools import partial

from edge.app import gallery_desk, wiring
from edge.app.ack_post import AckPost
from edge.app.commands import CommandDesk
from edge.app.keepers import keepers
from edge.app.messages import BusMessage
from edge.app.order_desk import OrderDesk
from edge.app.outpost import Outpost
from edge.app.trust import Trust
from edge.core.face_orders import DeleteFaces, ListFaces
from edge.core.gallery_orders import GALLERY_ORDERS


def join(outpost: Outpost, trust: Trust) -> CommandDesk:
    """Take on the desks and their workers. Raises StoreError."""
    _join_people(outpost)
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
    outpost.routes.add(
        outpost.codec.command_topics, lambda message: outpost.tell(BusMessage(message, desk.receive))
    )
    return desk


def _join_people(outpost: Outpost) -> None:
    roster = outpost.stack.enter_context(wiring.open_roster(outpost.settings))
    work = partial(gallery_desk.carry_out, keepers(outpost.settings, roster))
    desk = OrderDesk(lambda command, _: work(command), outpost.tell, utc=outpost.clocks.utc)
    for order in (*GALLERY_ORDERS.values(), ListFaces, DeleteFaces):
        outpost.desks.setdefault(order, desk.put)
    outpost.crew.add("orders", desk.run, stale_s=gallery_desk.STALE_S)
