"""A hub whose database was set back to a backup: what a device that has more does, and how it is led back."""

from __future__ import annotations

from copy import deepcopy

import pytest

from edge.core.gallery_sync import Mark
from edge.service.gallery_sync import LAG_S
from tests.service.gallery_world import World


@pytest.fixture
def set_back(tmp_path):
    """With Ada and Bob, and Bob revoked since the backup, which has Ada only."""
    made = World(tmp_path / "ostiary.db")
    made.hub.enroll("ada")
    backup = deepcopy(made.hub)
    made.hub.enroll("bob")
    made.hub.revoke("bob")
    made.publish_head()
    made.settle()
    made.said.clear()
    made.hub, made.snapshot = backup, None
    yield made
    made.stop()


def test_a_running_device_says_at_once_how_far_it_is_and_after_a_while_that_it_is_ahead(set_back):
    world = set_back
    assert not world.sync.is_set_back
    world.publish_head()
    world.deliver()
    world.pass_time(2)
    assert world.sync.is_set_back
    assert world.acks()[-1].mark == Mark(1, 4)
    assert world.trouble is None
    world.pass_time(LAG_S)
    assert "set back" in world.trouble
    assert "\n" not in world.trouble
    assert world.requests() == []
    assert world.is_granted("ada")
    assert not world.is_granted("bob")


def test_a_head_that_was_only_late_is_no_alarm(set_back):
    world = set_back
    world.publish_head()
    world.deliver()
    world.hub.enroll("eve")
    world.hub.enroll("fay")
    world.hub.version = 5
    world.publish_head()
    world.deliver()
    assert not world.sync.is_set_back
    world.pass_time(5)
    assert world.trouble is None


def test_a_new_epoch_leads_back(set_back):
    world = set_back
    world.publish_head()
    world.deliver()
    world.pass_time(LAG_S + 5)
    world.hub.rebase()
    world.publish_head(rooted=True)
    world.settle()
    assert not world.sync.is_set_back
    assert world.trouble is None
    assert not world.is_granted("bob")
    assert world.copy.have().epoch == 2


def test_versions_that_catch_up_repair_the_device_without_a_new_epoch(set_back):
    world = set_back
    for name in ("eve", "fay", "gus"):
        world.publish(world.hub.enroll(name))
        world.deliver()
        world.pass_time(2)
    world.settle()
    assert world.is_in_step()
    assert world.is_granted("eve")
    assert not world.is_granted("bob")
    assert world.trouble is None
