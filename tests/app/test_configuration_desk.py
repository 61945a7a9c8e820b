"""Documents and commands about the configuration, between the bus and the remote layer."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime

import pytest

from edge.app.configuration_desk import AGAIN_S, ConfigurationDesk
from edge.app.documents import Documents
from edge.app.remote_layer import begin
from edge.configuration import Sources
from edge.core.ack import AckStatus
from edge.core.change_orders import SetConfiguration
from edge.core.commands import Command
from edge.core.config_document import ConfigState
from edge.core.roles import Role, Signer
from edge.errors import StoreFull
from edge.ports import Message
from edge.service.reporting import Clocks
from tests.broker import until

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


class Desk:
    def __init__(self, folder):
        file = folder / "ostiary.toml"
        file.write_text(f'[store]\nfolder = "{folder}"\n')
        self.layer = begin(Sources(file))[1]
        self.signers, self.is_up, self.now = None, True, 0.0
        self.told, self.restarts, self.refused, self.answers = [], [], [], []
        clocks = Clocks(lambda: self.now, lambda: NOW, lambda: True)
        self.desk = ConfigurationDesk(
            layer=self.layer,
            documents=Documents(
                dev="door-1",
                signers=lambda *_: self.signers,
                clocks=clocks,
                refused=lambda reason, text: self.refused.append(reason),
            ),
            publish=self._publish,
            restart=lambda why, grace_s: self.restarts.append(grace_s),
            report=lambda *_: None,
            tell=self.answers.append,
            monotonic=lambda: self.now,
        )
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self.desk.run, args=(self._stop, lambda: None), daemon=True)
        self._thread.start()

    def _publish(self, reported):
        if self.is_up:
            self.told.append(reported)
        return self.is_up

    def give(self, version, settings, **more):
        body = {"version": version, "settings": settings}
        message = {
            "v": 1, "id": "0190b6b2-0000-7000-8000-000000000001", "ts": "2026-11-21T12:00:00Z",
            "type": "config.desired", "body": body, **more,
        }  # fmt: skip
        self.desk.put(Message("t", json.dumps(message).encode(), True, 1, 0.0))

    def order(self, settings):
        order = SetConfiguration(settings)
        assert self.desk.order(Command("c", "config.set", order, NOW, None, None))
        until(lambda: self.answers, "an answer")
        return self.answers.pop().ack

    def until_state(self, state):
        until(lambda: self.told and self.told[-1].state is state, f"state {state}")

    def stop(self):
        self._stop.set()
        self._thread.join(10.0)


@pytest.fixture
def desk(tmp_path):
    made = Desk(tmp_path)
    yield made
    made.stop()


def test_a_document_is_told_of_and_started_with(desk):
    desk.give(1, {"door": {"unlock_s": "2"}})
    desk.until_state(ConfigState.TRYING)
    assert desk.restarts == [0.0]


def test_every_session_is_told_what_is_in_force(desk):
    until(lambda: len(desk.told) == 1, "the first word")
    desk.desk.on_link(True)
    until(lambda: len(desk.told) == 2, "the second word")


def test_nothing_counts_that_the_right_key_has_not_signed(desk):
    desk.signers = (Signer("k", frozenset({Role.OPERATOR, Role.OTA})),)
    desk.give(1, {"door": {"unlock_s": "2"}})
    until(lambda: desk.refused == ["auth"], "a refusal")
    desk.signers = (Signer("k", frozenset({Role.CONFIGURATION})),)
    desk.give(2, {"door": {"unlock_s": "2"}}, dev="door-2")
    until(lambda: desk.refused == ["auth", "wrong_device"], "a refusal")
    desk.give(2, {"door": {"unlock_s": "2"}}, exp="2026-11-21T11:00:00Z")
    until(lambda: desk.refused[-1] == "expired", "a refusal")
    desk.desk.put(Message("t", b"\xff", True, 1, 0.0))
    desk.desk.put(Message("t", b"", True, 1, 0.0))
    until(lambda: desk.refused[-1] == "malformed", "a refusal")
    desk.give(3, {"door": {"unlock_s": "2"}})
    desk.until_state(ConfigState.TRYING)
    assert desk.told[-1].version == 3


def test_a_document_that_cannot_be_stored_is_taken_up_again(desk, monkeypatch):
    tried = []

    def full(path, content):
        tried.append(path)
        raise StoreFull("no space left; free some")

    with monkeypatch.context() as patch:
        patch.setattr("edge.app.remote_layer.write_whole", full)
        desk.give(1, {"door": {"unlock_s": "2"}})
        until(lambda: tried, "an attempt")

    def is_taken():
        desk.now += AGAIN_S
        return desk.layer.reported.state is ConfigState.TRYING

    until(is_taken, "another attempt")
    desk.until_state(ConfigState.TRYING)


def test_a_command_changes_a_device_that_no_site_configures(desk):
    ack = desk.order({"door": {"unlock_s": "2"}})
    assert (ack.status, ack.detail) == (AckStatus.SUCCEEDED, {"version": 1, "state": "trying"})
    assert desk.restarts[0] > 0
    ack = desk.order({"mqtt": {"host": "x"}})
    assert (ack.status, ack.reason, list(ack.detail["refused"])) == (
        AckStatus.REJECTED, "refused", ["mqtt.host"],
    )  # fmt: skip
    desk.give(5, {"door": {"unlock_s": "3"}})
    until(lambda: desk.layer.reported.version == 5, "the document")
    assert desk.order({"door": {"unlock_s": "2"}}).reason == "managed"
