"""What the door would make of whole clips: decided as there, by every core."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from edge.app.every_core import spread
from edge.app.liveness_manifest import Presented, readable
from edge.core.events import Json
from edge.errors import PictureError
from edge.settings import Settings

if TYPE_CHECKING:
    from edge.app.liveness_checks import LivenessChecks


@dataclass(frozen=True, slots=True)
class ClipDecision:
    """decision: live, attack, unsure, no_decision or no_face. seconds: from the first steady face to the
    decision; None without one."""

    clip: Presented
    decision: str
    seconds: float | None

    @property
    def is_right(self) -> bool:
        """Whether a living person, and nothing else, was taken for one."""
        return (self.decision == "live") == self.clip.live

    def as_json(self) -> dict[str, Json]:
        return {
            "path": self.clip.name,
            "label": "live" if self.clip.live else "spoof",
            "decision": self.decision,
            "seconds": None if self.seconds is None else round(self.seconds, 3),
        }


def decide_clips(
    listed: Sequence[Presented], file: Path, jobs: int, progress: Callable[[int], None]
) -> list[ClipDecision]:
    """Decide on each clip as a door with default settings would.

    file: where they are listed, for messages. progress: told how many are done. Raises SettingsError, which
    names the lines of clips that cannot be read; ModelError, WorkerDied.
    """
    if not listed:
        return []
    results = spread(_decide, listed, jobs=min(jobs, len(listed)), opener=_open, check=_check_models)
    return readable(zip(listed, results, strict=True), file, progress)


_stack = ExitStack()
_checks: list[LivenessChecks] = []
"""What a working process has open, for as long as it lives."""


def _open() -> None:
    from edge.app.liveness_checks import open_liveness_checks

    _checks.append(_stack.enter_context(open_liveness_checks(Settings())))


def _decide(clip: Presented) -> ClipDecision | str:
    """A text says why the clip cannot be read."""
    (checks,) = _checks
    try:
        decision, seconds = checks.clip(clip.path).at_the_door
    except PictureError as error:
        return str(error).partition("; ")[0]
    return ClipDecision(clip, decision.value, seconds)


def _check_models() -> None:
    """Raise here what made the processes die when it was a model."""
    from edge.app.liveness_checks import open_liveness_checks

    with open_liveness_checks(Settings()):
        pass
