"""Retention: which users come back, and when.

Users are born on their first `born_event` in the report's days, and their cohort is the bucket of that moment.
Compounded retention has no birth but first events: a user is in the cohort of every bucket in which they did `event`,
from their first one there.

A user returns with any `event` later than that. Interval 0 is the first hours, days, weeks or months after their own
birth, to the millisecond and not by the calendar, interval 1 the same time after that, and so on. `counts[i]` are the
users who returned within interval i; unbounded, the users who returned within interval i or a later one that is
reported. Events after the report's last day count. `first` is the size of the cohort. An interval that had not ended
when the project's newest day did, counted from the cohort's first moment, is absent.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from ..events import Event
from ..expressions import Expression
from .labels import label
from .time_buckets import Buckets, moment


class Cohorts(NamedTuple):
    """What is to be counted."""

    buckets: Buckets
    intervals: int
    """How many to report after interval 0."""
    known_until: datetime
    unbounded: bool = False


Births = dict[datetime, dict[str, int]]
"""By bucket, the users and the moments from which their intervals run, in milliseconds."""


def births(events: Iterable[Event], buckets: Buckets, compounded: bool) -> Births:
    found: defaultdict[datetime, dict[str, int]] = defaultdict(dict)
    born: set[str] = set()
    for event in sorted(events, key=lambda event: event.time_ms):
        user = event.distinct_id
        if user is None or (user in born and not compounded):
            continue
        born.add(user)
        found[buckets.start(event.time_ms)].setdefault(user, event.time_ms)
    return dict(sorted(found.items()))


def retained(
    cohorts: Cohorts, births: Births, returns: Iterable[Event], on: Expression | None = None
) -> dict[datetime, dict[str, dict[str, Any]]]:
    """By cohort and segment, `counts` and `first`; without `on` the one segment is called as nothing."""
    by_user: defaultdict[str, list[Event]] = defaultdict(list)
    for event in returns:
        if event.distinct_id is not None:
            by_user[event.distinct_id].append(event)
    return {start: _cohort(cohorts, start, born, by_user, on) for start, born in births.items()}


def _cohort(cohorts: Cohorts, start: datetime, born: dict[str, int], returns: dict[str, list[Event]], on) -> dict:
    reported = _reported_intervals(cohorts, start)
    users: defaultdict[str, list[set[str]]] = defaultdict(lambda: [set() for _ in range(reported)])
    for user, born_ms in born.items():
        # Where each interval after the first begins: a return falls into as many as have begun.
        ends = [cohorts.buckets.later(moment(born_ms), number + 1) for number in range(reported)]
        for event in returns.get(user, ()):
            interval = bisect_right(ends, moment(event.time_ms))
            if event.time_ms > born_ms and interval < reported:
                segment = "" if on is None else label(on(event))
                for number in range(interval + 1) if cohorts.unbounded else (interval,):
                    users[segment][number].add(user)
    if on is None:
        users[""]  # a cohort from which nobody came back is a cohort too
    return {name: {"counts": [len(who) for who in intervals], "first": len(born)} for name, intervals in users.items()}


def _reported_intervals(cohorts: Cohorts, start: datetime) -> int:
    intervals = range(cohorts.intervals + 1)
    return sum(cohorts.buckets.later(start, number + 1) <= cohorts.known_until for number in intervals)
