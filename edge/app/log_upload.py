"""Send the last lines of the log: with the answer where they are few, else before it, in numbered parts."""

from __future__ import annotations

import base64
import gzip
import hashlib
from collections.abc import Callable, Sequence

from edge.core.ack import Ack, AckStatus
from edge.core.commands import Command
from edge.core.events import Json
from edge.core.log_line import LogLine
from edge.errors import BrokerUnavailable

WHOLE_BYTES = 30_000
"""So much fits into one message, in base64 and with all that is around it."""
TRIES, AGAIN_S = 100, 0.1
"""How often, and how many seconds apart, a part is handed to a session that has no room for it just now."""
PART_TYPE = "log.part"


class LogUpload:
    """say: publishes a type and a body about a command; False when the session has no room just now.
    wait: lets seconds pass."""

    def __init__(
        self, say: Callable[[str, dict[str, Json], str], bool], wait: Callable[[float], object]
    ) -> None:
        self._say = say
        self._wait = wait

    def send(
        self, command: Command, lines: Sequence[LogLine], progress: Callable[[dict[str, Json]], None]
    ) -> Ack:
        """Send the parts, and return the final answer. Raises BrokerUnavailable when the session takes none.

        data: base64 of gzip of UTF-8, a line of text for each line of the log; sha256 and bytes are those of
        the compressed whole.
        """
        packed = gzip.compress("".join(f"{line}\n" for line in lines).encode(), mtime=0)
        pieces = [packed[at : at + WHOLE_BYTES] for at in range(0, len(packed), WHOLE_BYTES)]
        told: dict[str, Json] = {
            "lines": len(lines),
            "bytes": len(packed),
            "sha256": hashlib.sha256(packed).hexdigest(),
            "encoding": "gzip",
            "parts": 0 if len(pieces) == 1 else len(pieces),
        }
        if len(pieces) == 1:
            return Ack(AckStatus.SUCCEEDED, None, told, {"data": _text(packed)})
        for number, piece in enumerate(pieces, 1):
            body: dict[str, Json] = {
                "command": command.id,
                "part": number,
                "of": len(pieces),
                "data": _text(piece),
            }
            self._hand_over(body, command.id)
            progress({"part": number, "of": len(pieces)})
        return Ack(AckStatus.SUCCEEDED, None, told)

    def _hand_over(self, body: dict[str, Json], command: str) -> None:
        for _ in range(TRIES):
            if self._say(PART_TYPE, body, command):
                return
            self._wait(AGAIN_S)
        raise BrokerUnavailable("the broker takes no more of the log; ask again later, or for fewer lines")


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
