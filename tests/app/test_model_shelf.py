"""A model that takes the daemon with it, when it is tried for the first time."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.app import model_shelf
from edge.app.model_shelf import ModelShelf
from edge.core.trial_run import Terms
from edge.errors import JobFailed


def started(folder: Path) -> ModelShelf:
    """The shelf of a start of the daemon."""
    (folder / "models").mkdir(exist_ok=True)
    return model_shelf.begin(folder, Terms(60.0, 60.0))


def test_a_model_that_kills_the_daemon_is_tried_once(tmp_path: Path) -> None:
    # Never left: the process is gone.
    died = started(tmp_path).tried_out("job-1")
    died.__enter__()
    with pytest.raises(JobFailed) as failed, started(tmp_path).tried_out("job-1"):
        pass
    assert failed.value.reason == "crashed"
    with started(tmp_path).tried_out("job-2"):
        pass


def test_an_end_in_good_order_is_not_held_against_the_model(tmp_path: Path) -> None:
    for _ in range(3):
        with pytest.raises(JobFailed, match="stops"), started(tmp_path).tried_out("job-1"):
            raise JobFailed("the daemon stops", "interrupted")
