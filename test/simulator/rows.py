"""Reads the lines of an export back: the name, the time and the values of an event.

The line is the only form in which events exist here. Filters and reports read it back, so what they count is what an
export of the same days says.
"""

import json
import re
from collections import Counter
from functools import lru_cache
from typing import Any, NamedTuple

NAME = rb'\{"event":"((?:[^"\\]|\\.)*)"'
LINE_START = re.compile(NAME)
NAMES = re.compile(b"^" + NAME, re.MULTILINE)
TIME_IN_MS = re.compile(b"^(" + NAME + rb',"properties":\{"time":\d+)\d{3}\b', re.MULTILINE)


class Row(NamedTuple):
    event: str
    distinct_id: Any
    """As it was sent: text or a number; None where there is none."""
    time_ms: int | None
    properties: dict[str, Any]


def read_row(line: bytes) -> Row | None:
    """The event that a line holds, or None if it holds none: a test may put any line into a day."""
    try:
        event = json.loads(line)
        properties = event["properties"]
        return Row(event["event"], properties.get("distinct_id"), properties.get("time"), properties)
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


def event_name(line: bytes) -> str | None:
    """The name alone, without parsing the rest of a line as generated lines are."""
    start = LINE_START.match(line)
    if start:
        return _unquoted(start[1])
    row = read_row(line)
    return row and row.event


def count_events(text: bytes) -> Counter[str]:
    """How often each event occurs in the lines."""
    counts = Counter(NAMES.findall(text))
    return Counter({_unquoted(name): count for name, count in counts.items()})


def with_times_in_seconds(text: bytes) -> bytes:
    return TIME_IN_MS.sub(rb"\1", text)


@lru_cache(maxsize=1024)
def _unquoted(name: bytes) -> str:
    return json.loads(b'"' + name + b'"')
