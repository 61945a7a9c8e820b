"""The hub's own gallery in the place of the small one, which goes along to compare."""

from __future__ import annotations

from dataclasses import replace

from edge.core.gallery_rows import Removal
from edge.core.gallery_sync import Mark
from edge.hub import gallery_tables
from edge.hub.database import open_hub
from edge.hub.gallery import HubGallery
from edge.hub.work import Work
from tests.factories import NOON
from tests.small_hub import SmallHub


class RealHub(SmallHub):
    """path: of its database. A change that changes nothing gives the last delta there was."""

    def __init__(self, path, gallery="main"):
        self._opened = open_hub(path)
        self._database = self._opened.__enter__()
        self._database.migrate()
        self._real = HubGallery()
        super().__init__(gallery)
        self._do(lambda work: self._real.make(work, [gallery]))
        self.version = 0

    def close(self):
        self._opened.__exit__(None, None, None)

    def change(self, *ops):
        done = self._do(lambda work: self._real.change(work, self.gallery, ops))
        for op in ops:
            if isinstance(op, Removal):
                for key in [
                    key for key in self.rows if key == op.key or (not op.face and key[0] == op.person)
                ]:
                    del self.rows[key]
            else:
                self.rows[op.key] = op
        assert (done.head.root, done.head.count) == (self.root, self.people)
        self.version = done.head.version
        self.deltas += done.deltas
        return self.deltas[-1]

    def rebase(self):
        if not self.version:
            return
        body = {"gallery": self.gallery, "epoch": self.epoch + 1, "version": self.version, "root": self.root}
        self._do(lambda work: self._real.rebase(work, self.gallery, {"v": 1}, body))
        self.epoch += 1

    def head(self, snapshot=None):
        head = self._do(lambda work: self._real.head(work, gallery_tables.load(work, self.gallery)))
        assert (head.epoch, head.version, head.root) == (self.epoch, self.version, self.root)
        return replace(head, snapshot=snapshot, epoch_proof=None)

    def deltas_since(self, epoch, have, root):
        return self._do(lambda work: self._real.deltas(work, self.gallery, Mark(epoch, have), root)) or []

    def forget(self):
        self._do(lambda work: gallery_tables.forget_steps(work, self.gallery, self.version))

    def _do(self, work):
        with self._database.transaction() as connection:
            return work(Work(connection, NOON))
