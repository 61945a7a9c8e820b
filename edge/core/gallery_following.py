"""What a device does next, given what it has of a gallery and what the hub says of it."""

from __future__ import annotations

from enum import Enum, auto
from typing import TypeAlias

from edge.core.gallery_sync import (
    Changing,
    Delta,
    DeltasWanted,
    Have,
    Head,
    Mark,
    SnapshotRef,
    SnapshotWanted,
)


class Next(Enum):
    """UP_TO_DATE: nothing. ADOPT: the rows are those of the head already; only its version is newer.
    AHEAD: the head is older than what the device has."""

    UP_TO_DATE = auto()
    ADOPT = auto()
    AHEAD = auto()


Step: TypeAlias = Next | DeltasWanted | SnapshotRef | SnapshotWanted
"""Or what to ask the hub for; a SnapshotRef is fetched."""


def next_step(have: Have, head: Head, *, by_deltas: bool = True) -> Step:
    """head: of the gallery that is followed, and trusted. by_deltas: False when they do not fit what the
    device has, or nobody sends them."""
    if head.mark < have.mark:
        return Next.AHEAD
    if head.root == have.root and head.count == have.count:
        return Next.UP_TO_DATE if head.mark == have.mark else Next.ADOPT
    # Two different states of one version: the rows of one of them are wrong.
    is_wrong = head.mark == have.mark
    if by_deltas and not is_wrong and head.epoch == have.epoch and have.version >= head.min_delta:
        return DeltasWanted(head.gallery, have.epoch, have.version, have.root)
    ref = head.snapshot
    # An older one would forget who was revoked since, and one of the same version brings nothing else.
    if ref is not None:
        there = Mark(head.epoch, ref.version)
        if there > have.mark or (is_wrong and there == have.mark):
            return ref
    return SnapshotWanted(head.gallery, have.epoch, have.version)


def resumed(have: Have, head: Head, changing: Changing) -> Step:
    """What to ask for by a device that was changing to a snapshot and has its file no longer."""
    ref = head.snapshot
    if ref is not None and Mark(head.epoch, ref.version) >= changing.mark:
        return ref
    if head.epoch == changing.epoch:
        return changing.ref
    return SnapshotWanted(head.gallery, have.epoch, have.version)


class Fit(Enum):
    """How a delta relates to what a device has. EARLY: others come first. FORKED: it begins where the device
    is, but not with what the device has."""

    APPLIES = auto()
    STALE = auto()
    EARLY = auto()
    FORKED = auto()


def fit(have: Have, delta: Delta) -> Fit:
    """delta: of the gallery that is followed."""
    if delta.mark <= have.mark:
        return Fit.STALE
    if delta.epoch != have.epoch or delta.from_version != have.version:
        return Fit.EARLY
    return Fit.APPLIES if delta.prev_root == have.root else Fit.FORKED


def needs_root(have: Have, newest: Head | None, head: Head) -> bool:
    """Whether the head begins an epoch that only a root key may begin. newest: the last head trusted.

    The first epoch a device sees, it takes as it is.
    """
    known = max(have.epoch, 0 if newest is None else newest.epoch)
    return 0 < known < head.epoch
