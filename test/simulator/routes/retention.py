"""`GET /api/query/retention`: who comes back after a first event. `reports/retention.py` says what counts.

Cohorts and intervals are of `interval` days, from the first day, or of a calendar `unit` (day); asked for both, the
service fails. `interval_count` (1) is how many intervals there are besides interval 0. `born_event` and `born_where`
mean nothing to compounded retention. Without `event` any event is a return. `on` is asked of the events that users
return with, and adds a level; `first` remains the whole cohort. A cohort of nobody is absent.
"""

from datetime import timedelta

from ..answer import Answer
from ..api_errors import refusal
from ..events import reported
from ..parameters import Parameters
from ..reports.retention import Cohorts, births, retained
from ..reports.time_buckets import Buckets, midnight
from .question import Question

LONGEST_INTERVAL = 90
MOST_INTERVALS = 1000


def answer(question: Question) -> Answer:
    parameters = question.query_parameters(
        "from_date", "to_date", "retention_type", "born_event", "event", "born_where", "where", "interval",
        "interval_count", "unit", "unbounded_retention", "on", "limit"
    )  # fmt: skip
    if parameters.text("interval") is not None and parameters.text("unit") is not None:
        raise refusal(500, "Internal server error", question.request)
    compounded = parameters.one_of("retention_type", ("birth", "compounded"), default="birth") == "compounded"
    event = parameters.event() if parameters.text("event") is not None else None
    born_event = event if compounded else parameters.event("born_event")
    where, born_where = parameters.expression(), parameters.expression("born_where")
    on, limit = parameters.segment(), parameters.integer("limit")

    from_date, to_date = parameters.dates()
    newest = max(to_date, question.project.newest_day())
    known_until = midnight(question.project.newest_day()) + timedelta(days=1)
    intervals = parameters.integer("interval_count", maximum=MOST_INTERVALS) or 1
    cohorts = Cohorts(_buckets(parameters), intervals, known_until, parameters.boolean("unbounded_retention"))

    starts = reported(question.archive, from_date, to_date, _names(born_event), where if compounded else born_where)
    returns = reported(question.archive, from_date, newest, _names(event), where)
    found = retained(cohorts, births(starts, cohorts.buckets, compounded), returns, on)
    top = _top_segments(found, limit)
    answers = {
        _key(question, cohorts.buckets.label(start)): (
            segments[""] if on is None else {name: segments[name] for name in top if name in segments}
        )
        for start, segments in found.items()
    }
    return Answer.json(answers)


def _names(event: str | None) -> list[str] | None:
    return None if event is None else [event]


def _buckets(parameters: Parameters) -> Buckets:
    interval = parameters.integer("interval", maximum=LONGEST_INTERVAL)
    if interval is not None:
        return Buckets(*parameters.dates(), days=interval)
    return Buckets(*parameters.dates(), parameters.one_of("unit", ("day", "week", "month"), default="day"))


def _top_segments(found: dict, limit: int | None) -> list[str]:
    """Those with the most returns."""
    counts: dict[str, int] = {}
    for segments in found.values():
        for name, about in segments.items():
            counts[name] = counts.get(name, 0) + sum(about["counts"])
    return sorted(counts, key=lambda name: (-counts[name], name))[:limit]


def _key(question: Question, label: str) -> str:
    """The service has been seen to answer with days, and with their midnights."""
    return f"{label}T00:00:00" if question.project.retention_timestamps else label
