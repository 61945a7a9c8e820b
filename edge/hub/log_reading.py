"""Ask a device for its log, and put together what comes in parts."""

from __future__ import annotations

import base64
import binascii
import zlib

from edge.core.events import Json
from edge.errors import BrokerUnavailable, MessageMalformed, RequestRefused
from edge.hub.console import Console, Heard

PARTS = "log/upload"
"""The leaf of the parts, which has to be heard."""
_LARGEST = 16 * 2**20


def read_log(console: Console, dev: str, body: dict[str, Json], wait_s: float) -> list[str]:
    """The lines. body: of `log.upload`. Raises RequestRefused with what the device says against it,
    BrokerUnavailable when it does not answer, MessageMalformed for what is no log."""
    order = console.order(console.topics.device(dev).cmd, "log.upload", body, wait_s)
    parts: dict[int, bytes] = {}
    for heard in console.heard(wait_s):
        if heard is None or heard.dev != dev:
            continue
        if heard.leaf == PARTS:
            _note(parts, heard, order)
        elif heard.leaf == "cmd-ack" and heard.document.get("corr") == order:
            lines = _finished(parts, heard.document.get("body"))
            if lines is not None:
                return lines
    raise BrokerUnavailable(f"{dev} did not answer within {wait_s:g} s; see 'ostiary fleet list'")


def _note(parts: dict[int, bytes], heard: Heard, order: str) -> None:
    body = heard.document.get("body")
    if (
        isinstance(body, dict)
        and body.get("command") == order
        and isinstance(number := body.get("part"), int)
    ):
        parts[number] = _decoded(body.get("data"))


def _finished(parts: dict[int, bytes], body: Json) -> list[str] | None:
    """The lines once the answer is final, else None."""
    if not isinstance(body, dict):
        return None
    match body.get("status"):
        case "succeeded":
            wanted = body.get("parts")
            if wanted == 0:
                return _lines(_decoded(body.get("data")))
            if not isinstance(wanted, int) or parts.keys() != set(range(1, wanted + 1)):
                raise MessageMalformed("parts of the log are missing; ask again")
            return _lines(b"".join(parts[number] for number in sorted(parts)))
        case "failed" | "rejected" | "expired" | "timed_out":
            raise RequestRefused(f"the device refuses: {body.get('text') or body.get('reason')}")
        case _:
            return None


def _decoded(data: Json) -> bytes:
    try:
        return base64.b64decode(data if isinstance(data, str) else "", validate=True)
    except (binascii.Error, ValueError):
        raise MessageMalformed("a part of the log is not base64; ask again") from None


def _lines(packed: bytes) -> list[str]:
    try:
        # A device that went bad must not fill this machine's memory.
        text = zlib.decompressobj(wbits=31).decompress(packed, _LARGEST)
    except zlib.error:
        raise MessageMalformed("the log is not gzip; ask again") from None
    return text.decode("utf-8", "replace").splitlines()
