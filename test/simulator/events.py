"""Gives the events as reports count them: those of an export, without its duplicates.

An export may hold an event twice; reports never do. Two rows are one event where name, `distinct_id`, `time` and
`$insert_id` are the same, and the row that was processed last is the one that counts. A row without `$insert_id`, or
with an empty one, is an event of its own, however many others it equals. `repeat_blocks` makes an export longer, not a project busier: its repetitions are not counted either.

An id that is a number is the text of its digits; one that is null is missing. An event whose `distinct_id` is missing
or empty counts as an event, but belongs to no user. A row without a `time` is in no report.

The days are the project's own. Where exports have those of UTC (`Project.since_2023`), an event of a report's day may be
in the export of the day before or after it.
"""

from collections import Counter
from collections.abc import Collection, Iterator
from datetime import UTC, date, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from . import rows
from .archive import Archive
from .expressions import Expression
from .reports.time_buckets import MILLISECOND, moment

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
    sent_ms: int = 0
    """The time that it is exported with."""
    archive: Archive | None = None

    @property
    def user(self) -> Any:
        """The properties of its user's profile, for expressions."""
        return self.archive and self.archive.user(self.distinct_id)


def reported(
    archive: Archive,
    from_date: date,
    to_date: date,
    names: Collection[str] | None = None,
    where: Expression | None = None,
) -> Iterator[Event]:
    """The events of those names (None for all) that satisfy the expression, day by day, each day's as processed."""
    zone = archive.project.report_zone
    around = timedelta(days=0 if zone is None else 1)
    for number in range((to_date - from_date + 2 * around).days + 1):
        day = from_date - around + timedelta(days=number)
        lines = (line for line in archive.lines(day, day) if names is None or rows.event_name(line) in names)
        read = (_read(line, archive, zone) for line in lines)
        for event in _without_duplicates(filter(None, read)):
            is_asked = zone is None or from_date <= moment(event.time_ms).date() <= to_date
            if is_asked and (where is None or where(event) is True):
                yield event


def counts(archive: Archive, from_date: date, to_date: date) -> Counter[str]:
    """How often each event happened."""
    if archive.project.report_zone is None:
        return archive.event_counts(from_date, to_date)
    return Counter(event.event for event in reported(archive, from_date, to_date))


def _without_duplicates(events: Iterator[Event]) -> Iterator[Event]:
    last: dict[tuple, Event] = {}
    for number, event in enumerate(events):
        distinct_id, insert_id = (_text(event.properties.get(name)) for name in ("distinct_id", "$insert_id"))
        last[event.event, distinct_id, event.time_ms, insert_id or number] = event
    return iter(last.values())


def _read(line: bytes, archive: Archive, zone: ZoneInfo | None) -> Event | None:
    row = rows.read_row(line)
    if row is None or isinstance(row.time_ms, bool) or not isinstance(row.time_ms, (int, float)):
        return None
    sent_ms = int(row.time_ms if row.time_ms >= SECONDS_BELOW else row.time_ms * 1000)
    time_ms = sent_ms if zone is None else _wall_clock(sent_ms, zone)
    return Event(row.event, _text(row.distinct_id) or None, time_ms, row.properties, line, sent_ms, archive)


def _wall_clock(time_ms: int, zone: ZoneInfo) -> int:
    offset = moment(time_ms).replace(tzinfo=UTC).astimezone(zone).utcoffset()
    return time_ms + (offset or timedelta()) // MILLISECOND


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
