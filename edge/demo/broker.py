"""A broker of one's own on the loopback interface: mosquitto when it is installed, else amqtt."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, NamedTuple, Protocol, Self

from edge.errors import BrokerUnavailable

Kind = Literal["mosquitto", "amqtt"]

_HOST = "127.0.0.1"
_START_S = 10.0
_STOP_S = 5.0
_OPEN = ("allow_anonymous true",)


class Address(NamedTuple):
    host: str
    port: int
    kind: Kind


class Broker:
    """A context manager. Listens on 127.0.0.1 only; the port stays the same over `restart`.

    kind: None takes what there is. persistence: whether mosquitto keeps sessions and retained
    messages over a restart. lines: more of mosquitto.conf, in place of letting everybody in.
    """

    def __init__(
        self,
        *,
        kind: Kind | None = None,
        persistence: bool = False,
        port: int | None = None,
        lines: Sequence[str] | None = None,
    ) -> None:
        self._kind = kind
        self._persistence = persistence
        self._port = port
        self._lines = _OPEN if lines is None else tuple(lines)
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._running: _Running | None = None
        self._address: Address | None = None

    @property
    def address(self) -> Address:
        """Where it listens; known after the first `start`."""
        if self._address is None:
            raise BrokerUnavailable("the broker has not been started; call start first")
        return self._address

    @property
    def protocol(self) -> Literal["5", "3.1.1"]:
        """The best protocol the broker speaks."""
        return "5" if self.address.kind == "mosquitto" else "3.1.1"

    def start(self) -> Address:
        """Start and wait until it accepts connections. Raises BrokerUnavailable."""
        program = find_mosquitto()
        kind = self._kind or ("mosquitto" if program else "amqtt")
        port = self._address.port if self._address else self._port or _free_port()
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="ostiary-broker-")
        running: _Running
        if kind == "amqtt":
            running = _Amqtt(port)
        elif program is not None:
            running = _Mosquitto(program, port, Path(self._folder.name), self._persistence, self._lines)
        else:
            raise BrokerUnavailable("mosquitto is not installed; install it, or choose amqtt")
        self._running = running
        self._address = Address(_HOST, port, kind)
        try:
            running.start()
        except BrokerUnavailable:
            self.stop()
            raise
        return self._address

    def stop(self) -> None:
        """Stop it in good order; clients see their connection end. Harmless when it does not run."""
        if self._running is not None:
            self._running.stop()
            self._running = None

    def kill(self) -> None:
        """Stop it as a power cut would: nothing is written, nobody is told."""
        if self._running is not None:
            self._running.kill()
            self._running = None

    def restart(self) -> Address:
        """Stop and start again on the same port."""
        self.stop()
        return self.start()

    def close(self) -> None:
        """Stop for good and remove its files."""
        self.stop()
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def find_mosquitto() -> Path | None:
    """The installed mosquitto; Debian puts it where only root's PATH looks."""
    found = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")
    return Path(found) if found else None


class _Running(Protocol):
    def start(self) -> None: ...

    def stop(self) -> None: ...

    def kill(self) -> None: ...


class _Mosquitto:
    def __init__(
        self, program: Path, port: int, folder: Path, persistence: bool, lines: Sequence[str]
    ) -> None:
        self._program = program
        self._port = port
        self._folder = folder
        self._persistence = persistence
        self._lines = lines
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        config = self._folder / "mosquitto.conf"
        user = pwd.getpwuid(os.getuid()).pw_name
        keep = ("persistence true", f"persistence_location {self._folder}/") if self._persistence else ()
        lines = (f"user {user}", f"listener {self._port} {_HOST}", *keep, *self._lines)
        config.write_text("\n".join(lines) + "\n", encoding="utf-8")
        log = self._folder / "mosquitto.log"
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                [str(self._program), "-c", str(config)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        process = self._process
        if not _wait_for(self._port, lambda: process.poll() is None):
            said = log.read_text(encoding="utf-8", errors="replace").splitlines()
            errors = [line.partition(": ")[2] for line in said if "Error" in line]
            raise BrokerUnavailable(f"mosquitto did not start ({errors[0] if errors else 'no reason given'})")

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def _end(self, how: signal.Signals) -> None:
        if self._process is None:
            return
        self._process.send_signal(how)
        try:
            self._process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


class _Amqtt:
    """amqtt's broker on an event loop in a thread; it speaks 3.1.1 and keeps nothing over a restart."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._loop: asyncio.AbstractEventLoop | None = None
        self._leave: asyncio.Event | None = None
        self._thread: threading.Thread | None = None
        self._failure: str | None = None

    def start(self) -> None:
        try:
            from amqtt.broker import Broker as Server
        except ImportError as error:
            raise BrokerUnavailable(
                "neither mosquitto nor amqtt is installed; install mosquitto, or the extra 'demo'"
            ) from error
        # It reports every client that leaves without a word as an error, on standard error.
        for name in ("amqtt", "transitions"):
            logging.getLogger(name).setLevel(logging.CRITICAL)
        server_class = Server

        async def serve() -> None:
            self._leave = asyncio.Event()
            config = {
                "listeners": {"default": {"type": "tcp", "bind": f"{_HOST}:{self._port}"}},
                "plugins": {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}},
            }
            server = server_class(config)
            await server.start()
            try:
                await self._leave.wait()
            finally:
                await server.shutdown()

        def run() -> None:
            loop = self._loop = asyncio.new_event_loop()
            try:
                loop.run_until_complete(serve())
            except Exception as error:  # noqa: BLE001 - the thread's only way to tell its starter
                self._failure = f"{type(error).__name__}: {error}"
            finally:
                loop.close()

        self._thread = threading.Thread(target=run, name="amqtt", daemon=True)
        self._thread.start()
        thread = self._thread
        if not _wait_for(self._port, thread.is_alive):
            raise BrokerUnavailable(f"amqtt did not start: {self._failure or 'no answer'}")

    def stop(self) -> None:
        if self._thread is None or self._loop is None or self._leave is None:
            return
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._leave.set)
        self._thread.join(_STOP_S)

    def kill(self) -> None:
        self.stop()


def _free_port() -> int:
    with socket.socket() as held:
        held.bind((_HOST, 0))
        port: int = held.getsockname()[1]
        return port


def _wait_for(port: int, is_alive: _Alive) -> bool:
    until = time.monotonic() + _START_S
    while is_alive() and time.monotonic() < until:
        with contextlib.suppress(OSError), socket.create_connection((_HOST, port), timeout=1):
            return is_alive()
        time.sleep(0.02)
    return False


class _Alive(Protocol):
    def __call__(self) -> bool: ...
