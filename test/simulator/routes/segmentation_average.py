"""`GET /api/query/segmentation/average`: what `/segmentation/sum` adds up, divided by the number of events.

So an event that has no number there lowers the average: it counts as 0.
"""

from ..answer import Answer
from ..reports.numbers import total
from .question import Question
from .segmentation_sum import values_by_bucket


def answer(question: Question) -> Answer:
    results = {label: total(values) / len(values) for label, values in values_by_bucket(question)}
    return Answer.json({"results": results, "status": "ok"})
