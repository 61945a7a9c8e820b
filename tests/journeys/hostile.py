"""Commands that must move nothing: made from one seed, each with how it may be refused."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from edge.core.envelope import Envelope, document
from edge.core.identifiers import uuid7
from edge.core.roles import Role
from edge.keys.keyring import Keyring
from edge.keys.signature import SigningKey, signed
from tests.keys.rings import GALLERY, OPERATOR, RESCUERS, ROOT, keyring, known, shared_secret, signing_key

SITE = "ostiary/1/site"
CMD = f"{SITE}/d/door-1/cmd"
ALL = f"{SITE}/all/cmd"
GROUP = f"{SITE}/g/lobby/cmd"
OLD, NEW = signing_key("retired"), signing_key("not yet")
OTHERS = (GALLERY, ROOT, signing_key("ota"), signing_key("configuration"))


@dataclass(frozen=True)
class Attack:
    """reasons: of which one must be named in the refusal."""

    kind: str
    topic: str
    payload: bytes
    reasons: frozenset[str]
    retain: bool = False


def ring(now: datetime) -> Keyring:
    """The keys of the site; one has had its time, one's time has not come."""
    return keyring(
        1,
        known(OTHERS[2], Role.OTA),
        known(OTHERS[3], Role.CONFIGURATION),
        known(OLD, Role.OPERATOR, not_after=now - timedelta(minutes=1)),
        known(NEW, Role.OPERATOR, not_before=now + timedelta(days=1)),
    )


class Attacker:
    """Has seen genuine commands of this very moment, and may publish whatever, wherever."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._kinds: dict[str, Callable[[datetime], Attack]] = {
            name.removeprefix("_do_"): getattr(self, name) for name in dir(self) if name.startswith("_do_")
        }

    @property
    def kinds(self) -> frozenset[str]:
        return frozenset(self._kinds)

    def attacks(self, count: int, now: Callable[[], datetime]) -> Iterator[Attack]:
        """Every kind in turn, in another order each time."""
        made = 0
        while True:
            for kind in self._random.sample(sorted(self._kinds), len(self._kinds)):
                if made == count:
                    return
                made += 1
                yield self.attack(kind, now())

    def attack(self, kind: str, now: datetime) -> Attack:
        return replace(self._kinds[kind](now), kind=kind)

    def genuine(self, now: datetime, **body: object) -> Envelope:
        """A door command as an operator makes it, not yet signed."""
        number = uuid7(int(now.timestamp() * 1000), self._random.randbytes(10))
        made = {"door": "main", "seconds": self._random.randint(1, 9), **body}
        exp = now + timedelta(seconds=self._random.randint(5, 25))
        return Envelope(id=number, ts=now, type="door.unlock", body=made, exp=exp)

    def _do_unsigned(self, now: datetime) -> Attack:
        return _attack(self.genuine(now), "auth")

    def _do_forged(self, now: datetime) -> Attack:
        value = base64.b64encode(self._random.randbytes(64)).decode()
        return _attack(replace(self.genuine(now), sig={**_sig(OPERATOR), "val": value}), "auth")

    def _do_nonsense_signature(self, now: datetime) -> Attack:
        value = self._random.choice(["", "=", "A" * 88, "é" * 10, "A" * 5000])
        return _attack(replace(self.genuine(now), sig={**_sig(OPERATOR), "val": value}), "auth")

    def _do_unknown_key(self, now: datetime) -> Attack:
        stranger = signing_key(str(self._random.random()))
        return _attack(signed(self.genuine(now), CMD, stranger), "auth")

    def _do_impersonated(self, now: datetime) -> Attack:
        stranger = replace(signing_key(str(self._random.random())), kid=OPERATOR.kid)
        return _attack(signed(self.genuine(now), CMD, stranger), "auth")

    def _do_public_key_as_secret(self, now: datetime) -> Attack:
        secret = replace(shared_secret("x"), kid=OPERATOR.kid, secret=OPERATOR.public)
        return _attack(signed(self.genuine(now), CMD, secret), "auth")

    def _do_retired_key(self, now: datetime) -> Attack:
        return _attack(signed(self.genuine(now), CMD, self._random.choice([OLD, NEW])), "auth")

    def _do_wrong_role(self, now: datetime) -> Attack:
        return _attack(signed(self.genuine(now), CMD, *self._random.sample(OTHERS, 2)), "auth")

    def _do_altered(self, now: datetime) -> Attack:
        seen = signed(self.genuine(now), CMD, OPERATOR)
        fresh = self.genuine(now + timedelta(milliseconds=1), door="main", seconds=60)
        change = self._random.choice(["id", "ts", "exp", "body"])
        return _attack(replace(seen, **{change: getattr(fresh, change)}), "auth")

    def _do_signature_of_another(self, now: datetime) -> Attack:
        seen = signed(self.genuine(now), CMD, OPERATOR)
        return _attack(replace(self.genuine(now + timedelta(milliseconds=1)), sig=seen.sig), "auth")

    def _do_moved_here(self, now: datetime) -> Attack:
        there = self._random.choice([f"{SITE}/d/door-2/cmd", ALL, GROUP, "ostiary/1/other/d/door-1/cmd"])
        return _attack(signed(self.genuine(now), there, OPERATOR), "auth")

    def _do_moved_to_others(self, now: datetime) -> Attack:
        there = self._random.choice([ALL, GROUP])
        return _attack(signed(self.genuine(now), CMD, OPERATOR, *RESCUERS), "auth", topic=there)

    def _do_wrong_topic(self, now: datetime) -> Attack:
        leaf = self._random.choice(["d/door-2/cmd", "g/vault/cmd", "d/door-1/cmd/x", "d/door-1/evt-ack"])
        topic = f"{SITE}/{leaf}"
        return _attack(signed(self.genuine(now), topic, OPERATOR), "wrong_topic", topic=topic)

    def _do_for_another_device(self, now: datetime) -> Attack:
        other = replace(self.genuine(now), dev="door-2")
        return _attack(signed(other, ALL, *RESCUERS), "wrong_device", topic=ALL)

    def _do_all_doors_at_once(self, now: datetime) -> Attack:
        signers = self._random.choice(
            [(OPERATOR,), (RESCUERS[0],), (RESCUERS[0],) * 3, (RESCUERS[0], OPERATOR), (OPERATOR, *OTHERS)]
        )
        return _attack(signed(self.genuine(now), ALL, *signers), "auth", topic=ALL)

    def _do_retained(self, now: datetime) -> Attack:
        return replace(_attack(signed(self.genuine(now), CMD, OPERATOR), "retained"), retain=True)

    def _do_expired(self, now: datetime) -> Attack:
        exp = now - timedelta(seconds=self._random.choice([0.001, 1, 3600, 1e6]))
        return _attack(signed(replace(self.genuine(now), exp=exp), CMD, OPERATOR), "expired")

    def _do_without_expiry(self, now: datetime) -> Attack:
        return _attack(signed(replace(self.genuine(now), exp=None), CMD, OPERATOR), "no_expiry")

    def _do_long_valid(self, now: datetime) -> Attack:
        exp = now + timedelta(seconds=self._random.choice([31, 3600, 1e8]))
        return _attack(signed(replace(self.genuine(now), exp=exp), CMD, OPERATOR), "expiry_too_far")

    def _do_ancient(self, now: datetime) -> Attack:
        old = replace(self.genuine(now), ts=now - timedelta(days=self._random.randint(1, 4000)))
        return _attack(signed(old, CMD, OPERATOR), "too_old")

    def _do_unknown_command(self, now: datetime) -> Attack:
        kind = self._random.choice(["door.open", "doors.unlock", "door.unlock.now", "exec.run"])
        return _attack(signed(replace(self.genuine(now), type=kind), CMD, OPERATOR), "unknown_type")

    def _do_wrong_body(self, now: datetime) -> Attack:
        body = self._random.choice(
            [{}, {"door": "side"}, {"door": 7}, {"door": "main", "seconds": 10**9}, {"door": "main", "x": 1}]
        )
        bad = replace(self.genuine(now), body=body)
        return _attack(signed(bad, CMD, OPERATOR), "bad_body", "unknown_door", "bad_seconds")

    def _do_truncated(self, now: datetime) -> Attack:
        whole = payload(signed(self.genuine(now), CMD, OPERATOR))
        return _raw(whole[: self._random.randrange(len(whole))], "malformed")

    def _do_flipped_bit(self, now: datetime) -> Attack:
        changed = bytearray(payload(signed(self.genuine(now), CMD, OPERATOR)))
        changed[self._random.randrange(len(changed))] ^= 1 << self._random.randrange(8)
        return _raw(bytes(changed), "malformed", "auth")

    def _do_oversized(self, now: datetime) -> Attack:
        padding = b" " * self._random.choice([65_536, 100_000, 300_000])
        return _raw(payload(signed(self.genuine(now), CMD, OPERATOR)) + padding, "oversize")

    def _do_two_readings(self, now: datetime) -> Attack:
        whole = payload(signed(self.genuine(now), CMD, OPERATOR)).decode()
        twice = self._random.choice(['"v":1,"type":"door.unlock"', '"v":1,"dev":"door-1","dev":"door-2"'])
        return _raw(whole.replace('"v":1', twice, 1).encode(), "malformed")

    def _do_junk(self, _now: datetime) -> Attack:
        deep = b"[" * 30_000, b'{"a":' * 30_000, b"\xff\xfe", b"null", b"{}", b"", b'{"v":1e999}'
        return _raw(self._random.choice([*deep, self._random.randbytes(300)]), "malformed")


def payload(envelope: Envelope) -> bytes:
    return json.dumps(document(envelope), separators=(",", ":")).encode()


def _sig(key: SigningKey) -> dict[str, str]:
    return {"alg": key.algorithm, "kid": key.kid, "val": ""}


def _attack(envelope: Envelope, *reasons: str, topic: str = CMD) -> Attack:
    return Attack("", topic, payload(envelope), frozenset(reasons))


def _raw(content: bytes, *reasons: str) -> Attack:
    return Attack("", CMD, content, frozenset(reasons))
