"""The vision thread: the newest frame, what it shows, and who has to know."""

from __future__ import annotations

import threading
from collections.abc import Callable

from edge.app.messages import Notice, PartChanged, Prompted, Sighted
from edge.app.threads import Inbox, LatestSlot
from edge.service.recognize import Recognizer, Step
from edge.service.trial import Prompt


class VisionWorker:
    """on_step: called with what each frame showed, before it is told to the inbox. beat: sign of life."""

    def __init__(
        self,
        recognizer: Recognizer,
        slot: LatestSlot,
        inbox: Inbox[Notice],
        *,
        on_step: Callable[[Step], None],
        beat: Callable[[], None],
    ) -> None:
        self._recognizer = recognizer
        self._slot = slot
        self._inbox = inbox
        self._on_step = on_step
        self._beat = beat
        self._prompt: Prompt | None = None
        self._fault: str | None = None

    def run(self, stop: threading.Event, wait_s: float) -> None:
        """Look at frames until `stop` is set; waits for one at most `wait_s` seconds at a time."""
        while not stop.is_set():
            self._beat()
            frame = self._slot.take(wait_s)
            if frame is None:
                continue
            step = self._recognizer.process(frame)
            self._on_step(step)
            self._tell(step)
            self._slot.done()

    def _tell(self, step: Step) -> None:
        if step.fault != self._fault:
            self._fault = step.fault
            self._inbox.put(PartChanged("liveness", step.fault))
        if step.prompt is not None and step.prompt != self._prompt:
            self._inbox.put(Prompted(step.prompt), droppable=True)
        self._prompt = step.prompt
        if step.sighting is not None:
            self._inbox.put(Sighted(step.sighting), droppable=True)
