"""`GET /api/query/events/properties/top`: the properties of an event, and how many events of the last 31 days have
them.

`time`, `distinct_id` and `$insert_id` are not among them. A property that Lexicon describes but that no event has is
listed too, without a count. The default `limit` is 10.
"""

from collections import Counter

from ..answer import Answer
from ..office.lexicon import described_properties
from .question import Question
from .recent_events import recent_events

NOT_LISTED = ("time", "distinct_id", "$insert_id")


def answer(question: Question) -> Answer:
    parameters = question.query_parameters("event", "limit")
    name = parameters.event() if parameters.text("event") is not None else None
    limit = parameters.integer("limit") or 10
    counts: Counter[str] = Counter()
    for event in recent_events(question, name):
        counts.update(key for key in event.properties if key not in NOT_LISTED)
    ranked = sorted(counts, key=lambda key: (-counts[key], key))
    answers = {key: {"count": counts[key]} for key in ranked}
    for key in described_properties(name):
        answers.setdefault(key, {})
    return Answer.json(dict(list(answers.items())[:limit]))
