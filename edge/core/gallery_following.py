"""What a device does next, given what it has of a gallery and what the hub says of it."""

from __future__ import annotations

from enum import Enum, auto
from typing import TypeAlias

from edge.core.gallery_sync import (
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


def next_step(have: Have, head: Head, *, forked: bool = False) -> Step:
    """head: of the gallery that is followed, and trusted. forked: deltas do not fit what the device has, or
    did not come; only a snapshot helps."""
    if head.mark < have.mark:
        return Next.AHEAD
    if head.root == have.root and head.count == have.count:
        return Next.UP_TO_DATE if head.mark == have.mark else Next.ADOPT
    # Two different states of one version: the rows of one of them are wrong.
    forked |= head.mark == have.mark
    if not forked and head.epoch == have.epoch and have.version >= head.min_delta:
        return DeltasWanted(head.gallery, have.epoch, have.version, have.root)
    ref = head.snapshot
    # An older one would forget who was revoked since.
    if ref is not None:
        there = Mark(head.epoch, ref.version)
        if there > have.mark or (forked and there == have.mark):
            return ref
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
