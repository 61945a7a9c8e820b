"""A command is carried out for those who may order it, of whom they may order it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.ack import AckStatus
from edge.core.authorization import Denial, may_say, unauthorized
from edge.core.commands import Accept, Refuse, judge
from edge.core.envelope import Envelope
from edge.core.nonce import DeviceNonce
from edge.core.roles import Role, Scope, Signer

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
SIGNATURE = {"alg": "ed25519", "kid": "k1", "val": "AAAA"}
UNLOCK = Envelope(
    id="01936f5e-0000-7000-8000-000000000001",
    ts=NOW,
    type="door.unlock",
    body={"door": "main"},
    exp=NOW + timedelta(seconds=10),
    sig=SIGNATURE,
)


def key(*roles: Role, kid: str = "k1") -> Signer:
    return Signer(kid, frozenset(roles))


def verdict(envelope=UNLOCK, *signers, scope=Scope.DEVICE, synced=True, nonce=None, asked=True):
    return judge(
        envelope,
        signers=signers if asked else None,
        scope=scope,
        retained=False,
        dev="dev-1",
        doors={"main"},
        now=NOW,
        clock_synced=synced,
        nonce=nonce,
    )


def denied(judged):
    assert isinstance(judged, Refuse)
    assert (judged.status, judged.reason, judged.claims) == (AckStatus.REJECTED, "auth", False)
    assert "\n" not in judged.text
    return judged.denial


def test_without_a_right_signature_nothing_is_carried_out():
    assert denied(verdict()) is Denial.SIGNATURE
    assert denied(verdict(replace(UNLOCK, sig=None))) is Denial.UNSIGNED


def test_an_unknown_command_is_told_from_others_to_its_right_signer_only():
    unknown = replace(UNLOCK, type="door.explode")
    assert denied(verdict(unknown)) is Denial.SIGNATURE
    assert verdict(unknown, key(Role.OPERATOR)).reason == "unknown_type"


def test_the_refusal_names_the_key_that_was_claimed_cut_to_a_length():
    long = replace(UNLOCK, sig={**SIGNATURE, "kid": "k" * 1000})
    assert verdict(long).kid == "k" * 64
    assert verdict(UNLOCK).kid == "k1"


@pytest.mark.parametrize("role", Role)
def test_a_door_opens_for_operators_and_emergencies(role):
    judged = verdict(UNLOCK, key(role))
    if role in (Role.OPERATOR, Role.EMERGENCY):
        assert isinstance(judged, Accept)
    else:
        assert denied(judged) is Denial.ROLE


def test_a_group_is_commanded_as_one_device_is():
    assert isinstance(verdict(UNLOCK, key(Role.OPERATOR), scope=Scope.GROUP), Accept)


@pytest.mark.parametrize(
    ("signers", "expected"),
    [
        ((key(Role.EMERGENCY),), Denial.SIGNERS),
        ((key(Role.EMERGENCY), key(Role.EMERGENCY)), Denial.SIGNERS),
        ((key(Role.EMERGENCY), key(Role.OPERATOR, kid="k2")), Denial.SIGNERS),
        ((key(Role.OPERATOR), key(Role.OPERATOR, kid="k2")), Denial.ROLE),
        ((), Denial.ROLE),
        ((key(Role.EMERGENCY), key(Role.EMERGENCY, kid="k2")), None),
    ],
)
def test_every_door_opens_at_once_for_two_keys_for_emergencies_only(signers, expected):
    assert unauthorized(UNLOCK, signers, Scope.ALL, moves_door=True) is expected


@pytest.mark.parametrize("posture", ["unlocked", "free_access", "secure", 7, None])
def test_one_key_for_emergencies_locks_every_door_but_opens_none(posture):
    lockdown = replace(UNLOCK, type="door.posture", body={"posture": "lockdown"})
    other = replace(lockdown, body={"posture": posture})
    one = (key(Role.EMERGENCY),)
    assert unauthorized(lockdown, one, Scope.ALL, moves_door=True) is None
    assert unauthorized(other, one, Scope.ALL, moves_door=True) is Denial.SIGNERS
    assert unauthorized(lockdown, (key(Role.OPERATOR),), Scope.ALL, moves_door=True) is Denial.ROLE


def test_where_nobody_signs_nobody_opens_every_door_at_once():
    assert denied(verdict(scope=Scope.ALL, asked=False)) is Denial.SIGNERS
    assert isinstance(verdict(asked=False), Accept)


def test_other_commands_for_all_need_their_role_once():
    revoke = replace(UNLOCK, type="gallery.revoke", body={"person": "p1"}, exp=None)
    assert isinstance(verdict(revoke, key(Role.GALLERY), scope=Scope.ALL), Accept)
    assert denied(verdict(revoke, key(Role.OTA), scope=Scope.ALL)) is Denial.ROLE


def with_nonce(nonce):
    return replace(UNLOCK, body={"door": "main", "nonce": nonce})


def test_without_a_clock_a_door_command_repeats_the_nonce():
    judged = verdict(with_nonce("abc"), key(Role.OPERATOR), synced=False, nonce="abc")
    assert isinstance(judged, Accept)
    assert judged.command.nonce == "abc"


@pytest.mark.parametrize(
    ("given_nonce", "current", "reason"),
    [("abd", "abc", "nonce"), ("abc", None, "nonce"), (None, None, "nonce"), (7, "7", "nonce")],
)
def test_without_a_clock_another_nonce_opens_nothing(given_nonce, current, reason):
    judged = verdict(with_nonce(given_nonce), key(Role.OPERATOR), synced=False, nonce=current)
    assert (judged.status, judged.reason) == (AckStatus.REJECTED, reason)


def test_without_a_clock_and_without_a_nonce_a_door_command_is_rejected():
    assert verdict(UNLOCK, key(Role.OPERATOR), synced=False, nonce="abc").reason == "clock"


def test_a_nonce_does_not_stand_in_for_the_expiry_itself():
    judged = verdict(replace(with_nonce("abc"), exp=None), key(Role.OPERATOR), synced=False, nonce="abc")
    assert (judged.status, judged.reason) == (AckStatus.EXPIRED, "no_expiry")


def test_with_a_clock_the_expiry_decides_and_no_nonce_is_spent():
    fresh = verdict(with_nonce("old"), key(Role.OPERATOR), nonce="abc")
    assert isinstance(fresh, Accept)
    assert fresh.command.nonce is None
    late = replace(with_nonce("abc"), exp=NOW - timedelta(seconds=1))
    assert verdict(late, key(Role.OPERATOR), nonce="abc").reason == "expired"


JOB = {"job": "j-1", "kind": "config", "version": 1, "settings": {}}


@pytest.mark.parametrize(
    ("message_type", "body"), [("job.next", JOB), ("job.run", JOB), ("rollout.start", {"job": JOB})]
)
def test_settings_need_a_key_for_configurations_however_they_come(message_type, body):
    told = replace(UNLOCK, type=message_type, body=body)
    ota, configuration = key(Role.OTA), key(Role.CONFIGURATION)
    assert [may_say(told, signers) for signers in ((ota,), (configuration,), ())] == [False] * 3
    assert may_say(told, (ota, configuration))
    assert may_say(told, (key(Role.OTA, Role.CONFIGURATION),))
    assert may_say(told, None)
    other = {**JOB, "kind": "model"}
    assert may_say(replace(told, body=other if body is JOB else {"job": other}), (ota,))


def test_a_spent_nonce_is_another_one():
    numbers = iter(range(100))
    nonce = DeviceNonce(lambda size: next(numbers).to_bytes(size, "big"))
    values = [nonce.value(0.0), nonce.value(59.9)]
    nonce.spend()
    assert values == ["0" * 32, "0" * 32]
    assert nonce.value(59.9) == "0" * 31 + "1"


def test_a_nonce_is_shown_for_a_minute_and_then_another_one():
    numbers = iter(range(100))
    nonce = DeviceNonce(lambda size: next(numbers).to_bytes(size, "big"))
    shown = [int(nonce.value(at), 16) for at in (5.0, 64.9, 65.0, 124.9, 125.0, 900.0, 901.0)]
    assert shown == [0, 0, 1, 1, 2, 3, 3]


@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.frozensets(st.sampled_from(Role))), max_size=4),
    st.sampled_from(Scope),
    st.sampled_from(["door.unlock", "door.posture", "gallery.revoke", "person.list", "no.such"]),
    st.sampled_from(["lockdown", "unlocked"]),
    st.booleans(),
    st.sampled_from([None, "n1", "n2"]),
)
def test_nothing_moves_a_door_without_a_key_for_it(keys, scope, order, posture, synced, nonce):
    signers = [Signer(kid, roles) for kid, roles in keys]
    envelope = replace(UNLOCK, type=order, body={"door": "main", "posture": posture, "nonce": "n1"})
    judged = verdict(envelope, *signers, scope=scope, synced=synced, nonce=nonce)
    if isinstance(judged, Accept) and order.startswith("door."):
        roles = {role for signer in signers for role in signer.roles}
        assert roles & {Role.OPERATOR, Role.EMERGENCY}
        assert synced or nonce == "n1"
        if scope is Scope.ALL:
            rescuers = {signer.kid for signer in signers if Role.EMERGENCY in signer.roles}
            assert len(rescuers) == 2 or (order == "door.posture" and posture == "lockdown" and rescuers)
