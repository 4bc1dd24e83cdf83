"""`GET /api/query/segmentation/numeric`: how often an event happened, by ranges of a number.

Counts by range and bucket, of one of the types in `reports/tally.py`. The ranges are equally wide, 1, 2, 5, 10, 20, 50,
... whichever first needs no more than 20 of them, and begin at multiples of that; `2,000 - 2,100` holds 2,000 but not
2,100. What is not a finite number is not counted, and a range without events is absent.
"""

from itertools import count

from ..answer import Answer
from ..events import reported
from ..reports.numbers import is_number
from ..reports.tally import TYPES, Tally, as_answer
from ..reports.time_buckets import Buckets
from .question import Question

MOST_RANGES = 20


def answer(question: Question) -> Answer:
    parameters = question.query_parameters("event", "from_date", "to_date", "on", "unit", "where", "type")
    parameters.required("on")
    name, expression, where = parameters.event(), parameters.segment(), parameters.expression()
    unit = parameters.one_of("unit", ("hour", "day"), default="day")
    type = parameters.one_of("type", TYPES, default="general")
    events = reported(question.archive, *parameters.dates(), [name], where)
    found = [(event, value) for event in events if is_number(value := expression(event))]
    tally = Tally(type, Buckets(*parameters.dates(), unit))
    if found:
        numbers = [value for _, value in found]
        width = range_width(min(numbers), max(numbers))
        for event, value in found:
            tally.add(range_label(value, width), event.time_ms, event.distinct_id)
    return Answer.json(as_answer(tally.values()))


def range_width(smallest: int | float, largest: int | float) -> int:
    widths = (digit * 10**power for power in count() for digit in (1, 2, 5))
    return next(width for width in widths if largest // width - smallest // width < MOST_RANGES)


def range_label(value: int | float, width: int) -> str:
    low = int(value // width) * width
    return f"{low:,} - {low + width:,}"
