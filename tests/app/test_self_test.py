from __future__ import annotations

import time

import pytest

from edge.app import self_test
from edge.app.frame_tap import FrameTap
from edge.app.threads import LatestSlot
from edge.settings import Settings


@pytest.fixture
def outcome(tmp_path):
    """What the checks say that need neither networks nor a store."""

    def ask(troubles):
        settings = Settings.model_validate({"store": {"folder": tmp_path}})
        probes = self_test.live_probes(settings, FrameTap(LatestSlot()), lambda: troubles, time.monotonic)
        told = self_test.run([probe for probe in probes if probe[0] in ("door", "daemon")], lambda _: None)
        return told["ok"], {check["name"]: check for check in told["checks"]}

    return ask


def test_what_is_in_trouble_is_told(outcome):
    is_well, checks = outcome({"lock": "cannot take GPIO 5; check the pin", "thread": "no sign of life"})
    assert not is_well
    assert (checks["door"]["detail"], checks["door"]["cure"]) == ("cannot take GPIO 5", "check the pin")
    assert checks["daemon"]["detail"] == "thread: no sign of life"


def test_a_device_without_trouble_is_well(outcome):
    is_well, checks = outcome({})
    assert is_well
    assert (checks["door"]["status"], checks["daemon"]["status"]) == ("skipped", "ok")


def test_what_the_daemon_holds_open_is_not_opened_again(tmp_path):
    settings = Settings.model_validate({"store": {"folder": tmp_path}, "mqtt": {"host": "broker"}})
    probes = self_test.live_probes(settings, FrameTap(LatestSlot()), dict, time.monotonic)
    names = [name for name, _ in probes]
    assert "broker" not in names
    assert "gpio" not in names
    assert names.count("camera") == 1
