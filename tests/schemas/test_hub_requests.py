"""The hub understands what the schemas of its requests allow, and its requests are those that have one."""

from __future__ import annotations

import random
import re

import pytest

pytest.importorskip("sqlalchemy", reason="the extra 'hub' is not installed")

from edge.core.roles import Role, may_order
from edge.hub.database import open_hub
from edge.resources import load_schema, schema_names
from tests.hub.world import World
from tests.schemas.test_agreement import spoiled
from tests.schemas.test_reference import AROUND, EXAMPLES
from tests.schemas.validation import complaint

REQUESTS = [(name, one) for name, one in EXAMPLES if name.startswith("hub/")]
SAMPLES = 40
BEYOND = re.compile("rise to 100|rise, and end with 100|names one row twice")
"""How the hub says what no schema can say."""


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hub")
    with open_hub(folder / "hub.db") as database:
        database.migrate()
        yield World(database, folder)


def reason(world, document, body):
    answer = world.ask(document["type"], body)
    return "beyond" if BEYOND.search(answer.get("text", "")) else answer.get("reason")


@pytest.mark.parametrize(("name", "document"), REQUESTS, ids=[name for name, _ in REQUESTS])
def test_a_request_that_a_schema_allows_is_understood(world, name, document):
    chance = random.Random(name)
    assert reason(world, document, document["body"]) not in ("bad_body", "unknown_type")
    for _ in range(SAMPLES):
        body = spoiled(document["body"], chance.choice)
        if complaint(name, {**AROUND, **document, "body": body}) is None:
            assert reason(world, document, body) != "bad_body", body


@pytest.mark.parametrize(("name", "document"), REQUESTS, ids=[name for name, _ in REQUESTS])
def test_a_request_with_a_key_too_much_or_too_few_is_refused(world, name, document):
    body = document["body"]
    assert reason(world, document, {**body, "unknown": 1}) == "bad_body"
    for key in load_schema(name)["properties"]["body"].get("required", ()):
        assert reason(world, document, without(body, key)) == "bad_body"


def without(body, key):
    return {name: value for name, value in body.items() if name != key}


def test_the_hub_does_what_has_a_schema_and_nothing_else(world):
    known = world.ask("no.such", {})["text"]
    listed = {name.removeprefix("hub/") for name in schema_names() if name.startswith("hub/")}
    assert set(known.partition("it knows ")[2].split(", ")) == listed
    assert [name for name in listed if not any(may_order(role, name) for role in Role)] == []
