"""`GET /api/query/events`: how often each of some events happened, by minute, hour, day, week or month.

Counts by event's name and bucket, of one of the types in `reports/tally.py`.
"""

from ..answer import Answer
from ..reports.tally import as_answer
from . import event_breakdown
from .question import Question


def answer(question: Question) -> Answer:
    parameters = question.query_parameters("event", *event_breakdown.PARAMETERS)
    parameters.required("event")
    names = parameters.strings("event")
    if not names:
        raise parameters.refused("event must name at least one event")
    breakdown = event_breakdown.read(parameters, question.project)
    for event in breakdown.events(question, names):
        breakdown.tally.add(event.event, event.time_ms, event.distinct_id)
    return Answer.json(as_answer(breakdown.tally.values()))
