"""A command is acted on only when every rule lets it through."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.ack import INTERRUPTED, Ack, AckStatus, may_follow
from edge.core.commands import Accept, Command, Refuse, Verdict, judge
from edge.core.door_orders import Unlock
from edge.core.envelope import Envelope
from edge.core.events import Json
from edge.core.roles import Scope

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
UNLOCK = Envelope(
    id="01936f5e-0000-7000-8000-000000000001",
    ts=NOW,
    type="door.unlock",
    body={"door": "main", "seconds": 5},
    exp=NOW + timedelta(seconds=10),
)


def verdict(
    envelope: Envelope,
    *,
    retained: bool = False,
    now: datetime = NOW,
    clock_synced: bool = True,
    forgotten: datetime | None = None,
) -> Verdict:
    return judge(
        envelope,
        signers=None,
        scope=Scope.DEVICE,
        retained=retained,
        dev="dev-1",
        doors={"main", "side"},
        now=now,
        clock_synced=clock_synced,
        forgotten=forgotten,
    )


def refusal(envelope: Envelope, **circumstances: bool) -> tuple[AckStatus, str]:
    judged = verdict(envelope, **circumstances)
    assert isinstance(judged, Refuse)
    assert judged.id == envelope.id
    assert judged.ack.status.is_final
    assert "\n" not in judged.text
    return judged.status, judged.reason


def with_body(body: dict[str, Json]) -> Envelope:
    return replace(UNLOCK, body=body)


def test_a_fresh_unlock_is_accepted() -> None:
    assert verdict(UNLOCK) == Accept(
        Command(UNLOCK.id, "door.unlock", Unlock("main", 5.0), at=NOW, expires=NOW + timedelta(seconds=10))
    )


def test_without_seconds_the_door_uses_its_own_time() -> None:
    judged = verdict(with_body({"door": "side"}))
    assert isinstance(judged, Accept)
    assert judged.command.order == Unlock("side", None)


def test_a_retained_command_is_rejected_whatever_else_it_is() -> None:
    assert refusal(UNLOCK, retained=True) == (AckStatus.REJECTED, "retained")
    assert refusal(replace(UNLOCK, type="no.such", exp=None), retained=True)[1] == "retained"


def test_a_command_for_another_device_is_rejected() -> None:
    assert refusal(replace(UNLOCK, dev="dev-2")) == (AckStatus.REJECTED, "wrong_device")
    assert isinstance(verdict(replace(UNLOCK, dev="dev-1")), Accept)


def test_only_what_is_final_for_the_id_claims_it() -> None:
    misdirected = [verdict(UNLOCK, retained=True), verdict(replace(UNLOCK, dev="dev-2"))]
    final = [verdict(replace(UNLOCK, exp=None)), verdict(with_body({}))]
    assert [judged.claims for judged in misdirected if isinstance(judged, Refuse)] == [False, False]
    assert [judged.claims for judged in final if isinstance(judged, Refuse)] == [True, True]


@pytest.mark.parametrize("name", ["door.open", "gallery.rebase", "door.lock"])
def test_an_unknown_command_is_rejected(name: str) -> None:
    judged = verdict(replace(UNLOCK, type=name))
    assert isinstance(judged, Refuse)
    assert (judged.status, judged.reason) == (AckStatus.REJECTED, "unknown_type")
    assert judged.ack.detail["code"] == "UnsupportedOperation.UnknowMethod"


def test_an_unlock_without_expiry_has_expired() -> None:
    assert refusal(replace(UNLOCK, exp=None)) == (AckStatus.EXPIRED, "no_expiry")


def test_an_unlock_has_expired_at_its_expiry() -> None:
    assert refusal(replace(UNLOCK, exp=NOW)) == (AckStatus.EXPIRED, "expired")
    assert isinstance(verdict(replace(UNLOCK, exp=NOW + timedelta(milliseconds=1))), Accept)


def test_a_command_older_than_the_ids_that_are_kept_has_expired() -> None:
    revoke = replace(UNLOCK, type="gallery.revoke", body={"person": "ada"}, exp=None)
    almost = replace(revoke, ts=NOW - timedelta(days=1) + timedelta(seconds=1))
    assert isinstance(verdict(almost), Accept)
    old = replace(revoke, ts=NOW - timedelta(days=1))
    assert refusal(old) == (AckStatus.EXPIRED, "too_old")
    assert refusal(replace(old, exp=NOW + timedelta(days=1)))[1] == "too_old"
    assert isinstance(verdict(old, clock_synced=False), Accept)


@pytest.mark.parametrize("clock_synced", [True, False])
def test_a_command_made_before_what_was_forgotten_has_expired(clock_synced: bool) -> None:
    revoke = replace(UNLOCK, type="gallery.revoke", body={"person": "ada"}, exp=None)

    def judged(forgotten: datetime) -> Verdict:
        return verdict(revoke, clock_synced=clock_synced, forgotten=forgotten)

    assert isinstance(judged(NOW), Accept)
    later = judged(NOW + timedelta(milliseconds=1))
    assert isinstance(later, Refuse)
    assert (later.status, later.reason) == (AckStatus.EXPIRED, "too_old")


def test_an_expiry_too_far_ahead_is_rejected() -> None:
    assert isinstance(verdict(replace(UNLOCK, exp=NOW + timedelta(seconds=30))), Accept)
    late = replace(UNLOCK, exp=NOW + timedelta(seconds=30, milliseconds=1))
    assert refusal(late) == (AckStatus.REJECTED, "expiry_too_far")


def test_no_door_moves_while_the_clock_cannot_be_trusted() -> None:
    assert refusal(UNLOCK, clock_synced=False) == (AckStatus.REJECTED, "clock")


@pytest.mark.parametrize("door", ["", "Main", "garage", None, 1, ["main"], {"a": 1}])
def test_an_unknown_door_is_rejected(door: Json) -> None:
    assert refusal(with_body({"door": door, "seconds": 5})) == (AckStatus.REJECTED, "unknown_door")


@pytest.mark.parametrize(
    "seconds", [0, 0.49, 60.5, -5, 10**400, True, "5 s", "-5", "60.5", "1e1", "nan", "", "٥", None, [5]]
)
def test_seconds_out_of_range_are_rejected(seconds: Json) -> None:
    assert refusal(with_body({"door": "main", "seconds": seconds})) == (AckStatus.REJECTED, "bad_seconds")


@pytest.mark.parametrize("body", [{}, {"seconds": 5}, {"door": "main", "hold": True}])
def test_a_body_of_another_shape_is_rejected(body: dict[str, Json]) -> None:
    assert refusal(with_body(body)) == (AckStatus.REJECTED, "bad_body")


@given(
    offset_s=st.floats(-1e6, 1e6) | st.none(),
    retained=st.booleans(),
    synced=st.booleans(),
    dev=st.sampled_from([None, "dev-1", "dev-2"]),
    door=st.sampled_from(["main", "garage"]),
    seconds=st.floats(-10, 100),
)
def test_only_a_command_that_keeps_every_rule_is_accepted(
    offset_s: float | None, retained: bool, synced: bool, dev: str | None, door: str, seconds: float
) -> None:
    expires = None if offset_s is None else NOW + timedelta(seconds=offset_s)
    asked = replace(UNLOCK, dev=dev, exp=expires, body={"door": door, "seconds": seconds})
    keeps_all = (
        not retained
        and synced
        and dev != "dev-2"
        and door == "main"
        and 0.5 <= seconds <= 60
        and expires is not None
        and timedelta(0) < expires - NOW <= timedelta(seconds=30)
    )
    assert isinstance(verdict(asked, retained=retained, clock_synced=synced), Accept) == keeps_all


def test_acks_come_in_order_and_end_once() -> None:
    on_the_way = [AckStatus.RECEIVED, AckStatus.ACCEPTED, AckStatus.IN_PROGRESS]
    final = [status for status in AckStatus if status.is_final]
    assert len(final) == 5
    for place, status in enumerate(on_the_way):
        assert may_follow(None, status)
        steps = [may_follow(status, later) for later in on_the_way]
        assert steps == [other > place or other == place == 2 for other in range(3)]
        assert all(may_follow(status, end) for end in final)
    assert not any(may_follow(end, status) for end in final for status in AckStatus)


@given(
    st.builds(
        Ack,
        st.sampled_from(AckStatus),
        st.none() | st.text(),
        st.dictionaries(
            st.text().filter(lambda key: key not in ("status", "reason")), st.integers() | st.text()
        ),
    )
)
def test_a_stored_ack_is_read_back(ack: Ack) -> None:
    assert Ack.from_json(ack.to_json()) == ack


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", "null", '{"status":"done"}', '{"status":[]}', "[" * 100_000]
)
def test_an_unreadable_stored_ack_is_answered_as_interrupted(text: str) -> None:
    assert Ack.from_json(text) == INTERRUPTED
