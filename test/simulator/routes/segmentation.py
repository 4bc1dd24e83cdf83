"""`GET /api/query/segmentation`: how often an event happened, by the values of an expression.

Counts by segment and bucket, of one of the types in `reports/tally.py`. Without `on` there is one segment, called as
the event. An event that lacks the property is in the segment `undefined`, one that has null there in `null`. `limit`
(60, at most 10,000) leaves the segments with the most events. An event that never happened has no segments.
"""

from ..answer import Answer
from ..events import reported
from ..parameters import Parameters
from ..reports.labels import label
from ..reports.tally import TYPES, Tally, as_answer
from ..reports.time_buckets import Buckets
from .question import Question

# `week` is not in the documentation, but works.
UNITS = ("minute", "hour", "day", "week", "month")
MAX_LIMIT = 10_000


def answer(question: Question) -> Answer:
    parameters = question.query_parameters(
        "event", "from_date", "to_date", "on", "unit", "interval", "where", "limit", "type"
    )
    name = parameters.event()
    segment, where = parameters.segment(), parameters.expression()
    limit = parameters.integer("limit", maximum=MAX_LIMIT) or 60
    type = parameters.one_of("type", TYPES, default="general")
    tally = Tally(type, _buckets(parameters, type))
    for event in reported(question.archive, *parameters.dates(), [name], where):
        series = name if segment is None else label(segment(event))
        tally.add(series, event.time_ms, event.distinct_id)
    return Answer.json(as_answer(tally.values(limit)))


def _buckets(parameters: Parameters, type: str) -> Buckets:
    """By unit; or by `interval`, a number of days, where the type is not general."""
    parameters.exclusive("interval", "unit")
    interval = parameters.integer("interval")
    if interval is not None and type == "general":
        raise parameters.refused("interval is for types other than general")
    return Buckets(*parameters.dates(), parameters.one_of("unit", UNITS, default="day"), interval)
