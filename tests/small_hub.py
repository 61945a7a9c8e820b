"""A hub in miniature: the rows of one gallery, and the messages that tell of them."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np

from edge.core.gallery_rows import (
    FaceRow,
    PersonRow,
    Removal,
    Secrets,
    about,
    digest,
    line,
    order,
)
from edge.core.gallery_snapshot import CHUNK_BYTES, packed, rows_tree
from edge.core.gallery_sync import Changing, Delta, Head, SnapshotRef
from edge.core.wire_template import pack
from edge.keys.cipher import seal, unseal
from tests.factories import NOON

KEY = bytes(range(32))
MODEL = "faces@0123456789ab"
GALLERY = "main"


def opens(sealed, what):
    """The `unseal` of a device that has the key."""
    return unseal(KEY, sealed, what)


def a_vector(seed, size=16):
    vector = np.random.default_rng(seed).standard_normal(size).astype(np.float32)
    return vector / np.linalg.norm(vector)


def a_person(person="ada", *, name=None, groups=(), gallery=GALLERY, key=KEY, **more):
    secrets = Secrets(name or f"Name of {person}").to_bytes()
    return PersonRow(person, seal(key, secrets, about(gallery, person)), tuple(groups), **more)


def a_face(person="ada", face=None, seed=1, *, size=16, model=MODEL, gallery=GALLERY, key=KEY):
    face = face or f"face-{person}"
    sealed = seal(key, pack(a_vector(seed, size)), about(gallery, person, face, model))
    return FaceRow(person, face, model, sealed, 900, NOON)


class SmallHub:
    """Every change makes a version and a delta."""

    def __init__(self, gallery=GALLERY):
        self.gallery = gallery
        self.epoch, self.version = 1, 1
        self.rows = {}
        self.roots = {1: self.root}
        self.deltas = []
        self.files = {}

    @property
    def root(self):
        return rows_tree((*key, digest(row)) for key, row in self.rows.items()).root

    @property
    def people(self):
        return sum(not face for _, face in self.rows)

    def change(self, *ops):
        """Do what a delta will say; returns it."""
        prev_root = self.root
        for op in ops:
            if isinstance(op, Removal):
                gone = [key for key in self.rows if key == op.key or (not op.face and key[0] == op.person)]
                for key in gone:
                    del self.rows[key]
            else:
                self.rows[op.key] = op
        self.version += 1
        delta = Delta(self.gallery, self.epoch, self.version - 1, self.version, prev_root, self.root, ops)
        self.deltas.append(delta)
        self.roots[self.version] = self.root
        return delta

    def enroll(self, *people, **more):
        """People with one face each."""
        return self.change(
            *(
                row
                for person in people
                for row in (a_person(person, **more), a_face(person, seed=len(person)))
            )
        )

    def revoke(self, person):
        return self.change(replace(self.rows[person, ""], revoked=True))

    def pardon(self, person):
        return self.change(replace(self.rows[person, ""], revoked=False))

    def remove(self, person):
        return self.change(Removal(person))

    def rebase(self):
        """A new epoch with the rows there are."""
        self.epoch += 1
        self.version += 1
        self.deltas.clear()

    def deltas_since(self, epoch, have, root):
        return [delta for delta in self.deltas if delta.from_version >= have]

    def forget(self):
        """There are no deltas any more."""
        self.deltas.clear()

    def head(self, snapshot=None):
        oldest = self.deltas[0].from_version if self.deltas else self.version
        return Head(
            self.gallery, self.epoch, self.version, self.root, self.people, MODEL, oldest, snapshot
        )  # fmt: skip

    def snapshot(self):
        """Make a file of what there is; `chunks` has its data."""
        rows = sorted(self.rows.values(), key=lambda row: order(row.key))
        data = b"".join(packed(line(row) for row in rows))
        ref = SnapshotRef(self.version, self.root, self.people, hashlib.sha256(data).hexdigest(), len(data))
        self.files[ref.sha256] = data
        return ref

    def chunks(self, ref):
        data = self.files[ref.sha256]
        return [data[at : at + CHUNK_BYTES] for at in range(0, len(data), CHUNK_BYTES)]

    def target(self, ref):
        return Changing(self.epoch, ref)
