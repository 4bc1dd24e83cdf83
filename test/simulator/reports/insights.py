"""Saved Insights reports, and what the service makes of funnels and retention when they are asked for as Insights.

`series` nests: metric, then a level for each breakdown, then time. A breakdown's level has a segment `$overall`, which
goes straight to time; times are midnights, or hours, with the offset that the project's time zone has then, so it
changes with summer time. A report without time has `all` in their place, or nothing at all. Every bucket of the period
is there: a count or a sum of nothing is 0, an average of nothing is null. A metric that has neither a name nor events
is not there.

`total` counts events, `unique` users, `sum` and `average` are of the events whose property is a number.
"""

from collections import defaultdict
from datetime import datetime
from typing import Any

from ..events import Event
from ..expression_values import UNDEFINED
from .definitions import Metric, SavedInsights
from .funnel import OVERALL, Funnel, counted
from .labels import label
from .numbers import is_number, total
from .time_buckets import Buckets

ALL = "all"
STEP_NUMBERS = ("count", "step_conv_ratio", "overall_conv_ratio", "avg_time", "avg_time_from_start")


def series(saved: SavedInsights, metric: Metric, events: list[Event], buckets: Buckets, zone) -> Any:
    """What is under the metric's name."""
    return _level(saved, metric, saved.breakdowns, events, buckets, zone)


def _level(saved, metric, breakdowns, events, buckets, zone) -> Any:
    if not breakdowns:
        return _leaf(saved, metric, events, buckets, zone)
    by_segment: defaultdict[str, list[Event]] = defaultdict(list)
    for event in events:
        by_segment[label(event.properties.get(breakdowns[0], UNDEFINED))].append(event)
    overall = {OVERALL: _leaf(saved, metric, events, buckets, zone)}
    return overall | {
        name: _level(saved, metric, breakdowns[1:], by_segment[name], buckets, zone) for name in sorted(by_segment)
    }


def _leaf(saved, metric, events, buckets, zone) -> Any:
    if saved.unit is None:
        number = measured(metric, events)
        return number if saved.bare else {ALL: number}
    by_start: defaultdict[datetime, list[Event]] = defaultdict(list)
    for event in events:
        by_start[buckets.start(event.time_ms)].append(event)
    return {zoned(start, zone): measured(metric, by_start[start]) for start in buckets.all()}


def measured(metric: Metric, events: list[Event]) -> int | float | None:
    if metric.measure == "total":
        return len(events)
    if metric.measure == "unique":
        return len({event.distinct_id for event in events} - {None})
    values = [event.properties.get(metric.property) for event in events]
    numbers = [value for value in values if is_number(value)]
    if metric.measure == "average":
        return total(numbers) / len(numbers) if numbers else None
    return total(numbers)


def funnel_series(funnel: Funnel, found) -> dict[str, Any]:
    """A funnel turned around: numbers, then steps, counted over the whole period as one bucket."""
    steps = counted(funnel, found)
    return {
        name: {f"{number}. {step['step_label']}": {ALL: step[name]} for number, step in enumerate(steps, 1)}
        for name in STEP_NUMBERS
    }


def with_rates(cohort: dict[str, Any]) -> dict[str, Any]:
    """A cohort, and the share of it that each count is."""
    return cohort | {"rates": [count / cohort["first"] for count in cohort["counts"]]}


def zoned(start: datetime, zone) -> str:
    return start.replace(tzinfo=zone).isoformat()
