"""What the device keeps of its remote configuration: the layer in force, the one before, and the trial.

All of it is one value that is written as one file, so that a crash leaves either the old or the new. While a
trial runs, `settings` is the candidate and `previous` what it falls back to.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from edge.core import trial_run
from edge.core.config_document import ConfigState, Desired, Layer, Reported, layer_hash, read_layer
from edge.core.trial_run import TrialRun
from edge.errors import MessageMalformed


class Origin(StrEnum):
    """Who gave the newest document: the site for good, or a command to this device alone."""

    SITE = "site"
    DEVICE = "device"


MOST_REASONS = 50
"""That are told of one document."""
_LONGEST_KEY, _LONGEST_WHY = 100, 200


class News(StrEnum):
    """What a document is to the device. REPEAT: it was answered. STALE: a newer one was."""

    NEW = "new"
    REPEAT = "repeat"
    STALE = "stale"
    CONFLICT = "conflict"


@dataclass(frozen=True, slots=True)
class Previous:
    """The layer that a trial falls back to; version 0 for none."""

    version: int = 0
    settings: Layer = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RemoteNote:
    """reported: what the site is told. settings: the layer that this start uses. trial: None when there is
    none; then `previous` means nothing."""

    reported: Reported = field(default_factory=Reported)
    origin: Origin = Origin.DEVICE
    settings: Layer = field(default_factory=dict)
    trial: TrialRun | None = None
    previous: Previous = field(default_factory=Previous)

    @property
    def confirmed(self) -> Previous:
        """The layer in force, apart from any trial."""
        if self.trial is not None:
            return self.previous
        return Previous(self.reported.running_version, self.settings)


def news(note: RemoteNote, desired: Desired) -> News:
    """Whether a document has to be looked at. Versions only grow."""
    newest = note.reported
    if desired.version > newest.version:
        return News.NEW
    if desired.version < newest.version:
        return News.STALE
    return News.REPEAT if desired.hash == newest.hash else News.CONFLICT


def next_document(note: RemoteNote, settings: Layer) -> Desired:
    """A document of this device's own. Raises MessageMalformed."""
    return Desired(note.reported.version + 1, read_layer(settings), layer_hash(settings))


def refused(note: RemoteNote, desired: Desired, origin: Origin, reasons: Mapping[str, str]) -> RemoteNote:
    """The document is not taken; all stays as it is. A running trial of another one ends untaken.

    What is told of the reasons fits into a message, however many there are.
    """
    note = _settled(note)
    few = {key[:_LONGEST_KEY]: why[:_LONGEST_WHY] for key, why in sorted(reasons.items())[:MOST_REASONS]}
    reported = _about(note.reported, desired, ConfigState.REFUSED, "refused", few)
    return replace(note, reported=reported, origin=origin)


def tried(note: RemoteNote, desired: Desired, origin: Origin, excused: frozenset[str]) -> RemoteNote:
    """The document is taken on trial from the next start on; at once when nothing changes by it.

    excused: the parts of the device that are in trouble already.
    """
    before = note.confirmed
    if layer_hash(before.settings) == desired.hash:
        running = replace(note.reported, running_version=desired.version, running_hash=desired.hash)
        return RemoteNote(_about(running, desired, ConfigState.APPLIED), origin, desired.settings)
    return RemoteNote(
        reported=_about(note.reported, desired, ConfigState.TRYING),
        origin=origin,
        settings=desired.settings,
        trial=TrialRun(desired.hash, layer_hash(before.settings), excused),
        previous=before,
    )


def confirmed(note: RemoteNote) -> RemoteNote:
    """The trial went well."""
    newest = note.reported
    reported = replace(
        newest, state=ConfigState.APPLIED, running_version=newest.version, running_hash=newest.hash
    )
    return replace(note, reported=reported, trial=None, previous=Previous())


def rolled_back(note: RemoteNote, reason: str) -> RemoteNote:
    """The trial went wrong: the layer before it is in force again from the next start on."""
    reported = replace(note.reported, state=ConfigState.ROLLED_BACK, reason=reason)
    return replace(_settled(note), reported=reported)


def to_table(note: RemoteNote) -> dict[str, object]:
    """As tables of TOML."""
    newest = note.reported
    table: dict[str, object] = {
        "document": {
            "version": newest.version,
            "hash": newest.hash,
            "state": newest.state.value,
            "reason": newest.reason,
            "origin": note.origin.value,
            "refused": newest.refused,
        },
        "running": {"version": newest.running_version, "hash": newest.running_hash},
        "settings": note.settings,
    }
    if note.trial is not None:
        table["trial"] = {"note": trial_run.to_text(note.trial)}
        table["previous"] = {"version": note.previous.version, "settings": note.previous.settings}
    return table


def from_table(table: Mapping[str, object]) -> RemoteNote:
    """Read what `to_table` wrote. Raises MessageMalformed."""
    document, running = _table(table, "document"), _table(table, "running")
    refused_keys = {key: str(value) for key, value in _table(document, "refused").items()}
    try:
        state, origin = ConfigState(_text(document, "state")), Origin(_text(document, "origin"))
    except ValueError as error:
        raise MessageMalformed(f"{error} in the remote configuration") from error
    reported = Reported(
        version=_count(document, "version"),
        hash=_text(document, "hash"),
        state=state,
        refused=refused_keys,
        reason=_text(document, "reason"),
        running_version=_count(running, "version"),
        running_hash=_text(running, "hash"),
    )
    settings = _layer(table)
    if "trial" not in table:
        return RemoteNote(reported, origin, settings)
    trial = trial_run.from_text(_text(_table(table, "trial"), "note"))
    before = _table(table, "previous")
    return RemoteNote(reported, origin, settings, trial, Previous(_count(before, "version"), _layer(before)))


def _settled(note: RemoteNote) -> RemoteNote:
    return replace(note, settings=note.confirmed.settings, trial=None, previous=Previous())


def _about(
    reported: Reported,
    desired: Desired,
    state: ConfigState,
    reason: str = "",
    reasons: Mapping[str, str] | None = None,
) -> Reported:
    return replace(
        reported,
        version=desired.version,
        hash=desired.hash,
        state=state,
        reason=reason,
        refused=dict(reasons or {}),
    )


def _table(table: Mapping[str, object], key: str) -> Mapping[str, object]:
    value = table.get(key)
    if not isinstance(value, dict):
        raise MessageMalformed(f"the remote configuration has no table {key!r}")
    return value


def _layer(table: Mapping[str, object]) -> Layer:
    return read_layer(dict(_table(table, "settings")))  # type: ignore[arg-type]  # read_layer checks it


def _text(table: Mapping[str, object], key: str) -> str:
    value = table.get(key)
    if not isinstance(value, str):
        raise MessageMalformed(f"{key!r} in the remote configuration is not a text")
    return value


def _count(table: Mapping[str, object], key: str) -> int:
    value = table.get(key)
    if type(value) is not int or value < 0:
        raise MessageMalformed(f"{key!r} in the remote configuration is not a count")
    return value
