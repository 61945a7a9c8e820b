"""Several steps of a gallery as few: what a device that missed them has to be told, and no more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from edge.core.canonical import canonical
from edge.core.gallery_rows import Key, Op, PersonRow, Removal, written

STEP_BYTES = 112 * 1024
"""Of operations in one delta, so that with its envelope and signature it stays below 128 KiB."""
STEP_OPS = 1000


@dataclass(frozen=True, slots=True)
class Step:
    """The way from the version before to `version`."""

    version: int
    prev_root: str
    root: str
    ops: tuple[Op, ...] = field(repr=False)


Measured: TypeAlias = tuple[Op, int]


def size(op: Op) -> int:
    """Bytes of an operation in a message, with its comma."""
    return len(canonical(written(op))) + 1


def cut(ops: Iterable[Op]) -> Iterator[tuple[Op, ...]]:
    """The operations in pieces that fit into one delta each."""
    piece: list[Op] = []
    room = STEP_BYTES
    for op in ops:
        needed = size(op)
        if piece and (needed > room or len(piece) == STEP_OPS):
            yield tuple(piece)
            piece, room = [], STEP_BYTES
        piece.append(op)
        room -= needed
    if piece:
        yield tuple(piece)


def merged(steps: Iterable[Step]) -> Iterator[tuple[int, Step]]:
    """Longer steps to the same end, each with the version it begins at.

    Every one has at most one operation for each row, and fits into one delta.
    """
    waiting: dict[Key, Measured] = {}
    first: Step | None = None
    last: Step | None = None
    for step in steps:
        joined = None if first is None else _joined(waiting, step.ops)
        if first is None or joined is None:
            if first is not None and last is not None:
                yield _whole(first, last, waiting)
            first, joined = step, {op.key: (op, size(op)) for op in step.ops}
        waiting, last = joined, step
    if first is not None and last is not None:
        yield _whole(first, last, waiting)


def _joined(waiting: dict[Key, Measured], ops: Iterable[Op]) -> dict[Key, Measured] | None:
    """Both as one; None when that does not fit, or cannot be said with one operation for each row."""
    together = dict(waiting)
    for op in ops:
        if isinstance(op, Removal) and not op.face:
            together = {key: one for key, one in together.items() if key[0] != op.person}
        elif isinstance(before := together.get((op.person, ""), (None,))[0], Removal):
            # Whether the faces of that person go before or after is not told by a set of operations.
            del before
            return None
        together[op.key] = (op, size(op))
    is_short = len(together) <= STEP_OPS and sum(needed for _, needed in together.values()) <= STEP_BYTES
    return together if is_short else None


def _whole(first: Step, last: Step, waiting: dict[Key, Measured]) -> tuple[int, Step]:
    # A person comes before its faces, so that no face is ever one of nobody.
    ops = sorted((op for op, _ in waiting.values()), key=lambda op: not isinstance(op, PersonRow | Removal))
    return first.version - 1, Step(last.version, first.prev_root, last.root, tuple(ops))
