"""The processes of a bench: broker, hub and simulators, each of its own as at a site."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from edge.errors import OstiaryError

_ROOT = Path(__file__).resolve().parents[2]
_END_S = 15.0


class BenchFailed(OstiaryError):
    """A bench could not be carried out; the message says why."""


class Process:
    """A context manager. log: where everything goes that it says, but for standard output if `lines`."""

    def __init__(
        self,
        command: Sequence[str | Path],
        log: Path,
        *,
        more: Mapping[str, str] | None = None,
        lines: Callable[[str], None] | None = None,
    ) -> None:
        self._command = [str(part) for part in command]
        self._log = log
        self._more = {"PYTHONPATH": str(_ROOT), **(more or {})}
        self._lines = lines
        self._running: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()

    def start(self) -> None:
        piped = subprocess.PIPE if self._lines else None
        with self._log.open("ab") as log:
            self._running = subprocess.Popen(
                self._command,
                stdin=piped or subprocess.DEVNULL,
                stdout=piped or log,
                stderr=log,
                env={**os.environ, **self._more},
            )
        if self._lines:
            threading.Thread(target=self._read, name="lines", daemon=True).start()

    def end(self, how: signal.Signals = signal.SIGTERM) -> None:
        """Harmless when it has ended."""
        running, self._running = self._running, None
        if running is None:
            return
        running.send_signal(how)
        try:
            running.wait(_END_S)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()

    def say(self, line: str) -> None:
        """Write a line to its standard input."""
        assert self._running is not None
        assert self._running.stdin is not None
        self._running.stdin.write(line.encode() + b"\n")
        self._running.stdin.flush()

    def check(self) -> None:
        """Raises BenchFailed with the last it said when it has ended."""
        if self._running is None or self._running.poll() is not None:
            said = self._log.read_text(errors="replace").strip()[-500:]
            raise BenchFailed(f"{' '.join(self._command[:4])} has ended: {said}")

    def cpu_s(self) -> float:
        """Seconds it has worked so far, of one core."""
        if self._running is None:
            return 0.0
        fields = Path(f"/proc/{self._running.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def _read(self) -> None:
        running = self._running
        assert running is not None
        assert running.stdout is not None
        assert self._lines is not None
        for line in running.stdout:
            self._lines(line.decode())


class Simulator:
    """`tools/fleet_sim` with orders. told: the lines it printed, decoded, each with when it came."""

    def __init__(self, arguments: Sequence[str | Path], log: Path) -> None:
        self.told: queue.SimpleQueue[dict[str, object]] = queue.SimpleQueue()
        self.latest: dict[str, object] = {}
        self.process = Process(
            [sys.executable, "-m", "tools.fleet.sim", "--orders", *arguments], log, lines=self._take
        )

    def order(self, **wanted: object) -> None:
        self.process.say(json.dumps(wanted))

    def wait_for(self, key: str, within_s: float) -> dict[str, object]:
        """The next line with that key. Raises BenchFailed when none comes."""
        give_up_at = time.monotonic() + within_s
        while time.monotonic() < give_up_at:
            try:
                line = self.told.get(timeout=0.5)
            except queue.Empty:
                self.process.check()
                continue
            if key in line:
                return line
        raise BenchFailed(f"the simulator told nothing of {key!r} within {within_s:g} s")

    def _take(self, line: str) -> None:
        told = json.loads(line)
        if "connected" in told:
            self.latest = told
        else:
            self.told.put(told)
