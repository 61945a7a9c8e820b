"""Validate messages by the schemas that ship, with a library that knows nothing of ours."""

from __future__ import annotations

import functools
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from edge.resources import load_schema, schema_names


@functools.cache
def validator(name: str) -> Draft202012Validator:
    return Draft202012Validator(load_schema(name), registry=registry())


@functools.cache
def registry() -> Registry[Any]:
    resources = [Resource.from_contents(load_schema(name)) for name in schema_names()]
    return Registry().with_resources([(str(one.id()), one) for one in resources])


def complaint(name: str, document: object) -> str | None:
    """What is wrong with a document by that schema; None when nothing is."""
    error = next(validator(name).iter_errors(document), None)
    return None if error is None else f"{name}: {error.json_path}: {error.message[:300]}"


def resolves(name: str) -> list[str]:
    """Every `$ref` of a schema, each looked up. Raises when one leads nowhere."""
    schema = load_schema(name)
    resolver = registry().resolver(base_uri=schema["$id"])
    found = [*_references(schema)]
    for reference in found:
        resolver.lookup(reference)
    return found


def _references(value: object) -> Any:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "$ref":
                yield inner
            else:
                yield from _references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _references(inner)
