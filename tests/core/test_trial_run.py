"""What is on trial is kept once it was healthy for long enough, and else taken back, whatever happens."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.trial_run import (
    Decision,
    Terms,
    TrialRun,
    begin,
    decide,
    excuse,
    from_text,
    look,
    to_text,
)
from edge.errors import MessageMalformed

TERMS = Terms(healthy_s=60.0, patience_s=60.0, starts=2)
RUN = TrialRun("new", "old", frozenset({"camera"}))
WELL: frozenset[str] = frozenset()


ILL = frozenset({"lock"})


def seen(run: TrialRun, *times: float, troubles: frozenset[str] = WELL) -> TrialRun:
    for now in times:
        run = look(run, now, troubles)
    return run


def test_a_candidate_that_stays_healthy_is_confirmed_after_the_asked_time():
    run = seen(seen(begin(RUN), 100.0, troubles=ILL), 110.0)
    assert decide(seen(run, 169.9), 169.9, TERMS) is Decision.KEEP_TRYING
    assert decide(seen(run, 170.0), 170.0, TERMS) is Decision.CONFIRM


def test_a_candidate_that_is_not_well_in_time_is_taken_back():
    run = seen(begin(RUN), 100.0, 159.0, troubles=ILL)
    assert decide(run, 159.0, TERMS) is Decision.KEEP_TRYING
    assert decide(run, 160.0, TERMS) is Decision.ROLL_BACK


def test_a_new_trouble_takes_back_what_was_healthy_and_an_old_one_does_not():
    run = seen(begin(RUN), 0.0, 30.0, troubles=frozenset({"camera"}))
    assert decide(run, 59.0, TERMS) is Decision.KEEP_TRYING
    assert decide(seen(run, 60.0, troubles=ILL), 60.0, TERMS) is Decision.ROLL_BACK


def test_the_start_after_two_failed_ones_rolls_back_at_once():
    second = begin(begin(RUN))
    assert decide(second, 0.0, TERMS) is Decision.KEEP_TRYING
    assert decide(begin(second), 0.0, TERMS) is Decision.ROLL_BACK


def test_a_start_that_was_ended_by_order_does_not_count():
    run = excuse(begin(RUN))
    assert run.starts == 0
    assert excuse(run).starts == 0


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "[" * 100_000,
        '{"candidate":1,"previous":"","excused":[],"starts":0}',
        '{"candidate":"a","previous":"","excused":[],"starts":-1}',
    ],
)
def test_a_damaged_note_is_refused(text: str):
    with pytest.raises(MessageMalformed):
        from_text(text)


@dataclass
class World:
    """A candidate over starts, crashes and looks; notes by itself what it saw."""

    run: TrialRun
    now: float = 0.0
    well_since: float | None = None


@given(
    st.lists(
        st.one_of(
            st.just("crash"),
            st.tuples(st.floats(0.1, 40.0), st.booleans()),
        ),
        max_size=40,
    )
)
def test_a_candidate_is_confirmed_only_when_healthy_and_always_decided_on(steps):
    world = World(seen(begin(RUN), 0.0, troubles=ILL))
    for step in steps:
        if step == "crash":
            world = World(seen(begin(from_text(to_text(world.run))), 0.0, troubles=ILL))
        else:
            after_s, is_well = step
            world.now += after_s
            world.run = seen(world.run, world.now, troubles=WELL if is_well else ILL)
            world.well_since = (
                None if not is_well else world.now if world.well_since is None else world.well_since
            )
        decision = decide(world.run, world.now, TERMS)
        if decision is Decision.CONFIRM:
            assert world.well_since is not None
            assert world.now - world.well_since >= TERMS.healthy_s
            return
        if decision is Decision.ROLL_BACK:
            assert world.run.starts > TERMS.starts or world.now >= TERMS.patience_s
            return
        assert world.run.starts <= TERMS.starts
        assert world.now < TERMS.healthy_s + TERMS.patience_s


@given(st.text(), st.text(), st.frozensets(st.text()), st.integers(0, 10))
def test_a_note_is_read_back_as_it_was(candidate, previous, excused, starts):
    run = TrialRun(candidate, previous, excused, starts)
    assert from_text(to_text(run)) == run
