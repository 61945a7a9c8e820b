from __future__ import annotations

import logging
import os
import socket
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.host.notify import SystemdNotifier
from edge.ports import Notifier


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[socket.socket]:
    """systemd's end of the conversation."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(str(tmp_path / "notify"))
        receiver.settimeout(5.0)
        yield receiver


def heard(manager: socket.socket) -> str:
    return manager.recv(4096).decode()


def test_it_tells_the_manager_each_state(manager: socket.socket) -> None:
    notifier: Notifier = SystemdNotifier.from_environment({"NOTIFY_SOCKET": manager.getsockname()})
    notifier.ready()
    assert heard(manager) == "READY=1"
    notifier.alive()
    assert heard(manager) == "WATCHDOG=1"
    notifier.status("camera down:\nunplugged\nREADY=1")
    assert heard(manager) == "STATUS=camera down: unplugged READY=1"
    notifier.stopping()
    assert heard(manager) == "STOPPING=1"


def test_it_reaches_an_abstract_socket() -> None:
    name = f"ostiary-{uuid.uuid4()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind("\0" + name)
        receiver.settimeout(5.0)
        SystemdNotifier.from_environment({"NOTIFY_SOCKET": "@" + name}).ready()
        assert heard(receiver) == "READY=1"


@pytest.mark.parametrize("environ", [{}, {"NOTIFY_SOCKET": ""}, {"NOTIFY_SOCKET": "not-a-socket"}])
def test_without_a_manager_nothing_is_sent_and_nothing_fails(
    environ: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    notifier = SystemdNotifier.from_environment(environ)
    notifier.ready()
    notifier.alive()
    assert not caplog.records


def test_a_manager_that_is_gone_is_reported_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    notifier = SystemdNotifier(str(tmp_path / "gone"))
    with caplog.at_level(logging.WARNING):
        notifier.alive()
        notifier.alive()
    assert len(caplog.records) == 1


def test_a_manager_that_does_not_read_never_blocks_us(manager: socket.socket) -> None:
    notifier = SystemdNotifier(manager.getsockname())
    for _ in range(10_000):
        notifier.alive()
    assert heard(manager) == "WATCHDOG=1"


@pytest.mark.parametrize(
    ("environ", "expected_s"),
    [
        ({"WATCHDOG_USEC": "10000000"}, 10.0),
        ({"WATCHDOG_USEC": "10000000", "WATCHDOG_PID": "42"}, 10.0),
        ({"WATCHDOG_USEC": "10000000", "WATCHDOG_PID": "43"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({}, None),
    ],
)
def test_the_watchdog_is_ours_only_when_it_names_us(
    environ: dict[str, str], expected_s: float | None
) -> None:
    assert SystemdNotifier.from_environment(environ, pid=42).watchdog_s == expected_s


def test_the_process_is_our_own_unless_told_otherwise() -> None:
    environ = {"WATCHDOG_USEC": "1000000", "WATCHDOG_PID": str(os.getpid())}
    assert SystemdNotifier.from_environment(environ).watchdog_s == 1.0
