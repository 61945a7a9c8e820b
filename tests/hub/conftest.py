"""Databases to run the hub on: an SQLite file and a real PostgreSQL."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hub import postgres

pytest.importorskip("sqlalchemy", reason="the extra 'hub' is not installed")


@pytest.fixture(scope="session")
def server() -> Iterator[postgres.Server]:
    programs = postgres.find_programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed (apt install postgresql)")
    with postgres.server(programs) as running:
        yield running


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> Path | str:
    """Of a new, empty database."""
    if request.param == "sqlite":
        return tmp_path / "hub" / "hub.db"
    server: postgres.Server = request.getfixturevalue("server")
    # One that is emptied is had sooner than a new one.
    server.execute("DROP SCHEMA public CASCADE")
    server.execute("CREATE SCHEMA public")
    return server.address()


@pytest.fixture
def database(address: Path | str):
    from edge.hub.database import open_hub

    with open_hub(address) as opened:
        opened.migrate()
        yield opened


@pytest.fixture
def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]
