"""Counts by series and bucket, in one of three types, in the shape of most reports' answers.

`general` counts events. `unique` counts the users who sent them, each once a bucket, and nobody for events of no user.
`average` is the first divided by the second. A bucket that nothing was counted in is absent, and so is such a series.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from .time_buckets import Buckets

TYPES = ("general", "unique", "average")

Values = dict[str, dict[str, int | float]]
"""By series, then by bucket."""


class Tally:
    def __init__(self, type: str, buckets: Buckets):
        self._type = type
        self._buckets = buckets
        self._events: defaultdict[str, Counter[datetime]] = defaultdict(Counter)
        self._users: defaultdict[tuple[str, datetime], set[str]] = defaultdict(set)

    def add(self, series: str, time_ms: int, user: str | None) -> None:
        start = self._buckets.start(time_ms)
        self._events[series][start] += 1
        if user is not None:
            self._users[series, start].add(user)

    def values(self, limit: int | None = None) -> Values:
        """The series with the most events first, and not more of them than the limit."""
        ranked = sorted(self._events, key=lambda series: (-self._events[series].total(), series))
        values = {series: self._of(series) for series in ranked[:limit]}
        return {series: counts for series, counts in values.items() if counts}

    def _of(self, series: str) -> dict[str, int | float]:
        counts = {
            self._buckets.label(start): self._count(events, len(self._users[series, start]))
            for start, events in sorted(self._events[series].items())
        }
        return {label: count for label, count in counts.items() if count is not None}

    def _count(self, events: int, users: int) -> int | float | None:
        if self._type == "general":
            return events
        return None if not users else users if self._type == "unique" else events / users


def as_answer(values: Values) -> dict[str, Any]:
    """`series` names the buckets that occur, in no useful order: as in the documentation's example, the second half
    comes first."""
    labels = sorted(set().union(*values.values()))
    return {"data": {"series": _rotated(labels), "values": values}, "legend_size": len(values)}


def _rotated(labels: Iterable[str]) -> list[str]:
    labels = list(labels)
    return labels[len(labels) // 2 :] + labels[: len(labels) // 2]
