"""`GET /api/query/retention/addiction`: how regularly users are active. `reports/frequency.py` says what counts.

Without `event` any event is activity. `on` adds a level, and `limit` leaves the segments with the most users. A bucket
in which nobody was active is absent.
"""

from collections import Counter

from ..answer import Answer
from ..events import reported
from ..reports.frequency import frequency
from ..reports.time_buckets import Buckets
from .question import Question


def answer(question: Question) -> Answer:
    parameters = question.query_parameters(
        "from_date", "to_date", "unit", "addiction_unit", "event", "where", "on", "limit"
    )
    unit = parameters.one_of("unit", ("day", "week", "month"))
    part = parameters.one_of("addiction_unit", ("hour", "day"))
    names = [parameters.event()] if parameters.text("event") is not None else None
    where, on, limit = parameters.expression(), parameters.segment(), parameters.integer("limit")
    buckets = Buckets(*parameters.dates(), unit)
    events = reported(question.archive, *parameters.dates(), names, where)
    found = frequency(events, buckets, part, on)

    users: Counter[str] = Counter()
    for segments in found.values():
        users.update({name: counts[0] for name, counts in segments.items()})
    top = sorted(users, key=lambda name: (-users[name], name))[:limit]
    data = {
        buckets.label(start): (
            segments[""] if on is None else {name: segments[name] for name in top if name in segments}
        )
        for start, segments in found.items()
    }
    return Answer.json({"data": data})
