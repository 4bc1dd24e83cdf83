"""Evaluates `behaviors`: how often users did something lately, for filters of profiles.

A behavior counts a user's events of one of the selected names, that satisfy its `selector` if there is one, in the
window (`30d`, `12h`) that ends with a moment. Data that ends before that moment is looked at as if it were still then.
"""

import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from .archive import Archive
from .events import Event, reported
from .expressions import parse
from .project import Project
from .reports.time_buckets import midnight, moment

WINDOW = re.compile(r"([1-9]\d{0,3})([dh])")
UNITS = {"d": timedelta(days=1), "h": timedelta(hours=1)}


def is_wellformed(behaviors: Any) -> bool:
    return isinstance(behaviors, list) and bool(behaviors) and all(map(_is_behavior, behaviors))


def counts(behaviors: list[dict], as_of: int | None, project: Project, archive: Archive) -> dict[str, Counter[str]]:
    """By behavior's name, then by user. `as_of` is in seconds, and UTC."""
    end = midnight(project.newest_day()) + timedelta(days=1)
    if as_of is not None:
        asked = datetime.fromtimestamp(as_of, UTC).astimezone(ZoneInfo(project.time_zone)).replace(tzinfo=None)
        end = min(end, asked)
    return {behavior["name"]: _count(behavior, end, archive) for behavior in behaviors}


def _count(behavior: dict, end: datetime, archive: Archive) -> Counter[str]:
    number, unit = WINDOW.fullmatch(behavior["window"]).groups()
    start = end - int(number) * UNITS[unit]
    selectors = behavior["event_selectors"]
    names = {selector["event"] for selector in selectors}
    return Counter(
        event.distinct_id
        for event in reported(archive, start.date(), end.date(), names)
        if event.distinct_id is not None
        and start <= moment(event.time_ms) < end
        and any(_selects(selector, event) for selector in selectors)
    )


def _selects(selector: dict, event: Event) -> bool:
    return selector["event"] == event.event and (
        not selector.get("selector") or parse(selector["selector"])(event) is True
    )


def _is_behavior(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and set(value) == {"window", "name", "event_selectors"}
        and isinstance(value["name"], str)
        and isinstance(value["window"], str)
        and WINDOW.fullmatch(value["window"]) is not None
        and isinstance(value["event_selectors"], list)
        and bool(value["event_selectors"])
        and all(map(_is_selector, value["event_selectors"]))
    )


def _is_selector(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and set(value) in ({"event"}, {"event", "selector"})
        and all(isinstance(text, str) for text in value.values())
    )
