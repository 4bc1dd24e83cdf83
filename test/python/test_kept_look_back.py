"""Tests the look-back of a sync: it requests the days again that were requested less than `lookback_days` after their
end, whatever today is."""
from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from conftest import Project, Simulator, days_asked, only_v2
from kept import asked, days, event, fetch, history, sync, users

FIRST = "2025-01-01"


@pytest.fixture
def month(monkeypatch):
    """A project whose days a test fills."""
    with Simulator(Project(days=0)) as simulator:
        monkeypatch.setenv("MP_API_BASE_URL", simulator.url)
        yield simulator


def test_a_job_that_runs_each_day(con, month, clock):
    """Early in the morning, until yesterday."""
    for day in range(1, 20):
        clock.move_to(datetime(2025, 1, day + 1, 3))
        sync(con, first=FIRST, last=f"2025-01-{day:02}")
        # The day that ended five days ago was asked for an hour too early, at 3 o'clock of the day before.
        assert asked(month) == days(f"2025-01-{max(1, day - 5):02}", f"2025-01-{day:02}"), day


def test_a_job_that_runs_each_week_takes_late_events_too(con, month, clock):
    """A late event of a day that was fetched once, a day after its end, comes with the next run."""
    month.set_day("2025-01-06", [event("in time", "i", 5)])
    clock.move_to(datetime(2025, 1, 8, 9))
    sync(con, first=FIRST, last="2025-01-07")
    month.add_events("2025-01-06", [event("three days late", "j", 5)])
    month.clear()
    clock.move_to(datetime(2025, 1, 15, 9))
    sync(con, first=FIRST, last="2025-01-14")
    assert asked(month) == days("2025-01-03", "2025-01-14")
    assert users(con) == ["in time", "three days late"]
    clock.move_to(datetime(2025, 1, 22, 9))
    sync(con, first=FIRST, last="2025-01-21")
    assert asked(month) == days("2025-01-10", "2025-01-21")


def test_a_job_that_pauses(con, month, clock):
    """As in the report: days 20 to 13 ago, a late event for the day 14 ago, and the next run only now."""
    clock.move_to(datetime(2025, 1, 19, 12))
    sync(con, first="2025-01-11", last="2025-01-18")
    month.add_events("2025-01-17", [event("late", "l", 16)])
    month.clear()
    clock.move_to(datetime(2025, 1, 31, 12))
    sync(con, first="2025-01-11", last="2025-01-29")
    assert asked(month) == days("2025-01-14", "2025-01-29") and users(con) == ["late"]


@pytest.mark.parametrize("lookback", [0, 1, 5])
@pytest.mark.parametrize("zone, end", [(None, datetime(2025, 1, 11)), ("America/New_York", datetime(2025, 1, 11, 5)), ("Asia/Tokyo", datetime(2025, 1, 10, 15))])
def test_to_the_minute(con, month, clock, lookback, zone, end):
    """A day is settled where it was asked for so many days after its end; without a zone, and nothing to look back to, where it was
    over everywhere."""
    zoned = {"time_zone": zone} if zone else {}
    settled = max(end + timedelta(days=lookback), end + timedelta(hours=1 if zone else 13))
    for minutes, expected in ((-1, ["2025-01-10"]), (1, [])):
        name = f"t{minutes}".replace("-", "_")
        clock.move_to(settled + timedelta(minutes=minutes))
        fetch(con, name, "2025-01-10", "2025-01-10", **zoned)
        month.clear()
        # Today has no say in it.
        clock.move_to(datetime(2025, 3, 1))
        sync(con, name, "2025-01-10", "2025-01-10", lookback_days=lookback, **zoned)
        assert asked(month) == expected, minutes
        clock.move_to(datetime(2026, 3, 1))
        sync(con, name, "2025-01-10", "2025-01-10", lookback_days=lookback, **zoned)
        assert asked(month) == []


def test_days_that_a_sync_did_not_ask_for_keep_their_moment(con, month, clock):
    """With another look-back, some days in the middle are not asked for: the row of the history that spans them is not about them."""
    clock.move_to(datetime(2025, 1, 5, 14))
    sync(con, first=FIRST, last="2025-01-05")
    month.clear()
    clock.move_to(datetime(2025, 1, 7, 14))
    # The 5th was not over; the 1st to the 4th were.
    sync(con, first="2024-12-30", last="2025-01-07", lookback_days=0)
    assert asked(month) == ["2024-12-30", "2024-12-31", "2025-01-05", "2025-01-06", "2025-01-07"]
    assert [str(history(con)[-1][name]) for name in ("from_date", "to_date")] == ["2024-12-30", "2025-01-07"]
    clock.move_to(datetime(2025, 1, 20))
    sync(con, first="2024-12-30", last="2025-01-07")
    assert asked(month) == days("2025-01-01", "2025-01-07")


def test_fetched_at_is_the_moment_of_asking(con, month, clock):
    clock.move_to(datetime(2025, 1, 5, 14))
    sync(con, first=FIRST, last="2025-01-02")
    (noted,) = history(con)
    assert abs(noted["fetched_at"] - datetime(2025, 1, 5, 14)) < timedelta(minutes=1)


def test_a_fetch_of_a_range_counts_for_each_of_its_days(con, month, clock):
    clock.move_to(datetime(2025, 1, 5, 14))
    fetch(con, first=FIRST, last="2025-01-03")
    fetch(con, first="2024-12-01", last="2024-12-31", append=True)
    month.clear()
    sync(con, first="2024-12-01", last="2025-01-03")
    assert asked(month) == days("2024-12-31", "2025-01-03")


@only_v2
def test_latest_today_of_an_export(con, month, clock):
    """Somewhere on earth the next day has begun: at 9:59 in UTC it has not, at 10:00 it has, in Kiritimati."""
    call = "SELECT count(*) FROM mixpanel_export() WHERE event_time >= '2025-01-01'"
    for moment, last in ((datetime(2025, 1, 3, 9, 58), "2025-01-03"), (datetime(2025, 1, 3, 10, 2), "2025-01-04")):
        clock.move_to(moment)
        con.execute(call).fetchall()
        assert max(last for _, last in days_asked(month)) == last
        month.clear()


@pytest.mark.parametrize("zone, today", [(None, "2025-01-02"), ("Pacific/Kiritimati", "2025-01-03"), ("Pacific/Pago_Pago", "2025-01-02"), ("America/New_York", "2025-01-02")])
def test_today_of_a_sync(con, month, clock, zone, today):
    """At 10:30 in UTC it is 0:30 of the next day in Kiritimati, and 23:30 of the day before in Pago Pago, an hour earlier."""
    zoned = {"time_zone": zone} if zone else {}
    clock.move_to(datetime(2025, 1, 2, 10 if zone == "Pacific/Kiritimati" else 11, 30))
    sync(con, first="2025-01-01", last=None, **zoned)
    assert asked(month)[-1] == today
    if zone == "Pacific/Pago_Pago":
        clock.move_to(datetime(2025, 1, 2, 10, 30))
        sync(con, "earlier", first="2025-01-01", last=None, **zoned)
        assert asked(month)[-1] == "2025-01-01"
