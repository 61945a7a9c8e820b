"""What may be set from afar, what may not, and how layers come together."""

from __future__ import annotations

import pytest

from edge.core.config_document import (
    ConfigState,
    Reported,
    laid_over,
    layer_hash,
    local_only,
    patched,
    read_desired,
    read_layer,
)
from edge.errors import MessageMalformed

SETTINGS = {"door": {"unlock_s": "2.5"}, "log": {"level": "debug"}}


def test_a_document_is_its_version_its_settings_and_their_hash():
    desired = read_desired({"version": 3, "settings": SETTINGS})
    assert (desired.version, desired.settings) == (3, SETTINGS)
    assert desired.hash == layer_hash({"log": {"level": "debug"}, "door": {"unlock_s": "2.5"}})


@pytest.mark.parametrize(
    "body",
    [
        {"version": 3},
        {"version": 0, "settings": {}},
        {"version": True, "settings": {}},
        {"version": 2**60, "settings": {}},
        {"version": 1, "settings": {}, "more": 1},
        {"version": 1, "settings": []},
        {"version": 1, "settings": {"door": 5}},
        {"version": 1, "settings": {"door": None}},
        {"version": 1, "settings": {"door": {"unlock_s": 2.5}}},
        {"version": 1, "settings": {"door": {"unlock_s": None}}},
    ],
)
def test_a_document_of_another_shape_is_malformed(body):
    with pytest.raises(MessageMalformed):
        read_desired(body)


@pytest.mark.parametrize(
    "settings",
    [
        {"device": {"id": "door-2"}},
        {"device": {"trust_clock": True}},
        {"store": {"folder": "/tmp"}},
        {"mqtt": {"host": "elsewhere"}},
        {"fleet": {"keyring": "/tmp/keys.json"}},
        {"fleet": {"pictures": True}},
        {"ota": {"slots": "/tmp"}},
        {"hub": {}},
        {"home_assistant": {"allow_unlock": True}},
        {"door": {"lock_type": "maglock"}},
        {"door": {"lock_pin": 4}},
        {"metrics": {"host": "0.0.0.0"}},
        {"camera": {"kind": "replay", "path": "clip.mp4"}},
        {"camera": {"kind": "paired", "color": {"kind": "replay", "path": "clip.mp4"}}},
        {"camera": {"source": "/var/lib/ostiary/clip.mp4"}},
        {"camera": {"source": "/dev/../tmp/clip.mp4"}},
        {"camera": {"source": "http://elsewhere/clip.mjpeg"}},
        {"camera": {"source": "file:///tmp/clip.mp4"}},
        {"camera": {"source": "v4l2src ! tee name=t ! filesink location=/tmp/x t. ! appsink"}},
        {"camera": {"kind": "paired", "infrared": {"kind": "opencv", "source": "rtsp://elsewhere/1"}}},
        {"door": {"rex_unlocks": True}},
        {"door": {"fire_unlocks": True}},
        {"liveness": {"policy": "off"}},
        {"liveness": {"schedule": [{"policy": "passive"}, {"from": "08:00", "policy": "off"}]}},
    ],
)
def test_who_the_device_is_and_who_may_command_it_is_set_at_the_device(settings):
    refused = local_only(settings)
    assert list(refused.values()) == [why for why in refused.values() if "at the device only" in why]
    assert bool(refused) == (settings != {"hub": {}})


@pytest.mark.parametrize(
    "settings",
    [
        SETTINGS,
        {"device": {"time_zone": "Europe/Berlin"}, "fleet": {"groups": ["doors"], "health_s": "30"}},
        {"store": {"keep_days": 10}, "metrics": {"port": 9100}, "home_assistant": {"discovery": True}},
        {"camera": {"kind": "opencv", "source": "/dev/video2"}},
        {"camera": {"kind": "opencv", "source": "/dev/v4l/by-id/usb-046d_C920-video-index0"}},
        {"camera": {"source": 0}},
        {"camera": {"source": "1"}},
        {"liveness": {"policy": "challenge", "schedule": [{"policy": "passive"}]}},
        {},
    ],
)
def test_the_rest_may_be_set_from_afar(settings):
    assert local_only(settings) == {}


def test_a_patch_changes_what_it_names_and_null_takes_away():
    patch = read_layer({"door": {"unlock_s": None}, "log": {"level": "info"}}, may_remove=True)
    assert patched(SETTINGS, patch) == {"log": {"level": "info"}}
    assert SETTINGS["door"] == {"unlock_s": "2.5"}


def test_a_table_of_another_kind_replaces_the_one_below():
    file = {"camera": {"kind": "replay", "path": "clip"}, "door": {"unlock_s": 3, "grace_s": 1}}
    over = {"camera": {"kind": "opencv", "source": 0}, "door": {"unlock_s": "4"}}
    assert laid_over(file, over) == {
        "camera": {"kind": "opencv", "source": 0},
        "door": {"unlock_s": "4", "grace_s": 1},
    }


def test_what_is_reported_says_which_document_and_which_is_in_force():
    body = Reported(4, "ab", ConfigState.REFUSED, {"mqtt.host": "no"}, "refused", 3, "cd").body()
    assert body == {
        "version": 4,
        "hash": "ab",
        "state": "refused",
        "refused": {"mqtt.host": "no"},
        "reason": "refused",
        "running": {"version": 3, "hash": "cd"},
    }
