"""What `ostiary fleet rollout start` makes of a model: it looks on before it takes over, where it can."""

from __future__ import annotations

import pytest

from edge.app.model_check import ROLES
from edge.cli.fleet_rollout import SHADOWED, looks_on
from edge.core.jobs import read_job
from edge.hub.uploading import described


@pytest.fixture
def manifest(tmp_path):
    def made(task):
        file = tmp_path / f"{task}.toml"
        file.write_text(f'task = "{task}"\nfile = "{task}.tflite"\n')
        (tmp_path / f"{task}.tflite").write_bytes(b"weights")
        return file

    return made


def test_a_modellooks_on_first(manifest):
    assert looks_on(manifest("liveness"), 200, 3600) == {"shadow": {"faces": 200, "seconds": 1800}}


def test_what_cannot_look_on_is_not_asked_to(manifest):
    assert looks_on(manifest("occlusion"), 200, 3600) == {}
    assert looks_on(manifest("liveness"), 0, 3600) == {}
    assert looks_on(None, 200, 3600) == {}


def test_the_tasks_are_those_the_device_can_compare():
    assert set(SHADOWED) == set(ROLES)


def test_a_device_understands_the_job(manifest):
    model = manifest("liveness")
    told, _ = described(model.with_suffix(".tflite"))
    body = {"job": "m-1", "kind": "model", "manifest": model.read_text()}
    body["file"] = told | {"url": "https://files.example/liveness.tflite"}
    job = read_job(body | looks_on(model, 50, 600))
    assert (job.shadow.faces, job.shadow.seconds, job.file.url) == (50, 300, body["file"]["url"])
