"""What a kiosk says: one plain sentence for everything that can come of a face at the door.

The sentences are for whoever stands there. They name nobody, and they do not tell an attacker what gave the
attack away.
"""

from __future__ import annotations

from typing import TypeAlias

from edge.core.challenge import Failure
from edge.core.decision import Reason
from edge.core.evidence import Outcome
from edge.core.moves import Move
from edge.core.quality import Problem
from edge.core.suspicion import Suspicion

Sayable: TypeAlias = Problem | Outcome | Reason | Suspicion | Move | Failure

STRAIGHT = "Please look straight at the camera."
"""Between the moves of a challenge."""
FALLBACK = "Please use your card or code."
_REFUSED = f"We could not make sure that it is you. {FALLBACK}"
_CLOSED = "The door stays closed just now."

_PROBLEMS = {
    Problem.TOO_SMALL: "Please come closer.",
    Problem.TOO_CLOSE: "Please take a step back.",
    Problem.SEVERAL_FACES: "One at a time, please: only one face in front of the camera.",
    Problem.CUT_OFF: "Please stand in the middle of the picture.",
    Problem.OFF_AXIS: STRAIGHT,
    Problem.BLURRED: "Please hold still for a moment.",
    Problem.DARK: "It is too dark to see you. Please turn your face to the light.",
    Problem.BRIGHT: "There is too much light on your face. Please turn away from it a little.",
    Problem.FLAT: "The camera does not see you clearly. Please step out of the haze or the glare.",
    Problem.OCCLUDED: "Please uncover your face: take off mask and sunglasses.",
}
_OUTCOMES = {
    Outcome.RECOGNIZED: "Welcome.",
    Outcome.UNKNOWN: f"We do not know you here. {FALLBACK}",
    Outcome.AMBIGUOUS: _REFUSED,
    Outcome.NOT_LIVE: _REFUSED,
    Outcome.UNSURE_LIVENESS: _REFUSED,
    Outcome.CHALLENGE_FAILED: f"That did not work. {FALLBACK}",
    Outcome.POOR_QUALITY: f"The camera could not see you well. {FALLBACK}",
}
_REASONS = {
    Reason.ALLOW_GRANT: "Welcome.",
    Reason.ALLOW_COMMAND: "The door is open.",
    Reason.ALLOW_REQUEST_TO_EXIT: "The door is open.",
    Reason.ALLOW_POSTURE_FREE_ACCESS: "Welcome.",
    Reason.ALLOW_POSTURE_UNLOCKED: "The door is open.",
    Reason.DENY_UNKNOWN_FACE: _OUTCOMES[Outcome.UNKNOWN],
    Reason.DENY_LIVENESS: _REFUSED,
    Reason.DENY_LIVENESS_UNSURE: _REFUSED,
    Reason.DENY_CHALLENGE: _OUTCOMES[Outcome.CHALLENGE_FAILED],
    Reason.DENY_QUALITY: _OUTCOMES[Outcome.POOR_QUALITY],
    Reason.DENY_AMBIGUOUS: _REFUSED,
    Reason.DENY_LATE: "That took too long. Please look at the camera again.",
    Reason.DENY_EXPIRED: "Your access has ended. Please ask at the desk.",
    Reason.DENY_NOT_YET_VALID: "Your access has not begun yet. Please ask at the desk.",
    Reason.DENY_REVOKED: "You have no access here. Please ask at the desk.",
    Reason.DENY_LOCKDOWN: _CLOSED,
    Reason.DENY_DISABLED: _CLOSED,
    Reason.DENY_INTERLOCK: "Another door is still open. Please wait until it is closed.",
    Reason.DENY_SECOND_FACTOR: "Please show your card or enter your code as well.",
    Reason.DENY_NO_POLICY: _CLOSED,
    Reason.DENY_CLOCK: f"The door does not know the time. {FALLBACK}",
    Reason.DENY_FAULT: "Something is broken here. Please ask at the desk.",
}
_MOVES = {
    Move.LEFT: "Please turn your head to your left.",
    Move.RIGHT: "Please turn your head to your right.",
    Move.UP: "Please look up.",
    Move.APPROACH: "Please come closer.",
}
_FAILURES = {
    Failure.TOO_SLOW: f"That took too long. {FALLBACK}",
    Failure.TOO_EARLY: f"That was too early: wait until you are asked. {FALLBACK}",
    Failure.WRONG_MOVE: f"That was another movement than we asked for. {FALLBACK}",
    Failure.LOST: f"We lost sight of you. {FALLBACK}",
    Failure.ANOTHER_FACE: _REFUSED,
    Failure.NOT_LIVE: _REFUSED,
    Failure.FLAT: _REFUSED,
}


def say(what: Sayable) -> str:
    """One or two short sentences of English."""
    match what:
        case Problem():
            return _PROBLEMS[what]
        case Outcome():
            return _OUTCOMES[what]
        case Reason():
            return _REASONS[what]
        case Suspicion():
            # Which one it was helps nobody who is alive, and everybody who is not.
            return _REFUSED
        case Move():
            return _MOVES[what]
        case Failure():
            return _FAILURES[what]
