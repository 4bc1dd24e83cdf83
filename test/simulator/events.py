"""The events as reports count them: what an export says, without its duplicates.

An export may hold an event twice; reports never do. Two rows are one event where name, `distinct_id`, `time` and
`$insert_id` are the same, and the row that was processed last is the one that counts. A row without `$insert_id`, or
with an empty one, is an event of its own, however many others it equals. `repeat_blocks` makes an export longer, not a project busier: its repetitions are not counted either.

An id that is a number is the text of its digits; one that is null is missing. An event whose `distinct_id` is missing
or empty counts as an event, but belongs to no user. A row without a `time` is in no report.
"""

from collections.abc import Collection, Iterator
from datetime import date, timedelta
from typing import Any, NamedTuple

from . import rows
from .archive import Archive
from .expressions import Expression

SECONDS_BELOW = 10**11
"""A smaller `time`, of a day that a test has set, is in seconds."""


class Event(NamedTuple):
    event: str
    distinct_id: str | None
    """The user; None for nobody."""
    time_ms: int
    """The project's wall clock, as if it were UTC."""
    properties: dict[str, Any]
    line: bytes
    """As it is exported."""


def reported(
    archive: Archive,
    from_date: date,
    to_date: date,
    names: Collection[str] | None = None,
    where: Expression | None = None,
) -> Iterator[Event]:
    """The events of those names (None for all) that satisfy the expression, day by day, each day's as processed."""
    for number in range((to_date - from_date).days + 1):
        day = from_date + timedelta(days=number)
        lines = (line for line in archive.lines(day, day) if names is None or rows.event_name(line) in names)
        for event in _without_duplicates(filter(None, map(_read, lines))):
            if where is None or where(event) is True:
                yield event


def _without_duplicates(events: Iterator[Event]) -> Iterator[Event]:
    last: dict[tuple, Event] = {}
    for number, event in enumerate(events):
        distinct_id, insert_id = (_text(event.properties.get(name)) for name in ("distinct_id", "$insert_id"))
        last[event.event, distinct_id, event.time_ms, insert_id or number] = event
    return iter(last.values())


def _read(line: bytes) -> Event | None:
    row = rows.read_row(line)
    if row is None or isinstance(row.time_ms, bool) or not isinstance(row.time_ms, (int, float)):
        return None
    time_ms = int(row.time_ms if row.time_ms >= SECONDS_BELOW else row.time_ms * 1000)
    return Event(row.event, _text(row.distinct_id) or None, time_ms, row.properties, line)


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
