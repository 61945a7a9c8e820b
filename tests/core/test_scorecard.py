"""Scorecards: what a manifest must say of a liveness model, and how a wrong one is refused."""

from __future__ import annotations

import tomllib

import pytest

from edge.core.pad_metrics import Interval
from edge.core.scorecard import AttackRow, LiveRow, Scorecard, read_scorecard

VALID = """
method = "by hand"
[[attack]]
type = "print"
attacks = 125
apcer = 0.176
apcer_low = 0.1137
apcer_high = 0.2543
[[attack]]
type = "screen"
attacks = 10
apcer = 0
apcer_low = 0
apcer_high = 0.3085
[live]
live = 4
bpcer = 0.25
bpcer_low = 0.0063
bpcer_high = 0.8059
"""


def test_a_scorecard_gives_each_type_of_attack_its_rate() -> None:
    assert read_scorecard(tomllib.loads(VALID)) == Scorecard(
        "by hand",
        (
            AttackRow("print", 125, 0.176, Interval(0.1137, 0.2543)),
            AttackRow("screen", 10, 0.0, Interval(0.0, 0.3085)),
        ),
        LiveRow(4, 0.25, Interval(0.0063, 0.8059)),
    )


def test_a_scorecard_fits_a_line() -> None:
    assert str(read_scorecard(tomllib.loads(VALID))) == (
        "print APCER 0.176 (0.114-0.254), screen APCER 0.000 (0.000-0.308), BPCER 0.250 (0.006-0.806)"
    )


@pytest.mark.parametrize(
    ("old", "new", "error", "named"),
    [
        ('method = "by hand"', "", KeyError, "method"),
        ('method = "by hand"', 'method = ""', ValueError, "method"),
        ("[[attack]]", "[[other]]", KeyError, "attack"),
        ("[live]", "[other]", KeyError, "live"),
        ('"screen"', '"print"', ValueError, "twice: print, print"),
        ("attacks = 125", "attacks = 0", ValueError, "attacks 0"),
        ("attacks = 125", "attacks = true", ValueError, "attacks True"),
        ("live = 4", "live = 4.5", ValueError, "live 4.5"),
        ("apcer = 0.176", 'apcer = "0.2"', TypeError, "apcer '0.2'"),
        ("apcer = 0.176", "", KeyError, "apcer"),
        ("apcer_low = 0.1137", "apcer_low = 0.18", ValueError, "apcer 0.176 from 0.18"),
        ("bpcer_high = 0.8059", "bpcer_high = 1.01", ValueError, "bpcer 0.25 from 0.0063 to 1.01"),
        ("bpcer_high = 0.8059", "bpcer_high = nan", ValueError, "to nan"),
    ],
)
def test_a_wrong_scorecard_is_refused_naming_the_fault(
    old: str, new: str, error: type[Exception], named: str
) -> None:
    assert old in VALID
    with pytest.raises(error, match=named):
        read_scorecard(tomllib.loads(VALID.replace(old, new)))


def test_a_scorecard_without_attacks_is_refused() -> None:
    with pytest.raises(TypeError, match="at least one table"):
        read_scorecard({**tomllib.loads(VALID), "attack": []})
