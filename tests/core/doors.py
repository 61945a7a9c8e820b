"""A door to take through its stimuli, and what to look for in the effects."""

from edge.core.decision import DecisionId, Receipt
from edge.core.door import Door, step
from edge.core.door_config import DoorConfig
from edge.core.effects import Relock, Report, Unlock
from edge.core.posture import Posture, Source
from edge.core.stimuli import (
    ContactReading,
    SelfTestPassed,
    SetPosture,
)

CONFIG = DoorConfig(unlock_s=5.0, grace_s=5.0, held_open_s=30.0, rex_window_s=8.0)
RECEIPT = Receipt(DecisionId("d1"))
OTHER = Receipt(DecisionId("d2"))
LOCKDOWN = SetPosture(Source.OPERATOR, Posture.LOCKDOWN)
HOLD = SetPosture(Source.SCHEDULED, Posture.UNLOCKED, receipt=RECEIPT)


def run(*timed, config=CONFIG, door=None):
    """Take (now, stimulus) pairs in turn; return the door and the effects of the last one."""
    effects = ()
    door = door or Door()
    for now, event in timed:
        door, effects = step(door, config, event, now)
    return door, effects


def working(config=CONFIG):
    return run((0.0, SelfTestPassed()), (0.1, ContactReading(open=False)), config=config)[0]


def types(effects):
    return [effect.type for effect in effects if isinstance(effect, Report)]


def moves(effects):
    return [effect for effect in effects if isinstance(effect, Unlock | Relock)]
