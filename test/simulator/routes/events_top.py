"""`GET /api/query/events/top`: the events of today, how often they happened, and how that compares with yesterday.

Today is the project's newest day. Counts are of one of the types in `reports/tally.py`. `percent_change` is a share:
the difference divided by the larger of both days, so 1 is an event that is new, -0.5 one that happened half as often.
The `limit` (100) most frequent events are listed by name.
"""

from datetime import timedelta

from ..answer import Answer
from ..events import reported
from ..reports.tally import TYPES, Tally
from ..reports.time_buckets import Buckets
from .question import Question


def answer(question: Question) -> Answer:
    parameters = question.query_parameters("type", "limit")
    type = parameters.one_of("type", TYPES)
    limit = parameters.integer("limit") or 100
    today = question.project.newest_day()
    yesterday = today - timedelta(days=1)
    tally = Tally(type, Buckets(yesterday, today))
    for event in reported(question.archive, yesterday, today):
        tally.add(event.event, event.time_ms, event.distinct_id)
    counts = {
        name: (by_day.get(str(today), 0), by_day.get(str(yesterday), 0)) for name, by_day in tally.values().items()
    }
    most = sorted(counts, key=lambda name: (-counts[name][0], name))[:limit]
    events = [
        {"amount": now, "event": name, "percent_change": (now - before) / max(now, before)}
        for name, (now, before) in sorted(counts.items())
        if now and name in most
    ]
    return Answer.json({"events": events, "type": type})
