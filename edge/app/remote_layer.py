"""The configuration that the site has set from afar: kept in one file, and on trial while it is new."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import tomli_w

from edge.configuration import Sources, remote_file, remote_note_of
from edge.core import remote_note, trial_run
from edge.core.config_document import Desired, Layer, Reported, local_only, patched
from edge.core.remote_note import News, Origin, RemoteNote
from edge.core.trial_run import Decision, Terms
from edge.errors import SettingsError, StoreError
from edge.service.probation import Probation, Verdict
from edge.settings import Settings
from edge.whole_file import write_whole

logger = logging.getLogger(__name__)
_HEADER = "# Written by the daemon. Remove this file to have the device's own configuration alone.\n"
_SWITCHED_OFF = {"settings": "fleet.remote_configuration is false on this device"}


class RemoteLayer:
    """Safe to use from any thread. note: as it is stored."""

    name = "configuration"

    def __init__(
        self, sources: Sources, settings: Settings, note: RemoteNote, monotonic: Callable[[], float]
    ) -> None:
        self._sources = sources
        self._file = remote_file(settings)
        self._terms = terms(settings)
        self._is_allowed = settings.fleet.remote_configuration
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._note = note
        self._probation = None if note.trial is None else Probation(note.trial, self._terms)
        self._troubles: frozenset[str] = frozenset()

    @property
    def note(self) -> RemoteNote:
        return self._note

    @property
    def reported(self) -> Reported:
        return self._note.reported

    def take(self, desired: Desired, origin: Origin) -> bool:
        """Take a document: look at it, and have it tried from the next start on, all of it or nothing.

        Returns whether the daemon has to be started again. Raises StoreError when it cannot be kept, and
        SettingsError when the device's own configuration cannot be read; then all is as before.
        """
        with self._lock:
            match remote_note.news(self._note, desired):
                case News.REPEAT | News.STALE:
                    return False
                case News.CONFLICT:
                    logger.warning("configuration %d came with two contents", desired.version)
                    return False
                case News.NEW:
                    pass
            if not self._is_allowed:
                self._note = remote_note.refused(self._note, desired, origin, _SWITCHED_OFF)
                return False
            reasons = local_only(desired.settings) or self._sources.refusals(desired.settings)
            was_trying = self._note.trial is not None
            if reasons:
                logger.warning("refused configuration %d: %s", desired.version, "; ".join(sorted(reasons)))
                self._keep(remote_note.refused(self._note, desired, origin, reasons))
            else:
                self._keep(remote_note.tried(self._note, desired, origin, self._troubles))
            # What was on trial in this start is not any more.
            self._probation = None
            return was_trying or self._note.trial is not None

    def patch(self, changes: Layer) -> Desired:
        """The document that some changes of this device alone come to. Raises MessageMalformed."""
        settings = patched(self._note.confirmed.settings, changes)
        return remote_note.next_document(self._note, settings)

    def tick(self, troubles: Mapping[str, str]) -> Verdict | None:
        """Judge what is on trial. troubles: why each part of the device in trouble is, by its name.

        Returns a verdict once, when it is stored; after a bad one the daemon has to start again.
        """
        self._troubles = frozenset(troubles)
        with self._lock:
            if self._probation is None:
                return None
            verdict = self._probation.look(self._monotonic(), troubles)
            match verdict.decision:
                case Decision.KEEP_TRYING:
                    return None
                case Decision.CONFIRM:
                    settled = remote_note.confirmed(self._note)
                case Decision.ROLL_BACK:
                    settled = remote_note.rolled_back(self._note, verdict.reason)
            try:
                self._keep(settled)
            except StoreError as error:
                logger.warning("what became of the configuration cannot be stored yet: %s", error)
                return None
            self._probation = None
            return verdict

    def leave(self) -> None:
        """The daemon ends by order: that is not held against what is on trial."""
        with self._lock:
            if self._probation is None or self._note.trial is None:
                return
            try:
                self._keep(replace(self._note, trial=trial_run.excuse(self._note.trial)))
            except StoreError as error:
                logger.warning("an orderly end counts as a failed start: %s", error)

    def _keep(self, note: RemoteNote) -> None:
        if note != self._note:
            store(self._file, note)
            self._note = note


def begin(sources: Sources, monotonic: Callable[[], float] = time.monotonic) -> tuple[Settings, RemoteLayer]:
    """Read the configuration of a start of the daemon, and count the start if something in it is on trial.

    A layer that cannot be read with the device's own settings, or ended two starts early, is taken back.
    Raises SettingsError and StoreError.
    """
    own = sources.load(layer={})
    file, note = remote_file(own), remote_note_of(own)
    if not own.fleet.remote_configuration:
        return own, RemoteLayer(sources, own, RemoteNote(reported=note.reported), monotonic)
    if note.trial is None:
        return sources.load(), RemoteLayer(sources, own, note, monotonic)
    run = trial_run.begin(note.trial)
    verdict = Probation(run, terms(own)).at_start()
    note = replace(note, trial=run)
    if verdict.decision is Decision.ROLL_BACK:
        note = remote_note.rolled_back(note, verdict.reason)
        logger.warning("configuration %d is taken back: %s", note.reported.version, verdict.reason)
    store(file, note)
    try:
        return sources.load(), RemoteLayer(sources, own, note, monotonic)
    except SettingsError as error:
        if note.trial is None:
            raise
        note = remote_note.rolled_back(note, str(error))
        logger.warning("configuration %d is taken back: %s", note.reported.version, error)
        store(file, note)
    return sources.load(), RemoteLayer(sources, own, note, monotonic)


def terms(settings: Settings) -> Terms:
    """How long and how often anything new is tried."""
    trial_s = settings.ota.trial_s
    return Terms(healthy_s=trial_s, patience_s=trial_s)


def store(file: Path, note: RemoteNote) -> None:
    """Write the note as one file. Raises StoreError."""
    write_whole(file, (_HEADER + tomli_w.dumps(remote_note.to_table(note))).encode())
