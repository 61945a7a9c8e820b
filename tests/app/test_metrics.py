from __future__ import annotations

import http.client
import math
import socket
from dataclasses import replace

import pytest
from prometheus_client import generate_latest

from edge.app.metrics import Metrics, served
from edge.app.observers import ObservedLock, Observers, tell
from edge.app.vision_figures import VisionFigures
from edge.app.vitals import VitalsWorker
from edge.core.decision import DecisionId, Evidence, Reason, Receipt
from edge.errors import PinUnavailable, SettingsError
from tests.app.test_vitals import lap
from tests.fakes import FakeClock, FakeLock, FakeOutbox
from tests.mqtt.test_pump import stored
from tests.store.builders import decision

RECEIPT = Receipt(DecisionId("018f0000-0000-7000-8000-000000000001"))


@pytest.fixture
def door():
    """A door's observers, with figures that hear of them."""
    observers, metrics = Observers(), Metrics()
    metrics.join(observers)
    return observers, metrics.registry


def get(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/metrics")
        return connection.getresponse().read()
    finally:
        connection.close()


def test_decisions_are_counted_by_reason_and_every_reason_is_there_from_the_start(door):
    observers, registry = door
    for _ in range(2):
        tell(observers.decision, replace(decision(), reason=Reason.DENY_LIVENESS))
    counted = {
        reason: registry.get_sample_value("ostiary_decisions_total", {"reason": reason.value})
        for reason in Reason
    }
    assert counted == dict.fromkeys(Reason, 0.0) | {Reason.DENY_LIVENESS: 2.0}


def test_nothing_about_who_passed_is_served(door):
    observers, registry = door
    tell(observers.decision, replace(decision(), person="anna-1", reason=Reason.ALLOW_GRANT))
    text = generate_latest(registry).decode()
    assert 'reason="allow_grant"' in text
    assert "anna" not in text


def test_the_score_of_life_is_counted_where_a_decision_rested_on_one(door):
    observers, registry = door
    for score in (None, 0.93, 0.02):
        tell(observers.decision, replace(decision(), evidence=Evidence(liveness=score)))
    assert registry.get_sample_value("ostiary_liveness_score_count") == 2
    assert registry.get_sample_value("ostiary_liveness_score_bucket", {"le": "0.05"}) == 1


def test_frames_and_their_stages_are_counted(door):
    observers, registry = door
    tell(observers.frame, lap(detect=0.004))
    tell(observers.frame, lap(detect=0.004, match=0.2))
    assert registry.get_sample_value("ostiary_frames_total") == 2
    assert registry.get_sample_value("ostiary_stage_seconds_count", {"stage": "detect"}) == 2
    assert registry.get_sample_value("ostiary_stage_seconds_sum", {"stage": "match"}) == pytest.approx(0.2)


def test_only_an_unlock_that_happened_is_counted(door):
    observers, registry = door
    lock = FakeLock()
    observed = ObservedLock(lock, lambda receipt: tell(observers.unlock, receipt))
    observed.start()
    observed.unlock(RECEIPT)
    observed.lock()
    lock.fails = True
    with pytest.raises(PinUnavailable):
        observed.unlock(RECEIPT)
    lock.fails = False
    observed.close()
    assert lock.moves == ["unlock", "lock"]
    assert lock.receipts == [RECEIPT]
    assert registry.get_sample_value("ostiary_relay_unlocks_total") == 1


def test_what_was_never_measured_is_no_number(door):
    _, registry = door
    for name in ("outbox_events", "temperature_celsius", "disk_free_bytes", "gallery_lag_versions"):
        assert math.isnan(registry.get_sample_value(f"ostiary_{name}"))


def test_the_device_the_broker_and_the_gallery_are_told(door, tmp_path):
    observers, registry = door
    clock, outbox = FakeClock(), FakeOutbox(stored(seq) for seq in range(1, 4))
    worker = VitalsWorker(
        every_s=1.0,
        figures=VisionFigures(lambda: clock.now),
        outbox=outbox,
        folder=tmp_path,
        clocks=clock.clocks(),
        hear=lambda vitals: None,
    )
    tell(observers.vitals, worker.measure())
    tell(observers.link, True)
    tell(observers.info, {"gallery": {"version": 7, "head": 9}})
    assert registry.get_sample_value("ostiary_outbox_events") == 3
    assert registry.get_sample_value("ostiary_disk_free_bytes") > 0
    assert registry.get_sample_value("ostiary_broker_up") == 1
    assert registry.get_sample_value("ostiary_gallery_version") == 7
    assert registry.get_sample_value("ostiary_gallery_lag_versions") == 2
    tell(observers.link, False)
    tell(observers.info, {"gallery": None})
    assert registry.get_sample_value("ostiary_broker_up") == 0
    assert registry.get_sample_value("ostiary_gallery_version") == 7


def test_the_port_is_free_again_at_the_end():
    with served(Metrics(), "127.0.0.1", 0) as port:
        assert b"ostiary_build_info" in get(port)
    with socket.create_server(("127.0.0.1", port)):
        pass


def test_a_port_that_is_taken_is_told_in_one_line():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SettingsError, match=f"metrics.port {port}"), served(Metrics(), "127.0.0.1", port):
            pass
