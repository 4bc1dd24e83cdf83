"""Tests jobs that keep a table current on any schedule: the table has what Mixpanel had of each day when that day was requested.

The clock is moved. Events come late, up to twelve days; a user gets another id in the middle; the archive is off, on, or both in turn.
"""
from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import cycle

import pytest
from conftest import ROOT, Project, Simulator, rows
from kept import event, plain_sync

FIRST = date(2025, 1, 1)
MERGED = datetime(2025, 1, 17, 3)
"""From then on, the events of one user are another's."""
ARCHIVES = {"off": ["off"], "on": ["on"], "in turn": ["off", "on", "on", "off", "on"]}


def content(day: date, at: datetime) -> list[str]:
    """What Mixpanel has at that moment of a day: seven events, which come at once, hours later or days later."""
    number = (day - FIRST).days
    found = []
    for index, (hour, late) in enumerate([(0.5, 0), (4, 1), (9, 40), (13, 0), (18, 90), (22, 12 * 24), (23.9, 8)]):
        happened = datetime.combine(day, datetime.min.time()) + timedelta(hours=hour)
        if happened + timedelta(hours=late) <= at:
            user = "anonymous" if index % 3 == 0 and at < MERGED else f"user {index}"
            found.append(event(user, f"{number}-{index}", number, hour))
    return found


class Shop:
    """A project, a table of it, and the moments at which somebody looked."""

    def __init__(self, simulator: Simulator, clock, archives, monkeypatch, folder, zone: str | None):
        self.simulator, self.clock, self.monkeypatch, self.folder = simulator, clock, monkeypatch, folder
        self.archives, self.zone, self.looks = cycle(archives), zone, []

    def sync(self, con, now: datetime) -> int:
        """A run of the job at a moment, until today. How many requests it made."""
        for number in range((now.date() - FIRST).days + 1):
            day = FIRST + timedelta(days=number)
            self.simulator.set_day(day, content(day, now))
        self.looks.append(now)
        self.clock.move_to(now)
        self.monkeypatch.setenv("MP_ARCHIVE", str(self.folder) if next(self.archives) == "on" else "off")
        self.simulator.clear()
        plain_sync(con, first=str(FIRST), last=None, **({"time_zone": self.zone} if self.zone else {}))
        return len(self.simulator.settled())

    def expected(self, con) -> tuple[list[tuple], list[date]]:
        """What the table has to hold, by when it says that Mixpanel was asked, and the days of it."""
        moments: dict[date, datetime] = {}
        for (asked,) in rows(con, "SELECT asked FROM _metadata"):
            for day, moment in json.loads(asked).items():
                day, moment = date.fromisoformat(day), datetime.fromisoformat(moment)
                moments[day] = max(moment, moments.get(day, moment))
        found = []
        for day, moment in moments.items():
            # The clock that a test moves goes in seconds.
            look = max(look for look in self.looks if look <= moment + timedelta(seconds=2))
            for line in content(day, look):
                properties = json.loads(line)["properties"]
                found.append((properties["$insert_id"], properties["distinct_id"]))
        return sorted(found), sorted(moments)


@pytest.fixture
def shop(monkeypatch, tmp_path, clock, request) -> Iterator[Shop]:
    archives, zone = request.param
    with Simulator(Project(days=0)) as simulator:
        monkeypatch.setenv("MP_API_BASE_URL", simulator.url)
        yield Shop(simulator, clock, ARCHIVES[archives], monkeypatch, tmp_path / "archive", zone)


def hourly() -> Iterator[datetime]:
    yield from (datetime(2025, 1, 15, 9, 10) + timedelta(hours=hour) for hour in range(30))


def daily() -> Iterator[datetime]:
    """At half past three, a minute sooner or later."""
    for day in range(14):
        yield datetime(2025, 1, 9, 3, 30) + timedelta(days=day, seconds=[0, 60, -60, 30, -45][day % 5])


def weekly() -> Iterator[datetime]:
    yield from (datetime(2025, 1, 6, 7) + timedelta(days=7 * week) for week in range(7))


def paused() -> Iterator[datetime]:
    """Daily for a while, then a month of nothing, then daily again."""
    yield from (datetime(2025, 1, 10, 3, 30) + timedelta(days=day) for day in [*range(8), *range(38, 46)])


SCHEDULES = {"hourly": hourly, "daily": daily, "weekly": weekly, "paused": paused}


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("shop", [(archives, zone) for archives in ARCHIVES for zone in (None, "America/New_York") if zone is None or archives == "in turn"], indirect=True, ids=str)
def test_a_table_is_what_mixpanel_had_when_it_was_asked(con, shop, schedule):
    for run, now in enumerate(SCHEDULES[schedule]()):
        shop.sync(con, now)
        expected, days = shop.expected(con)
        assert rows(con, "SELECT insert_id, distinct_id FROM events ORDER BY ALL") == expected, (run, now)
        assert (days[0], len(days)) == (FIRST, (days[-1] - FIRST).days + 1), "no day is left out"
        assert now.date() - days[-1] <= timedelta(days=1 if shop.zone else 0)
        # Whatever came until five days after a day's end is there once a job has run after that, 20 hours later at the latest.
        settled = [day for day in days if datetime.combine(day, datetime.min.time()) + timedelta(days=7) <= now]
        for day in settled:
            in_time = len(content(day, datetime.combine(day, datetime.min.time()) + timedelta(days=6)))
            assert sum(insert_id.startswith(f"{(day - FIRST).days}-") for insert_id, _ in expected) >= in_time, (now, day)


def costs(schedule: str) -> list[int]:
    """The numbers of a row of the page's table."""
    page = (ROOT / "docs" / "incremental.md").read_text(encoding="utf-8")
    (found,) = re.findall(rf"^\| {schedule} \| (.*) \|$", page, re.MULTILINE)
    return [int(number) for number in re.findall(r"\d+", found)]


@pytest.mark.parametrize("shop", [("off", None)], indirect=True)
class TestWhatItCosts:
    @pytest.mark.parametrize("schedule, step", [("each day", timedelta(days=1)), ("each week", timedelta(days=7))])
    @pytest.mark.parametrize("begin", [datetime(2025, 1, 10, 3, 30), datetime(2025, 1, 10, 14)])
    def test_by_the_day_or_week(self, con, shop, schedule, step, begin):
        made, *requests = [shop.sync(con, begin + run * step) for run in range(4)]
        assert made == 10 and requests == costs(schedule) * 3

    def test_by_the_hour(self, con, shop):
        shop.sync(con, datetime(2025, 1, 9, 13, 10))
        requests = [shop.sync(con, datetime(2025, 1, 10, 0, 10) + timedelta(hours=hour)) for hour in range(24)]
        least, usual, _, most, day = costs("each hour")
        assert set(requests) <= set(range(least, most + 1)) and requests.count(least) + requests.count(usual) >= 20
        assert abs(sum(requests) - day) <= 6, requests
