"""The examples of the reference are as the schemas say, and its figures as the code computes them."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

import edge
from edge.core import orders
from edge.core.envelope import parse
from edge.core.roles import MAY_SIGN, TO_READ, Role
from edge.keys.keyring import keyring_from
from edge.keys.signature import SigningKey, is_right, signed_bytes
from edge.resources import schema_names
from tests.factories import NOON
from tests.schemas.test_agreement import LIMITS
from tests.schemas.validation import complaint

TEXT = (Path(edge.__file__).parent / "schemas" / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+) (\S+)\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
TOPIC = "ostiary/1/north/d/door-1/cmd"
AROUND = {
    "v": 1,
    "id": "018f3c5e-7a10-7000-8000-000000000001",
    "ts": "2026-05-01T12:00:00.000Z",
    "dev": "door-1",
    "boot": "b",
    "seq": 1,
    "mono_ms": 1,
}
EVENTS = ("access", "door", "alarm", "pad", "stranger", "system", "audit")


def examples():
    """Schema and whole document of each."""
    for language, about, content in BLOCKS:
        if language == "json":
            yield about, json.loads(content)
        if language == "jsonl":
            for line in content.splitlines():
                given = json.loads(line)
                kind = given["type"].partition(".")[0]
                if about == "hub":
                    name = f"hub/{given['type']}"
                elif about == "messages" and kind in EVENTS:
                    name = f"evt.{kind}"
                else:
                    name = given["type"]
                more = {"exp": "2026-05-01T12:00:20Z"} if about == "commands" else {}
                yield name, {**AROUND, **more, **given}


EXAMPLES = [*examples()]


@pytest.mark.parametrize(("name", "document"), EXAMPLES, ids=[name for name, _ in EXAMPLES])
def test_an_example_is_as_its_schema_says(name, document):
    assert complaint(name, document) is None


def test_every_message_has_an_example():
    without = {"common", "envelope", "gallery.rows"}
    assert set(schema_names()) - {name for name, _ in EXAMPLES} == without


@pytest.mark.parametrize(
    "document", [one for name, one in EXAMPLES if name in orders.COMMANDS], ids=lambda one: one["type"]
)
def test_an_example_of_a_command_is_understood(document):
    received = parse(document)
    body = {key: value for key, value in received.body.items() if key != "nonce"}
    assert orders.read(received.type, body, LIMITS)


def text(about):
    return next(content for _, block, content in BLOCKS if block == about).strip()


def test_the_signature_of_the_reference_can_be_made_again():
    key = SigningKey.ed25519(bytes.fromhex(text("seed")))
    envelope = parse(next(one for name, one in EXAMPLES if name == "door.unlock"))
    assert signed_bytes(envelope, TOPIC).decode() == text("signed")
    assert envelope.sig == key.sign(text("signed").encode())
    assert is_right(envelope.sig, text("signed").encode(), "ed25519", key.public)


def test_the_shared_secret_of_the_reference_signs_as_it_says():
    keyring = keyring_from(json.loads(text("keyring")))
    envelope = parse(next(one for name, one in EXAMPLES if name == "door.unlock"))
    (known,) = keyring.keys
    assert SigningKey(known.kid, "hmac-sha256", known.key).sign(text("signed").encode())["val"] == text(
        "hmac"
    )
    sig = {"alg": "hmac-sha256", "kid": "panel-1", "val": text("hmac")}
    (signer,) = keyring.signers(replace(envelope, sig=sig), TOPIC, NOON)
    assert (signer.kid, signer.roles) == ("panel-1", {Role.OPERATOR})


def test_the_roles_of_the_reference_are_those_of_the_code():
    rows = {
        role: tuple(re.findall(r"`([^`]+)`", may))
        for role, may in re.findall(
            r"^\| `?(\w+)`? \| (`[^|]*) \|$", TEXT.split("### Roles")[1], re.MULTILINE
        )
    }
    assert rows == {**{role.value: may for role, may in MAY_SIGN.items()}, "any": TO_READ}


def test_every_topic_of_the_reference_names_messages_that_there_are():
    table = TEXT.split("## Topics")[1].split("## Envelope")[0]
    named = set(
        re.findall(r"`([a-z]+[.-][a-z.]+|state|info)`", "".join(re.findall(r"\|([^|]*)\|$", table, re.M)))
    )
    assert named
    assert named - set(schema_names()) == set()
