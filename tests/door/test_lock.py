import os
import signal
import subprocess
import sys
import textwrap

import pytest
from gpiozero import DigitalOutputDevice

from edge.core.decision import DecisionId, Receipt
from edge.door.lock import GpioLock, unlocked_level
from edge.door.simulated import RELAY, SimulatedDoor
from edge.errors import PinUnavailable
from tests.door.edge_log import read_edges

RECEIPT = Receipt(DecisionId("d1"))
ALL = [(lock_type, active_high) for lock_type in ("strike", "maglock") for active_high in (True, False)]


@pytest.fixture(params=ALL, ids=lambda one: f"{one[0]}, active {'high' if one[1] else 'low'}")
def door(request):
    lock_type, active_high = request.param
    made = SimulatedDoor(lock_type, active_high)
    yield made
    made.lock.close()


@pytest.mark.parametrize(
    ("lock_type", "active_high", "level"),
    [("strike", True, True), ("strike", False, False), ("maglock", True, False), ("maglock", False, True)],
)
def test_a_strike_is_energized_to_unlock_and_a_maglock_to_lock(lock_type, active_high, level):
    assert unlocked_level(lock_type, active_high) is level


def test_start_close_and_restart_give_no_edge(door):
    for _ in range(3):
        door.lock.start()
        door.lock.lock()
        door.lock.close()
    assert door.edges == ()


def test_one_unlocking_is_two_edges_with_its_decision(door):
    door.lock.start()
    door.lock.unlock(RECEIPT)
    door.lock.unlock(RECEIPT)
    door.lock.lock()
    door.lock.lock()
    assert [(edge.state, edge.decision) for edge in door.edges] == [("unlocked", "d1"), ("locked", "d1")]
    assert door.edges[0].at <= door.edges[1].at


def test_closing_while_unlocked_locks_and_a_restart_gives_no_edge(door):
    door.lock.start()
    door.lock.unlock(RECEIPT)
    door.lock.close()
    door.lock.close()
    door.lock.start()
    assert [edge.state for edge in door.edges] == ["unlocked", "locked"]


def test_a_lock_that_is_not_started_refuses_to_unlock_and_does_nothing_else(door):
    door.lock.lock()
    with pytest.raises(PinUnavailable, match="not started"):
        door.lock.unlock(RECEIPT)
    assert door.edges == ()
    assert door.lock.receipt is None


def test_the_simulated_line_would_show_a_pulse_if_it_were_taken_without_its_level():
    door = SimulatedDoor("strike", active_high=False)
    DigitalOutputDevice(RELAY, initial_value=None, pin_factory=door.factory).close()
    assert [edge.state for edge in door.edges] == ["unlocked"]


def test_a_line_somebody_else_holds_is_refused_with_its_number():
    door = SimulatedDoor()
    door.lock.start()
    with pytest.raises(PinUnavailable, match="GPIO 17"):
        GpioLock(RELAY, "strike", True, door.factory).start()


def test_a_line_that_does_not_exist_is_refused_with_its_number():
    with pytest.raises(PinUnavailable, match="GPIO 400"):
        GpioLock(400, "strike", True, SimulatedDoor().factory).start()


def test_an_edge_log_that_cannot_be_written_fails_like_a_broken_relay(tmp_path):
    lock = SimulatedDoor(edge_log=tmp_path / "missing" / "edges").lock
    lock.start()
    with pytest.raises(PinUnavailable, match="missing/edges"):
        lock.unlock(RECEIPT)


VICTIM = """
    import os, sys, time
    from pathlib import Path
    from edge.core.decision import Receipt
    from edge.door.simulated import SimulatedDoor
    door = SimulatedDoor(sys.argv[1], sys.argv[2] == "high", edge_log=Path(sys.argv[3]))
    door.lock.start()
    if sys.argv[4] == "unlocked":
        door.lock.unlock(Receipt("d1"))
    print("ready", flush=True)
    time.sleep(60)
"""


@pytest.mark.parametrize("moment", ["locked", "unlocked"])
@pytest.mark.parametrize("lock_type", ["strike", "maglock"])
@pytest.mark.parametrize("level", ["high", "low"])
def test_a_killed_process_leaves_no_edge_it_had_no_decision_for(tmp_path, lock_type, level, moment):
    log = tmp_path / "edges"
    victim = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(VICTIM), lock_type, level, str(log), moment],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    with victim:
        assert victim.stdout.readline() == b"ready\n"
        victim.send_signal(signal.SIGKILL)
        assert victim.wait() == -signal.SIGKILL
    again = SimulatedDoor(lock_type, level == "high", edge_log=log)
    again.lock.start()
    again.lock.close()
    expected = [("unlocked", "d1", victim.pid)] if moment == "unlocked" else []
    assert [(edge.state, edge.decision, pid) for edge, pid in read_edges(log)] == expected
