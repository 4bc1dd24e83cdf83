"""Defines the saved reports. A period is a number of days that ends with the project's newest day."""

from typing import NamedTuple

from .funnel import Funnel, Step

CUSTOM_EVENTS = {20001: ("Wants It", ("Add To Cart", "Add To Wishlist"))}
"""Names and members by id. In a funnel such a step is called `$custom_event:20001`."""


class Metric(NamedTuple):
    name: str | None
    """What the report calls it."""
    event: str
    measure: str = "total"
    """Or "unique" (users), "sum" or "average" (of a property)."""
    property: str = ""


class SavedInsights(NamedTuple):
    metrics: tuple[Metric, ...]
    breakdowns: tuple[str, ...] = ()
    unit: str | None = "day"
    """None for no time: one number, called `all`."""
    days: int = 30
    header: str = "$event"
    bare: bool = False
    """The number without even `all`."""


class SavedFunnel(NamedTuple):
    steps: tuple[str | int, ...]
    """Events by name, custom ones by id."""
    length: int = 7
    length_unit: str = "day"
    days: int = 30

    def funnel(self, length_ms: int) -> Funnel:
        return Funnel(tuple(map(_step, self.steps)), length_ms)


class SavedRetention(NamedTuple):
    born_event: str
    event: str | None
    """None for any."""
    unit: str = "day"
    intervals: int = 6
    breakdown: str | None = None
    days: int = 14


class SavedFlow(NamedTuple):
    anchor: str
    forward: int = 3
    """The number of steps after the anchor."""
    kept: int = 3
    """The number of events that are shown at each step; the others are one node."""
    until: str | None = None
    """The event that makes it a conversion."""
    days: int = 30


Definition = SavedInsights | SavedFunnel | SavedRetention | SavedFlow


def _step(step: str | int) -> Step:
    if isinstance(step, str):
        return Step(step, step, (step,))
    name, members = CUSTOM_EVENTS[step]
    return Step(f"$custom_event:{step}", name, members, step)
