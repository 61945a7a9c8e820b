from __future__ import annotations

import threading

from edge.app.looking import VisionWorker
from edge.app.messages import PartChanged, Prompted, Sighted
from edge.app.threads import Inbox, LatestSlot
from edge.core.moves import Move
from edge.service.recognize import Sighting, Step
from edge.service.trial import Prompt
from tests.factories import a_frame

LEFT, STRAIGHT = Prompt(1, Move.LEFT, 0, 3), Prompt(1, None, 1, 3)
SIGHTING = Sighting(1, None, 0.0, 1.0, 0.9)


class Shown:
    """A recognizer that gives one step after the other."""

    def __init__(self, *steps):
        self.steps, self.seen = list(steps), []

    def process(self, frame):
        return self.steps[len(self.seen)]

    def told(self):
        """What the inbox has after all steps."""
        slot, inbox, stop = LatestSlot(keep_all=True), Inbox(), threading.Event()

        def on_step(step):
            self.seen.append(step)
            if len(self.seen) == len(self.steps):
                stop.set()

        worker = VisionWorker(self, slot, inbox, on_step=on_step, beat=lambda: None)
        thread = threading.Thread(target=worker.run, args=(stop, 0.01))
        thread.start()
        for number in range(len(self.steps)):
            slot.put(a_frame(float(number), number))
        thread.join(5.0)
        notices = []
        while (notice := inbox.take(0.0)) is not None:
            notices.append(notice)
        return notices


def a_step(**shown):
    return Step(a_frame(0.0), (), None, **shown)


def test_a_prompt_is_told_when_it_changes_and_not_with_every_frame():
    shown = Shown(
        a_step(prompt=LEFT), a_step(prompt=LEFT), a_step(prompt=STRAIGHT), a_step(), a_step(prompt=STRAIGHT)
    )
    assert shown.told() == [Prompted(LEFT), Prompted(STRAIGHT), Prompted(STRAIGHT)]


def test_a_model_that_fails_is_told_once_and_so_is_its_end():
    shown = Shown(a_step(fault="broken"), a_step(fault="broken"), a_step(), a_step())
    assert shown.told() == [PartChanged("liveness", "broken"), PartChanged("liveness", None)]


def test_every_sighting_is_told_after_what_the_frame_asked():
    (prompted, sighted) = Shown(a_step(prompt=LEFT, sighting=SIGHTING)).told()
    assert prompted == Prompted(LEFT)
    assert isinstance(sighted, Sighted)
    assert sighted.sighting is SIGHTING
