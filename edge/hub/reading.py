"""Reads what devices and operators send, also those of a newer version."""

from __future__ import annotations

from edge.core.envelope import Envelope, parse
from edge.core.events import Json
from edge.errors import MessageMalformed
from edge.hub.refusal import Refused

MOST_ROWS = 200
"""Of one answer."""
_KNOWN = frozenset(
    ("v", "id", "ts", "type", "body", "corr", "dev", "boot", "seq", "mono_ms", "clk", "exp", "sig", "cosig")
)
_LARGEST = 2**53
_LONGEST = 200


def lenient(value: Json) -> tuple[Envelope, dict[str, Json]]:
    """An envelope, and those of its keys that this version does not know. Raises MessageMalformed."""
    if not isinstance(value, dict):
        raise MessageMalformed("the message is not a JSON object; correct the sender")
    more = {key: one for key, one in value.items() if key not in _KNOWN}
    return parse({key: one for key, one in value.items() if key in _KNOWN}), more


class Body:
    """The body of a request. Every method raises Refused (`bad_body`), naming the key that is wrong."""

    def __init__(self, values: dict[str, Json], needed: str = "", optional: str = "") -> None:
        """needed, optional: the keys that must and may be there, parted by blanks."""
        if not set(needed.split()) <= values.keys() <= {*needed.split(), *optional.split()}:
            keys = ", ".join([*needed.split(), *(f"[{key}]" for key in optional.split())])
            raise Refused(
                "bad_body", f"the body has the keys {keys or '(none)'}; those in [] may be left out"
            )
        self.values = values

    def has(self, key: str) -> bool:
        return key in self.values

    def text(self, key: str) -> str:
        value = self.values.get(key)
        if isinstance(value, str) and 0 < len(value) <= _LONGEST and value.isprintable():
            return value
        raise Refused("bad_body", f"{key} is a text of 1 to {_LONGEST} characters; correct it")

    def text_or(self, key: str, default: str) -> str:
        return self.text(key) if key in self.values else default

    def whole(self, key: str, low: int = 0, high: int = _LARGEST) -> int:
        value = self.values.get(key)
        if type(value) is int and low <= value <= high:
            return value
        raise Refused("bad_body", f"{key} is a whole number of {low} to {high}; correct it")

    def whole_or(self, key: str, default: int, low: int = 0, high: int = _LARGEST) -> int:
        return self.whole(key, low, high) if key in self.values else default

    def version(self) -> int | None:
        """The one that a change was meant for, where that was told."""
        return self.whole("version") if "version" in self.values else None

    def limit(self) -> int:
        """How many rows are wanted, at most."""
        return self.whole_or("limit", MOST_ROWS, 1, MOST_ROWS)

    def table(self, key: str) -> dict[str, Json]:
        value = self.values.get(key)
        if isinstance(value, dict):
            return value
        raise Refused("bad_body", f"{key} is an object; correct it")
