"""A hub of a later version, whose words an older device does not all understand."""

from __future__ import annotations

import pytest

from edge.core.gallery_sync import HEAD
from tests.service.gallery_world import World


@pytest.fixture
def world(tmp_path):
    made = World(tmp_path / "ostiary.db")
    made.hub.enroll("ada", "bob")
    made.publish_head()
    made.settle()
    yield made
    made.stop()


def test_a_head_that_says_more_is_told_of_and_what_is_here_goes_on(world):
    world.hub.enroll("eve")
    body = world.hub.head().body() | {"wings": 2}
    world.flight.append(world.message("gal/main/head", HEAD, body, retain=True))
    world.deliver()
    world.pass_time(5)
    assert "newer version, update this device" in world.trouble
    assert "\n" not in world.trouble
    assert world.is_granted("ada")
    # Once it is understood again, all is well.
    world.publish_head()
    world.settle()
    assert world.trouble is None
    assert world.is_granted("eve")
