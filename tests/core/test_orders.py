"""What a body may say, command by command; the refusing side first."""

from __future__ import annotations

import base64
import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.change_orders import CHANGE_ORDERS, RunJob, SetConfiguration
from edge.core.device_orders import DEVICE_ORDERS, GetConfiguration, Identify, StartEnrollment, UploadLog
from edge.core.door_orders import DOOR_ORDERS, AcknowledgeDoor, OrderPosture, Unlock
from edge.core.events import Json
from edge.core.face_orders import FACE_ORDERS, SearchFace, VerifyFace
from edge.core.gallery_orders import GALLERY_ORDERS
from edge.core.order_body import LARGEST_PICTURE, BadOrder
from edge.core.orders import COMMANDS, Limits, read
from edge.core.posture import Posture

OPEN = Limits(doors={"main", "side"}, max_seconds=60.0, pictures=True)
PRIVATE = Limits(doors={"main"}, max_seconds=60.0, pictures=False)
PICTURE = base64.b64encode(b"\xff\xd8 a picture").decode()

REFUSED = [
    ("config.set", {}, "bad_body", "settings"),
    ("config.set", {"settings": {"door": 5}}, "bad_body", "door"),
    ("config.set", {"settings": {"door": {"unlock_s": 2.5}}}, "bad_body", "whole"),
    ("job.run", {"job": "job-1", "kind": "other"}, "bad_body", "model, software, config"),
    ("job.run", {"job": "Job 1", "kind": "config", "version": 1, "settings": {}}, "bad_body", "a-z"),
    ("door.unlock", {}, "bad_body", "door"),
    ("door.unlock", {"door": "garage"}, "unknown_door", "main, side"),
    ("door.unlock", {"door": "main", "seconds": 61}, "bad_seconds", "0.5 to 60"),
    ("door.unlock", {"door": "main", "seconds": "0.4"}, "bad_seconds", "0.5 to 60"),
    ("door.unlock", {"door": "main", "seconds": "five"}, "bad_seconds", "number"),
    ("door.posture", {"door": "main"}, "bad_body", "posture"),
    ("door.posture", {"door": "garage", "posture": "lockdown"}, "unknown_door", "main"),
    ("door.posture", {"door": "main", "posture": "open"}, "bad_posture", "lockdown"),
    ("door.posture", {"door": "main", "posture": 1}, "bad_posture", "null"),
    ("door.posture", {"door": "main", "posture": "first_person_pending"}, "bad_posture", "secure"),
    ("door.posture", {"door": "main", "posture": "lockdown", "until": "soon"}, "bad_body", "until"),
    (
        "door.posture",
        {"door": "main", "posture": "lockdown", "until": "2026-05-01T12:00:00"},
        "bad_body",
        "zone",
    ),
    ("door.posture", {"door": "main", "posture": None, "until": "2026-05-01T12:00:00Z"}, "bad_body", "until"),
    ("door.posture", {"door": "main", "posture": "secure", "reason": "x" * 201}, "bad_body", "200"),
    ("door.posture", {"door": "main", "posture": "secure", "reason": "a\nb"}, "bad_body", "printable"),
    ("door.acknowledge", {}, "bad_body", "door"),
    ("device.identify", {"seconds": 0}, "bad_body", "1 to 60"),
    ("device.identify", {"seconds": 61}, "bad_body", "1 to 60"),
    ("device.identify", {"seconds": 1.5}, "bad_body", "whole"),
    ("device.restart", {"now": True}, "bad_body", "empty"),
    ("diag.selftest", {"deep": 1}, "bad_body", "empty"),
    ("log.upload", {"lines": 2001}, "bad_body", "1 to 2000"),
    ("log.upload", {"level": "trace"}, "bad_body", "debug"),
    ("log.upload", {"since": "yesterday"}, "bad_body", "since"),
    ("snapshot.request", {"width": 95}, "bad_body", "96 to 1280"),
    ("snapshot.request", {"faces": "no"}, "bad_body", "true or false"),
    ("enroll.start", {}, "bad_body", "person"),
    ("enroll.start", {"person": ""}, "bad_body", "empty"),
    ("enroll.start", {"person": "p", "seconds": 4}, "bad_body", "5 to 120"),
    ("enroll.start", {"person": "p", "groups": "staff"}, "bad_body", "list"),
    ("gallery.sync", {"gallery": "main"}, "bad_body", "empty"),
    ("config.get", {"keys": "door"}, "bad_body", "list"),
    ("face.list", {"person": "p", "limit": 201}, "bad_body", "1 to 200"),
    ("face.delete", {"person": "p"}, "bad_body", "faces"),
    ("face.verify", {"person": "p", "image": "not base64!"}, "bad_body", "base64"),
    ("face.verify", {"person": "p", "image": ""}, "bad_body", "base64"),
    ("face.verify", {"person": "p", "image": 7}, "bad_body", "base64"),
    ("face.add", {"person": "p", "image": PICTURE + "\n"}, "bad_body", "base64"),
    ("face.search", {"image": PICTURE, "count": 21}, "bad_body", "1 to 20"),
]


@pytest.mark.parametrize(("command", "body", "reason", "words"), REFUSED)
def test_a_body_that_is_no_order_is_refused_with_what_to_send(command, body, reason, words) -> None:
    with pytest.raises(BadOrder) as refused:
        read(command, body, OPEN)
    assert refused.value.reason == reason
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("command", "body"),
    [
        ("snapshot.request", {}),
        ("snapshot.request", {"faces": True}),
        ("face.add", {"person": "p", "image": PICTURE}),
        ("face.verify", {"person": "p", "image": PICTURE}),
        ("face.search", {"image": PICTURE}),
    ],
)
def test_where_no_pictures_are_allowed_none_comes_or_goes(command, body) -> None:
    with pytest.raises(BadOrder, match=re.escape("fleet.pictures")) as refused:
        read(command, body, PRIVATE)
    assert refused.value.reason == "privacy"
    read(command, body, OPEN)


def test_a_picture_may_have_so_many_bytes_and_no_more() -> None:
    for size, is_taken in ((LARGEST_PICTURE, True), (LARGEST_PICTURE + 1, False)):
        body = {"person": "p", "image": base64.b64encode(bytes(size)).decode()}
        if is_taken:
            assert read("face.verify", body, OPEN) == VerifyFace("p", bytes(size))
        else:
            with pytest.raises(BadOrder, match="40000"):
                read("face.verify", body, OPEN)


def test_what_is_legal_is_read() -> None:
    noon = datetime(2026, 5, 1, 12, tzinfo=UTC)
    assert read("door.unlock", {"door": "side", "seconds": "0.5"}, OPEN) == Unlock("side", 0.5)
    assert read("door.unlock", {"door": "side", "seconds": 2}, OPEN) == Unlock("side", 2.0)
    posture = {"door": "main", "posture": "lockdown", "until": "2026-05-01T14:00:00+02:00", "reason": "drill"}
    assert read("door.posture", posture, OPEN) == OrderPosture("main", Posture.LOCKDOWN, noon, "drill")
    assert read("door.posture", {"door": "main", "posture": None}, OPEN) == OrderPosture("main", None)
    assert read("door.acknowledge", {"door": "main"}, OPEN) == AcknowledgeDoor("main")
    assert read("device.identify", {}, OPEN) == Identify(10)
    assert read("log.upload", {"since": "2026-05-01T12:00:00Z"}, OPEN) == UploadLog(200, noon, "debug")
    enrollment = {"person": "ada", "groups": ["staff"], "seconds": 60}
    assert read("enroll.start", enrollment, OPEN) == StartEnrollment("ada", ("staff",), 60)
    assert read("config.get", {"keys": ["door"]}, PRIVATE) == GetConfiguration(("door",))
    changes: dict[str, Json] = {"door": {"unlock_s": "2.5", "grace_s": None}}
    assert read("config.set", {"settings": changes}, PRIVATE) == SetConfiguration(changes)
    job: dict[str, Json] = {"job": "job-1", "kind": "config", "version": 1, "settings": {}}
    assert read("job.run", job, PRIVATE) == RunJob(job)
    assert read("face.search", {"image": PICTURE}, OPEN) == SearchFace(base64.b64decode(PICTURE))


def test_every_type_belongs_to_one_family() -> None:
    families = [*DOOR_ORDERS, *DEVICE_ORDERS, *FACE_ORDERS, *GALLERY_ORDERS, *CHANGE_ORDERS]
    assert sorted(COMMANDS) == sorted(set(families))
    assert len(COMMANDS) == len(families)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just("main"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
KEYS = [
    "door",
    "seconds",
    "posture",
    "until",
    "reason",
    "lines",
    "since",
    "level",
    "width",
    "faces",
    "person",
]
KEYS += ["groups", "keys", "image", "count", "offset", "limit"]


@given(st.sampled_from(COMMANDS), st.dictionaries(st.sampled_from(KEYS), JSON, max_size=5), st.booleans())
def test_any_body_is_an_order_or_refused_in_one_line(command, body, pictures) -> None:
    try:
        read(command, body, Limits({"main"}, 60.0, pictures))
    except BadOrder as refused:
        told = str(refused)
    else:
        told = "an order"
    assert 0 < len(told) < 300
    assert "\n" not in told
