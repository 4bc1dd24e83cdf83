"""`GET /api/query/events/properties/values`: the most frequent values of a property in the last 31 days, as text.

Lists and objects come as JSON text. Null is not a value. The default `limit` is 255.
"""

from collections import Counter

from ..answer import Answer
from ..reports.labels import label
from .question import Question
from .recent_events import recent_events


def answer(question: Question) -> Answer:
    parameters = question.query_parameters("event", "name", "limit")
    name = parameters.required("name")
    event_name = parameters.event() if parameters.text("event") is not None else None
    limit = parameters.integer("limit") or 255
    values = (event.properties.get(name) for event in recent_events(question, event_name))
    counts = Counter(label(value) for value in values if value is not None)
    return Answer.json(sorted(counts, key=lambda value: (-counts[value], value))[:limit])
