"""Takes JSON objects apart and puts them together without touching their values: no digit is lost, no escape rewritten."""

import json
import re

SPACE = re.compile(r"[ \t\r\n]*")
DECODER = json.JSONDecoder()


def members(text: str | bytes) -> dict[str, str]:
    """The object's members, each value as its JSON text. Of equal keys the last one counts."""
    if isinstance(text, bytes):
        text = text.decode("utf-8", "surrogateescape")
    found: dict[str, str] = {}
    position = _after(text, 0, "{")
    while text[position] != "}":
        key, position = DECODER.raw_decode(text, position)
        start = _after(text, position, ":")
        _, position = DECODER.raw_decode(text, start)
        found[key] = text[start:position]
        position = SPACE.match(text, position).end()
        if text[position] == ",":
            position = _after(text, position, ",")
    return found


def object_text(values: dict[str, str]) -> str:
    """The inverse."""
    return "{" + ", ".join(f"{json.dumps(key)}: {value}" for key, value in values.items()) + "}"


def _after(text: str, position: int, expected: str) -> int:
    """The position of what follows the expected character and white space."""
    position = SPACE.match(text, position).end()
    if text[position] != expected:
        raise ValueError(f"{expected!r} expected at position {position}")
    return SPACE.match(text, position + 1).end()
