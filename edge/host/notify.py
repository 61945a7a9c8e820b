"""Telling systemd how we are, as sd_notify(3) describes it.

Written out here because the protocol is one datagram, and the packages that offer it are either
without a release for years or C extensions without wheels.
"""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Mapping

logger = logging.getLogger(__name__)


class SystemdNotifier:
    """Sends our state to the service manager; does nothing without an address.

    address: of a Unix datagram socket, a path or "@name" for an abstract one. watchdog_s: how
    long the manager waits between two calls of `alive` before it restarts us; None, no watchdog.
    """

    def __init__(self, address: str | None, watchdog_s: float | None = None) -> None:
        self._address = None if address is None else _as_bound(address)
        self.watchdog_s = watchdog_s
        self._failed = False

    @classmethod
    def from_environment(
        cls, environ: Mapping[str, str] = os.environ, pid: int | None = None
    ) -> SystemdNotifier:
        """As the variables say that systemd sets for a service. pid: ours, unless told otherwise."""
        address = environ.get("NOTIFY_SOCKET", "")
        return cls(
            address if address.startswith(("/", "@")) else None,
            _watchdog_s(environ, os.getpid() if pid is None else pid),
        )

    def ready(self) -> None:
        self._send("READY=1")

    def alive(self) -> None:
        self._send("WATCHDOG=1")

    def status(self, text: str) -> None:
        """Show one line in `systemctl status`."""
        self._send("STATUS=" + " ".join(text.split()))

    def stopping(self) -> None:
        self._send("STOPPING=1")

    def _send(self, state: str) -> None:
        if self._address is None:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
                # A manager that does not read must not hold up the door.
                sender.setblocking(False)
                sender.connect(self._address)
                sender.send(state.encode())
        except OSError as error:
            if not self._failed:
                logger.warning("systemd does not take our notifications: %s", error)
            self._failed = True
        else:
            self._failed = False


def _as_bound(address: str) -> str:
    return "\0" + address[1:] if address.startswith("@") else address


def _watchdog_s(environ: Mapping[str, str], pid: int) -> float | None:
    """The watchdog's limit, if it is meant for the process `pid`."""
    microseconds = environ.get("WATCHDOG_USEC", "")
    if not microseconds.isdecimal() or int(microseconds) == 0:
        return None
    if environ.get("WATCHDOG_PID", str(pid)) != str(pid):
        return None
    return int(microseconds) / 1_000_000
