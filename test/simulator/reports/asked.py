"""Answers ad-hoc Insights reports, as far as the simulator can.

Totals, users, sums and averages of events; filters of events that all hold, or of which one does; one breakdown by a
property of the event. Whatever else a definition says is `Unknown`: the test has to give the body.

A filter compares text with text and numbers with numbers; what an event lacks is unlike everything, so that `does not
equal` and `does not contain` hold of it.
"""

from collections.abc import Callable, Iterable
from datetime import date, timedelta
from typing import Any, NamedTuple

from ..events import Event
from ..expression_values import UNDEFINED
from .definitions import Metric, SavedInsights
from .numbers import is_number

MATHS = {"total": "Total Events", "unique": "Unique Users", "sum": "Sum of {}", "average": "Average of {}"}


class Unknown(Exception):
    """What the simulator has no answer to."""


class Asked(NamedTuple):
    insights: SavedInsights
    filters: tuple["Filter", ...]
    """For each metric: which events count."""
    period: tuple[date, date]

    def counted(self, index: int, events: Iterable[Event]) -> list[Event]:
        return [event for event in events if self.filters[index](event.properties)]


Filter = Callable[[dict[str, Any]], bool]


def read(definition: dict[str, Any], newest_day: date) -> Asked:
    sections, display = definition["sections"], definition["displayOptions"]
    _only(definition, "sections", "displayOptions")
    _only(sections, "show", "time", "filter", "group")
    _only(display, "chartType", "analysis")
    if display["analysis"] != "linear":
        raise Unknown(f"analysis {display['analysis']}")
    everywhere = _all(map(_filter, sections["filter"]))
    metrics, filters = zip(*map(_metric, sections["show"]), strict=True)
    filters = tuple(_all([everywhere, own]) for own in filters)
    (time,) = sections["time"]
    unit = time["unit"] if display["chartType"] == "line" else None
    if len(sections["group"]) > 1:
        raise Unknown("several breakdowns")
    breakdowns = tuple(map(_breakdown, sections["group"]))
    return Asked(SavedInsights(_lettered(metrics), breakdowns, unit, header="$metric"), filters, days_of(time, newest_day))


def days_of(time: dict[str, Any], newest_day: date) -> tuple[date, date]:
    if time["dateRangeType"] == "between":
        from_date, to_date = map(date.fromisoformat, time["value"])
        return from_date, to_date
    if time["window"]["unit"] != "day":
        raise Unknown("a window of other units")
    return newest_day - timedelta(days=time["window"]["value"] - 1), newest_day


def _metric(show: dict[str, Any]) -> tuple[Metric, Filter]:
    _only(show, "type", "behavior", "measurement")
    behavior, measurement = show["behavior"], show["measurement"]
    _only(behavior, "type", "name", "resourceType", "filtersDeterminer", "filters")
    _only(measurement, "math", "property")
    if behavior["type"] != "event":
        raise Unknown(f"a metric of type {behavior['type']}")
    measure, of = measurement["math"], measurement.get("property", {}).get("name", "")
    if measure == "total" and of:
        measure = "sum"
    if measure not in MATHS:
        raise Unknown(f"math {measure}")
    filters = list(map(_filter, behavior["filters"]))
    holds = _all(filters) if behavior["filtersDeterminer"] == "all" or not filters else _any(filters)
    name = f"{behavior['name']} [{MATHS[measure].format(of)}]"
    return Metric(name, behavior["name"], measure, of), holds


def _lettered(metrics: tuple[Metric, ...]) -> tuple[Metric, ...]:
    """Several have letters, as formulas call them."""
    if len(metrics) == 1:
        return metrics
    return tuple(metric._replace(name=f"{chr(ord('A') + number)}. {metric.name}") for number, metric in enumerate(metrics))


def _breakdown(group: dict[str, Any]) -> str:
    _only(group, "value", "propertyName", "resourceType", "propertyType", "propertyDefaultType")
    if group["resourceType"] != "events":
        raise Unknown("a breakdown by what is no property of the event")
    return group["value"]


def _filter(entry: dict[str, Any]) -> Filter:
    _only(entry, "resourceType", "filterType", "defaultType", "filterValue", "filterOperator", "value")
    operator, wanted, name = entry["filterOperator"], entry["filterValue"], entry["value"]
    if entry["resourceType"] != "events" or operator not in OPERATORS or name == "$cohorts":
        raise Unknown(f"a filter that {operator} of {entry['resourceType']}")
    holds = OPERATORS[operator]
    return lambda properties: holds(properties.get(name, UNDEFINED), wanted)


def _all(filters: Iterable[Filter]) -> Filter:
    filters = list(filters)
    return lambda properties: all(holds(properties) for holds in filters)


def _any(filters: Iterable[Filter]) -> Filter:
    filters = list(filters)
    return lambda properties: any(holds(properties) for holds in filters)


def _equals(value: Any, wanted: Any) -> bool:
    values = wanted if isinstance(wanted, list) else [wanted]
    return any(type(value) is type(one) and value == one or is_number(value) and is_number(one) and value == one for one in values)


def _contains(value: Any, wanted: str) -> bool:
    return isinstance(value, str) and wanted.lower() in value.lower()


def _number(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    return lambda value, wanted: is_number(value) and compare(value, wanted)


OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "equals": _equals,
    "does not equal": lambda value, wanted: not _equals(value, wanted),
    "contains": _contains,
    "does not contain": lambda value, wanted: not _contains(value, wanted),
    "starts with": lambda value, wanted: isinstance(value, str) and value.lower().startswith(wanted.lower()),
    "ends with": lambda value, wanted: isinstance(value, str) and value.lower().endswith(wanted.lower()),
    "is set": lambda value, wanted: value is not UNDEFINED and value is not None,
    "is not set": lambda value, wanted: value is UNDEFINED or value is None,
    "is greater than": _number(lambda value, wanted: value > wanted),
    "is less than": _number(lambda value, wanted: value < wanted),
    "is at least": _number(lambda value, wanted: value >= wanted),
    "is at most": _number(lambda value, wanted: value <= wanted),
    "is between": _number(lambda value, wanted: wanted[0] <= value <= wanted[1]),
    "not between": _number(lambda value, wanted: not wanted[0] <= value <= wanted[1]),
    "true": lambda value, wanted: value is True,
    "false": lambda value, wanted: value is False,
}


def _only(members: dict[str, Any], *known: str) -> None:
    for name in members:
        if name not in known:
            raise Unknown(name)
