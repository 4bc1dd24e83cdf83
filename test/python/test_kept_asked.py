"""Tests the moment at which each day of a managed table was requested: older answers never replace newer rows, empty
answers replace none, and frequent syncs make few requests."""
from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest
from conftest import HOST, Project, Simulator, days_asked, export, rows, with_limits
from expected import fetched_rows
from macros import load
from kept import append, days, each_once, error, event, fetch, history, plain_sync, run, sync, users

FIRST, SECOND, THIRD = "2025-01-01", "2025-01-02", "2025-01-03"
LONG = timedelta(days=1000)


@pytest.fixture
def shop(monkeypatch):
    """A project whose days a test fills."""
    with Simulator(Project(days=0)) as simulator:
        monkeypatch.setenv("MP_API_BASE_URL", simulator.url)
        yield simulator


@pytest.fixture
def archive(monkeypatch, tmp_path):
    """Turns the archive on and off."""
    return lambda on: monkeypatch.setenv("MP_ARCHIVE", str(tmp_path / "archive") if on else "off")


def asked(sim) -> list[str]:
    """The days that were asked for since the last look, in order."""
    found = sorted(day for first, last in days_asked(sim) for day in days(first, last))
    sim.clear()
    return found


def moments(con, entry: int = -1) -> dict[str, str]:
    """Of the days of a fetch, to the hour."""
    noted = rows(con, "SELECT asked FROM _metadata ORDER BY rowid")
    return {day: moment[:13] for day, moment in json.loads(noted[entry][0]).items()}


def left_out(answer: dict) -> list[str]:
    return [failed["range"] for failed in json.loads(answer["failed_ranges"])]


def test_each_day_has_its_moment(con, shop, clock, archive):
    """Two days come out of the archive, as they were asked for a week ago."""
    archive(True)
    clock.move_to(datetime(2025, 1, 10, 9, 30))
    rows(con, f"FROM {export(first=FIRST, last=SECOND)}")
    clock.move_to(datetime(2025, 1, 17, 9, 30))
    fetch(con, first=FIRST, last="2025-01-04", max_age=LONG)
    assert moments(con) == dict.fromkeys([FIRST, SECOND], "2025-01-10T09") | dict.fromkeys([THIRD, "2025-01-04"], "2025-01-17T09")
    assert abs(history(con)[-1]["fetched_at"] - datetime(2025, 1, 10, 9, 30)) < timedelta(minutes=1)
    assert asked(shop) == days(FIRST, "2025-01-04")


@pytest.mark.parametrize("task", ["append", "sync"])
def test_rows_of_an_older_answer_never_replace_newer_ones(con, shop, clock, archive, task):
    """A user was merged and another event came late since the archive has the day."""
    shop.set_day(FIRST, [event("anonymous", "i")])
    shop.set_day(SECOND, [event("old", "k", 1)])
    archive(True)
    clock.move_to(datetime(2025, 1, 2, 9, 30))
    rows(con, f"FROM {export(first=FIRST, last=SECOND)}")
    shop.set_day(FIRST, [event("known", "i"), event("late", "j")])
    archive(False)
    clock.move_to(datetime(2025, 1, 2, 10, 30))
    sync(con, first=FIRST, last=FIRST)
    shop.clear()
    archive(True)
    clock.move_to(datetime(2025, 1, 3, 9, 30))
    again = append if task == "append" else plain_sync
    answer = again(con, first=FIRST, last=SECOND, max_age=LONG)
    assert asked(shop) == [] and answer["rows_removed"] == 0
    assert users(con) == ["known", "late", "old"]
    # It is known to be old, and asked for as soon as somebody wants it newer.
    assert moments(con) == dict.fromkeys([FIRST, SECOND], "2025-01-02T09")
    sync(con, first=FIRST, last=FIRST)
    assert asked(shop) == [FIRST]


def test_what_was_asked_for_later_may_be_some_events(con, shop, clock, archive):
    """Of one event the table has newer rows than the archive, of the other older ones."""
    shop.set_day(FIRST, [event("a1", "1", name="A"), event("b1", "2", name="B")])
    clock.move_to(datetime(2025, 1, 8, 9))
    sync(con, first=FIRST, last=FIRST)
    shop.set_day(FIRST, [event("a2", "1", name="A"), event("b2", "2", name="B")])
    archive(True)
    clock.move_to(datetime(2025, 1, 8, 10))
    rows(con, f"FROM {export('max_age := INTERVAL 0 DAYS', first=FIRST, last=FIRST)}")
    shop.set_day(FIRST, [event("a3", "1", name="A"), event("b3", "2", name="B")])
    archive(False)
    clock.move_to(datetime(2025, 1, 8, 11))
    append(con, first=FIRST, last=FIRST, events=["A"])
    assert users(con) == ["a3", "b1"]
    archive(True)
    append(con, first=FIRST, last=FIRST, max_age=LONG)
    assert users(con) == ["a3", "b2"]


def test_todays_copy_is_no_whole_day_after_midnight(con, shop, clock, archive):
    shop.set_day(FIRST, [event("morning", "i")])
    archive(True)
    clock.move_to(datetime(2025, 1, 1, 23, 59, 40))
    plain_sync(con, first=FIRST, last=FIRST)
    shop.add_events(FIRST, [event("evening", "j", hour=23.999)])
    shop.clear()
    clock.move_to(datetime(2025, 1, 2, 0, 0, 5))
    plain_sync(con, first=FIRST, last=FIRST)
    assert asked(shop) == [] and users(con) == ["morning"], "the archive's copy serves for a minute"
    clock.move_to(datetime(2025, 1, 20))
    plain_sync(con, first=FIRST, last=FIRST)
    assert asked(shop) == [FIRST] and users(con) == ["evening", "morning"]


class TestOften:
    def test_a_sync_every_ten_minutes(self, con, shop, clock):
        """The day that runs, and until 13:00 in UTC the one before; what is finished once in 20 hours."""
        clock.move_to(datetime(2025, 1, 10, 12, 30))
        plain_sync(con, first=FIRST, last=None)
        assert asked(shop) == days(FIRST, "2025-01-10")
        for hour, minute, expected in ((12, 40, days("2025-01-09", "2025-01-10")), (13, 1, days("2025-01-09", "2025-01-10")), (13, 11, ["2025-01-10"]), (23, 0, ["2025-01-10"])):
            clock.move_to(datetime(2025, 1, 10, hour, minute))
            plain_sync(con, last=None)
            assert asked(shop) == expected, (hour, minute)
        clock.move_to(datetime(2025, 1, 11, 8, 20))
        plain_sync(con, last=None)
        assert asked(shop) == ["2025-01-10", "2025-01-11"]
        clock.move_to(datetime(2025, 1, 11, 8, 40))
        plain_sync(con, last=None)
        # The 5th to the 8th were asked for 20 hours ago, less than five days after their end; the 9th at 13:01.
        assert asked(shop) == [*days("2025-01-05", "2025-01-08"), "2025-01-10", "2025-01-11"]

    @pytest.mark.parametrize("hours, expected", [(3, ["2025-01-10"]), (1, days("2025-01-05", "2025-01-10"))])
    @pytest.mark.parametrize("said", ["call", "setting", "environment"])
    def test_how_often_is_said(self, con, shop, clock, monkeypatch, hours, expected, said):
        arguments = {"max_age": timedelta(hours=hours)} if said == "call" else {}
        if said == "setting":
            if HOST == "v1":
                pytest.skip("DuckDB 1.x has no settings of extensions")
            con.execute(f"SET mixpanel_max_age = INTERVAL {hours} HOURS")
        if said == "environment":
            monkeypatch.setenv("MP_MAX_AGE", f"{hours} hours")
        clock.move_to(datetime(2025, 1, 10, 13, 30))
        plain_sync(con, first="2025-01-05", last="2025-01-10", **arguments)
        shop.clear()
        clock.move_to(datetime(2025, 1, 10, 15, 30))
        plain_sync(con, first="2025-01-05", last="2025-01-10", **arguments)
        assert asked(shop) == expected
        if said == "setting":
            con.execute("RESET mixpanel_max_age")


class TestEmptyAnswers:
    def test_they_take_nothing_away_and_are_not_believed(self, con, shop, clock):
        for number, day in enumerate((FIRST, SECOND)):
            shop.set_day(day, [event("u", "i", number)])
        clock.move_to(datetime(2025, 1, 4, 9))
        plain_sync(con, first=FIRST, last=THIRD)
        for day in (FIRST, SECOND):
            shop.set_day(day, [])
        clock.move_to(datetime(2025, 1, 20, 9))
        answer = plain_sync(con, first=FIRST, last="2025-01-04")
        assert users(con) == ["u", "u"] and answer["rows_removed"] == 0
        assert left_out(answer) == [FIRST, SECOND]
        assert "[UNEXPECTED_RESPONSE] Mixpanel returned no events of these days, but the table has some" in answer["failed_ranges"]
        assert list(moments(con)) == [THIRD, "2025-01-04"], "of the 3rd and 4th the table has no rows either"
        shop.clear()
        clock.move_to(datetime(2025, 2, 20, 9))
        shop.set_day(FIRST, [event("v", "i")])
        answer = plain_sync(con, first=FIRST, last="2025-01-04")
        assert asked(shop) == [FIRST, SECOND] and users(con) == ["u", "v"] and left_out(answer) == [SECOND]
        # Whoever knows better takes the rows away.
        con.execute(f"DELETE FROM events WHERE event_time >= '{SECOND}'")
        assert left_out(plain_sync(con, first=FIRST, last="2025-01-04")) == [] and asked(shop) == [SECOND]
        plain_sync(con, first=FIRST, last="2025-01-04")
        assert asked(shop) == []

    def test_of_a_window_all_days_are_doubtful(self, con, shop, clock):
        """The table knows nothing of the 2nd. If that was an outage, its events would never come."""
        shop.set_day(FIRST, [event("u", "i")])
        clock.move_to(datetime(2025, 1, 20, 9))
        sync(con, first=FIRST, last=FIRST)
        shop.set_day(FIRST, [])
        answer = append(con, first=FIRST, last=SECOND, window_days=2)
        assert left_out(answer) == [f"{FIRST} to {SECOND}"] and moments(con) == {} and users(con) == ["u"]
        shop.clear()
        shop.set_day(FIRST, [event("u", "i")])
        shop.set_day(SECOND, [event("w", "j", 1)])
        plain_sync(con, first=FIRST, last=SECOND)
        assert asked(shop) == [SECOND] and users(con) == ["u", "w"]

    def test_rows_of_other_events_say_nothing(self, con, shop, clock):
        shop.set_day(FIRST, [event("u", "i", name="A")])
        clock.move_to(datetime(2025, 1, 20, 9))
        sync(con, first=FIRST, last=FIRST, events=["A", "B"])
        answer = append(con, first=FIRST, last=FIRST, events=["B"])
        assert left_out(answer) == [] and list(moments(con)) == [FIRST]
        shop.set_day(FIRST, [])
        assert left_out(append(con, first=FIRST, last=FIRST, events=["A"])) == [FIRST]

    @pytest.mark.parametrize("zone, hour", [("America/New_York", 26), ("Asia/Tokyo", -2)])
    def test_of_days_of_a_zone(self, con, shop, clock, zone, hour):
        """The row lies on another day of UTC."""
        shop.set_day(FIRST, [event("u", "i", hour=20 if hour > 0 else 2)])
        clock.move_to(datetime(2025, 1, 20, 9))
        sync(con, first=FIRST, last=SECOND, time_zone=zone)
        for day in (FIRST, SECOND):
            shop.set_day(day, [])
        answer = append(con, first=FIRST, last=SECOND, time_zone=zone, window_days=1)
        assert left_out(answer) == [FIRST] and users(con) == ["u"]


class TestOldHistories:
    def test_one_without_moments_counts_by_its_own(self, con, shop, clock):
        """As versions before this one wrote it."""
        clock.move_to(datetime(2025, 1, 8, 14))
        sync(con, first=FIRST, last="2025-01-04", on_failure="skip")
        shop.add_fault("status", status=400, match={"from_date": THIRD})
        sync(con, first=FIRST, last="2025-01-07", on_failure="skip", lookback_days=10)
        con.execute("ALTER TABLE _metadata DROP COLUMN asked")
        load(con)
        assert rows(con, "SELECT fetches, missing_days FROM mixpanel_tables()") == [(2, [])]
        shop.clear()
        clock.move_to(datetime(2025, 1, 20))
        plain_sync(con, first=FIRST, last="2025-01-07")
        # The first two were asked for five days after their end, the 3rd was not.
        assert asked(shop) == days(THIRD, "2025-01-07")
        plain_sync(con, first=FIRST, last="2025-01-07")
        assert asked(shop) == [] and [entry["asked"] is None for entry in history(con)] == [True, True, False, False]

    def test_the_column_comes_with_the_fetch_or_not_at_all(self, con, shop, clock):
        clock.move_to(datetime(2025, 1, 20))
        sync(con, first=FIRST, last=FIRST)
        con.execute("ALTER TABLE _metadata DROP COLUMN asked")
        shop.add_fault("status", status=400)
        assert "HTTP 400" in error(con, append, first=SECOND, last=SECOND)
        described = [row[0] for row in rows(con, "DESCRIBE FROM _metadata")]
        assert "asked" not in described and len(described) == 15
        append(con, first=SECOND, last=SECOND)
        assert list(moments(con)) == [SECOND]


def test_a_clock_that_was_ahead_is_not_believed(con, shop, clock):
    """What was fetched in 2035, as the clock had it, is asked for, and replaced by what comes now."""
    shop.set_day(FIRST, [event("old", "i")])
    clock.move_to(datetime(2035, 1, 1))
    sync(con, first=FIRST, last=FIRST)
    shop.set_day(FIRST, [event("new", "i")])
    shop.clear()
    clock.move_to(datetime(2025, 1, 20))
    plain_sync(con, first=FIRST, last=FIRST)
    assert asked(shop) == [FIRST] and users(con) == ["new"]


def test_profiles_have_no_days(con, sim):
    run(con, "fetch_profiles", "profiles")
    assert history(con, "profiles")[0]["asked"] is None


class TestMissingDays:
    def test_an_hour_spent_in_the_middle_of_a_year(self, con, monkeypatch, clock):
        """What came is in the table; the next sync asks for the rest, and until then it is known what is missing."""
        with_limits(monkeypatch)
        load(con)
        clock.move_to(datetime(2026, 1, 20, 9))
        with Simulator(Project(days=365, events_per_day=3, project_id=7101)) as year:
            monkeypatch.setenv("MP_API_BASE_URL", year.url)
            monkeypatch.setenv("MP_PROJECT_ID", "7101")
            answer = plain_sync(con, first=FIRST, last="2025-12-31", window_days=5, on_failure="skip")
            assert len(asked(year)) == 300
            missing = [str(day) for day in answer["missing_days"]]
            assert missing == days("2025-10-28", "2025-12-31")
            assert rows(con, "SELECT missing_days::VARCHAR[] FROM mixpanel_tables()") == [(missing,)]
            assert fetched_rows(con, "events") == each_once(year, last="2025-10-27")
            assert "[RATE_LIMITED]" in answer["failed_ranges"]
            assert "[RATE_LIMITED]" in error(con, plain_sync, first=FIRST, last="2025-12-31", on_failure="skip"), "nothing came"
            assert asked(year) == []
            clock.move_to(datetime(2026, 1, 20, 11))
            answer = plain_sync(con, first=FIRST, last="2025-12-31")
            assert asked(year) == days("2025-10-28", "2025-12-31") and answer["missing_days"] == []
            assert rows(con, "SELECT missing_days FROM mixpanel_tables()") == [([],)]
            assert fetched_rows(con, "events") == each_once(year, last="2025-12-31")

    def test_gaps_and_what_came_once(self, con, shop, clock):
        clock.move_to(datetime(2025, 1, 20))
        assert fetch(con, first=FIRST, last=FIRST)["missing_days"] == []
        assert [str(day) for day in append(con, first="2025-01-04", last="2025-01-04")["missing_days"]] == days(SECOND, THIRD)
        shop.add_fault("status", status=400, match={"from_date": FIRST}, times=2)
        # That it could not be had again takes nothing away.
        answer = append(con, first=FIRST, last="2025-01-04", window_days=1, on_failure="skip")
        assert left_out(answer) == [FIRST] and answer["missing_days"] == []
        assert append(con, first="2025-01-05", last="2025-01-05", events=["A"])["missing_days"] == []

    def test_days_that_have_not_begun_are_not_missing(self, con, shop, clock):
        clock.move_to(datetime(2025, 1, 2, 9))
        assert plain_sync(con, first=FIRST, last="2025-01-31")["missing_days"] == []
        assert str(history(con)[-1]["to_date"]) == SECOND
        assert append(con, first=FIRST, last="2025-01-31")["missing_days"] == []
