"""Enroll who stands in front of the camera, because a command says so, and tell how it goes.

While it runs the door gets no frames: else it would refuse, or let in, whoever only stands there for that.
Commands, the exit button and everything else that is not a face go on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from edge.app.face_work import FaceWork
from edge.app.frame_tap import FrameTap, TapCamera
from edge.app.order_results import OrderDone
from edge.core.ack import Ack, AckStatus
from edge.core.commands import Command
from edge.core.device_orders import StartEnrollment
from edge.core.events import Json
from edge.core.face import PersonId
from edge.core.frame import Frame
from edge.core.legality import check_person_id
from edge.core.limits import GalleryLimits
from edge.core.person import GroupId, Person
from edge.errors import CameraStalled, PoorQuality
from edge.service.enrollment import Enrolled, LiveProgress

FRAME_S = 3.0
AGAIN_S = 2.0
"""How often the same advice is told again."""
NEWS_S = 0.5
"""New advice is told at most so often."""
Progress = Callable[[dict[str, Json]], None]


@dataclass(frozen=True, slots=True)
class LiveEnrollment:
    """Belongs to one thread. enrolled: called with everybody who was enrolled. stopping: whether the daemon
    ends."""

    tap: FrameTap
    limits: GalleryLimits
    monotonic: Callable[[], float]
    utc: Callable[[], datetime]
    enrolled: Callable[[PersonId], None]
    stopping: Callable[[], bool]

    def carry_out(
        self, command: Command, order: StartEnrollment, work: FaceWork, progress: Progress
    ) -> OrderDone:
        """Enroll a new person into groups that there are, or give a known one more faces.

        Raises what the ids, the groups and the gallery refuse, CameraStalled, StoreError.
        """
        check_person_id(order.person, self.limits)
        groups = work.keepers.groups.require([GroupId(one) for one in order.groups]) if order.groups else ()
        person = Person(PersonId(order.person), "", self.utc())
        telling = _Telling(progress, self.monotonic)

        def also() -> None:
            work.keepers.people.place(person.id, groups)

        with self.tap.borrowed():
            try:
                for state in work.enroller.enroll_live(person, self._frames(order.seconds), also):
                    if isinstance(state, Enrolled):
                        return self._result(command, state)
                    telling.tell(state)
            except PoorQuality as error:
                detail: dict[str, Json] = {"text": str(error), "taken": telling.taken}
                return OrderDone(command, Ack(AckStatus.TIMED_OUT, "no_good_frames", detail))
        raise AssertionError("a live enrollment ends with a result or an error")

    def _frames(self, seconds: float) -> Iterator[Frame]:
        camera = TapCamera(self.tap)
        camera.start()
        until = self.monotonic() + seconds
        while (left_s := until - self.monotonic()) > 0 and not self.stopping():
            try:
                yield camera.read(min(FRAME_S, left_s))
            except CameraStalled:
                if left_s > FRAME_S:
                    raise

    def _result(self, command: Command, found: Enrolled) -> OrderDone:
        """Ids and counts; the names of the pictures would tell nothing."""
        self.enrolled(found.person)
        detail: dict[str, Json] = {
            "person": found.person,
            "created": found.created,
            "faces": len(found.accepted),
            "duplicates": [one.person for one in found.duplicates],
        }
        return OrderDone(command, Ack(AckStatus.SUCCEEDED, None, detail), audit="audit.gallery_changed")


class _Telling:
    """Tells of progress when it is news, and now and then when it is not."""

    def __init__(self, progress: Progress, monotonic: Callable[[], float]) -> None:
        self._progress = progress
        self._monotonic = monotonic
        self._told: LiveProgress | None = None
        self._told_at = float("-inf")
        self.taken = 0

    def tell(self, state: LiveProgress) -> None:
        self.taken = state.taken
        waited_s = self._monotonic() - self._told_at
        is_further = self._told is None or state.taken != self._told.taken
        is_news = is_further or (state != self._told and waited_s >= NEWS_S)
        if not is_news and waited_s < AGAIN_S:
            return
        self._told, self._told_at = state, self._monotonic()
        detail: dict[str, Json] = {"taken": state.taken, "wanted": state.wanted}
        self._progress(detail if state.advice is None else {**detail, "advice": state.advice})
