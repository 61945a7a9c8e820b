"""Options of the form NAME=TEXT."""

from __future__ import annotations

from collections.abc import Sequence


def pairs(options: Sequence[str], name: str) -> list[tuple[str, str]]:
    """What stands before and after the first `=` of each. name: of the option. Raises ParameterMissing."""
    from edge.refusals import ParameterMissing

    found = []
    for option in options:
        before, equals, after = option.partition("=")
        if not before or not equals:
            raise ParameterMissing(f"{name} {option[:40]!a} has no value; write NAME=VALUE")
        found.append((before, after))
    return found
