"""Ask a device for its log, and put together what comes in parts."""

from __future__ import annotations

import zlib
from collections import defaultdict

from edge.core.events import Json
from edge.core.printable import printable
from edge.errors import MessageMalformed
from edge.hub.console import Console, Heard
from edge.hub.one_device import HEARS, decoded, told_by

LEAVES = (*HEARS, "log/upload")
"""What has to be heard for it: the parts come on a topic of their own."""
LARGEST = 16 * 2**20
"""Bytes; a device that went bad must not fill this machine's memory."""


def read_log(console: Console, dev: str, body: dict[str, Json], wait_s: float) -> list[str]:
    """The lines. body: of `log.upload`. Raises as `told_by`, and MessageMalformed for what is no log."""
    parts = _Parts()
    answer = told_by(console, dev, "log.upload", body, wait_s, aside=parts.note)
    detail = answer.ack.detail
    wanted = detail.get("parts")
    if wanted == 0:
        return _lines(decoded(detail.get("data")))
    return _lines(parts.joined(answer.order, wanted))


class _Parts:
    """Those heard so far; they come before the answer that tells how many there are."""

    def __init__(self) -> None:
        self._parts: defaultdict[str, dict[int, bytes]] = defaultdict(dict)
        self._bytes = 0

    def note(self, heard: Heard) -> None:
        """Take one in. Raises MessageMalformed."""
        body = heard.document.get("body")
        if heard.leaf != LEAVES[-1] or not isinstance(body, dict):
            return
        command, number = body.get("command"), body.get("part")
        if isinstance(command, str) and isinstance(number, int):
            data = decoded(body.get("data"))
            self._bytes += len(data)
            if self._bytes > LARGEST:
                raise MessageMalformed(f"the log has more than {LARGEST} bytes; ask for fewer lines")
            self._parts[command][number] = data

    def joined(self, command: str, wanted: Json) -> bytes:
        """All that belong to a command. Raises MessageMalformed unless they are all there."""
        parts = self._parts[command]
        if wanted != len(parts) or sorted(parts) != [*range(1, len(parts) + 1)]:
            raise MessageMalformed("parts of the log are missing; ask again")
        return b"".join(parts[number] for number in sorted(parts))


def _lines(packed: bytes) -> list[str]:
    try:
        text = zlib.decompressobj(wbits=31).decompress(packed, LARGEST)
    except zlib.error:
        raise MessageMalformed("the log is not gzip; ask again") from None
    return [printable(line) for line in text.decode("utf-8", "replace").splitlines()]
