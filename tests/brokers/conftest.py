"""Each broker is started once for all that is asked of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.brokers.site import BrokerSite, needs_mosquitto, needs_nats, running

KINDS = [pytest.param("mosquitto", marks=needs_mosquitto), pytest.param("nats", marks=needs_nats)]


@pytest.fixture(scope="session", params=KINDS)
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrokerSite]:
    with running(request.param, tmp_path_factory.mktemp(request.param)) as made:
        yield made
