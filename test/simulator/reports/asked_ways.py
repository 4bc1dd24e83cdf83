"""Answers ad-hoc funnels, retention and flows, as far as the simulator can.

Of a funnel: events by name in their order, with filters and labels, a window, one breakdown by a property of the event,
all days together or by day. Of retention: two events by name, births and periods of any unit. Of flows: one event, and what comes after it.
Whatever else a definition says is `Unknown`: the test has to give the body.
"""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any, NamedTuple

from ..events import Event
from .asked import Filter, Unknown, _all, _any, _breakdown, _filter, _only, days_of
from .definitions import SavedFlow, SavedRetention
from .funnel import Funnel, Step

PERIODS = 11
"""How many periods are reported after the first, where they have ended."""


class AskedStep(NamedTuple):
    event: str
    label: str
    holds: Filter


class AskedFunnel(NamedTuple):
    steps: tuple[AskedStep, ...]
    length: int
    length_unit: str
    period: tuple[date, date]
    unit: str | None
    """None for all days together."""
    breakdown: str | None

    @property
    def name(self) -> str:
        return f"{self.steps[0].label} through {self.steps[-1].label}"

    def funnel(self, length_ms: int) -> Funnel:
        """Its steps are of the events that `taken` makes."""
        return Funnel(tuple(Step(step.event, step.label, (str(number),)) for number, step in enumerate(self.steps)), length_ms)

    def taken(self, events: Iterable[Event]) -> Iterator[Event]:
        """Each event once for each step that it could be, called by the step's number."""
        for event in events:
            for number, step in enumerate(self.steps):
                if step.event == event.event and step.holds(event.properties):
                    yield event._replace(event=str(number))


class AskedRetention(NamedTuple):
    saved: SavedRetention
    period: tuple[date, date]
    unit: str
    """Of the births; that of the periods is the saved one's."""


def kind(definition: dict[str, Any]) -> str:
    return definition["sections"]["show"][0]["behavior"]["type"]


def funnel(definition: dict[str, Any], newest_day: date) -> AskedFunnel:
    sections, behavior, measurement = _parts(definition)
    plain = {"aggregateBy": [], "exclusions": [], "filter": [], "funnelOrder": "loose", "resourceType": "events", "type": "funnel"}
    _plain(behavior, plain, "behaviors", "conversionWindowDuration", "conversionWindowUnit")
    _plain(measurement, {"math": "conversion_rate_unique", "property": None, "stepIndex": None})
    everywhere = list(map(_filter, sections["filter"]))
    steps = tuple(_step(step, everywhere) for step in behavior["behaviors"])
    unit = behavior["conversionWindowUnit"]
    if unit not in ("second", "minute", "hour", "day"):
        raise Unknown(f"a window of {unit}")
    groups = [_breakdown(group) for group in sections["group"]]
    if len(groups) > 1:
        raise Unknown("several breakdowns")
    (time,) = sections["time"]
    is_together = definition["displayOptions"]["chartType"] != "line"
    return AskedFunnel(
        steps,
        behavior["conversionWindowDuration"],
        unit,
        days_of(time, newest_day),
        None if is_together else time["unit"],
        groups[0] if groups else None,
    )


def retention(definition: dict[str, Any], newest_day: date) -> AskedRetention:
    sections, behavior, measurement = _parts(definition)
    plain = {"filter": [], "resourceType": "events", "retentionAlignmentType": "birth", "retentionCustomBucketSizes": [], "type": "retention"}
    _plain(behavior, plain, "behaviors", "retentionUnit")
    _plain(measurement, {"math": "retention_rate"})
    born, event = (_event(event) for event in behavior["behaviors"])
    if sections["group"] or sections["filter"]:
        raise Unknown("a breakdown, or a filter")
    (time,) = sections["time"]
    return AskedRetention(SavedRetention(born, event, behavior["retentionUnit"], PERIODS), days_of(time, newest_day), time["unit"])


def flow(definition: dict[str, Any], newest_day: date) -> tuple[SavedFlow, tuple[date, date]]:
    plain = {
        "anchor_position": 1, "collapse_repeated": False, "conversion_window": {"unit": "day", "value": 7}, "count_type": "unique",
        "exclusions": [], "hidden_events": [], "show_custom_events": True, "version": 2,
    }  # fmt: skip
    _plain(definition, plain, "steps", "date_range", "chartType", "flows_merge_type", "cardinality_threshold")
    if len(definition["steps"]) > 1:
        raise Unknown("several events")
    (step,) = definition["steps"]
    _plain(step, {"bool_op": "and", "property_filter_params_list": [], "reverse": 0}, "event", "step_label", "forward")
    days = definition["date_range"]
    if days["type"] != "between":
        raise Unknown("days from today")
    period = date.fromisoformat(days["from_date"]), date.fromisoformat(days["to_date"])
    return SavedFlow(step["event"], step["forward"], definition["cardinality_threshold"]), period


def _parts(definition: dict[str, Any]) -> tuple[dict, dict, dict]:
    _only(definition, "sections", "displayOptions", "sorting", "columnWidths")
    _only(definition["displayOptions"], "chartType")
    sections = definition["sections"]
    _only(sections, "show", "time", "filter", "group", "formula")
    if sections["formula"]:
        raise Unknown("a formula")
    (show,) = sections["show"]
    return sections, show["behavior"], show["measurement"]


def _event(event: dict[str, Any]) -> str:
    _plain(event, {"type": "event", "id": None, "filters": [], "filtersDeterminer": "all"}, "name")
    return event["name"]


def _step(step: dict[str, Any], everywhere: list[Filter]) -> AskedStep:
    _plain(step, {"type": "event", "id": None, "funnelOrder": "loose"}, "name", "renamed", "filters", "filtersDeterminer")
    filters = list(map(_filter, step["filters"]))
    own = _all(filters) if step["filtersDeterminer"] == "all" or not filters else _any(filters)
    return AskedStep(step["name"], step.get("renamed", step["name"]), _all([*everywhere, own]))


def _plain(members: dict[str, Any], plain: dict[str, Any], *free: str) -> None:
    """Refuses members that say something else than `plain`, but for the `free` ones."""
    _only(members, *plain, *free)
    for name, value in plain.items():
        if members[name] != value:
            raise Unknown(f"{name} {members[name]}")
