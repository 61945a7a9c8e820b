"""The models that came from afar: each in a folder of its own, and one of them perhaps on trial.

A folder is named by the digest of its file and never changes. Which of them count says one small file beside
them, so that a crash leaves either the old choice or the new. They take the place of those that ship.
"""

from __future__ import annotations

import json
import logging
import re
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from edge.core import trial_run
from edge.core.trial_run import Decision, Terms, TrialRun
from edge.errors import JobFailed, ManifestInvalid, MessageMalformed, ModelError, StoreError
from edge.service.probation import Probation, Verdict
from edge.vision.engine import read_checked
from edge.vision.manifest import Manifest, load_manifest
from edge.whole_file import sync_folder, write_whole

logger = logging.getLogger(__name__)
REPLACEABLE = ("detection", "landmarks", "liveness", "occlusion")
"""Templates of another embedding would match nobody: that one changes with a migration of the people."""
_NOTE = "models.json"
_TRIED = "tried"
_NAME_LENGTH = 16
_NAME = re.compile(r"[a-z0-9-]{1,64}")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a job. reason: empty when all went well."""

    job: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ShelfNote:
    """chosen: names of folders by what they replace. trial: of `key`, wanted by `job`."""

    chosen: Mapping[str, str] = field(default_factory=dict)
    trial: TrialRun | None = None
    key: str = ""
    job: str = ""
    last: Outcome | None = None

    @property
    def used(self) -> dict[str, str]:
        """The folders of a start, the candidate among them."""
        return {**self.chosen, **({self.key: self.trial.candidate} if self.trial is not None else {})}


class ModelShelf:
    """Safe to use from the controller's thread and one other. folder: where all of it lies."""

    name = "model"

    def __init__(
        self, folder: Path, note: ShelfNote, terms: Terms, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._folder = folder
        self._terms = terms
        self._monotonic = monotonic
        self._note = note
        self._probation = None if note.trial is None else Probation(note.trial, terms)
        self._troubles: frozenset[str] = frozenset()

    @property
    def outcome(self) -> Outcome | None:
        """Of the last job that was decided on."""
        return self._note.last

    @property
    def is_trying(self) -> bool:
        return self._note.trial is not None

    def put(self, manifest: str, file: Path) -> Path:
        """Lay a model on the shelf; it is not used yet. file: whole and checked; it is moved.

        Returns its manifest. Raises StoreError, ModelError for a manifest that is none or of another file.
        """
        home = self._folder / f"new-{file.name[:_NAME_LENGTH]}"
        try:
            shutil.rmtree(home, ignore_errors=True)
            home.mkdir(mode=0o700, parents=True)
            write_whole(home / "model.toml", manifest.encode())
            read = load_manifest(home / "model.toml")
            if read.task not in REPLACEABLE:
                raise ManifestInvalid(f"a model for {read.task} cannot be replaced from afar")
            if not _NAME.fullmatch(read.name) or read.file.suffix != ".tflite":
                raise ManifestInvalid(
                    f"name {read.name!r} or file {read.file.name!r} is odd; use a-z, 0-9, -"
                )
            shutil.copyfile(file, read.file)
            path = home / f"{read.task}-{read.name}.toml"
            (home / "model.toml").rename(path)
            read_checked(load_manifest(path))
            lasting = self._folder / read.sha256[:_NAME_LENGTH]
            shutil.rmtree(lasting, ignore_errors=True)
            sync_folder(home)
            home.rename(lasting)
            sync_folder(self._folder)
        except OSError as error:
            raise StoreError(f"the model cannot be kept ({error.strerror}); make room") from error
        finally:
            shutil.rmtree(home, ignore_errors=True)
        return lasting / path.name

    @contextmanager
    def tried_out(self, job: str) -> Iterator[None]:
        """Around what a model does for the first time: one that takes the daemon with it does so once.

        Raises JobFailed where it did, StoreError.
        """
        mark = self._folder / _TRIED
        if mark.is_file() and mark.read_text("utf-8", "replace") == job:
            mark.unlink()
            raise JobFailed("the daemon died when the model was tried", "crashed")
        write_whole(mark, job.encode())
        try:
            yield
        finally:
            mark.unlink(missing_ok=True)

    def switch(self, job: str, manifest: Manifest) -> None:
        """Have a model that lies there tried from the next start on. Raises StoreError."""
        key, name = key_of(manifest), manifest.path.parent.name
        trial = TrialRun(name, self._note.chosen.get(key, ""), self._troubles)
        self._keep(replace(self._note, trial=trial, key=key, job=job))

    def tick(self, troubles: Mapping[str, str]) -> Verdict | None:
        """See `Newcomer`."""
        self._troubles = frozenset(troubles)
        if self._probation is None:
            return None
        verdict = self._probation.look(self._monotonic(), troubles)
        if verdict.decision is Decision.KEEP_TRYING:
            return None
        is_good = verdict.decision is Decision.CONFIRM
        try:
            self._keep(_kept(self._note) if is_good else _dropped(self._note, "unhealthy"))
        except StoreError as error:
            logger.warning("what became of the model cannot be stored yet: %s", error)
            return None
        self._probation = None
        return verdict

    def leave(self) -> None:
        """See `Newcomer`."""
        if self._probation is None or self._note.trial is None:
            return
        try:
            self._keep(replace(self._note, trial=trial_run.excuse(self._note.trial)))
        except StoreError as error:
            logger.warning("an orderly end counts as a failed start: %s", error)

    def _keep(self, note: ShelfNote) -> None:
        _write(self._folder, note)
        self._note = note


def key_of(manifest: Manifest) -> str:
    """What a model takes the place of: the others of its task, but for detection, where each has its part."""
    return f"{manifest.task}-{manifest.name}" if manifest.task == "detection" else manifest.task


def begin(store: Path, terms: Terms, monotonic: Callable[[], float] = time.monotonic) -> ModelShelf:
    """The shelf at a start of the daemon: the start is counted, and what is damaged or failed is not used.

    store: the store's folder. Raises StoreError when the count cannot be stored.
    """
    folder = store / "models"
    note = kept = _read(folder)
    if kept.trial is not None:
        run = trial_run.begin(kept.trial)
        note, verdict = replace(kept, trial=run), Probation(run, terms).at_start()
        if verdict.decision is Decision.ROLL_BACK:
            logger.warning("the new model is taken back: %s", verdict.reason)
            note = _dropped(note, "crashed")
    whole = {key: name for key, name in note.chosen.items() if _is_whole(folder / name)}
    note = replace(note, chosen=whole)
    if note != kept:
        _write(folder, note)
    _sweep(folder, {*note.used.values()})
    return ModelShelf(folder, note, terms, monotonic)


def folders(store: Path) -> tuple[Path, ...]:
    """Where the models in force that came from afar lie; none where nobody may look."""
    folder = store / "models"
    return tuple(folder / name for name in _read(folder).used.values())


def _kept(note: ShelfNote) -> ShelfNote:
    return ShelfNote(chosen=note.used, last=Outcome(note.job))


def _dropped(note: ShelfNote, reason: str) -> ShelfNote:
    return ShelfNote(chosen=note.chosen, last=Outcome(note.job, reason))


def _is_whole(folder: Path) -> bool:
    try:
        for path in folder.glob("*.toml"):
            read_checked(load_manifest(path))
            return True
    except (ModelError, OSError) as error:
        logger.warning("a model from afar is not used: %s", error)
    return False


def _sweep(folder: Path, used: set[str]) -> None:
    if not folder.is_dir():
        return
    for path in folder.iterdir():
        if path.is_dir() and path.name not in used:
            shutil.rmtree(path, ignore_errors=True)


def _write(folder: Path, note: ShelfNote) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{folder} cannot be made ({error.strerror}); check the store's folder") from error
    table = {
        "chosen": dict(note.chosen),
        "trial": None if note.trial is None else trial_run.to_text(note.trial),
        "key": note.key,
        "job": note.job,
        "last": None if note.last is None else [note.last.job, note.last.reason],
    }
    write_whole(folder / _NOTE, json.dumps(table).encode())


def _read(folder: Path) -> ShelfNote:
    """A note that cannot be read leaves the models that ship."""
    try:
        table = json.loads((folder / _NOTE).read_text("utf-8"))
        chosen = {str(key): Path(str(name)).name for key, name in table["chosen"].items()}
        trial = None if table["trial"] is None else trial_run.from_text(table["trial"])
        last = None if table["last"] is None else Outcome(*map(str, table["last"]))
        return ShelfNote(chosen, trial, str(table["key"]), str(table["job"]), last)
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return ShelfNote()
    except (OSError, ValueError, KeyError, TypeError, AttributeError, MessageMalformed) as error:
        logger.warning("which models came from afar cannot be read (%s); those that ship are used", error)
        return ShelfNote()
