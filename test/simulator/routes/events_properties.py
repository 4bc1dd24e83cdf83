"""`GET /api/query/events/properties`: how often an event happened with each value of a property.

Counts by the value's text and bucket, of one of the types in `reports/tally.py`. An event that lacks the property, or
has null there, is not counted. `values` leaves only these texts; `limit` (255) the most frequent ones.
"""

from ..answer import Answer
from ..reports.labels import label
from ..reports.tally import as_answer
from . import event_breakdown
from .question import Question


def answer(question: Question) -> Answer:
    parameters = question.query_parameters("event", "name", "values", "limit", *event_breakdown.PARAMETERS)
    name, wanted, event_name = parameters.required("name"), parameters.strings("values"), parameters.event()
    limit = parameters.integer("limit") or 255
    breakdown = event_breakdown.read(parameters, question.project)
    for event in breakdown.events(question, [event_name]):
        value = event.properties.get(name)
        if value is not None and (wanted is None or label(value) in wanted):
            breakdown.tally.add(label(value), event.time_ms, event.distinct_id)
    return Answer.json(as_answer(breakdown.tally.values(limit)))
