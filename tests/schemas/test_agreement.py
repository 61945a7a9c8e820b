"""Schemas and parsers take and refuse the same: bodies that are right, spoiled in one place or in two.

What a parser takes its schema takes, and the other way round but for what no schema can say: that a list is
sorted, that one number is beyond another. Left out of the samples are 5.0, which JSON Schema calls a whole
number, and doors that are not there.
"""

from __future__ import annotations

import copy
import random
import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from edge.core import config_document, gallery_bodies, jobs
from edge.core.envelope import document, parse
from edge.core.order_body import BadOrder
from edge.core.orders import Limits, read
from edge.errors import KeyringInvalid, MessageMalformed
from edge.keys.keyring import keyring_from
from edge.resources import load_schema
from tests.keys.rings import OPERATOR, ROOT, keyring, keys_list, signed, unlock
from tests.schemas.examples import COMMANDS, DOCUMENTS, SHA, TIME
from tests.schemas.validation import complaint, validator

LIMITS = Limits(doors={"main"}, max_seconds=60.0, pictures=True)
READERS = {
    "gallery.head": gallery_bodies.read_head,
    "gallery.delta": gallery_bodies.read_delta,
    "gallery.request": gallery_bodies.read_request,
    "gallery.ack": gallery_bodies.read_ack,
    "gallery.receipt": gallery_bodies.read_receipt,
    "gallery.offer": gallery_bodies.read_offer,
    "gallery.epoch": gallery_bodies.read_epoch,
    "config.desired": config_document.read_desired,
    "job.next": jobs.read_job,
    "job.update": jobs.read_update,
}
VALUES = (
    *(None, True, False, -1, 0, 1, 2, 16, 17, 60, 61, 999, 1001, 2**53, 2**70, 0.25),
    *("", "x", "main", "A B", "é", "0.5", "AAAA", "AAA", SHA, SHA.upper(), TIME, "2026-05-01", "a" * 1001),
    *([], ["a"], ["a", 7], [[]], {}, {"a": 1}, "A" * 60_000),
)
BEYOND = re.compile(
    "beyond its version|to a later version|one row twice|not one person with faces of that person"
    "|are not sorted|is not of version|twice in the keyring|not that of the key"
)
"""How a parser says what a schema cannot say."""
SAMPLES = 400


def body_schema(name):
    return validator(name).evolve(schema={"$ref": f"urn:ostiary:1:{name}#/properties/body"})


def refusal(reader, body):
    """Why the parser refuses a body; None when it takes it."""
    try:
        reader(body)
    except (BadOrder, MessageMalformed, KeyringInvalid) as error:
        return str(error)
    return None


def agree(reader, schema, body):
    why, is_valid = refusal(reader, body), schema.is_valid(body)
    return (why is None) == is_valid or (is_valid and BEYOND.search(why or "") is not None)


def spoiled(body, choose):
    """The body with one value in it replaced, removed or added."""
    body = copy.deepcopy(body)
    places = [(body, key) for key in (*body, "unknown")]
    for holder, key in places:
        inner = holder.get(key) if isinstance(holder, dict) else holder[key]
        if isinstance(inner, dict):
            places += [(inner, more) for more in inner]
        elif isinstance(inner, list):
            places += [(inner, index) for index in range(len(inner))]
    holder, key = choose(places)
    if isinstance(holder, dict) and key in holder and choose((True, False, False, False)):
        del holder[key]
    else:
        value = choose(VALUES)
        if key == "door" and isinstance(value, str):
            value = "main"
        holder[key] = value
    return body


def disagreements(name, reader, right):
    """Spoil a right body often, and see whether schema and parser say the same of each."""
    chance = random.Random(name)
    schema, samples = body_schema(name), []
    assert refusal(reader, right) is None
    assert next(schema.iter_errors(right), None) is None
    for number in range(SAMPLES):
        body = spoiled(right, chance.choice)
        samples.append(spoiled(body, chance.choice) if number % 2 else body)
    assert sum(refusal(reader, body) is not None for body in samples) > SAMPLES // 10
    return [(refusal(reader, body), body) for body in samples if not agree(reader, schema, body)]


@pytest.mark.parametrize("name", COMMANDS)
def test_the_parser_of_a_command_agrees_with_its_schema(name):
    assert disagreements(name, lambda body: read(name, body, LIMITS), COMMANDS[name]) == []


@pytest.mark.parametrize(
    ("name", "right"), [(name, right) for name, rights in DOCUMENTS.items() for right in rights]
)
def test_the_parser_of_a_document_agrees_with_its_schema(name, right):
    assert disagreements(name, READERS[name], right) == []


def test_the_parser_of_a_list_of_keys_agrees_with_its_schema():
    assert disagreements("keys.list", keyring_from, keyring(3).body()) == []


def test_the_parser_of_an_envelope_agrees_with_its_schema():
    """What is in a signature is for those who know the keys; the parser asks for three texts only."""
    right = document(signed(unlock(seconds=2), "topic", OPERATOR, ROOT))
    right |= {"corr": right["id"], "dev": "d-1", "boot": "b", "seq": 1, "mono_ms": 5, "clk": "synced"}
    chance, schema = random.Random("envelope"), validator("envelope")
    unsigned = validator("envelope").evolve(schema=without_signatures())
    assert refusal(parse, right) is None
    samples = [spoiled(right, chance.choice) for _ in range(5 * SAMPLES)]
    assert [one for one in samples if schema.is_valid(one) and refusal(parse, one) is not None] == []
    assert [one for one in samples if refusal(parse, one) is None and not unsigned.is_valid(one)] == []


def without_signatures():
    whole = load_schema("envelope")
    texts = {"type": "object", "additionalProperties": {"type": "string"}}
    listed = {**whole["properties"]["cosig"], "items": texts}
    return {**whole, "properties": {**whole["properties"], "sig": texts, "cosig": listed}}


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists, max_leaves=5))
def test_whatever_is_no_object_is_no_envelope_for_either(value):
    assert complaint("envelope", value) is not None
    assert refusal(parse, value) is not None


@given(st.text(max_size=40))
def test_ids_types_and_times_are_read_alike(text):
    # Before a line feed at the end Python's $ matches, too; that of JSON Schema does not.
    assume(not text.endswith("\n"))
    right = document(keys_list(keyring()))
    for key in ("id", "type", "ts", "dev"):
        changed = {**right, key: text}
        assert agree(parse, validator("envelope"), changed)
