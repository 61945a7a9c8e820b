"""Every message of a device has one place below `ostiary/1/{site}/d/{dev}`."""

from __future__ import annotations

import pytest

from edge.core.events import EventClass
from edge.errors import SettingsError
from edge.mqtt.topics import Topics

BASE = "ostiary/1/hq/d/door-7"


def test_topics_follow_the_published_tree() -> None:
    topics = Topics("hq", "door-7")
    assert topics.state == f"{BASE}/state"
    assert topics.info == f"{BASE}/info"
    assert topics.cmd == f"{BASE}/cmd"
    assert topics.cmd_ack == f"{BASE}/cmd-ack"
    assert topics.event(EventClass.ACCESS) == f"{BASE}/evt/access"
    assert topics.door_state("main") == f"{BASE}/door/main/state"


@pytest.mark.parametrize("bad", ["", "a/b", "+", "#", "A", "a b", "a\n", "ü", "a" * 65])
def test_an_id_that_is_no_topic_level_is_refused(bad: str) -> None:
    with pytest.raises(SettingsError, match="site id"):
        Topics(bad, "door-7")
    with pytest.raises(SettingsError, match="device id"):
        Topics("hq", bad)
    with pytest.raises(SettingsError, match="door id"):
        Topics("hq", "door-7").door_state(bad)
