"""The note of the remote configuration, through any sequence of documents, verdicts and starts."""

from __future__ import annotations

import tomllib

import pytest
import tomli_w
from hypothesis import given
from hypothesis import strategies as st

from edge.core import remote_note, trial_run
from edge.core.config_document import ConfigState, read_desired
from edge.core.remote_note import News, Origin, RemoteNote
from edge.errors import MessageMalformed

WELL = frozenset()


def document(version, seconds):
    return read_desired({"version": version, "settings": {"door": {"unlock_s": str(seconds)}}})


def tried(note, version, seconds):
    return remote_note.tried(note, document(version, seconds), Origin.SITE, WELL)


def test_a_document_is_tried_confirmed_and_then_in_force():
    note = tried(RemoteNote(), 1, 2)
    assert (note.reported.state, note.reported.running_version) == (ConfigState.TRYING, 0)
    assert note.trial is not None
    note = remote_note.confirmed(note)
    assert (note.reported.state, note.reported.running_version) == (ConfigState.APPLIED, 1)
    assert note.trial is None


def test_a_trial_that_fails_brings_back_what_was_confirmed_even_after_a_newer_document():
    good = remote_note.confirmed(tried(RemoteNote(), 1, 2))
    worse = tried(tried(good, 2, 3), 3, 4)
    back = remote_note.rolled_back(worse, "camera: gone")
    assert back.settings == good.settings
    assert (back.reported.version, back.reported.state) == (3, ConfigState.ROLLED_BACK)
    assert (back.reported.running_version, back.reported.reason) == (1, "camera: gone")


def test_a_refused_document_ends_the_trial_of_the_one_before():
    note = tried(RemoteNote(), 1, 2)
    note = remote_note.refused(note, document(2, 3), Origin.SITE, {"door.unlock_s": "no"})
    assert (note.settings, note.trial) == ({}, None)
    assert note.reported.refused == {"door.unlock_s": "no"}


def test_a_document_that_changes_nothing_needs_no_trial():
    note = remote_note.confirmed(tried(RemoteNote(), 1, 2))
    note = tried(note, 2, 2)
    assert note.trial is None
    assert (note.reported.running_version, note.reported.state) == (2, ConfigState.APPLIED)


def test_only_a_higher_version_is_news():
    note = tried(RemoteNote(), 2, 2)
    assert remote_note.news(note, document(3, 2)) is News.NEW
    assert remote_note.news(note, document(2, 2)) is News.REPEAT
    assert remote_note.news(note, document(2, 3)) is News.CONFLICT
    assert remote_note.news(note, document(1, 2)) is News.STALE


@given(st.lists(st.tuples(st.sampled_from(["try", "refuse", "good", "bad", "start"]), st.integers(1, 5))))
def test_what_is_kept_is_read_back_and_what_is_in_force_was_confirmed(steps):
    note, version, confirmed = RemoteNote(), 0, {}
    for step, seconds in steps:
        match step:
            case "try":
                version += 1
                note = tried(note, version, seconds)
            case "refuse":
                version += 1
                note = remote_note.refused(note, document(version, seconds), Origin.SITE, {"a.b": "no"})
            case "good" if note.trial is not None:
                note = remote_note.confirmed(note)
                confirmed = note.settings
            case "bad" if note.trial is not None:
                note = remote_note.rolled_back(note, "it failed")
        assert note.confirmed.settings == confirmed
        assert note.reported.version == version
        assert note.trial is not None or note.settings == confirmed
        again = remote_note.from_table(tomllib.loads(tomli_w.dumps(remote_note.to_table(note))))
        assert again == note
        if step == "start" and note.trial is not None:
            assert trial_run.begin(again.trial).starts == 1


@pytest.mark.parametrize(
    "change",
    [
        lambda table: table.pop("document"),
        lambda table: table.pop("settings"),
        lambda table: table["document"].update(state="odd"),
        lambda table: table["document"].update(version="1"),
        lambda table: table["running"].update(version=-1),
        lambda table: table["trial"].update(note="{"),
        lambda table: table.pop("previous"),
    ],
)
def test_a_damaged_note_is_malformed(change):
    table = remote_note.to_table(tried(RemoteNote(), 1, 2))
    change(table)
    with pytest.raises(MessageMalformed):
        remote_note.from_table(table)


def test_what_is_told_of_a_document_with_many_wrong_keys_fits_into_a_message():
    reasons = {f"door.{'x' * 1000}{number}": "y" * 1000 for number in range(5000)}
    note = remote_note.refused(RemoteNote(), document(1, 3), Origin.SITE, reasons)
    assert 0 < len(str(note.reported.body())) < 16_384
    assert note.reported.state is ConfigState.REFUSED
    few = {f"door.k{number}": "no" for number in range(5000)}
    assert len(remote_note.refused(note, document(2, 3), Origin.SITE, few).reported.refused) == 50
