"""Tests syncing a managed table: it requests what is missing and the last days again, and the table equals one fetch of everything."""
from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from conftest import FIRST, LAST, Project, Simulator, days_asked, rows
from expected import fetched_rows
from kept import append, asked, days, each_once, error, event, fetch, history, run, same_rows, set_days, sync, tables, users


@pytest.fixture(autouse=True)
def the_last_day(clock):
    """It is 14:00 in UTC on the last of the days: the day before is finished since an hour, and none lies five days back."""
    clock.move_to(datetime(2025, 1, 5, 14))


def test_what_is_asked_for(con, sim):
    answer = sync(con, last="2025-01-03")
    assert asked(sim) == days(FIRST, "2025-01-03") and fetched_rows(con, "events") == each_once(sim, last="2025-01-03")
    assert answer["rows_added"] == answer["row_count"] and answer["requests"] == 3
    sync(con, lookback_days=1)
    assert asked(sim) == ["2025-01-04", "2025-01-05"]
    sync(con, lookback_days=2)
    assert asked(sim) == ["2025-01-03", "2025-01-04", "2025-01-05"]
    sync(con, lookback_days=0)
    assert asked(sim) == ["2025-01-05"]
    sync(con)
    assert asked(sim) == days(FIRST, LAST)
    assert fetched_rows(con, "events") == each_once(sim)


def test_gaps_are_filled_on_both_sides_and_between(con, sim):
    fetch(con, first="2025-01-02", last="2025-01-02")
    append(con, first="2025-01-04", last="2025-01-04")
    sim.clear()
    sync(con, lookback_days=0)
    assert asked(sim) == ["2025-01-01", "2025-01-03", "2025-01-05"]
    sync(con, lookback_days=0)
    assert asked(sim) == ["2025-01-05"]
    assert fetched_rows(con, "events") == each_once(sim)


def test_without_from_date_it_starts_where_the_table_does(con, sim):
    fetch(con, first="2025-01-02", last="2025-01-03")
    sim.clear()
    sync(con, first=None, lookback_days=0)
    assert asked(sim) == ["2025-01-04", "2025-01-05"]


def test_a_table_that_is_yet_to_be_made_needs_from_date(con, sim):
    message = error(con, sync, first=None)
    assert "[INVALID_ARGUMENT] from_date: is missing: table events does not exist yet" in message
    assert not sim.settled() and tables(con) == set()


def test_days_that_nobody_fetched_with_these_events_need_from_date(con, sim):
    """Without it, no day would be asked for, and the answer would look like success."""
    sync(con)
    sim.clear()
    message = error(con, sync, first=None, events=["Purchase"])
    assert "from_date: is missing: nothing was fetched into table events with this filter" in message
    assert not sim.settled()


def test_no_to_date_is_today(con, monkeypatch, clock):
    """A project to the west of UTC has no such day yet: it has no events, and that is no error."""
    clock.move_by(timedelta(0))
    for behind in (0, 1):
        today = datetime.now(UTC).date()
        begin = today - timedelta(days=3)
        with Simulator(Project(from_date=begin, days=4, events_per_day=10, today=today - timedelta(days=behind))) as now:
            monkeypatch.setenv("MP_API_BASE_URL", now.url)
            sync(con, f"t{behind}", str(begin), None)
            assert asked(now)[:4] == days(str(begin), str(today))
            assert fetched_rows(con, f"t{behind}") == each_once(now, str(begin), str(today - timedelta(days=behind)))
            sync(con, f"t{behind}", None, None, lookback_days=2)
            # That it was refused is remembered for an hour.
            assert asked(now) == days(str(today - timedelta(days=2)), str(today - timedelta(days=behind)))


def test_from_date_in_the_future(con, sim):
    assert "from_date: 9999-01-01 is after today" in error(con, sync, first="9999-01-01", last=None)
    assert not sim.settled()


@pytest.mark.parametrize("lookback, problem", [(-1, "lookback_days: must be 0 or more"), (-(2**62), "lookback_days: must be")])
def test_a_look_back_that_is_none(con, sim, lookback, problem):
    assert problem in error(con, sync, lookback_days=lookback)
    assert not sim.settled()


def test_a_look_back_without_end_is_everything(con, sim):
    sync(con)
    sim.clear()
    sync(con, lookback_days=2**63 - 1)
    assert asked(sim) == days(FIRST, LAST) and fetched_rows(con, "events") == each_once(sim)


def test_late_events(con, sim):
    """They arrive for days that were fetched, between two syncs."""
    for day in days(FIRST, "2025-01-04"):
        sim.set_day(day, [event("early", day, days(FIRST, LAST).index(day))])
    sync(con, last="2025-01-04")
    for number, day in enumerate(days(FIRST, "2025-01-04")):
        sim.set_day(day, [event("early", day, number), event("late", day, number)])
    sync(con, lookback_days=4)
    assert fetched_rows(con, "events") == each_once(sim) and users(con).count("late") == 4


def test_a_user_who_got_another_id(con, sim):
    """Mixpanel gives merged users' events to one of them: the old key is gone, and must not stay in the table."""
    sim.set_day(FIRST, [event("anonymous", "i"), event("someone", "j")])
    sync(con, last=FIRST)
    sim.set_day(FIRST, [event("known", "i"), event("someone", "j")])
    answer = sync(con, last=FIRST)
    assert users(con) == ["known", "someone"] and fetched_rows(con, "events") == each_once(sim, last=FIRST)
    assert (answer["rows_removed"], answer["rows_added"], answer["row_count"]) == (1, 1, 2), "what is the same stays as it is"


def test_a_day_that_became_empty(con, sim):
    """In an answer that has events of other days: that it is empty is Mixpanel's word."""
    sync(con, window_days=2)
    sim.set_day("2025-01-03", [])
    sync(con, window_days=2)
    assert fetched_rows(con, "events") == each_once(sim) and len(each_once(sim, "2025-01-03", "2025-01-03")) == 0
    assert history(con)[-1]["row_count"] == len(each_once(sim))


def test_only_what_was_asked_for_is_replaced(con, sim):
    """Rows of other days stay although Mixpanel has others by now, to the millisecond."""
    edges = {0: [23.9999997], 1: [0, 12, 23.9999997], 2: [0]}
    for number, hours in edges.items():
        sim.set_day(days(FIRST, LAST)[number], [event(f"old {number} {hour}", "i", number, hour) for hour in hours])
    sync(con, last="2025-01-03")
    for number in edges:
        sim.set_day(days(FIRST, LAST)[number], [event(f"new {number}", "i", number, 6)])
    sim.clear()
    sync(con, first="2025-01-02", last="2025-01-02")
    assert asked(sim) == ["2025-01-02"]
    assert users(con) == ["new 1", "old 0 23.9999997", "old 2 0"]


def test_append_then_sync_is_one_fetch(con, monkeypatch, clock):
    clock.move_to(datetime(2025, 1, 12, 14))
    with Simulator(Project(days=12, events_per_day=120, weird_rate=0.2, seed=5, equal_rows=True)) as odd:
        monkeypatch.setenv("MP_API_BASE_URL", odd.url)
        fetch(con, "events", "2025-01-03", "2025-01-05", events=["Purchase", "Search"])
        append(con, "events", "2025-01-04", "2025-01-06")
        odd.clear()
        sync(con, "events", "2025-01-01", "2025-01-08", lookback_days=1)
        assert asked(odd) == ["2025-01-01", "2025-01-02", "2025-01-03", "2025-01-07", "2025-01-08"]
        sync(con, "events", "2025-01-01", "2025-01-12")
        # The append of the 6th came on the 12th, five days after its end.
        assert asked(odd) == days("2025-01-07", "2025-01-12")
        fetch(con, "one", "2025-01-01", "2025-01-12")
        assert fetched_rows(con, "events") == fetched_rows(con, "one") == each_once(odd, last="2025-01-12")


def test_many_missing_days_are_few_requests(con, monkeypatch, clock):
    """As an export of that many days: never more than 20 of the hour's 60."""
    clock.move_to(datetime(2025, 5, 1))
    with Simulator(Project(days=100, events_per_day=5)) as long:
        monkeypatch.setenv("MP_API_BASE_URL", long.url)
        sync(con, last="2025-04-10")
        assert 0 < len(long.settled()) <= 20
        long.clear()
        assert fetched_rows(con, "events") == each_once(long, last="2025-04-10")
        # Every second day missing: none that is known is asked for again to save a request.
        con.execute("DELETE FROM _metadata")
        con.execute("DELETE FROM events")
        con.execute("INSERT INTO _metadata BY NAME SELECT 'events' AS table_name, TIMESTAMP '2025-04-30' AS fetched_at, day::DATE AS from_date, day::DATE AS to_date, '12345' AS project_id, '[]' AS failed_ranges, 0 AS row_count, 0 AS rows_added, '{}' AS arguments FROM range(DATE '2025-01-01', DATE '2025-02-10', INTERVAL 2 DAY) t(day)")
        sync(con, last="2025-02-09", lookback_days=0)
        assert asked(long) == [day for number, day in enumerate(days(FIRST, "2025-02-09")) if number % 2]


def test_window_days(con, sim):
    sync(con, window_days=3)
    assert sorted(days_asked(sim)) == [("2025-01-01", "2025-01-03"), ("2025-01-04", "2025-01-05")]
    assert fetched_rows(con, "events") == each_once(sim)


class TestCoverage:
    """A day counts only if it was finished when it was fetched: until then it may get more events than the fetch has seen."""

    @pytest.mark.parametrize("zone, finished, today", [
        (None, datetime(2025, 1, 4, 13), LAST), ("America/Los_Angeles", datetime(2025, 1, 4, 9), "2025-01-04"),
        ("Pacific/Auckland", datetime(2025, 1, 3, 12), "2025-01-04"),
    ])  # fmt: skip
    @pytest.mark.parametrize("too_early", [False, True])
    def test_a_day_is_finished(self, con, sim, clock, zone, finished, today, too_early):
        """The 3rd: over in its time zone, or in all of them, and an hour more, because exports lag. What has not begun is
        not asked for."""
        zoned = {"time_zone": zone} if zone else {}
        clock.move_to(finished - timedelta(seconds=30 if too_early else -30))
        sync(con, **zoned)
        sim.clear()
        sync(con, lookback_days=0, **zoned)
        assert asked(sim) == days("2025-01-03" if too_early else "2025-01-04", today)

    def test_a_fetch_that_was_rolled_back_covers_nothing(self, con, sim):
        sync(con, last=FIRST)
        con.execute("BEGIN")
        run(con, "sync_events", "events", transaction=True, from_date=FIRST, to_date=LAST)
        con.execute("ROLLBACK")
        sim.clear()
        sync(con, lookback_days=0)
        assert asked(sim) == days("2025-01-02", LAST)

    def test_a_fetch_that_failed_covers_nothing(self, con, sim):
        sync(con, last=FIRST)
        before = fetched_rows(con, "events")
        sim.add_fault("status", status=400, match={"from_date": "2025-01-04"})
        assert "2025-01-04" in error(con, sync)
        assert fetched_rows(con, "events") == before and len(history(con)) == 1
        # The days that were given up when one failed may have been on their way.
        sim.settled()
        sim.clear()
        sync(con, lookback_days=0)
        assert asked(sim) == days("2025-01-02", LAST)

    def test_days_that_were_skipped_keep_their_rows(self, con, sim):
        sync(con)
        before = rows(con, "SELECT count(*) FROM events WHERE event_time::DATE = DATE '2025-01-02'")
        sim.set_day("2025-01-02", [event("new", "n", 1)])
        sim.set_day("2025-01-03", [event("new", "n", 2)])
        sim.add_fault("status", status=400, match={"from_date": "2025-01-02"})
        sync(con, on_failure="skip")
        of = "FROM events WHERE event_time::DATE = DATE"
        assert rows(con, f"SELECT count(*) {of} '2025-01-02'") == before
        assert rows(con, f"SELECT distinct_id {of} '2025-01-03'") == [("new",)]


class TestFilters:
    def test_events_replace_only_themselves(self, con, sim):
        sim.set_day(FIRST, [event("u", "1", name="A"), event("u", "2", name="B")])
        sync(con, last=FIRST)
        sim.set_day(FIRST, [event("v", "3", name="A"), event("v", "4", name="B")])
        sync(con, last=FIRST, events=["A"])
        assert rows(con, "SELECT event_name, distinct_id FROM events ORDER BY ALL") == [("A", "v"), ("B", "u")]

    def test_other_events_are_days_of_their_own(self, con, sim):
        sync(con, events=["Purchase", "Search"])
        assert asked(sim) == days(FIRST, LAST)
        sync(con, events=["Search", "Purchase"], lookback_days=0)
        assert asked(sim) == [LAST], "the order of names says nothing"
        sync(con, events=["Search"], lookback_days=0)
        assert asked(sim) == days(FIRST, LAST)
        sync(con, lookback_days=0)
        assert asked(sim) == days(FIRST, LAST)
        assert fetched_rows(con, "events") == each_once(sim)

    def test_a_filter(self, con, sim):
        android = """properties["$os"] == "Android\""""
        sync(con, filter=android)
        count = rows(con, "SELECT count(*) FROM events")
        sim.clear()
        sync(con, filter=android, lookback_days=1)
        assert asked(sim) == ["2025-01-04", LAST] and rows(con, "SELECT count(*) FROM events") == count
        # Without one, everything is replaced, so that nothing is left to be told apart.
        sync(con)
        assert fetched_rows(con, "events") == each_once(sim)

    @pytest.mark.parametrize("first, second", [
        ({}, {"filter": "true"}), ({"filter": "true == true"}, {"filter": "true"}), ({}, {"time_zone": "Europe/Berlin"}),
        ({"time_zone": "Europe/Berlin"}, {}), ({"time_zone": "Europe/Berlin"}, {"time_zone": "UTC"}),
    ], ids=str)  # fmt: skip
    def test_mixed_ones_are_refused(self, con, sim, first, second):
        sync(con, **first)
        before = fetched_rows(con, "events")
        sim.clear()
        message = error(con, sync, **second)
        assert "[WRONG_TABLE] table events holds events fetched with another filter or time zone" in message
        assert not sim.settled() and fetched_rows(con, "events") == before


class TestOthersTables:
    def test_dropped_by_hand_it_starts_anew(self, con, sim):
        sync(con)
        con.execute("DROP TABLE events")
        sim.clear()
        sync(con, last="2025-01-02")
        assert asked(sim) == ["2025-01-01", "2025-01-02"] and len(history(con)) == 1
        assert fetched_rows(con, "events") == each_once(sim, last="2025-01-02")

    def test_made_by_somebody_else(self, con, sim):
        con.execute(f"CREATE TABLE events AS FROM mixpanel_export(from_date := '{FIRST}', to_date := '{LAST}')")
        sim.clear()
        message = error(con, sync)
        assert "[WRONG_TABLE] table events was not created by" in message
        assert not sim.settled() and rows(con, "SELECT count(*) FROM events") == [(1500,)]

    def test_renamed_it_is_somebody_elses(self, con, sim):
        sync(con)
        con.execute("ALTER TABLE events RENAME TO mine")
        sim.clear()
        assert "was not created by" in error(con, sync, "mine") and not sim.settled()


def test_two_tables_do_not_know_each_other(con, sim):
    sync(con, "one")
    sim.clear()
    sync(con, "two", lookback_days=0)
    assert asked(sim) == days(FIRST, LAST) and same_rows(con, "one", "two")


def test_rows_by_hand_in_other_days_stay(con, sim):
    set_days(sim, {FIRST: [event("u", "i")]})
    sync(con, last=FIRST)
    con.execute("INSERT INTO events VALUES ('mine', '2024-12-31 23:59:59.999999', 'me', NULL, '{}'), ('mine', '2025-01-02', 'me', NULL, '{}')")
    sync(con, last=FIRST)
    assert users(con) == ["me", "me", "u"]
