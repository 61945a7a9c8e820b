"""A PostgreSQL server of one's own, in a temporary folder; it can be stopped and started again."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg


def find_programs() -> Path | None:
    """The folder of `initdb` and `postgres`; Debian keeps it out of the path."""
    if (found := shutil.which("initdb")) and (Path(found).parent / "postgres").exists():
        return Path(found).parent
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    return next((folder for folder in reversed(folders) if (folder / "initdb").exists()), None)


def _somebody() -> str | None:
    """The server refuses to run as root."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return next((name for name in ("postgres", "nobody") if name in names), None)


class Server:
    """Listens on a socket in its folder only."""

    def __init__(self, folder: Path, programs: Path) -> None:
        self._folder, self._programs = folder, programs
        self._user = _somebody()
        self._process: subprocess.Popen[bytes] | None = None
        if self._user:
            shutil.chown(folder, self._user)
        options = ("-U", "ostiary", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        self._run("initdb", "-D", str(folder / "data"), *options)

    def address(self, database: str = "postgres") -> str:
        return f"postgresql+psycopg://ostiary@/{database}?host={self._folder}"

    def make(self, database: str) -> str:
        """A new, empty database. Returns its address."""
        self.execute(f'CREATE DATABASE "{database}" TEMPLATE template0')
        return self.address(database)

    def execute(self, statement: str) -> None:
        with psycopg.connect(f"host={self._folder} user=ostiary dbname=postgres", autocommit=True) as admin:
            admin.execute(statement.encode())

    def start(self) -> None:
        settings = ("listen_addresses=", f"unix_socket_directories={self._folder}", "fsync=off")
        command = [str(self._programs / "postgres"), "-D", str(self._folder / "data")]
        command += [part for setting in settings for part in ("-c", setting)]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(self._as_user(command), stdout=log, stderr=log, cwd="/")
        give_up_at = time.monotonic() + 20
        while True:
            try:
                return self.execute("SELECT 1")
            except psycopg.OperationalError:
                if time.monotonic() > give_up_at or self._process.poll() is not None:
                    raise
                time.sleep(0.05)

    def stop(self) -> None:
        """As a crash would: nobody is waited for."""
        if self._process is not None:
            self._run("pg_ctl", "-D", str(self._folder / "data"), "-m", "immediate", "stop")
            self._process.wait(10)
            self._process = None

    def _run(self, program: str, *arguments: str) -> None:
        command = self._as_user([str(self._programs / program), *arguments])
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/")
        assert done.returncode == 0, done.stdout + done.stderr

    def _as_user(self, command: list[str]) -> list[str]:
        return ["setpriv", f"--reuid={self._user}", "--clear-groups", *command] if self._user else command


@contextmanager
def server(programs: Path) -> Iterator[Server]:
    # The path of a socket must be short, so it cannot lie below the folder of the tests.
    with tempfile.TemporaryDirectory(prefix="ostiary-pg-", ignore_cleanup_errors=True) as folder:
        made = Server(Path(folder), programs)
        made.start()
        try:
            yield made
        finally:
            made.stop()
