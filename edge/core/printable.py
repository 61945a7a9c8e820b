"""What comes from elsewhere, fit for a terminal: nothing in it moves the cursor, or does worse."""

from __future__ import annotations

from edge.core.events import Json

_SHOWN = "\N{REPLACEMENT CHARACTER}"


def printable(text: str) -> str:
    """The text with a sign in place of each character that cannot be seen; a blank can."""
    return text if text.isprintable() else "".join(one if one.isprintable() else _SHOWN for one in text)


def printable_json(value: Json) -> Json:
    """The same of all texts in a value, keys too. value: nested no deeper than `parse_json` lets it be."""
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, list):
        return [printable_json(one) for one in value]
    if isinstance(value, dict):
        return {printable(key): printable_json(one) for key, one in value.items()}
    return value
