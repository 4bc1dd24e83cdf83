"""Frequency: how regularly users do something.

Within a day, week or month, a user is active in so many of its hours or days. Element i is the number of users who were
active in at least i + 1 of them, so the list never rises. It has an element for each hour or day that the calendar
gives the bucket, though the report may begin or end within it.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from ..events import Event
from ..expressions import Expression
from .labels import label
from .time_buckets import UNITS, Buckets, moment, start_of


def frequency(
    events: Iterable[Event], buckets: Buckets, part: str, on: Expression | None = None
) -> dict[datetime, dict[str, list[int]]]:
    """By bucket and segment; without `on` the one segment is called as nothing."""
    active: defaultdict[datetime, defaultdict[str, defaultdict[str, set[datetime]]]]
    active = defaultdict(lambda: defaultdict(lambda: defaultdict(set)))
    for event in events:
        if event.distinct_id is not None:
            segment = "" if on is None else label(on(event))
            when = start_of(part, moment(event.time_ms))
            active[buckets.start(event.time_ms)][segment][event.distinct_id].add(when)
    return {
        start: {
            name: _at_least(users.values(), (buckets.later(start) - start) // UNITS[part]) for name, users in segments
        }
        for start, segments in ((start, active[start].items()) for start in sorted(active))
    }


def _at_least(active_in: Iterable[set[datetime]], most: int) -> list[int]:
    counts = [len(parts) for parts in active_in]
    return [sum(count > number for count in counts) for number in range(most)]
