"""Carry out orders that look at faces: of pictures a command brings, and of the camera."""

from __future__ import annotations

import base64
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from functools import partial

from edge.app.face_work import FaceWork, open_face_work
from edge.app.faces import request_limits
from edge.app.frame_tap import FrameTap, TapCamera
from edge.app.live_enrollment import LiveEnrollment
from edge.app.order_results import OrderDone
from edge.app.snapshot import snapshot
from edge.core.ack import Ack, AckStatus
from edge.core.commands import Command
from edge.core.device_orders import RequestSnapshot, StartEnrollment
from edge.core.events import Json
from edge.core.face import PersonId
from edge.core.face_orders import AddFace, SearchFace, VerifyFace
from edge.core.person import GroupId
from edge.service.comparison import box_json
from edge.service.search import Candidate
from edge.settings import Settings
from edge.vision.image import load_picture

STALE_S = 120.0
"""Opening every network of a slow board, and a large gallery, takes its time."""
IDLE_S = 60.0
"""So long the networks stay open after their last use."""
FRAME_S = 5.0
ORDERS = (RequestSnapshot, StartEnrollment, AddFace, VerifyFace, SearchFace)
Progress = Callable[[dict[str, Json]], None]


class FaceDesk:
    """Belongs to one thread. tap: the frames of the camera. enrolled: called with everybody who was enrolled
    here. open_work: opens what the orders are carried out with, when it is first needed."""

    def __init__(
        self,
        settings: Settings,
        tap: FrameTap,
        *,
        enrollment: LiveEnrollment,
        monotonic: Callable[[], float],
        enrolled: Callable[[PersonId], None],
        open_work: Callable[[Settings], AbstractContextManager[FaceWork]] = open_face_work,
    ) -> None:
        self._settings = settings
        self._tap = tap
        self._enrollment = enrollment
        self._monotonic = monotonic
        self._enrolled = enrolled
        self._open_work = open_work
        self._stack = ExitStack()
        self._work: FaceWork | None = None
        self._used_at = 0.0

    def carry_out(self, command: Command, progress: Progress) -> OrderDone:
        """Do what an order says; what it raises of ours is the answer."""
        try:
            return self._carry_out(command, progress)
        finally:
            self._used_at = self._monotonic()

    def idle(self) -> None:
        """Give the memory of the networks back when nobody has needed them for a while."""
        if self._work is not None and self._monotonic() - self._used_at >= IDLE_S:
            self.close()

    def close(self) -> None:
        self._work = None
        self._stack.close()

    def _carry_out(self, command: Command, progress: Progress) -> OrderDone:
        match command.order:
            case RequestSnapshot() as wanted:
                return OrderDone(command, self._snapshot(wanted), audit="audit.snapshot_taken")
            case StartEnrollment() as wanted:
                return self._enrollment.carry_out(command, wanted, self._ready(), progress)
            case AddFace(person, image):
                return self._add(command, PersonId(person), image)
            case VerifyFace(person, image):
                found = self._ready().known.verification.verify(image, PersonId(person))
                return OrderDone(command, _done(found.as_json()), audit="audit.face_compared")
            case SearchFace() as wanted:
                return OrderDone(command, _done(self._search(wanted)), audit="audit.face_compared")
        raise TypeError(f"{command.type} is not about faces")

    def _ready(self) -> FaceWork:
        if self._work is None:
            self._work = self._stack.enter_context(self._open_work(self._settings))
        return self._work

    def _snapshot(self, wanted: RequestSnapshot) -> Ack:
        redaction = None if wanted.faces else self._ready().known.faces.redaction
        camera = TapCamera(self._tap)
        camera.start()
        made = snapshot(camera.read(FRAME_S).image, wanted.width, redaction)
        if made.left:
            text = "not every face could be hidden; ask again when fewer people stand there"
            return Ack(AckStatus.FAILED, "privacy", {"text": text})
        detail: dict[str, Json] = {
            "width": made.width,
            "height": made.height,
            "bytes": len(made.jpeg),
            "faces_hidden": made.hidden,
        }
        image = base64.b64encode(made.jpeg).decode("ascii")
        return Ack(AckStatus.SUCCEEDED, None, detail, {"image": image})

    def _add(self, command: Command, person: PersonId, image: bytes) -> OrderDone:
        load = partial(load_picture, image, request_limits(self._settings))
        added = self._ready().uploads.add(person, [("command", load)]).added
        self._enrolled(person)
        return OrderDone(
            command, _done({"faces": [face.id for face in added]}), audit="audit.gallery_changed"
        )

    def _search(self, wanted: SearchFace) -> dict[str, Json]:
        """Ids only: the remarks on people stay on the device."""
        groups = [GroupId(group) for group in wanted.groups] or None
        found = self._ready().known.search.search(wanted.image, groups=groups, count=wanted.count)
        faces: list[Json] = [
            {"box": box_json(face.box), "candidates": [_ids(one) for one in face.candidates]}
            for face in found.faces
        ]
        return {**found.as_json(), "faces": faces}


def _ids(found: Candidate) -> dict[str, Json]:
    return {key: value for key, value in found.as_json().items() if key != "tag"}


def _done(detail: dict[str, Json]) -> Ack:
    return Ack(AckStatus.SUCCEEDED, None, detail)
