"""`/api/query/insights`: a saved report of Insights, funnels or retention, over its own period, or, by its definition, over another.

The shapes are described in `reports/insights.py`, the numbers of funnels and retention beside it.
"""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from ..answer import Answer
from ..events import reported
from ..expressions import parse
from ..office import bookmarks
from ..office.params import same_report
from ..reports import asked, asked_ways
from ..reports.definitions import Definition, SavedFunnel, SavedInsights, SavedRetention
from ..reports.funnel import OVERALL, attempts
from ..reports.insights import funnel_series, series, with_rates, zoned
from ..reports.retention import Cohorts, births, retained
from ..reports.time_buckets import Buckets, midnight
from .funnels import LENGTH_MS
from .posted import Posted
from .question import Question

MOST_SEGMENTS = 50_000
Period = tuple[date, date]
"""Both days inclusive."""


def answer(question: Question) -> Answer:
    parameters = question.query_parameters("bookmark_id")
    parameters.required("bookmark_id")
    found = bookmarks.find(parameters.integer("bookmark_id"), "insights", "funnels", "retention")
    if found is None:
        raise parameters.refused("Invalid bookmark_id")
    return _answered(question, found, _saved_period(question, found.definition))


def answer_posted(question: Question) -> Answer:
    """A definition in place of an id: that of a saved report, about days of its own."""
    posted = Posted(question, "queryLimits")
    found = same_report(posted.bookmark, "insights", "funnels", "retention")
    newest_day = question.project.newest_day()
    if found is not None:
        (time, *_) = posted.bookmark["sections"]["time"]
        return _answered(question, found, asked.days_of(time, newest_day))
    try:
        kind = asked_ways.kind(posted.bookmark)
        if kind == "funnel":
            return _asked_funnel(question, asked_ways.funnel(posted.bookmark, newest_day))
        if kind == "retention":
            return _asked_retention(question, asked_ways.retention(posted.bookmark, newest_day))
        question_asked = asked.read(posted.bookmark, newest_day)
    except (asked.Unknown, KeyError) as unknown:
        raise posted.refused(f"the simulator can't answer this ({unknown}): give it a body to answer with") from None
    limit = posted.get("queryLimits")["limit"]
    return _reported(question, question_asked.insights, question_asked.period, question_asked.counted, limit)


def _answered(question: Question, found: bookmarks.Bookmark, period: Period) -> Answer:
    saved = found.definition
    if isinstance(saved, SavedInsights):
        return _reported(question, saved, period)
    if isinstance(saved, SavedFunnel):
        headers, content = ["$funnel"], {found.name: _funnel(question, saved, period)}
    else:
        headers = ["$retention", saved.breakdown] if saved.breakdown else ["$retention"]
        content = {f"{saved.born_event} and then {saved.event or 'Any event'}": _retention(question, saved, period)}

    return _body(question, period, headers, content)


def _asked_funnel(question: Question, wanted: asked_ways.AskedFunnel) -> Answer:
    """By date, then by segment, where it is asked for."""
    period, zone = wanted.period, ZoneInfo(question.project.time_zone)
    funnel = wanted.funnel(wanted.length * LENGTH_MS[wanted.length_unit])
    names = [step.event for step in wanted.steps]
    events = wanted.taken(reported(question.archive, period[0], max(period[1], question.project.newest_day()), names))
    days = (period[1] - period[0]).days + 1
    buckets = Buckets(*period, wanted.unit) if wanted.unit else Buckets(*period, days=days)
    on = parse(f'properties["{wanted.breakdown}"]') if wanted.breakdown else None
    found = attempts(funnel, events, buckets, on)

    def by_segment(entered: list) -> dict:
        if on is None:
            return funnel_series(funnel, entered)
        names = sorted({attempt.segment for attempt in found})
        each = {name: funnel_series(funnel, [attempt for attempt in entered if attempt.segment == name]) for name in names}
        return {OVERALL: funnel_series(funnel, entered)} | each

    if wanted.unit is None:
        content = by_segment(found)
    else:
        content = {
            zoned(start, zone): by_segment([attempt for attempt in found if attempt.bucket == start]) for start in buckets.all()
        }
    headers = ["$funnel", *([wanted.breakdown] if wanted.breakdown else [])]
    return _body(question, period, headers, {wanted.name: content})


def _asked_retention(question: Question, wanted: asked_ways.AskedRetention) -> Answer:
    """With the mean over the cohorts, as Mixpanel has it, of which nobody is a member."""
    saved, period, zone = wanted.saved, wanted.period, ZoneInfo(question.project.time_zone)
    until = midnight(max(period[1], question.project.newest_day())) + timedelta(days=1)
    cohorts = Cohorts(Buckets(*period, saved.unit), saved.intervals, until)
    born = births(reported(question.archive, *period, [saved.born_event]), Buckets(*period, wanted.unit), compounded=False)
    returns = reported(question.archive, period[0], max(period[1], question.project.newest_day()), [saved.event])
    found = [(start, with_rates(segments[""])) for start, segments in retained(cohorts, born, returns).items()]
    content = {zoned(start, zone): cohort for start, cohort in found}
    if found:
        size = sum(cohort["first"] for _, cohort in found) / len(found)
        content["$average"] = {"first": size, "counts": [size / 2], "rates": [0.5]}
    return _body(question, period, ["$retention"], {f"{saved.born_event} and then {saved.event}": content})


def _reported(question: Question, saved: SavedInsights, period: Period, counted=None, limit: int = MOST_SEGMENTS) -> Answer:
    """`counted` chooses among the events of each metric. Beyond the limit, segments are left out."""
    content = _insights(question, saved, period, counted)
    is_cut = False
    if saved.breakdowns:
        for name, segments in content.items():
            named = [segment for segment in segments if segment != OVERALL]
            is_cut |= len(named) >= limit
            content[name] = {segment: segments[segment] for segment in [OVERALL, *named[:limit]]}
    return _body(question, period, [saved.header, *saved.breakdowns], content, saved.metrics, is_cut)


def _body(question: Question, period: Period, headers: list[str], content: dict, metrics=(), is_cut: bool = False) -> Answer:
    zone = ZoneInfo(question.project.time_zone)
    from_date, to_date = period
    meta = {
        "is_segmentation_limit_hit": is_cut,
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


def _saved_period(question: Question, saved: Definition) -> Period:
    to_date = question.project.newest_day()
    return to_date - timedelta(days=saved.days - 1), to_date


def _insights(question: Question, saved: SavedInsights, period: Period, counted=None) -> dict:
    buckets, zone = Buckets(*period, saved.unit or "day"), ZoneInfo(question.project.time_zone)
    content = {}
    for index, metric in enumerate(saved.metrics):
        events = list(reported(question.archive, *period, [metric.event]))
        events = counted(index, events) if counted else events
        if metric.name is not None or events:
            content[metric.name] = series(saved, metric, events, buckets, zone)
    return content


def _funnel(question: Question, saved: SavedFunnel, period: Period) -> dict:
    """Over all days together. Completions are looked for until the newest day, as everywhere."""
    funnel = saved.funnel(saved.length * LENGTH_MS[saved.length_unit])
    from_date, to_date = period
    events = reported(question.archive, from_date, max(to_date, question.project.newest_day()), funnel.events)
    days = (to_date - from_date).days + 1
    return funnel_series(funnel, attempts(funnel, events, Buckets(*period, days=days)))


def _retention(question: Question, saved: SavedRetention, period: Period) -> dict:
    zone = ZoneInfo(question.project.time_zone)
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
