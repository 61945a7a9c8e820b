"""`ostiary schema`: the JSON Schemas of everything that travels over MQTT."""

from __future__ import annotations

from typing import Annotated

import typer

from edge.cli.context import JsonOption, print_json


def schema(
    name: Annotated[
        str | None, typer.Argument(help="Of one, as the list has it.", show_default=False)
    ] = None,
    json: JsonOption = False,
) -> None:
    """List the JSON Schemas of the messages, or print one.

    They are of draft 2020-12; `common` and `envelope` are what the others refer to.

    Examples:

        ostiary schema

        ostiary schema door.unlock
    """
    from edge.resources import load_schema, schema_names

    if name is not None:
        print_json(load_schema(name))
        return
    schemas = {one: load_schema(one) for one in schema_names()}
    if json:
        print_json(
            [{"name": one, "id": known["$id"], "title": known["title"]} for one, known in schemas.items()]
        )
        return
    width = max(map(len, schemas))
    for one, known in schemas.items():
        typer.echo(f"{one:{width}}  {known['title']}")
