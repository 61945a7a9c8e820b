"""What the parts of the fleet say of galleries, configurations, jobs and themselves is as the schemas say."""

from __future__ import annotations

import pytest

from edge.app.vision_figures import VisionFigures
from edge.app.vitals import Vitals
from edge.core.ack import AckStatus
from edge.core.config_document import ConfigState, Reported
from edge.core.envelope import ClockState, Envelope, document
from edge.core.gallery_rows import FaceRow, PersonRow, Removal
from edge.core.gallery_sync import (
    ChunksWanted,
    Delta,
    DeltasWanted,
    GalleryAck,
    Head,
    Offer,
    Receipt,
    SnapshotRef,
    SnapshotWanted,
)
from edge.core.jobs import JobStatus, JobUpdate, Step
from tests.factories import NOON
from tests.schemas.examples import SHA
from tests.schemas.validation import complaint

PERSON = PersonRow("p-1", b"sealed", ("a", "b"), True, NOON, NOON)
FACE = FaceRow("p-1", "f-1", "model-1", b"sealed", 1000, NOON)
HEAD = Head("main", 1, 9, SHA, 3, "model-1", 4)
SAID = [
    ("gallery.head", HEAD),
    ("gallery.head", Head("main", 2, 9, SHA, 3, "model-1", 4, SnapshotRef(9, SHA, 3, SHA, 100))),
    (
        "gallery.delta",
        Delta("main", 1, 8, 9, SHA, SHA, (PERSON, FACE, Removal("p-2"), Removal("p-1", "f-2"))),
    ),
    ("gallery.request", DeltasWanted("main", 0, 0, SHA)),
    ("gallery.request", ChunksWanted("main", 9, SHA, 32, 16)),
    ("gallery.request", SnapshotWanted("main", 1, 2)),
    ("gallery.ack", GalleryAck("main", 1, 9, SHA, 3, 12)),
    ("gallery.receipt", Receipt("main", 9, SHA, (SHA, SHA))),
    ("gallery.offer", Offer("main", (PERSON, FACE))),
    *(("config.reported", Reported(state=state)) for state in ConfigState),
    ("config.reported", Reported(3, SHA, ConfigState.REFUSED, {"door.kind": "why"}, "refused", 2, SHA)),
    *(("job.update", JobUpdate("j-1", "model", status, Step.SHADOW, 50)) for status in JobStatus),
    *(("job.update", JobUpdate("j-1", "software", JobStatus.FAILED, step, 0, "digest")) for step in Step),
]


def envelope(message_type, body):
    identifier = "01936f5e-0000-7000-8000-000000000001"
    return document(Envelope(id=identifier, ts=NOON, type=message_type, body=body, dev="door-1"))


@pytest.mark.parametrize(("name", "said"), SAID)
def test_what_is_said_is_as_the_schema_says(name, said):
    assert complaint(name, envelope(name, said.body())) is None


@pytest.mark.parametrize("known", [True, False])
def test_how_the_device_is_is_told_as_the_schema_says(known):
    vitals = Vitals(
        vision=VisionFigures(lambda: 5.0).read(),
        clock=ClockState.HOLDOVER if known else None,
        clock_offset_ms=-0.5 if known else None,
        uptime_s=5.0,
        temperature_c=61.2 if known else None,
        throttled=["under_voltage"] if known else None,
        resident_bytes=1 << 28 if known else None,
        disk_free=0 if known else None,
        depth=3 if known else None,
        oldest=5 if known else None,
    )
    assert complaint("tele.health", envelope("tele.health", vitals.body())) is None


def test_an_answer_is_final_or_on_its_way():
    assert {status for status in AckStatus if not status.is_final} == {"received", "accepted", "in_progress"}
