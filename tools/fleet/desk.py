"""Orders to the simulator, a line of JSON each."""

from __future__ import annotations

import json
import logging
import os
import threading
from pathlib import Path
from typing import TextIO

from edge.core.face import PersonId
from tools.fleet.crowd import Crowd
from tools.fleet.loop import READ, Loop

logger = logging.getLogger(__name__)


def follow(loop: Loop, crowd: Crowd, orders: TextIO, stop: threading.Event) -> None:
    """Carry out what comes over that file, a pipe or a terminal. Its end is that of the run: nobody is left
    to give orders."""
    number = orders.fileno()
    rest = b""

    def read(_events: int) -> None:
        nonlocal rest
        got = os.read(number, 65536)
        if not got:
            loop.unwatch(number)
            stop.set()
            return
        *lines, rest = (rest + got).split(b"\n")
        for line in lines:
            try:
                order(crowd, json.loads(line), stop)
            except (ValueError, TypeError, OSError) as error:
                logger.error("cannot carry out %r: %s", line, error)

    loop.watch(number, READ, read)


def order(crowd: Crowd, wanted: object, stop: threading.Event) -> None:
    """Raises TypeError, ValueError for what is no order, OSError for a file that cannot be written."""
    match wanted:
        case {"visits": int() | float() as each_second}:
            crowd.send_visitors(each_second)
        case {"watch": str(person)}:
            crowd.watch(PersonId(person))
        case {"waiting": True}:
            crowd.tell_waiting()
        case {"events": str(file)}:
            crowd.write_events(Path(file))
        case {"stop": True}:
            stop.set()
        case _:
            raise ValueError("no such order")
