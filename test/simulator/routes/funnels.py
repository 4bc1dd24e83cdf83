"""`GET /api/query/funnels`: a saved funnel, over some days. `reports/funnel.py` says what counts.

Buckets are of `interval` days (1) from the first day, or of a calendar `unit`; every one of them is answered, entered
or not. Without `on` a bucket has `steps` and `analysis`, with it bare lists of steps, by segment and `$overall`;
`limit` (255, at most 10,000) leaves the segments that the most users entered. `length` and `length_unit` replace what
is saved.
"""

from ..answer import Answer
from ..events import reported
from ..expressions import Expression
from ..office import bookmarks
from ..parameters import Parameters
from ..reports.funnel import OVERALL, Attempt, Funnel, analysis, attempts, counted, top_segments
from ..reports.time_buckets import Buckets
from .question import Question

LENGTH_MS = {"day": 86_400_000, "hour": 3_600_000, "minute": 60_000, "second": 1000}
LONGEST_MS = 90 * LENGTH_MS["day"]
MAX_LIMIT = 10_000


def answer(question: Question) -> Answer:
    parameters = question.query_parameters(
        "funnel_id", "from_date", "to_date", "length", "length_unit", "interval", "unit", "on", "where", "limit"
    )
    parameters.required("funnel_id")
    saved = bookmarks.find(parameters.integer("funnel_id"), "funnels")
    if saved is None:
        raise parameters.refused("Invalid funnel ID")
    on, where = parameters.segment(), parameters.expression()
    limit = parameters.integer("limit", maximum=MAX_LIMIT) or 255
    from_date, to_date = parameters.dates()
    buckets = _buckets(parameters)
    funnel = saved.definition.funnel(_length_ms(parameters, saved.definition))
    last_day = max(to_date, question.project.newest_day())
    events = reported(question.archive, from_date, last_day, funnel.events, where)
    found = attempts(funnel, events, buckets, on)
    starts = buckets.all()
    data = {
        buckets.label(start): _bucket(funnel, [attempt for attempt in found if attempt.bucket == start], on, segments)
        for segments in [top_segments(found, limit)]
        for start in starts
    }
    return Answer.json({"meta": {"dates": [buckets.label(start) for start in starts]}, "data": data})


def _bucket(funnel: Funnel, found: list[Attempt], on: Expression | None, segments: list[str]) -> dict:
    overall = counted(funnel, found)
    if on is None:
        return {"steps": overall, "analysis": analysis(overall)}
    by_segment = {name: [attempt for attempt in found if attempt.segment == name] for name in segments}
    return {OVERALL: overall} | {name: counted(funnel, theirs) for name, theirs in by_segment.items() if theirs}


def _buckets(parameters: Parameters) -> Buckets:
    parameters.exclusive("interval", "unit")
    if parameters.text("unit") is not None:
        return Buckets(*parameters.dates(), parameters.one_of("unit", ("day", "week", "month")))
    return Buckets(*parameters.dates(), days=parameters.integer("interval") or 1)


def _length_ms(parameters: Parameters, saved: bookmarks.SavedFunnel) -> int:
    length = parameters.integer("length") or saved.length
    unit = parameters.one_of("length_unit", tuple(LENGTH_MS), default=saved.length_unit)
    if length * LENGTH_MS[unit] > LONGEST_MS:
        raise parameters.refused("length cannot be greater than 90 days")
    return length * LENGTH_MS[unit]
