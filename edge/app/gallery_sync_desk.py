"""Put together what follows a gallery of the hub, beside the commands that are about it."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from contextlib import AbstractContextManager
from functools import partial

from edge.app.device_key import open_device_key, public_key, receipt_bytes
from edge.app.documents import Documents
from edge.app.gallery_topics import line_of
from edge.app.gallery_worker import STALE_S, GalleryWorker
from edge.app.messages import Happened, PartChanged
from edge.app.order_desk import OrderDesk, Progress
from edge.app.order_results import OrderDone
from edge.app.outpost import Outpost
from edge.core.ack import Ack, AckStatus
from edge.core.commands import Command
from edge.core.envelope import Envelope
from edge.core.events import Event, EventClass, Json
from edge.core.face import ModelId, PersonId
from edge.core.gallery_orders import RevokePerson
from edge.core.gallery_sync import Mark, Offer
from edge.core.person import PersonRecord
from edge.core.roles import Role, Signer
from edge.errors import SettingsError
from edge.fleet_settings import FleetSettings
from edge.keys import cipher
from edge.keys.files import decoded_secret
from edge.mqtt.listening import GALLERY_BYTES
from edge.service.gallery_offer import offer_of
from edge.service.gallery_sync import GallerySync
from edge.service.gallery_upward import Upward
from edge.store.database import Database, open_database
from edge.store.sync_tables import release
from edge.store.synced import SyncedGallery
from edge.vision.manifest import find

REVOCATIONS = 100
"""So many may wait; a site that revokes more at once sends them through the hub as well."""


def join(outpost: Outpost) -> None:
    """Take on the worker, and the desk for revocations, where a gallery is followed. Raises SettingsError,
    StoreError and ModelError."""
    gallery = outpost.settings.fleet.gallery
    if gallery is None:
        with _opened(outpost) as database:
            release(database)
        return
    key = _key(outpost.settings.fleet)
    copy = SyncedGallery(outpost.stack.enter_context(_opened(outpost)), gallery, partial(cipher.unseal, key))
    sync = _sync(outpost, gallery, copy, key)
    topics = outpost.topics
    worker = GalleryWorker(sync, topics.shared.head(gallery), outpost.clocks.monotonic)
    outpost.routes.add(
        [
            topics.shared.head(gallery),
            topics.shared.delta(gallery, "+"),
            topics.gallery_delta,
            topics.chunk("+", "+"),
        ],
        worker.put,
    )
    outpost.on_link.append(sync.on_link)
    outpost.crew.add("gallery sync", worker.run, stale_s=STALE_S)
    outpost.info["gallery"] = lambda: sync.figures
    outpost.sync_now = lambda: _fetch(sync)
    _join_revocations(outpost, gallery, key, sync)


def _sync(outpost: Outpost, gallery: str, copy: SyncedGallery, key: bytes) -> GallerySync:
    model = find("embedding", outpost.settings.vision.embedding).model_id
    line, clocks = line_of(outpost.topics, gallery, outpost.voice.say), outpost.clocks

    def report(kind: EventClass, name: str, body: dict[str, Json]) -> None:
        outpost.tell(Happened(Event(kind, name, clocks.utc(), body)))

    documents = Documents(
        dev=outpost.topics.dev,
        signers=outpost.codec.signers,
        clocks=clocks,
        refused=lambda reason, text: report(
            EventClass.AUDIT, "audit.document_refused", {"reason": reason, "text": text}
        ),
        limit=GALLERY_BYTES,
    )

    def is_root(envelope: Envelope) -> bool:
        signers = outpost.codec.signers(envelope, line.head, clocks.utc())
        return signers is None or any(Role.ROOT in signer.roles for signer in signers)

    own = open_device_key(outpost.settings.store.folder)
    outpost.info["signing_key"] = lambda: public_key(own)
    upward = Upward(
        copy,
        line,
        offer=_offer(outpost, gallery, key, model),
        report=report,
        sign=lambda body: own.sign(receipt_bytes(outpost.topics.dev, body)),
    )
    outpost.enrolled.append(lambda person: upward.look())
    return GallerySync(
        copy,
        gallery,
        line,
        model=model,
        opened=documents.open,
        is_root=is_root,
        upward=upward,
        trouble=lambda reason: outpost.tell(PartChanged("gallery_sync", reason)),
        monotonic=clocks.monotonic,
        random=lambda: int.from_bytes(os.urandom(4)) / 2**32,
    )


def _offer(
    outpost: Outpost, gallery: str, key: bytes, model: ModelId
) -> Callable[[PersonRecord], Offer] | None:
    if not outpost.settings.fleet.offer_enrollments:
        return None
    return lambda record: offer_of(record, gallery, model, partial(cipher.seal, key))


def _join_revocations(outpost: Outpost, gallery: str, key: bytes, sync: GallerySync) -> None:
    """On a thread of their own: nothing that takes long may delay one."""
    database = outpost.stack.enter_context(_opened(outpost))
    copy = SyncedGallery(database, gallery, partial(cipher.unseal, key))

    def work(command: Command, progress: Progress) -> OrderDone:
        order = command.order
        if not isinstance(order, RevokePerson):
            raise TypeError(f"{command.type} revokes nobody")
        mark, is_contained = covered_from(order, command.signers, sync.newest, is_set_back=sync.is_set_back)
        is_known = copy.revoke(PersonId(order.person), mark, contained=is_contained)
        return OrderDone(
            command, Ack(AckStatus.SUCCEEDED, None, {"known": is_known}), audit="audit.gallery_changed"
        )

    desk = OrderDesk(work, outpost.tell, utc=outpost.clocks.utc, waiting=REVOCATIONS)
    outpost.desks[RevokePerson] = desk.put
    outpost.crew.add("revocations", desk.run)


def covered_from(
    order: RevokePerson, signers: Collection[Signer] | None, newest: Mark, *, is_set_back: bool = False
) -> tuple[Mark, bool]:
    """The version of the gallery that a revocation holds until, and whether that version contains it.

    Which one it is only who keeps the gallery knows: whoever else may revoke could name one that never comes.
    is_set_back: whoever keeps it counts from further back than this copy, so that the number says nothing.
    """
    keeps_it = signers is None or any(Role.GALLERY in signer.roles for signer in signers)
    if order.version == 0 or not keeps_it or is_set_back:
        return newest, False
    return Mark(order.epoch or newest.epoch, order.version), True


def _opened(outpost: Outpost) -> AbstractContextManager[Database]:
    return open_database(outpost.settings.store.file, durable=True, check=False)


def _key(fleet: FleetSettings) -> bytes:
    if fleet.gallery_key is None:
        raise SettingsError(
            f"fleet.gallery is {fleet.gallery}, but fleet.gallery_key is not set; provision it"
        )
    return decoded_secret(fleet.gallery_key.get_secret_value(), "fleet.gallery_key")


def _fetch(sync: GallerySync) -> bool:
    sync.fetch()
    return True
