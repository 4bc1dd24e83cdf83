"""Defines the period of routes that list names without dates: the 31 days that end with the newest one."""

from collections.abc import Iterator
from datetime import date, timedelta

from ..events import Event, reported
from .question import Question

DAYS = 31


def first_day(to_date: date) -> date:
    return to_date - timedelta(days=DAYS - 1)


def recent_events(question: Question, name: str | None) -> Iterator[Event]:
    """Those of that name; all without one, although the documentation says that a name is required."""
    to_date = question.project.newest_day()
    return reported(question.archive, first_day(to_date), to_date, None if name is None else [name])
