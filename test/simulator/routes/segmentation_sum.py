"""`GET /api/query/segmentation/sum`: the sum of an expression over events, by day or hour.

What is not a finite number counts as 0: a misspelt property gives zeros, not an error. A bucket without events is
absent.
"""

from collections import defaultdict
from datetime import datetime

from ..answer import Answer
from ..events import reported
from ..reports.numbers import is_number, total
from ..reports.time_buckets import Buckets
from .question import Question


def answer(question: Question) -> Answer:
    results = {label: total(values) for label, values in reversed(values_by_bucket(question))}
    return Answer.json({"status": "ok", "computed_at": question.project.computed_at(), "results": results})


def values_by_bucket(question: Question) -> list[tuple[str, list[int | float]]]:
    parameters = question.query_parameters("event", "from_date", "to_date", "on", "unit", "where")
    parameters.required("on")
    name, expression, where = parameters.event(), parameters.segment(), parameters.expression()
    buckets = Buckets(*parameters.dates(), parameters.one_of("unit", ("hour", "day"), default="day"))
    values: defaultdict[datetime, list] = defaultdict(list)
    for event in reported(question.archive, *parameters.dates(), [name], where):
        value = expression(event)
        values[buckets.start(event.time_ms)].append(value if is_number(value) else 0.0)
    return [(buckets.label(start), values[start]) for start in sorted(values)]
