"""Requests about the galleries and about the people that devices offer."""

from __future__ import annotations

from edge.core.envelope import Envelope, parse
from edge.core.events import EventClass, Json
from edge.core.gallery_rows import Op, Removal, identifier
from edge.core.gallery_sync import DELTA, EPOCH, HEAD, Delta, Head
from edge.core.roles import Role
from edge.hub import gallery_tables
from edge.hub.author import Author
from edge.hub.database import insert_new
from edge.hub.followers import Followers, in_step
from edge.hub.gallery import Change, HubGallery, read_ops
from edge.hub.offers import Offers
from edge.hub.reading import Body
from edge.hub.refusal import Refused
from edge.hub.reporting import Reporter
from edge.hub.requests import Handler, Signers, fitting
from edge.hub.tables import requests
from edge.hub.work import Work
from edge.mqtt.codec import Outgoing

REVOKE = "gallery.revoke"
OWN = "own"
_TOLD_PEOPLE = 50


class GalleryRequests:
    def __init__(
        self,
        author: Author,
        gallery: HubGallery,
        followers: Followers,
        offers: Offers,
        reporter: Reporter,
        signers: Signers,
    ) -> None:
        self._author = author
        self._gallery = gallery
        self._followers = followers
        self._offers = offers
        self._reporter = reporter
        self._signers = signers

    def handlers(self) -> dict[str, Handler]:
        return {
            "gallery.put": self._put,
            "gallery.remove": self._remove,
            "gallery.revoke": self._revoke,
            "gallery.status": self._status,
            "gallery.rebase": self._rebase,
            "gallery.rows": self._rows,
            "offer.list": self._list_offers,
            "offer.accept": self._accept,
            "offer.refuse": self._refuse,
        }

    def head(self, work: Work, head: Head) -> None:
        """Publish how a gallery stands; nothing for one that nobody was ever put into."""
        if head.version > 0:
            topic = self._author.topics.head(head.gallery)
            work.say(self._author.write(topic, HEAD, head.body(), work.now, retain=True))

    def heads(self, work: Work) -> None:
        """Publish how all galleries stand."""
        for name in self._gallery.names(work):
            self.head(work, self._gallery.head(work, gallery_tables.load(work, name, for_change=False)))

    def delta(self, work: Work, topic: str, delta: Delta) -> Outgoing:
        """A delta, for one device or for all."""
        return self._author.write(topic, DELTA, delta.body(), work.now)

    def changed(self, work: Work, change: Change) -> dict[str, Json]:
        """Tell everybody of a change, and who asked what came of it."""
        for delta in change.deltas:
            topic = self._author.topics.delta(delta.gallery, delta.to_version)
            work.say(self.delta(work, topic, delta))
        if change.deltas:
            self.head(work, change.head)
        head = change.head
        return {"epoch": head.epoch, "version": head.version, "root": head.root, "count": head.count}

    def revoke(self, work: Work, gallery: str, person: str, command: str) -> dict[str, Json]:
        """Mark a person as revoked, and wait for every device that follows the gallery to say that it is."""
        change = self._gallery.revoke(work, gallery, person)
        if change is None:
            raise Refused("unknown_person", f"{gallery} has no such person; see gallery.rows")
        told = self.changed(work, change)
        following = self._followers.following(work, gallery)
        self._followers.revoked(work, command, gallery, person, change.head.mark, following)
        return {**told, "devices": len(following)}

    def accept(self, work: Work, offer: str, *, replace: bool) -> dict[str, Json]:
        """Take in the person of an offer. replace: also when there is somebody of that id."""
        gallery, rows = self._offers.take(work, offer)
        person = rows[0].person
        if not replace and self._gallery.has(work, gallery, person):
            raise Refused("conflict", f"{gallery} has a person of that id; say replace, or refuse the offer")
        return self.changed(work, self._gallery.change(work, gallery, rows))

    def _put(self, work: Work, asked: Envelope) -> dict[str, Json]:
        body = Body(asked.body, "gallery ops", "version")
        ops = read_ops(body.values["ops"])
        return self._change(work, asked, body, ops)

    def _remove(self, work: Work, asked: Envelope) -> dict[str, Json]:
        body = Body(asked.body, "gallery person", "face version")
        face = identifier(body.values["face"], "face") if body.has("face") else ""
        return self._change(work, asked, body, [Removal(identifier(body.values["person"], "person"), face)])

    def _change(self, work: Work, asked: Envelope, body: Body, ops: list[Op]) -> dict[str, Json]:
        gallery = body.text("gallery")
        told = self.changed(work, self._gallery.change(work, gallery, ops, body.version()))
        people: list[Json] = [*sorted({op.person for op in ops})[:_TOLD_PEOPLE]]
        audit: dict[str, Json] = {"gallery": gallery, "client": asked.dev, "type": asked.type}
        audit |= {"version": told["version"], "people": people}
        self._reporter.report(work, EventClass.AUDIT, "audit.gallery_changed", audit)
        return told

    def _revoke(self, work: Work, asked: Envelope) -> dict[str, Json]:
        body = Body(asked.body, "gallery person")
        gallery, person = body.text("gallery"), identifier(body.values["person"], "person")
        command = self._author.new_id()
        told = self.revoke(work, gallery, person, command)
        order: dict[str, Json] = {"person": person}
        # At a door that had a later version already, this one's number would pass for one long known.
        if not self._followers.is_overtaken(work, gallery):
            order |= {"epoch": told["epoch"], "version": told["version"]}
        letter = Envelope(command, work.now, REVOKE, order)
        # A broker of MQTT 3.1.1 lets the hub hear its own command.
        work.connection.execute(
            insert_new(work.connection, requests), {"id": command, "at": work.at, "ack": OWN}
        )
        # Before the delta: a door must not wait for that.
        work.outgoing.insert(0, self._author.send(letter, self._author.topics.all_cmd))
        audit: dict[str, Json] = {
            "gallery": gallery,
            "client": asked.dev,
            "person": person,
            "command": command,
        }
        self._reporter.report(work, EventClass.AUDIT, "audit.person_revoked", audit)
        return {**told, "command": command}

    def _status(self, work: Work, asked: Envelope) -> dict[str, Json]:
        body = Body(asked.body, "", "gallery")
        names = [body.text("gallery")] if body.has("gallery") else self._gallery.names(work)
        told: list[Json] = []
        for name in names:
            head = self._gallery.head(work, gallery_tables.load(work, name, for_change=False))
            current, behind = in_step(work, name)
            status = {key: one for key, one in head.body().items() if key != "epoch_proof"}
            told.append({**status, "devices": {"in_step": current, "behind": behind}})
        return {"galleries": told}

    def _rebase(self, work: Work, asked: Envelope) -> dict[str, Json]:
        body = Body(asked.body, "gallery proof")
        gallery, proof = body.text("gallery"), body.table("proof")
        # An id that is no topic level is that of no gallery, either.
        gallery_tables.load(work, gallery, for_change=False)
        read = parse(proof)
        signers = self._signers(read, self._author.topics.head(gallery), work.now)
        if read.type != EPOCH or not (
            signers is None or any(Role.ROOT in signer.roles for signer in signers)
        ):
            raise Refused("auth", "the proof is no gallery.epoch signed by a root key for the head's topic")
        head = self._gallery.rebase(work, gallery, proof, read.body)
        self.head(work, head)
        audit: dict[str, Json] = {"gallery": gallery, "epoch": head.epoch, "version": head.version}
        self._reporter.report(work, EventClass.AUDIT, "audit.gallery_rebased", audit)
        return {"epoch": head.epoch, "version": head.version, "root": head.root}

    def _rows(self, work: Work, asked: Envelope) -> dict[str, Json]:
        body = Body(asked.body, "gallery", "after limit")
        after = body.values.get("after")
        if after is not None and not (
            isinstance(after, list) and len(after) == 2 and all(isinstance(one, str) for one in after)
        ):
            raise Refused("bad_body", "after is [person, face], as the answer before gave it; correct it")
        key = None if after is None else (str(after[0]), str(after[1]))
        rows = fitting(self._gallery.rows(work, body.text("gallery"), key, body.limit()))
        last: Json = [rows[-1]["person"], rows[-1].get("face", "")] if rows else None
        return {"rows": [*rows], "after": last}

    def _list_offers(self, work: Work, asked: Envelope) -> dict[str, Json]:
        body = Body(asked.body, "", "after limit")
        rows = fitting(self._offers.waiting(work, body.text_or("after", ""), body.limit()))
        return {"offers": [*rows], "after": rows[-1]["offer"] if rows else None}

    def _accept(self, work: Work, asked: Envelope) -> dict[str, Json]:
        body = Body(asked.body, "offer", "replace")
        told = self.accept(work, body.text("offer"), replace=body.values.get("replace") is True)
        audit: dict[str, Json] = {"offer": body.text("offer"), "client": asked.dev}
        self._reporter.report(work, EventClass.AUDIT, "audit.enrollment_accepted", audit)
        return told

    def _refuse(self, work: Work, asked: Envelope) -> dict[str, Json]:
        self._offers.take(work, Body(asked.body, "offer").text("offer"))
        return {}
