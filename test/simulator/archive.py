"""Holds the project's events by day, compressed and ready to send. Makes them on first request, or all at once."""

import json
import os
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import date, timedelta
from functools import lru_cache, partial
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple

from . import expressions, rows, stored_days
from .blocks import Block, deflate, inflate
from .directory import Directory, Values
from .project import Project
from .rows import Row
from .shop import Recipe, day_text

EMPTY = deflate(b"")


class Day(NamedTuple):
    block: Block
    events: Counter[str]
    verbatim: bool = False
    """A day that a test has set is sent as it is, its times too."""


class Selection(NamedTuple):
    """Which rows an export asks for."""

    from_date: date
    to_date: date
    events: frozenset[str] | None = None
    where: str | None = None
    limit: int | None = None
    time_in_ms: bool = False


def build_day(recipe: Recipe, day: date) -> Day:
    text = day_text(recipe, day).encode()
    return Day(deflate(text), rows.count_events(text))


class _Asked:
    """A row as a filter sees it: with the profile of its user."""

    def __init__(self, row: Row, archive: "Archive"):
        self.properties, self.time_ms = row.properties, row.time_ms
        self._distinct_id, self._archive = row.distinct_id, archive

    @property
    def user(self) -> Values:
        return self._archive.user(self._distinct_id)


class Archive:
    def __init__(self, project: Project, cache_dir: str | Path | None = None, directory: Directory | None = None):
        """`directory`: the profiles that filters may speak of."""
        self.project = project
        self._directory = directory or Directory(project)
        self._folder = stored_days.folder(cache_dir, project.recipe) if cache_dir else None
        self._days: dict[date, Day] = {}
        self._building = Lock()
        self._generated = set(project.dates)
        self._select = lru_cache(maxsize=64)(self._select_from_day)

    def warm(self) -> None:
        """Makes all days now, on all processors."""
        missing = [day for day in self.project.dates if not self._known(day)]
        workers = min(len(missing), os.cpu_count() or 1)
        if workers > 1:
            with ProcessPoolExecutor(workers) as pool:
                for day, built in zip(missing, pool.map(partial(build_day, self.project.recipe), missing), strict=True):
                    self._keep(day, built)
        for day in missing:
            self._day(day)

    def set_day(self, day: date, lines: Iterable[str | bytes]) -> None:
        """Replaces a day's events by exactly these lines, whatever they hold. Any day may be set."""
        text = b"".join((line.encode() if isinstance(line, str) else line) + b"\n" for line in lines)
        with self._building:
            self._days[day] = Day(deflate(text), rows.count_events(text), verbatim=True)
            self._select.cache_clear()

    def merge_users(self, old: str, new: str) -> None:
        """Gives the events of one user to another, as simplified ID merge does. The days count as set from then on."""
        was, is_now = f'"distinct_id":{json.dumps(old)}'.encode(), f'"distinct_id":{json.dumps(new)}'.encode()
        before = f',"$distinct_id_before_identity":{json.dumps(old)}'.encode()
        for day in sorted(self._generated | self._days.keys()):
            lines = list(self.lines(day, day))
            if any(was in line for line in lines):
                self.set_day(day, [line.replace(was, is_now + before, 1) for line in lines])
    def user(self, distinct_id: Any) -> Values:
        """The properties of a user's profile; none where there is no such profile."""
        return self._directory.user(distinct_id)

    def profiles_changed(self) -> None:
        """What filters selected by profiles' properties is not what they select now."""
        self._select.cache_clear()

    def forget_set_days(self) -> None:
        with self._building:
            self._days = {day: kept for day, kept in self._days.items() if not kept.verbatim}
            self._select.cache_clear()

    def select(self, selection: Selection) -> list[Block]:
        """The text of an export, as blocks. With a limit: its first rows, as good as any others."""
        left = selection.limit
        blocks = []
        for day in _days_between(selection.from_date, selection.to_date):
            block, count = self._select(day, selection.events, selection.where, selection.time_in_ms)
            for _ in range(self._repeats(day)):
                if left is not None:
                    if count > left:
                        block, count = deflate(_first_lines(inflate(block), left)), left
                    left -= count
                if block.size:
                    blocks.append(block)
                if left == 0:
                    return blocks
        return blocks

    def rows(self, from_date: date, to_date: date) -> Iterator[Row]:
        """The events of the days as values, for reports."""
        for day in _days_between(from_date, to_date):
            lines = inflate(self._day(day).block).split(b"\n")
            parsed = [row for row in map(rows.read_row, lines) if row]
            for _ in range(self._repeats(day)):
                yield from parsed

    def lines(self, from_date: date, to_date: date) -> Iterator[bytes]:
        """The text of the events of the days, each day once, however often it is sent."""
        for day in _days_between(from_date, to_date):
            yield from filter(None, inflate(self._day(day).block).split(b"\n"))

    def event_counts(self, from_date: date, to_date: date) -> Counter[str]:
        total: Counter[str] = Counter()
        for day in _days_between(from_date, to_date):
            for name, count in self._day(day).events.items():
                total[name] += count * self._repeats(day)
        return total

    def _select_from_day(self, day: date, events, where, time_in_ms) -> tuple[Block, int]:
        kept = self._day(day)
        if events is None and where is None and (time_in_ms or kept.verbatim):
            # Lines of a set day may hold anything; they count by their ends.
            count = inflate(kept.block).count(b"\n") if kept.verbatim else kept.events.total()
            return kept.block, count
        text = inflate(kept.block)
        if events is not None or where is not None:
            condition = expressions.parse(where) if where is not None else None
            lines = [line for line in text.split(b"\n") if line and self._wanted(line, events, condition)]
            text = b"".join(line + b"\n" for line in lines)
        if not (time_in_ms or kept.verbatim):
            text = rows.with_times_in_seconds(text)
        return deflate(text), text.count(b"\n")

    def _wanted(self, line: bytes, events: frozenset[str] | None, condition) -> bool:
        if events is not None and rows.event_name(line) not in events:
            return False
        if condition is None:
            return True
        row = rows.read_row(line)
        return row is not None and condition(_Asked(row, self)) is True

    def _repeats(self, day: date) -> int:
        return 1 if self._day(day).verbatim else self.project.repeat_blocks

    def _day(self, day: date) -> Day:
        known = self._days.get(day)
        if known:
            return known
        if day not in self._generated:
            return Day(EMPTY, Counter())
        with self._building:
            if not self._known(day):
                self._keep(day, build_day(self.project.recipe, day))
            return self._days[day]

    def _known(self, day: date) -> bool:
        """Whether the day is in memory, now that it has been looked for on disk."""
        if day not in self._days and self._folder and (stored := stored_days.load(self._folder, day)):
            self._days[day] = Day(*stored)
        return day in self._days

    def _keep(self, day: date, built: Day) -> None:
        self._days[day] = built
        if self._folder:
            stored_days.store(self._folder, day, built.block, built.events)


def _days_between(from_date: date, to_date: date) -> Iterator[date]:
    for number in range((to_date - from_date).days + 1):
        yield from_date + timedelta(days=number)


def _first_lines(text: bytes, count: int) -> bytes:
    return b"".join(line + b"\n" for line in text.split(b"\n", count)[:count])
