"""Counts the events of an export independently of the tested code."""

from collections import defaultdict
from datetime import UTC, date, datetime
from functools import lru_cache

DAY, HOUR = "%Y-%m-%d", "%Y-%m-%d %H:00:00"


@lru_cache(maxsize=64)
def exported(sim, from_date="2025-01-01", to_date="2025-01-20", name=None):
    """(event, user, time, properties) of each event, without duplicates, by time."""
    found = {}
    rows = sim.archive.rows(date.fromisoformat(from_date), date.fromisoformat(to_date))
    for number, row in enumerate(rows):
        if name in (None, row.event):
            own = row.properties.get("$insert_id")
            key = row.event, row.distinct_id, row.time_ms, str(own) if own not in (None, "") else number
            found[key] = (
                row.event,
                None if row.distinct_id in (None, "") else str(row.distinct_id),
                datetime.fromtimestamp(row.time_ms / 1000, UTC).replace(tzinfo=None),
                row.properties,
            )
    return sorted(found.values(), key=lambda event: event[2])


def count(pairs, type="general"):
    """{key: count} of (key, user) pairs."""
    events, users = defaultdict(int), defaultdict(set)
    for key, user in pairs:
        events[key] += 1
        users[key] |= {user} - {None}
    if type == "general":
        return dict(events)
    unique = {key: len(users[key]) for key in events if users[key]}
    return unique if type == "unique" else {key: events[key] / unique[key] for key in unique}


def flat(values):
    """{(series, bucket): count} of an answer's values."""
    return {(series, bucket): count for series, counts in values.items() for bucket, count in counts.items()}


def keyed(events, key, label=DAY):
    """((series, bucket), user) of each event, to be counted."""
    return [((key(event), event[2].strftime(label)), event[1]) for event in events]
