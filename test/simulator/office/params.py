"""The definitions of saved reports, as `params` of a bookmark has them and as they are posted again for other days.

Insights, funnels and retention have `sections`, flows are flat. The period is in `sections.time`, or in `date_range`;
nothing else of a definition says which days it is about.
"""

from datetime import date
from functools import cache
from typing import Any

from ..reports.definitions import CUSTOM_EVENTS, Metric, SavedFlow, SavedFunnel, SavedInsights, SavedRetention
from .bookmarks import BOOKMARKS, Bookmark

MATHS = {"total": "total", "unique": "unique", "sum": "sum", "average": "average"}


@cache
def params(bookmark: Bookmark) -> dict[str, Any]:
    saved = bookmark.definition
    if saved is None:
        return {}
    if isinstance(saved, SavedFlow):
        return _flow(saved)
    unit = saved.unit or "day" if isinstance(saved, SavedInsights) else "day"
    breakdowns = saved.breakdowns if isinstance(saved, SavedInsights) else ()
    if isinstance(saved, SavedRetention) and saved.breakdown:
        breakdowns = (saved.breakdown,)
    return {
        "displayOptions": {"chartType": _chart(saved)},
        "sections": {
            "filter": [],
            "formula": [],
            "group": [_group(name) for name in breakdowns],
            "show": _show(saved),
            "time": [{"dateRangeType": "in the last", "unit": unit, "window": {"unit": "day", "value": saved.days}}],
        },
    }


def same_report(definition: dict[str, Any], *types: str) -> Bookmark | None:
    """The saved report that a posted definition is, but for its days."""
    asked = timeless(definition)
    return next((mark for mark in BOOKMARKS if mark.type in types and mark.definition and timeless(params(mark)) == asked), None)


def timeless(definition: dict[str, Any]) -> dict[str, Any]:
    if "sections" not in definition:
        return {name: value for name, value in definition.items() if name not in ("date_range", *FORM)}
    time = [{"unit": entry.get("unit")} for entry in definition["sections"].get("time", [])]
    return definition | {"sections": definition["sections"] | {"time": time}}


FORM = ("chartType", "flows_merge_type")
"""Which form of a flow is asked for. The same flow has three."""


def period(definition: dict[str, Any]) -> tuple[date, date] | None:
    """The days that a definition names. None where it names none, or counts them from today."""
    entry = definition.get("date_range") or (definition.get("sections", {}).get("time") or [{}])[0]
    days = entry.get("value") or [entry.get("from_date"), entry.get("to_date")]
    if entry.get("dateRangeType", entry.get("type")) != "between":
        return None
    return date.fromisoformat(days[0]), date.fromisoformat(days[1])


def _chart(saved: SavedInsights | SavedFunnel | SavedRetention) -> str:
    charts = {SavedFunnel: "funnel-steps", SavedRetention: "retention-curve"}
    return charts.get(type(saved)) or ("line" if isinstance(saved, SavedInsights) and saved.unit else "bar")


def _group(name: str) -> dict[str, Any]:
    return {
        "propertyDefaultType": "string",
        "propertyName": name,
        "propertyType": "string",
        "resourceType": "events",
        "value": name,
    }


def _show(saved: SavedInsights | SavedFunnel | SavedRetention) -> list[dict[str, Any]]:
    if isinstance(saved, SavedInsights):
        return [_metric(metric) for metric in saved.metrics]
    if isinstance(saved, SavedFunnel):
        behavior = {
            "aggregateBy": [],
            "behaviors": [_event(step) | {"funnelOrder": "loose"} for step in saved.steps],
            "conversionWindowDuration": saved.length,
            "conversionWindowUnit": saved.length_unit,
            "exclusions": [],
            "filter": [],
            "funnelOrder": "loose",
            "resourceType": "events",
            "type": "funnel",
        }
        return [{"behavior": behavior, "measurement": {"math": "conversion_rate_unique"}, "type": "metric"}]
    behavior = {
        "behaviors": [_event(saved.born_event), _event(saved.event or "$any_event")],
        "filter": [],
        "resourceType": "events",
        "retentionAlignmentType": "birth",
        "retentionCustomBucketSizes": [],
        "retentionUnit": saved.unit,
        "type": "retention",
    }
    return [{"behavior": behavior, "measurement": {"math": "retention_rate"}, "type": "metric"}]


def _metric(metric: Metric) -> dict[str, Any]:
    measurement: dict[str, Any] = {"math": MATHS[metric.measure]}
    if metric.property:
        measurement["property"] = {"name": metric.property, "resourceType": "events"}
    behavior = _event(metric.event) | {"resourceType": "events"}
    return {"behavior": behavior, "measurement": measurement, "name": metric.name, "type": "metric"}


def _event(event: str | int) -> dict[str, Any]:
    name, kind, number = (event, "event", None) if isinstance(event, str) else (CUSTOM_EVENTS[event][0], "custom-event", event)
    return {"filters": [], "filtersDeterminer": "all", "id": number, "name": name, "type": kind}


def _flow(saved: SavedFlow) -> dict[str, Any]:
    events = [saved.anchor] if saved.until is None else [saved.anchor, saved.until]
    return {
        "anchor_position": 1,
        "cardinality_threshold": saved.kept,
        "chartType": "sankey",
        "collapse_repeated": False,
        "conversion_window": {"unit": "day", "value": 7},
        "count_type": "unique",
        "date_range": {"from_date": {"unit": "day", "value": saved.days}, "to_date": "$now", "type": "in the last"},
        "exclusions": [],
        "filter_by_cohort": "{}",
        "flows_merge_type": "graph",
        "hidden_events": [],
        "show_custom_events": True,
        "steps": [
            {
                "bool_op": "and",
                "event": event,
                "forward": saved.forward,
                "property_filter_params_list": [],
                "step_label": event,
            }
            for event in events
        ],
        "version": "1",
    }
