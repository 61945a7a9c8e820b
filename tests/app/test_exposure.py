from __future__ import annotations

import pytest

from edge.app.exposure import check_home_assistant, check_metrics
from edge.service.health import Status
from edge.settings import Settings


def made(**sections):
    return Settings.model_validate(sections)


@pytest.mark.parametrize(
    ("metrics", "status"),
    [
        ({}, Status.SKIPPED),
        ({"port": 9100}, Status.OK),
        ({"port": 9100, "host": "::1"}, Status.OK),
        ({"port": 9100, "host": "localhost"}, Status.OK),
        ({"port": 9100, "host": "0.0.0.0"}, Status.WARN),
        ({"port": 9100, "host": "door.example"}, Status.WARN),
    ],
)
def test_figures_that_others_can_read_are_warned_of(metrics, status):
    check = check_metrics(made(metrics=metrics))
    assert check.status is status
    assert bool(check.cure) == (status is not Status.OK)


@pytest.mark.parametrize(
    ("wanted", "status"),
    [
        ({}, Status.SKIPPED),
        ({"discovery": True}, Status.OK),
        ({"discovery": True, "allow_unlock": True}, Status.WARN),
        ({"allow_unlock": True}, Status.WARN),
    ],
)
def test_a_home_automation_that_may_unlock_is_warned_of(wanted, status):
    assert check_home_assistant(made(home_assistant=wanted)).status is status
