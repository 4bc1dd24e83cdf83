"""Shared by `/events` and `/events/properties`: a type, a unit, and a period in either of two forms."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import NamedTuple

from ..events import Event, reported
from ..parameters import Parameters
from ..project import Project
from ..reports.tally import TYPES, Tally
from ..reports.time_buckets import MILLISECOND, Buckets, later, midnight, milliseconds, start_of
from .question import Question

UNITS = ("minute", "hour", "day", "week", "month")
PARAMETERS = ("type", "unit", "interval", "from_date", "to_date", "format")


class Breakdown(NamedTuple):
    tally: Tally
    from_date: date
    to_date: date
    from_ms: int
    """The period's beginning, which is within its first day for an interval of hours or minutes."""

    def events(self, question: Question, names: list[str]) -> Iterator[Event]:
        found = reported(question.archive, self.from_date, self.to_date, names)
        return (event for event in found if event.time_ms >= self.from_ms)


def read(parameters: Parameters, project: Project) -> Breakdown:
    type = parameters.one_of("type", TYPES)
    unit = parameters.one_of("unit", UNITS)
    # The service answers CSV too; nobody here asks for it.
    parameters.one_of("format", ("json",), default="json")
    if type == "unique" and unit in ("minute", "hour"):
        raise parameters.refused("You cannot get hourly uniques")
    interval = parameters.integer("interval")
    if interval is None:
        from_date, to_date = parameters.dates()
        start = midnight(from_date)
    elif parameters.text("from_date") or parameters.text("to_date"):
        raise parameters.refused("specify either interval or from_date and to_date")
    else:
        # So many units, the last of them the current one: that in which the newest day ends.
        to_date = project.newest_day()
        start = later(unit, start_of(unit, midnight(to_date + timedelta(days=1)) - MILLISECOND), 1 - interval)
        from_date = start.date()
    return Breakdown(Tally(type, Buckets(from_date, to_date, unit)), from_date, to_date, milliseconds(start))
