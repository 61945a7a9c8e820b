"""Lists in pieces, and as tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import typer

OffsetOption = Annotated[int, typer.Option(help="Leave out so many at the beginning.")]
LimitOption = Annotated[int, typer.Option(help="At most so many; the most allowed is limits.page.")]


def print_page(rows: Sequence[dict[str, Any]], columns: Sequence[str], caption: str | None) -> None:
    """Print rows as a table of these columns."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table(*columns, caption=caption, min_width=len(caption or "") + 2)
    for row in rows:
        # A name may hold what looks like rich's markup.
        table.add_row(*(escape(_text(row[column])) for column in columns))
    Console().print(table)


def counted(number: int, one: str, many: str) -> str:
    """A number and what it counts."""
    return f"{number} {one if number == 1 else many}"


def minute(moment: str) -> str:
    """A time in ISO 8601, as tables show it: UTC, to the minute."""
    return moment[:16].replace("T", " ")


def _text(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else "" if value is None else str(value)
