"""What the devices have of the galleries: who is behind, and who has not acknowledged a revoke."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import timedelta

from sqlalchemy import delete, exists, select

from edge.core.envelope import to_timestamp
from edge.core.events import EventClass, Json
from edge.core.gallery_sync import GalleryAck, Mark
from edge.hub.database import insert_new, put
from edge.hub.reporting import Reporter
from edge.hub.tables import galleries, gallery_acks, revoke_waits, revokes
from edge.hub.work import Work

REVOKE_S = 60.0
"""How long a device may take to acknowledge a revoke before it is an alarm."""
_SHOWN = 100
_ANY_REVOKE = select(revokes.c.command).limit(1)


class Followers:
    def __init__(self, reporter: Reporter) -> None:
        self._reporter = reporter

    def acked(self, work: Work, dev: str, ack: GalleryAck) -> None:
        """A device has a version of a gallery, and with it what was revoked up to there."""
        row: dict[str, object] = {"gallery": ack.gallery, "dev": dev}
        row |= {"epoch": ack.epoch, "version": ack.version}
        row |= {"root": ack.root, "ms": ack.ms, "at": work.at}
        ours = self._ours(work, ack.gallery)
        is_ahead = ours is not None and ours < ack.mark
        before = self._mark(work, dev, ack.gallery) if is_ahead else None
        work.connection.execute(put(work.connection, gallery_acks), row)
        if ours is not None and is_ahead:
            # What it has is of another database, and nothing of what was revoked in this one.
            if before != ack.mark:
                self._alarm(work, dev, ack, ours)
            return
        if work.connection.execute(_ANY_REVOKE).first() is None:
            return
        is_earlier = revokes.c.epoch < ack.epoch
        is_earlier |= (revokes.c.epoch == ack.epoch) & (revokes.c.version <= ack.version)
        of_gallery = select(revokes.c.command).where(revokes.c.gallery == ack.gallery, is_earlier)
        self._done(work, (revoke_waits.c.dev == dev) & revoke_waits.c.command.in_(of_gallery))

    def revoked(
        self, work: Work, command: str, gallery: str, person: str, mark: Mark, devs: Collection[str]
    ) -> None:
        """A revoke is on its way to these. mark: of the gallery that has it."""
        if not devs:
            return
        row: dict[str, object] = {"command": command, "gallery": gallery, "person": person, "at": work.at}
        row |= {"epoch": mark.epoch, "version": mark.version}
        work.connection.execute(insert_new(work.connection, revokes), row)
        waits = [{"command": command, "dev": dev, "alarmed": False} for dev in devs]
        work.connection.execute(insert_new(work.connection, revoke_waits), waits)

    def is_overtaken(self, work: Work, gallery: str) -> bool:
        """Whether some device has a later version than there is."""
        ours = self._ours(work, gallery)
        if ours is None:
            return False
        c = gallery_acks.c
        is_later = (c.epoch > ours.epoch) | ((c.epoch == ours.epoch) & (c.version > ours.version))
        return (
            work.connection.execute(select(c.dev).where(c.gallery == gallery, is_later)).first() is not None
        )

    def carried_out(self, work: Work, dev: str, command: str) -> None:
        """A device carried out a command; most are no revokes."""
        self._done(work, (revoke_waits.c.dev == dev) & (revoke_waits.c.command == command))

    def following(self, work: Work, gallery: str) -> list[str]:
        """The devices that ever had a version of the gallery."""
        found = select(gallery_acks.c.dev).where(gallery_acks.c.gallery == gallery)
        return list(work.connection.execute(found.order_by(gallery_acks.c.dev)).scalars())

    def alarm(self, work: Work) -> None:
        """Raise an alarm for revokes not acknowledged for long, and forget those that every device has."""
        since = to_timestamp(work.now - timedelta(seconds=REVOKE_S))
        late = select(revokes.c.command, revokes.c.gallery, revokes.c.person, revoke_waits.c.dev)
        late = late.join(revoke_waits, revoke_waits.c.command == revokes.c.command)
        late = late.where(revokes.c.at <= since, revoke_waits.c.alarmed.is_(False))
        by_revoke: dict[tuple[str, str, str], list[str]] = defaultdict(list)
        for command, gallery, person, dev in work.connection.execute(late).all():
            by_revoke[command, gallery, person].append(dev)
        for (command, gallery, person), devs in by_revoke.items():
            shown: list[Json] = [*sorted(devs)[:_SHOWN]]
            body: dict[str, Json] = {"command": command, "gallery": gallery, "person": person}
            body |= {"devices": shown, "count": len(devs)}
            self._reporter.report(work, EventClass.ALARM, "alarm.revoke_unacked", body)
            this = revoke_waits.c.command == command
            work.connection.execute(revoke_waits.update().where(this).values(alarmed=True))
        waits = exists().where(revoke_waits.c.command == revokes.c.command)
        work.connection.execute(delete(revokes).where(~waits))

    def _done(self, work: Work, which: object) -> None:
        found = work.connection.execute(
            select(revoke_waits.c.command, revoke_waits.c.dev, revoke_waits.c.alarmed).where(which)  # type: ignore[arg-type]
        ).all()
        if not found:
            return
        work.connection.execute(delete(revoke_waits).where(which))  # type: ignore[arg-type]
        for command, dev, alarmed in found:
            if alarmed:
                body: dict[str, Json] = {"command": command, "dev": dev}
                self._reporter.report(work, EventClass.ALARM, "alarm.revoke_unacked_clear", body)

    def _mark(self, work: Work, dev: str, gallery: str) -> Mark | None:
        of = (gallery_acks.c.dev == dev) & (gallery_acks.c.gallery == gallery)
        row = work.connection.execute(select(gallery_acks.c.epoch, gallery_acks.c.version).where(of)).first()
        return None if row is None else Mark(*row)

    @staticmethod
    def _ours(work: Work, gallery: str) -> Mark | None:
        this = select(galleries.c.epoch, galleries.c.version).where(galleries.c.gallery == gallery)
        row = work.connection.execute(this).first()
        return None if row is None else Mark(*row)

    def _alarm(self, work: Work, dev: str, ack: GalleryAck, ours: Mark) -> None:
        """The hub's database was set back, or another hub gave the device its gallery."""
        body: dict[str, Json] = {"dev": dev, "gallery": ack.gallery}
        body |= {"epoch": ack.epoch, "version": ack.version, "hub_epoch": ours.epoch}
        body |= {"hub_version": ours.version, "cure": "restore the newest backup, or use gallery.rebase"}
        self._reporter.report(work, EventClass.ALARM, "alarm.gallery_ahead", body)


def in_step(work: Work, gallery: str) -> tuple[int, int]:
    """How many devices are in step with the gallery, and how many are not."""
    of_all = select(gallery_acks.c.epoch, gallery_acks.c.version, galleries.c.epoch, galleries.c.version)
    pairs = of_all.join(galleries, galleries.c.gallery == gallery_acks.c.gallery)
    rows = work.connection.execute(pairs.where(gallery_acks.c.gallery == gallery)).all()
    count = sum(tuple(row[:2]) == tuple(row[2:]) for row in rows)
    return count, len(rows) - count
