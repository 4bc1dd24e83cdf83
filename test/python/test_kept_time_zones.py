"""Tests syncing projects with wall-clock times: the new rows replace exactly those of the earlier request."""
from __future__ import annotations

import json
from datetime import date, datetime, timedelta

import pytest
from conftest import Project, Simulator, rows
from expected import fetched_rows
from kept import asked, days, fetch, same_rows, sync

# The middle day is one on which clocks change: at midnight in Santiago, Beirut, Havana and Asunción.
CHANGES = [
    ("America/Los_Angeles", "2024-03-10"), ("America/Los_Angeles", "2024-11-03"), ("America/Santiago", "2024-09-08"),
    ("America/Santiago", "2024-04-07"), ("America/Santiago", "2024-04-06"), ("Asia/Beirut", "2024-03-31"),
    ("Asia/Beirut", "2024-10-27"), ("Asia/Beirut", "2024-10-26"), ("America/Havana", "2024-11-03"),
    ("America/Havana", "2024-03-10"), ("America/Asuncion", "2024-03-24"), ("Pacific/Auckland", "2024-09-29"),
    ("Australia/Lord_Howe", "2024-04-07"), ("Asia/Kathmandu", "2024-04-07"), ("Pacific/Kiritimati", "2024-04-07"),
    ("America/St_Johns", "2010-11-07"), ("UTC", "2024-04-07"),
]  # fmt: skip
CLOCK = ["00:00:00", "00:00:30", "00:30:00", "00:59:59.999", "01:00:00", "02:30:00", "12:00:00", "22:59:59.999", "23:00:00", "23:30:00", "23:59:59.999"]


def around(day: str) -> list[str]:
    middle = date.fromisoformat(day)
    return days(str(middle - timedelta(days=1)), str(middle + timedelta(days=1)))


def on_the_clock(day: str, mark: str) -> list[str]:
    """Events of a day at moments of the wall clock, as projects from before 2023 export them: as if it were UTC."""
    lines = []
    for number, moment in enumerate(CLOCK):
        time = round((datetime.fromisoformat(f"{day} {moment}") - datetime(1970, 1, 1)).total_seconds() * 1000)
        properties = {"time": time, "distinct_id": f"{mark} {day}", "$insert_id": f"{mark} {number}"}
        lines.append(json.dumps({"event": "A", "properties": properties}))
    return lines


@pytest.mark.parametrize("zone, day", CHANGES)
def test_a_day_on_which_clocks_change(con, sim, zone, day):
    before, middle, after = around(day)
    for each in (before, middle, after):
        sim.set_day(each, on_the_clock(each, "old"))
    sync(con, first=before, last=after, time_zone=zone)
    for each in (before, middle, after):
        for other in (before, middle, after):
            sim.set_day(other, on_the_clock(other, "old"))
        sync(con, "again", first=before, last=after, time_zone=zone)
        # Whatever Mixpanel has for this day now, and only for this one.
        sim.set_day(each, on_the_clock(each, "new")[::2])
        sim.clear()
        answer = sync(con, "again", first=each, last=each, lookback_days=100_000, time_zone=zone)
        assert asked(sim) == [each]
        assert (answer["rows_removed"], answer["rows_added"]) == (len(CLOCK), len(CLOCK[::2]))
        fetch(con, "one", first=before, last=after, time_zone=zone, replace=True)
        assert same_rows(con, "again", "one")
        con.execute("DROP TABLE again")


@pytest.mark.parametrize("zone, first, last", [
    ("America/Los_Angeles", "2024-11-01", "2024-11-05"), ("America/Santiago", "2024-09-06", "2024-09-10"), ("Asia/Beirut", "2024-10-24", "2024-10-28"),
])  # fmt: skip
def test_a_project_from_before_2023(con, monkeypatch, zone, first, last):
    with Simulator(Project(from_date=first, days=5, events_per_day=200, weird_rate=0.1, time_zone=zone)) as old:
        monkeypatch.setenv("MP_API_BASE_URL", old.url)
        sync(con, first=first, last=days(first, last)[2], time_zone=zone)
        sync(con, first=first, last=last, lookback_days=1, time_zone=zone)
        sync(con, first=first, last=last, lookback_days=3, time_zone=zone)
        fetch(con, "one", first=first, last=last, time_zone=zone)
        assert same_rows(con, "events", "one") and rows(con, "SELECT count(*) > 700 FROM one") == [(True,)]


def test_the_sessions_time_zone_says_nothing(con, sim):
    try:
        con.execute("SET TimeZone = 'America/New_York'")
    except Exception:
        pytest.skip("no time zones here")
    sync(con)
    before = fetched_rows(con, "events")
    sync(con)
    assert fetched_rows(con, "events") == before
