"""Read the body of a command into an order: a frozen dataclass whose fields say what may be in it.

Each annotation has one reader. Unknown keys, missing ones and values of another type are refused; whether
ids and texts are legal is decided by those who store them.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from dataclasses import MISSING, fields
from datetime import UTC, datetime
from enum import Enum
from typing import Any, Final, TypeAlias, TypeVar

from edge.core.events import Json
from edge.core.posture import Posture

LONGEST_LIST = 200
"""Ids of one answer: it has to fit into one message."""
LARGEST_PICTURE = 40_000
"""Bytes of a picture in a command or an answer; in base64 it fits into one message."""
_LONGEST_TEXT = 1000
_DECIMAL = re.compile(r"\d{1,6}(\.\d{1,6})?", re.ASCII)
T = TypeVar("T")
Seconds: TypeAlias = float
"""Read from a number or from the text of one."""


class Keep(Enum):
    """What is not mentioned stays as it is."""

    KEEP = "keep"


KEEP: Final = Keep.KEEP


class BadOrder(ValueError):
    """A body that is not the order its type says. text: one line for its sender. reason: a stable word."""

    def __init__(self, text: str, reason: str = "bad_body") -> None:
        super().__init__(text)
        self.reason = reason


def read_order(kind: type[T], body: dict[str, Json]) -> T:
    """Read the body of a command into a dataclass. Raises BadOrder."""
    known = {field.name: field for field in fields(kind)}  # type: ignore[arg-type]
    needed = {name for name, field in known.items() if field.default is MISSING}
    if not needed <= body.keys() <= known.keys():
        raise BadOrder(_shape(list(known), needed))
    values = {name: _READERS[str(known[name].type)](name, value) for name, value in body.items()}
    return kind(**values)


def _shape(known: list[str], needed: set[str]) -> str:
    if not known:
        return "the body must be empty"
    keys = ", ".join(name if name in needed else f"[{name}]" for name in known)
    return f"the body must have the keys {keys}; those in brackets may be left out"


def _text(name: str, value: Json) -> str:
    if not isinstance(value, str) or len(value) > _LONGEST_TEXT:
        raise BadOrder(f"{name} must be a text of at most {_LONGEST_TEXT} characters")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise BadOrder(f"{name} has half a character, a lone surrogate; leave it out") from None
    return value


def _texts(name: str, value: Json) -> tuple[str, ...]:
    if not isinstance(value, list) or len(value) > LONGEST_LIST:
        raise BadOrder(f"{name} must be a list of at most {LONGEST_LIST} texts")
    return tuple(_text(name, one) for one in value)


def _whole(name: str, value: Json) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 1 << 53:
        raise BadOrder(f"{name} must be a whole number, 0 or more")
    return value


def _truth(name: str, value: Json) -> bool:
    if not isinstance(value, bool):
        raise BadOrder(f"{name} must be true or false")
    return value


def _time(name: str, value: Json) -> datetime | None:
    if value is None:
        return None
    try:
        read = datetime.fromisoformat(value) if isinstance(value, str) else None
        told = None if read is None or read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, OverflowError):
        told = None
    if told is None:
        raise BadOrder(f"{name} must be null or a time with its zone, like 2026-05-01T12:00:00Z")
    return told


def _seconds(name: str, value: Json) -> float:
    """A number, or a text of one: in a signed body a fraction can only be a text."""
    read: float | None = None
    if (isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1 << 53) or (
        isinstance(value, str) and _DECIMAL.fullmatch(value)
    ):
        read = float(value)
    if read is None:
        raise BadOrder(f'{name} must be a number, or the text of one like "0.5"', "bad_seconds")
    return read


def _posture(name: str, value: Json) -> Posture | None:
    if value is None:
        return None
    if isinstance(value, str) and value in set(Posture):
        return Posture(value)
    raise BadOrder(f"{name} must be null or one of {', '.join(Posture)}", "bad_posture")


def _picture(name: str, value: Json) -> bytes:
    try:
        read = base64.b64decode(value, validate=True) if isinstance(value, str) else b""
    except (binascii.Error, ValueError):
        read = b""
    if not 0 < len(read) <= LARGEST_PICTURE:
        raise BadOrder(f"{name} must be a picture of at most {LARGEST_PICTURE} bytes, in base64")
    return read


_READERS: dict[str, Callable[[str, Json], Any]] = {
    "str": _text,
    "str | Keep": _text,
    "tuple[str, ...]": _texts,
    "int": _whole,
    "int | Keep": _whole,
    "bool": _truth,
    "bool | Keep": _truth,
    "datetime | None": _time,
    "datetime | Keep | None": _time,
    "Seconds | None": _seconds,
    "Posture | None": _posture,
    "bytes": _picture,
}
"""By the annotation of the field."""
