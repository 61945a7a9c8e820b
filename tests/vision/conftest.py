"""Opened models and real pictures for the vision tests."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.vision.engine import Engine
from edge.vision.manifest import find

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def data() -> Path:
    """The evaluation pictures; skips where they are absent."""
    folder = Path(os.environ.get("OSTIARY_EVAL_DATA", ROOT.parent / "shared" / "data"))
    if not (folder / "lfw_dev").is_dir():
        pytest.skip(f"no evaluation data at {folder}; set OSTIARY_EVAL_DATA")
    return folder


def _opened(task: str, name: str | None = None) -> Iterator[Engine]:
    with Engine(find(task, name)) as engine:
        yield engine


@pytest.fixture(scope="session")
def near() -> Iterator[Engine]:
    yield from _opened("detection", "near")


@pytest.fixture(scope="session")
def far() -> Iterator[Engine]:
    yield from _opened("detection", "far")


@pytest.fixture(scope="session")
def middle() -> Iterator[Engine]:
    yield from _opened("detection", "middle")


@pytest.fixture(scope="session")
def wide() -> Iterator[Engine]:
    yield from _opened("detection", "wide")


@pytest.fixture(scope="session")
def window() -> Iterator[Engine]:
    yield from _opened("detection", "window")


@pytest.fixture(scope="session")
def mesh_engine() -> Iterator[Engine]:
    yield from _opened("landmarks")


@pytest.fixture(scope="session")
def iris_engine() -> Iterator[Engine]:
    yield from _opened("iris")


@pytest.fixture(scope="session")
def embedding_engine() -> Iterator[Engine]:
    yield from _opened("embedding", "dlib-resnet")
