"""`GET /api/query/insights`: a saved report of Insights, funnels or retention, over the period that it was saved with.

The shapes are described in `reports/insights.py`, the numbers of funnels and retention beside it.
"""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from ..answer import Answer
from ..events import reported
from ..expressions import parse
from ..office import bookmarks
from ..reports.definitions import Definition, SavedFunnel, SavedInsights, SavedRetention
from ..reports.funnel import attempts
from ..reports.insights import funnel_series, series, with_rates, zoned
from ..reports.retention import Cohorts, births, retained
from ..reports.time_buckets import Buckets, midnight
from .funnels import LENGTH_MS
from .question import Question


def answer(question: Question) -> Answer:
    parameters = question.query_parameters("bookmark_id")
    parameters.required("bookmark_id")
    found = bookmarks.find(parameters.integer("bookmark_id"), "insights", "funnels", "retention")
    if found is None:
        raise parameters.refused("Invalid bookmark_id")
    saved = found.definition
    if isinstance(saved, SavedInsights):
        headers, content = [saved.header, *saved.breakdowns], _insights(question, saved)
    elif isinstance(saved, SavedFunnel):
        headers, content = ["$funnel"], {found.name: _funnel(question, saved)}
    else:
        headers = ["$retention", saved.breakdown] if saved.breakdown else ["$retention"]
        content = {f"{saved.born_event} and then {saved.event or 'Any event'}": _retention(question, saved)}

    zone = ZoneInfo(question.project.time_zone)
    from_date, to_date = _period(question, saved)
    metrics = saved.metrics if isinstance(saved, SavedInsights) else ()
    meta = {
        "is_segmentation_limit_hit": False,
        "min_sampling_factor": 1.0,
        "report_sections": {"group": [], "show": [{"metric_key": metric.name} for metric in metrics]},
        "sub_query_count": 1,
    }
    date_range = {
        "from_date": zoned(midnight(from_date), zone),
        "to_date": zoned(datetime.combine(to_date, time(23, 59, 59, 999_000)), zone),
    }
    computed_at = question.project.computed_at()
    return Answer.json(
        {"computed_at": computed_at, "date_range": date_range, "headers": headers, "meta": meta, "series": content}
    )


def _period(question: Question, saved: Definition):
    to_date = question.project.newest_day()
    return to_date - timedelta(days=saved.days - 1), to_date


def _insights(question: Question, saved: SavedInsights) -> dict:
    period = _period(question, saved)
    buckets, zone = Buckets(*period, saved.unit or "day"), ZoneInfo(question.project.time_zone)
    content = {}
    for metric in saved.metrics:
        events = list(reported(question.archive, *period, [metric.event]))
        if metric.name is not None or events:
            content[metric.name] = series(saved, metric, events, buckets, zone)
    return content


def _funnel(question: Question, saved: SavedFunnel) -> dict:
    funnel = saved.funnel(saved.length * LENGTH_MS[saved.length_unit])
    events = reported(question.archive, *_period(question, saved), funnel.events)
    return funnel_series(funnel, attempts(funnel, events, Buckets(*_period(question, saved), days=saved.days)))


def _retention(question: Question, saved: SavedRetention) -> dict:
    period, zone = _period(question, saved), ZoneInfo(question.project.time_zone)
    cohorts = Cohorts(Buckets(*period, saved.unit), saved.intervals, midnight(period[1]) + timedelta(days=1))
    born = births(reported(question.archive, *period, [saved.born_event]), cohorts.buckets, compounded=False)

    def returns():
        return reported(question.archive, *period, None if saved.event is None else [saved.event])

    overall = retained(cohorts, born, returns())
    if saved.breakdown is None:
        return {zoned(start, zone): with_rates(segments[""]) for start, segments in overall.items()}
    by_value = retained(cohorts, born, returns(), parse(f'properties["{saved.breakdown}"]'))
    return {
        zoned(start, zone): {"$overall": with_rates(overall[start][""])}
        | {name: with_rates(segment) for name, segment in segments.items()}
        for start, segments in by_value.items()
    }
