"""The doctor's checks on a real folder, a real replay, real models and a real broker."""

from __future__ import annotations

import re
import socket
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from edge.app.diagnosis import probes
from edge.demo.broker import Broker
from edge.service.health import Check, Status, run_checks
from edge.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, Any]:
    """A door at which everything works, with neither lines nor a broker."""
    clip = tmp_path / "clip"
    clip.mkdir()
    for number in range(3):
        cv2.imwrite(str(clip / f"{number}.png"), np.full((48, 64, 3), 100, np.uint8))
    (tmp_path / "state").mkdir(mode=0o700)
    return {
        "camera": {"kind": "replay", "path": clip, "realtime": False},
        "store": {"folder": tmp_path / "state"},
    }


def check(name: str, settings: dict[str, Any]) -> Check:
    wanted = [probe for probe in probes(Settings(**settings)) if probe[0] == name]
    (result,) = run_checks(wanted)
    assert result.name == name
    return result


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.mark.parametrize("name", ["permissions", "disk", "models", "camera"])
def test_what_is_in_order_is_told_without_a_cure(name: str, settings: dict[str, Any]) -> None:
    result = check(name, settings)
    assert (result.status, result.cure) == (Status.OK, ""), result
    assert result.detail


def test_all_models_the_door_needs_are_named(settings: dict[str, Any]) -> None:
    detail = check("models", settings).detail
    for task in ("detection", "landmarks", "embedding", "liveness"):
        assert task in detail


def test_what_attacks_pass_is_told_by_type(settings: dict[str, Any]) -> None:
    result = check("scorecard", settings)
    assert (result.status, result.cure) == (Status.OK, "")
    assert re.search(r"print APCER 0\.\d{3} \(0\.\d{3}-0\.\d{3}\), .*, BPCER 0\.\d{3} \(", result.detail)


def test_the_proof_of_life_that_is_asked_for_is_told(settings: dict[str, Any]) -> None:
    result = check("liveness", settings)
    assert (result.status, result.cure) == (Status.OK, "")
    assert "passive" in result.detail


@pytest.mark.parametrize(
    "liveness",
    [{"policy": "off"}, {"schedule": [{"days": ["sun"], "from": "01:00", "to": "02:00", "policy": "off"}]}],
    ids=["always", "for an hour a week"],
)
def test_a_door_that_a_photograph_opens_is_a_warning(
    settings: dict[str, Any], liveness: dict[str, Any]
) -> None:
    settings["liveness"] = liveness
    result = check("liveness", settings)
    assert result.status is Status.WARN
    assert "a photograph opens the door" in result.detail
    assert "liveness.policy" in result.cure


def test_an_open_state_folder_fails(settings: dict[str, Any]) -> None:
    settings["store"]["folder"].chmod(0o755)
    result = check("permissions", settings)
    assert result.status is Status.FAIL
    assert "chmod 700" in result.cure


def test_an_empty_gallery_is_a_warning(settings: dict[str, Any]) -> None:
    result = check("gallery", settings)
    assert result.status is Status.WARN
    assert "person add" in result.cure
    assert not (settings["store"]["folder"] / "ostiary.db").exists(), "looking must not make one"


def test_the_days_between_false_accepts_are_told(settings: dict[str, Any]) -> None:
    settings["recognition"] = {"far": 1e-3, "strangers_per_day": 100}
    result = check("threshold", settings)
    assert result.status is Status.OK
    assert "a false accept about every 10 days at 100 strangers a day" in result.detail
    assert not (settings["store"]["folder"] / "ostiary.db").exists(), "looking must not make one"


def test_a_rate_that_no_face_can_keep_is_a_warning(settings: dict[str, Any]) -> None:
    settings["recognition"] = {"far": 1e-30}
    result = check("threshold", settings)
    assert result.status is Status.WARN
    assert "recognition.far" in result.cure


def test_a_damaged_gallery_fails(settings: dict[str, Any]) -> None:
    (settings["store"]["folder"] / "ostiary.db").write_bytes(b"no database, " * 100)
    result = check("gallery", settings)
    assert result.status is Status.FAIL
    assert result.cure


def test_an_absent_camera_fails(settings: dict[str, Any]) -> None:
    settings["camera"] = {"kind": "opencv", "source": "/dev/video63"}
    result = check("camera", settings)
    assert result.status is Status.FAIL
    assert "/dev/video63" in result.detail
    assert result.cure


def test_a_simulated_door_skips_the_lines(settings: dict[str, Any]) -> None:
    assert check("gpio", settings).status is Status.SKIPPED


@pytest.mark.skipif(bool(list(Path("/dev").glob("gpiochip*"))), reason="this machine has GPIO lines")
def test_a_real_door_on_a_machine_without_lines_fails(settings: dict[str, Any]) -> None:
    settings["door"] = {"kind": "gpio", "board": "raspberry-pi-5-relay-hat"}
    result = check("gpio", settings)
    assert result.status is Status.FAIL
    assert "no GPIO chip" in result.detail


def test_a_door_without_a_broker_skips_it(settings: dict[str, Any]) -> None:
    assert check("broker", settings).status is Status.SKIPPED


def test_a_broker_that_is_not_there_fails(settings: dict[str, Any]) -> None:
    settings["mqtt"] = {"host": "127.0.0.1", "port": free_port()}
    result = check("broker", settings)
    assert result.status is Status.FAIL
    assert result.cure


def test_a_broker_that_takes_us_is_told(settings: dict[str, Any]) -> None:
    with Broker() as broker:
        address = broker.address
        settings["mqtt"] = {"host": address.host, "port": address.port, "version": broker.protocol}
        result = check("broker", settings)
    assert result.status is Status.OK, result


def test_the_clock_is_never_a_failure(settings: dict[str, Any]) -> None:
    assert check("clock", settings).status in (Status.OK, Status.WARN)


def test_a_clock_that_is_trusted_as_it_is_is_no_warning(settings: dict[str, Any]) -> None:
    result = check("clock", {**settings, "device": {"trust_clock": True}})
    assert (result.status, result.cure) == (Status.OK, "")
