"""Two places that the software is installed into in turns, and the link that says which one runs.

    slots/a  slots/b       virtual environments
    slots/current -> a     what the service starts, through systemd/ostiary-launch
    slots/trial            which one is on trial, and how often it was started; absent when none is
    slots/last             what came of the last trial

The small files have one `key=value` a line, for the launcher is a shell script. It counts the starts, and
goes back to the previous place when the candidate has had its number of them; all else is done here.
"""

from __future__ import annotations

import logging
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from edge.core import trial_run
from edge.core.trial_run import TrialRun
from edge.errors import JobFailed, StoreUnwritable
from edge.whole_file import sync_folder, write_whole

logger = logging.getLogger(__name__)
PLACES = ("a", "b")
LONGEST_INSTALL_S = 1800.0
_POLL_S = 0.2
_TOLD_LENGTH = 300


class Slots:
    """folder: as above, the daemon's to write. prefix: of the Python that runs."""

    def __init__(self, folder: Path, *, prefix: Path | None = None) -> None:
        self._folder = folder
        self._prefix = prefix or Path(sys.prefix)

    @property
    def current(self) -> str | None:
        """The place that the service starts; None where there is none."""
        try:
            name = (self._folder / "current").readlink().name
        except OSError:
            return None
        return name if name in PLACES else None

    @property
    def is_ours(self) -> bool:
        """Whether it is the place that runs now: else a new one would change nothing."""
        current = self.current
        return current is not None and self._prefix.resolve() == (self._folder / current).resolve()

    @property
    def other(self) -> str:
        return PLACES[1] if self.current == PLACES[0] else PLACES[0]

    def install(
        self,
        wheel: Path,
        version: str,
        *,
        wheels: Path | None = None,
        index: bool = False,
        beat: Callable[[], None],
    ) -> str:
        """Install a wheel into the other place, and see that it starts. Returns the place.

        wheels: folder with the wheels of what it depends on. index: whether a package index may be asked.
        beat: called several times a second; what it raises ends the installation.
        Raises JobFailed; what runs is not touched.
        """
        place = self.other
        home = self._folder / place
        system = ["--system-site-packages"] if self._sees_system() else []

        def run(*command: str | Path) -> str:
            return _run([str(part) for part in command], beat)

        run(sys.executable, "-m", "venv", "--clear", *system, home)
        pip = (home / "bin" / "python", "-m", "pip", "install", "--no-input", "--no-cache-dir")
        # Wheels only: to build something is to run whatever came with it.
        sources: list[str | Path] = ["--only-binary", ":all:", *([] if index else ["--no-index"])]
        if wheels is not None:
            sources += ["--find-links", wheels]
        run(*pip, "--disable-pip-version-check", *sources, wheel)
        told = run(home / "bin" / "ostiary", "--version").strip()
        if told.split()[-1:] != [version]:
            raise JobFailed(f"the wheel says it is {told!r}, and the job {version}", "install")
        return place

    def switch(self, place: str, job: str, excused: frozenset[str] = frozenset()) -> None:
        """Have a place tried from the next start on. Raises StoreError."""
        previous = self.current
        if previous is None or previous == place:
            raise StoreUnwritable(f"{self._folder}/current does not name another place than {place}")
        self._write(
            "trial",
            {
                "candidate": place,
                "previous": previous,
                "starts": "0",
                "job": job,
                "excused": ",".join(sorted(excused)),
            },
        )
        self._link(place)

    def trial(self) -> TrialRun | None:
        """The trial that this start is part of, already counted by the launcher; None when there is none."""
        kept = self._read("trial")
        candidate, starts = kept.get("candidate", ""), kept.get("starts", "")
        if candidate != self.current or candidate not in PLACES or not starts.isdecimal():
            return None
        excused = frozenset(name for name in kept.get("excused", "").split(",") if name)
        return TrialRun(candidate, kept.get("previous", ""), excused, int(starts))

    def last(self) -> tuple[str, str] | None:
        """The job whose trial ended last, and why its software was taken back; empty when it was kept."""
        kept = self._read("last")
        return (kept["job"], kept.get("reason", "")) if "job" in kept else None

    def confirm(self) -> None:
        """The candidate stays. Raises StoreError."""
        self._write("last", {"job": self._read("trial").get("job", ""), "reason": ""})
        self._end()

    def roll_back(self, reason: str) -> None:
        """The previous place is started from now on. reason: a stable word. Raises StoreError."""
        kept = self._read("trial")
        self._write("last", {"job": kept.get("job", ""), "reason": reason})
        self._link(kept.get("previous", ""))
        self._end()

    def excuse(self) -> None:
        """This start does not count. Raises StoreError."""
        run = self.trial()
        if run is not None:
            kept = self._read("trial")
            self._write("trial", {**kept, "starts": str(trial_run.excuse(run).starts)})

    def _end(self) -> None:
        try:
            (self._folder / "trial").unlink(missing_ok=True)
        except OSError as error:
            raise StoreUnwritable(f"{self._folder} cannot be written ({error.strerror})") from error

    def _link(self, place: str) -> None:
        """Atomic: whoever looks sees the old place or the new."""
        if place not in PLACES:
            raise StoreUnwritable(f"{place!r} is no place of {self._folder}")
        try:
            new = self._folder / "current.new"
            new.unlink(missing_ok=True)
            new.symlink_to(place)
            new.replace(self._folder / "current")
            sync_folder(self._folder)
        except OSError as error:
            raise StoreUnwritable(f"{self._folder} cannot be written ({error.strerror})") from error

    def _read(self, name: str) -> dict[str, str]:
        try:
            lines = (self._folder / name).read_text("utf-8").splitlines()
        except (OSError, UnicodeDecodeError):
            return {}
        return dict(line.split("=", 1) for line in lines if "=" in line)

    def _write(self, name: str, values: Mapping[str, str]) -> None:
        text = "".join(f"{key}={value}\n" for key, value in values.items())
        write_whole(self._folder / name, text.encode())

    def _sees_system(self) -> bool:
        try:
            told = (self._prefix / "pyvenv.cfg").read_text("utf-8")
        except (OSError, UnicodeDecodeError):
            return False
        return "include-system-site-packages = true" in told


def _run(command: list[str], beat: Callable[[], None]) -> str:
    """The output of a command. Raises JobFailed when it fails or takes too long, and what `beat` raises."""
    give_up_at = time.monotonic() + LONGEST_INSTALL_S
    try:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
    except OSError as error:
        raise JobFailed(f"{command[0]} cannot be run ({error.strerror})", "install") from error
    with process:
        try:
            while True:
                beat()
                try:
                    output, _ = process.communicate(timeout=_POLL_S)
                    break
                except subprocess.TimeoutExpired:
                    if time.monotonic() > give_up_at:
                        text = f"installing took longer than {LONGEST_INSTALL_S:g} s"
                        raise JobFailed(text, "install") from None
        except BaseException:
            process.kill()
            raise
    if process.returncode != 0:
        told = (output.strip().splitlines() or ["no word"])[-1][:_TOLD_LENGTH]
        raise JobFailed(f"{Path(command[0]).name} failed: {told}", "install")
    return output
