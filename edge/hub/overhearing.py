"""Commands to devices that the hub hears, too: who is revoked at the doors has to stay so in the gallery."""

from __future__ import annotations

import logging

from sqlalchemy import select

from edge.core.authorization import unproven
from edge.core.envelope import Envelope, parse
from edge.core.gallery_rows import identifier
from edge.core.roles import Scope, are_allowed
from edge.errors import MessageMalformed
from edge.hub.gallery import HubGallery
from edge.hub.gallery_requests import OWN, REVOKE, GalleryRequests
from edge.hub.requests import MAX_AGE, Signers
from edge.hub.tables import requests
from edge.hub.work import Work
from edge.mqtt.codec import parse_json
from edge.mqtt.topics import SiteTopics
from edge.ports import Message

logger = logging.getLogger(__name__)


class Overhearing:
    def __init__(
        self, topics: SiteTopics, gallery: HubGallery, gallery_requests: GalleryRequests, signers: Signers
    ) -> None:
        self._topics = topics
        self._gallery = gallery
        self._requests = gallery_requests
        self._signers = signers

    @staticmethod
    def minds(message: Message) -> bool:
        """Whether the message may be one that the hub must not miss."""
        return REVOKE.encode() in message.payload

    def receive(self, work: Work, message: Message) -> None:
        """Take a revoke for all devices into the galleries; other commands are none of the hub's."""
        if message.retain or self._topics.scope_of(message.topic) is not Scope.ALL:
            return
        try:
            heard = parse(parse_json(message.payload))
            if heard.type != REVOKE or not self._counts(work, heard, message.topic):
                return
            person = identifier(heard.body.get("person"), "person")
        except MessageMalformed as error:
            logger.warning("a command for all cannot be read: %s", error)
            return
        for gallery in self._gallery.names(work):
            if self._gallery.has(work, gallery, person):
                self._requests.revoke(work, gallery, person, heard.id)

    def _counts(self, work: Work, heard: Envelope, topic: str) -> bool:
        """Whether the hub would obey it, and has not done so already."""
        signers = self._signers(heard, topic, work.now)
        if unproven(heard, signers) is not None or not are_allowed(signers, heard.type):
            return False
        if (heard.exp is not None and heard.exp <= work.now) or work.now - heard.ts >= MAX_AGE:
            return False
        if work.connection.execute(select(requests.c.id).where(requests.c.id == heard.id)).first():
            return False
        work.connection.execute(requests.insert(), {"id": heard.id, "at": work.at, "ack": OWN})
        return True
