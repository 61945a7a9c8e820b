"""When to ask the hub, and when to ask again: a thousand doors must not do it in the same moment."""

from __future__ import annotations

from collections.abc import Callable

FIRST_S = 10.0
LONGEST_S = 300.0


class Asking:
    """One question at a time. random: 0..1. All times are monotonic seconds."""

    def __init__(self, random: Callable[[], float]) -> None:
        self._random = random
        self._tries = 0
        self.due: float | None = None
        """When the question is to be asked; None while there is none."""
        self.is_asked = False
        """Whether it was, and an answer is awaited."""

    @property
    def tries(self) -> int:
        """How often it was asked without an answer."""
        return self._tries

    def soon(self, now: float, within_s: float) -> None:
        """Ask at some moment within so many seconds, unless it is to be asked anyhow."""
        if self.due is None:
            self.due = now + within_s * self._random()

    def asked(self, now: float) -> None:
        """It was asked: without an answer it is asked again, twice as late each time."""
        self.is_asked = True
        wait = min(LONGEST_S, FIRST_S * 2**self._tries)
        self._tries += 1
        self.due = now + wait * (0.75 + self._random() / 2)

    def answered(self, now: float) -> None:
        """A part of the answer came: wait for the rest of it."""
        self._tries = 1
        self.due = now + FIRST_S * (0.75 + self._random() / 2)

    def later(self, now: float, wait_s: float) -> None:
        """Something failed here: ask again then."""
        self.is_asked = False
        self.due = now + wait_s * (0.75 + self._random() / 2)

    def done(self) -> None:
        self.is_asked = False
        self.due = None
        self._tries = 0
