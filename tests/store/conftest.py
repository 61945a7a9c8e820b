import pytest

from edge.store.database import open_database


@pytest.fixture
def store_path(tmp_path):
    return tmp_path / "ostiary.db"


@pytest.fixture
def database(store_path):
    with open_database(store_path, durable=True, busy_timeout_s=0.2) as opened:
        yield opened
