"""One spelling for every JSON value, so that a digest or a signature of it means something.

After RFC 8785 (JCS), with two differences that keep it simple: numbers are whole, and keys are ordered by
their code points. UTF-8, no blanks, nothing escaped that JSON does not ask for.
"""

from __future__ import annotations

import hashlib
import json

from edge.core.events import Json
from edge.errors import MessageMalformed


def canonical(value: Json) -> bytes:
    """The bytes that are signed. Raises MessageMalformed for a fraction and for half a character."""
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"), sort_keys=True)
        _check(value)
        return text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise MessageMalformed("a string holds half a surrogate pair; send whole characters") from error
    except (ValueError, TypeError, RecursionError) as error:
        raise MessageMalformed(f"the value has no canonical form ({error})") from error


def digest(value: Json) -> bytes:
    """SHA-256 of the canonical form, 32 bytes. Raises MessageMalformed."""
    return hashlib.sha256(canonical(value)).digest()


def _check(value: Json) -> None:
    """A float has as many spellings as there are programs that print one."""
    if isinstance(value, float):
        raise MessageMalformed(f"{value!r} has a fraction; what is signed holds whole numbers only")
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            _check(inner)
