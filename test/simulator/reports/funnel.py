"""Funnels: how many users take some steps in their order, and how long that takes them.

A user enters the funnel once in each bucket, with their first event there that is the first step. Each further step is
the first such event that is later than the step before, and at most `length` after the first step, wherever in time
that is: completions are looked for after the report's last day too. A user who does not complete from that entry gets
no second chance in the same bucket. `where` is asked of the events of all steps. With `on`, a user counts for the
segment that the event with which they entered is in.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from ..events import Event
from ..expressions import Expression
from .labels import label
from .time_buckets import Buckets, milliseconds

OVERALL = "$overall"


class Step(NamedTuple):
    event: str
    """An event's name, or what a custom event is called in requests."""
    label: str
    events: tuple[str, ...]
    """The events that are this step: several for a custom event."""
    custom_event_id: int | None = None


class Funnel(NamedTuple):
    steps: tuple[Step, ...]
    length_ms: int

    @property
    def events(self) -> set[str]:
        return {name for step in self.steps for name in step.events}


class Attempt(NamedTuple):
    bucket: datetime
    segment: str
    times_ms: list[int]
    """When each of the steps was taken that were taken."""


def attempts(funnel: Funnel, events: Iterable[Event], buckets: Buckets, on: Expression | None = None) -> list[Attempt]:
    by_user: defaultdict[str, list[Event]] = defaultdict(list)
    for event in events:
        if event.distinct_id is not None:
            by_user[event.distinct_id].append(event)
    found = []
    for theirs in by_user.values():
        theirs.sort(key=lambda event: event.time_ms)
        entered: set[datetime] = set()
        for event in theirs:
            bucket = buckets.start(event.time_ms)
            is_entry = event.event in funnel.steps[0].events and event.time_ms < milliseconds(buckets.end)
            if is_entry and bucket not in entered:
                entered.add(bucket)
                segment = OVERALL if on is None else label(on(event))
                found.append(Attempt(bucket, segment, _times(funnel, event, theirs)))
    return found


def _times(funnel: Funnel, entry: Event, events: list[Event]) -> list[int]:
    times = [entry.time_ms]
    for event in events:
        if len(times) == len(funnel.steps) or event.time_ms > entry.time_ms + funnel.length_ms:
            break
        if event.time_ms > times[-1] and event.event in funnel.steps[len(times)].events:
            times.append(event.time_ms)
    return times


def top_segments(found: Iterable[Attempt], limit: int) -> list[str]:
    """Those that the most users entered, in all buckets together."""
    counts = Counter(attempt.segment for attempt in found)
    return sorted(counts, key=lambda segment: (-counts[segment], segment))[:limit]


def counted(funnel: Funnel, found: Iterable[Attempt]) -> list[dict[str, Any]]:
    """The steps, as they are answered. Times are whole seconds, averaged over those who took the step."""
    times = [attempt.times_ms for attempt in found]
    counts = [sum(len(taken) > number for taken in times) for number in range(len(funnel.steps))]
    return [
        {
            "count": counts[number],
            "avg_time": _seconds([taken[number] - taken[number - 1] for taken in times if len(taken) > number > 0]),
            "avg_time_from_start": _seconds([taken[number] - taken[0] for taken in times if len(taken) > number > 0]),
            "step_conv_ratio": _ratio(counts, number, number - 1),
            "goal": step.event,
            "overall_conv_ratio": _ratio(counts, number, 0),
            "event": step.event,
            "step_label": step.label,
        }
        | ({"custom_event": True, "custom_event_id": step.custom_event_id} if step.custom_event_id else {})
        for number, step in enumerate(funnel.steps)
    ]


def analysis(steps: list[dict[str, Any]]) -> dict[str, int]:
    """The summary of steps; `worst` is the index of the one that the largest share did not take."""
    worst = min(range(1, len(steps)), key=lambda number: steps[number]["step_conv_ratio"])
    return {
        "completion": steps[-1]["count"],
        "starting_amount": steps[0]["count"],
        "steps": len(steps),
        "worst": worst,
    }


def _seconds(milliseconds: list[int]) -> int | None:
    return round(sum(milliseconds) / len(milliseconds) / 1000) if milliseconds else None


def _ratio(counts: list[int], number: int, of: int) -> int | float:
    """1 for the first step, 0 of nobody; both without a decimal point."""
    if number == 0:
        return 1
    return counts[number] / counts[of] if counts[number] else 0
