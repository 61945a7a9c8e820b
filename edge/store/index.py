"""Every enrolled face of one model, searched 1:N: a small gallery exactly in memory, a large one by bytes.

SQLite stays the truth. A change of the gallery, by whichever process, is in the history that the store
keeps, and the faces it names are read again; only who has missed too much of it reads all faces anew.
"""

from __future__ import annotations

import itertools
import logging
import threading
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress

import numpy as np
from numpy.typing import NDArray

from edge.core.face import Embedding, ModelId, PersonId, Vector
from edge.core.person import GroupId
from edge.ports import Hit
from edge.store import face_rows, snapshot
from edge.store.database import Database
from edge.store.erased_rows import erase_removed
from edge.store.exact import ExactFaces
from edge.store.face_changes import Position, changed_since, position
from edge.store.group_filter import Allowed, GroupFilter
from edge.store.large import LargeFaces
from edge.store.matcher import PeopleMatcher, probe
from edge.store.quantized import Columns, QuantizedRows, quantized, scale_for
from edge.store.snapshot import SnapshotUnusable

logger = logging.getLogger(__name__)

EXACT_UP_TO = 20_000
"""Faces compared in memory one by one, 1 ms and 40 MB; beyond it bytes are faster."""
_LEAST_LOOSE = 16_384
_LOOSE_SHARE = 64
"""From so many rows out of place on, and one in so many of all, the snapshot is written anew."""


class GalleryIndex:
    """FaceIndex over an open store. Safe to use from any thread.

    database: best a connection of its own, so that a search waits for nobody's transaction.
    exact_up_to: how many faces are held in memory as they are.
    """

    def __init__(self, database: Database, model: ModelId, *, exact_up_to: int = EXACT_UP_TO) -> None:
        self.model = model
        self._database = database
        self._exact_up_to = exact_up_to
        self._snapshot = snapshot.path_beside(database.path)
        self._turn = threading.Lock()
        self._faces: ExactFaces | LargeFaces = ExactFaces.of([])
        self._at: Position | None = None
        self._filter = GroupFilter(database)
        self._least_loose = _LEAST_LOOSE
        self.matcher = PeopleMatcher(model, lambda: self._faces)
        """The door's view: the state of the last refresh or search, and no look at a small store."""

    def size(self, groups: Collection[GroupId] | None = None) -> int:
        """How many faces a search would compare with. Raises StoreError."""
        faces, allowed = self._current(groups)
        return faces.face_count if allowed is None else allowed.faces

    def people(self, groups: Collection[GroupId] | None = None) -> int:
        """How many people with a face there are to be found. Raises StoreError."""
        faces, allowed = self._current(groups)
        return faces.people_count if allowed is None else allowed.people

    def search_faces(
        self, embeddings: Sequence[Embedding], count: int, groups: Collection[GroupId] | None = None
    ) -> list[list[Hit]]:
        """For each probe the `count` most similar faces, best first, of equals the one enrolled first.

        A probe that is not a number finds nobody. Raises ModelMismatch, StoreError.
        """
        faces, allowed = self._current(groups)
        return faces.search_faces(self._probes(embeddings, faces.dimensions), count, _mask(allowed))

    def search_people(
        self, embeddings: Sequence[Embedding], count: int, groups: Collection[GroupId] | None = None
    ) -> list[list[Hit]]:
        """For each probe the `count` most similar people by their fused templates, best first.

        Raises ModelMismatch, StoreError.
        """
        faces, allowed = self._current(groups)
        return faces.search_people(self._probes(embeddings, faces.dimensions), count, _mask(allowed))

    def refresh(self) -> bool:
        """Follow the gallery; True when it had changed. Searches do so by themselves. Raises StoreError."""
        with self._turn:
            return self._refresh()

    def _current(self, groups: Collection[GroupId] | None) -> tuple[ExactFaces | LargeFaces, Allowed | None]:
        with self._turn:
            self._refresh()
            assert self._at is not None
            faces = self._faces
            return faces, None if groups is None else self._filter.allowed(faces, self._at, groups)

    def _probes(self, embeddings: Sequence[Embedding], dimensions: int) -> list[Vector]:
        return [probe(embedding, self.model, dimensions) for embedding in embeddings]

    def _refresh(self) -> bool:
        if self._at is not None and position(self._database) == self._at:
            return False
        if self._at is None:
            self._start()
        if not self._follow():
            self._read_all()
            self._follow()
        self._tidy()
        return True

    def _follow(self) -> bool:
        """Read again what has changed. False when that is unknown, or so much that all is read faster."""
        assert self._at is not None
        changes = changed_since(self._database, self._at)
        if changes is None:
            return False
        newest, touched = changes
        faces = self._faces
        if touched:
            if len(touched) > max(1000, faces.face_count // 2):
                return False
            rows = face_rows.of_faces(self._database, self.model, touched)
            if len({faces.dimensions, *(len(row.vector) for row in rows)} - {0}) > 1:
                return False
            if isinstance(faces, ExactFaces):
                if faces.face_count + len(rows) > self._exact_up_to:
                    return False
                self._faces = faces.followed(touched, rows)
            else:
                siblings = face_rows.siblings(self._database, {row.person for row in rows})
                followed = faces.rows.followed(touched, rows, siblings)
                self._faces = LargeFaces(self._database, self.model, followed)
        self._at = newest
        return True

    def _start(self) -> None:
        """Take the snapshot when it is of this store, else read all faces."""
        # Whoever erased somebody may have been cut short before the file was reached.
        erase_removed(self._database)
        try:
            header, columns = snapshot.load(self._snapshot, self.model)
            if changed_since(self._database, header.position) is None:
                raise SnapshotUnusable("it is not of this store, or too old")
        except FileNotFoundError:
            self._read_all()
        except (SnapshotUnusable, OSError, ValueError, TypeError) as error:
            logger.info("the index %s is made anew: %s", self._snapshot, error)
            self._read_all()
        else:
            self._take(header.position, QuantizedRows.of(columns, header.scale))

    def _read_all(self) -> None:
        at = position(self._database)
        if face_rows.count(self._database, self.model) > self._exact_up_to:
            self._take(at, self._quantize_all(at))
            return
        # A gallery that has shrunk needs no file of templates any longer.
        with suppress(OSError):
            self._snapshot.unlink(missing_ok=True)
        self._faces = ExactFaces.of(list(face_rows.everyone(self._database, self.model)))
        self._at = at

    def _quantize_all(self, at: Position) -> QuantizedRows:
        scale, dimensions, columns = self._quantized_blocks()
        try:
            return self._saved(at, dimensions, scale, columns)
        except OSError as error:
            logger.warning("the index is kept in memory only: cannot write %s: %s", self._snapshot, error)
        scale, _, columns = self._quantized_blocks()
        blocks = list(columns)
        return QuantizedRows.of(
            Columns(
                np.concatenate([block.vectors for block in blocks]),
                np.concatenate([block.numbers for block in blocks]),
                np.concatenate([block.owners for block in blocks]),
            ),
            scale,
        )

    def _quantized_blocks(self) -> tuple[float, int, Iterator[Columns]]:
        """Scale, dimensions, and all faces by rising number."""
        blocks = face_rows.blocks(self._database, self.model)
        first = next(blocks)
        scale, dimensions = scale_for(first[2]), first[2].shape[1]
        owners: dict[PersonId, int] = {}

        def numbered(
            block: tuple[NDArray[np.int64], list[PersonId], NDArray[np.float32]],
        ) -> Columns:
            numbers, people, vectors = block
            owned = [owners.setdefault(person, len(owners)) for person in people]
            return Columns(quantized(vectors, scale), numbers, np.array(owned, np.int32))

        return scale, dimensions, map(numbered, itertools.chain([first], blocks))

    def _saved(
        self, at: Position, dimensions: int, scale: float, columns: Iterator[Columns]
    ) -> QuantizedRows:
        """Write the snapshot and map it. Raises OSError, StoreError."""
        snapshot.write(self._snapshot, self.model, dimensions, scale, at, columns)
        # What was removed while it was written is in it.
        erase_removed(self._database)
        try:
            header, mapped = snapshot.load(self._snapshot, self.model)
        except SnapshotUnusable as error:
            raise OSError(f"what was written reads differently: {error}") from error
        return QuantizedRows.of(mapped, header.scale)

    def _tidy(self) -> None:
        """Write the snapshot anew once much has changed, so that the next start has little to follow."""
        faces = self._faces
        if isinstance(faces, ExactFaces):
            return
        rows = faces.rows
        if rows.face_count <= self._exact_up_to // 2:
            self._read_all()
            return
        if rows.loose < max(self._least_loose, rows.face_count // _LOOSE_SHARE):
            return
        assert self._at is not None
        try:
            self._take(self._at, self._saved(self._at, rows.dimensions, rows.scale, rows.tidied()))
        except OSError as error:
            self._least_loose = 2 * rows.loose
            logger.warning("cannot write %s, trying again later: %s", self._snapshot, error)

    def _take(self, at: Position, rows: QuantizedRows) -> None:
        self._faces = LargeFaces(self._database, self.model, rows)
        self._at = at


def _mask(allowed: Allowed | None) -> NDArray[np.bool_] | None:
    return None if allowed is None else allowed.mask
