"""Tests `WHERE` on DuckDB 2.x: the request gets smaller, and the rows stay the same."""
from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from conftest import FIRST, days_asked, error_of, export, only_v2, rows
from narrowing import CALL, DAYS, NAMES, both, odd_simulator, sim  # noqa: F401  fixtures are known by their names
from simulator import Project, Simulator

pytestmark = only_v2


def asked(sim) -> tuple[list[str], set[str | None]]:
    """Days and events of the requests so far, which are then forgotten."""
    requests = sim.settled()
    found = sorted({day for day, _ in days_asked(sim)}), {request.params.get("event") for request in requests}
    sim.clear()
    return found


@pytest.mark.parametrize("condition, days, events", [
    ("event_name = 'Purchase'", DAYS, ['["Purchase"]']),
    ("'Purchase' = event_name", DAYS, ['["Purchase"]']),
    ("event_name IN ('Purchase', 'Search')", DAYS, ['["Purchase","Search"]']),
    ("event_name = 'Purchase' OR event_name = 'Search'", DAYS, ['["Purchase","Search"]']),
    ("event_name = 'View Item '", DAYS, ['["View Item "]']),
    ("event_name = ''", DAYS, ['[""]']),
    ("event_time >= '2025-01-04'", DAYS[3:], [None]),
    ("event_time > '2025-01-04 12:00'", DAYS[3:], [None]),
    ("'2025-01-04' <= event_time", DAYS[3:], [None]),
    ("event_time < '2025-01-02'", DAYS[:1], [None]),
    ("event_time <= '2025-01-02'", DAYS[:2], [None]),
    ("event_time >= '2025-01-02' AND event_time < '2025-01-04'", DAYS[1:3], [None]),
    ("event_time BETWEEN '2025-01-02 10:00' AND '2025-01-03 09:00'", DAYS[1:3], [None]),
    ("event_time >= DATE '2025-01-03' AND event_time < DATE '2025-01-03' + INTERVAL 1 DAY", DAYS[2:3], [None]),
    ("event_name = 'Purchase' AND event_time >= '2025-01-05'", DAYS[4:], ['["Purchase"]']),
    ("event_name = 'Purchase' AND event_time >= '2025-01-05' AND distinct_id IS NOT NULL", DAYS[4:], ['["Purchase"]']),
])  # fmt: skip
def test_the_request_gets_smaller(both, sim, condition, days, events):
    assert both(f"SELECT insert_id, event_name FROM SRC WHERE {condition}")
    # A day more does no harm; see the next test.
    found, names = asked(sim)
    assert (found[: len(days)], names) == (days, set(events)) and len(found) <= len(days) + 1


def test_the_last_day_of_a_half_open_range_is_not_asked_for(both, sim):
    """The way to write a range of days; one day more would be a request of 60 for nothing."""
    both("SELECT count(*) FROM SRC WHERE event_time >= '2025-01-02' AND event_time < '2025-01-03'")
    assert asked(sim)[0] == ["2025-01-02"]


@pytest.mark.parametrize("condition", [
    "event_name <> 'Purchase'", "NOT (event_name = 'Purchase')", "event_name IS NULL", "event_name LIKE 'Pur%'",
    "event_name = 'Purchase' OR event_time >= '2025-01-04'", "event_name = 'Purchase' OR random() < 2",
    "(event_name = 'Purchase' AND event_time < '2025-01-02') OR event_time >= '2025-01-05'",
    "event_name NOT IN ('Purchase', 'Search')", "(event_name = 'Purchase') IS NOT TRUE",
    "event_name COLLATE NOCASE = 'view item'", "event_name || '' >= 'Purchase'", "coalesce(event_name, 'Purchase') = 'Purchase'",
    "event_name IS DISTINCT FROM 'Purchase'", "event_time <> '2025-01-02'", "event_time NOT BETWEEN '2025-01-02' AND '2025-01-04'",
    "event_time IS NULL OR event_time < '2025-01-02'", "event_time < 'infinity'", "event_time > '-infinity'",
    "CASE WHEN event_name = 'Purchase' THEN false ELSE true END", "event_name IN ('Purchase', NULL)",
    "event_time::TIMESTAMPTZ >= '2025-01-03 00:00+05'", "event_time >= '2025-01-03'::TIMESTAMP_NS",
    "event_time + INTERVAL 1 DAY > '2025-01-04'", "event_time::DATE = '2025-01-03'", "date_trunc('day', event_time) = '2025-01-03'",
    "event_time IN ('2025-01-02 10:00', '2025-01-04 10:00')", "(event_name, event_time::DATE) IN (('Purchase', DATE '2025-01-01'))",
    "event_name = 'Purchase' AND event_name = 'Search'", "event_time > '2025-01-04' AND event_time < '2025-01-02'",
    "event_name = distinct_id", "event_name > distinct_id AND event_name = 'Purchase'", "event_time = NULL",
])  # fmt: skip
def test_what_can_not_be_narrowed_loses_nothing(both, condition):
    both(f"SELECT event_name, insert_id FROM SRC WHERE {condition}")
    both(f"SELECT count(*) FROM SRC WHERE {condition}")


def test_prepared_statements_narrow_anew_for_each_value(con, sim, both):
    con.execute(f"PREPARE counted AS SELECT count(*) FROM {CALL} WHERE event_name = $1 AND event_time >= $2::TIMESTAMP")
    con.execute("PREPARE expected AS SELECT count(*) FROM everything WHERE event_name = $1 AND event_time >= $2::TIMESTAMP")
    for name, since in (("Purchase", DAYS[3]), ("Search", DAYS[0]), ("Purchase", DAYS[1]), ("Nobody", DAYS[1])):
        values = f"('{name}', '{since}')"
        sim.clear()
        assert rows(con, f"EXECUTE counted{values}") == rows(con, f"EXECUTE expected{values}")
        for request in sim.settled():
            assert request.params["from_date"] >= since or request.params.get("event") is None


def test_one_prepared_statement_of_python_with_different_values(con, sim, both):
    for name in NAMES:
        query = "SELECT insert_id FROM {} WHERE event_name = ? ORDER BY ALL"
        assert con.execute(query.format(CALL), [name]).fetchall() == con.execute(query.format("everything"), [name]).fetchall()


def test_relations_of_python(con, sim, both):
    relation = con.sql(f"FROM {CALL}")
    for name in ("Purchase", "Search"):
        condition = f"event_name = '{name}'"
        assert relation.filter(condition).aggregate("count(*)").fetchall() == rows(
            con, f"SELECT count(*) FROM everything WHERE {condition}"
        )
    assert relation.aggregate("count(*)").fetchall() == rows(con, "SELECT count(*) FROM everything")


def test_what_the_call_says_is_never_widened(con, sim, both):
    call = export("events := ['Purchase', 'Search']", DAYS[1], DAYS[2])
    table = f"(FROM everything WHERE event_name IN ('Purchase', 'Search') AND event_time >= '{DAYS[1]}' AND event_time < '{DAYS[3]}')"
    for condition in ("true", "event_name IN ('Search', 'Sign Up')", "event_time < '2025-01-03'", "event_time < '2026-01-01'",
                      "event_name = 'Sign Up'", "event_time >= '2025-01-04'"):  # fmt: skip
        query = f"SELECT count(*) FROM {{}} WHERE {condition}"
        assert rows(con, query.format(call)) == rows(con, query.format(table)), condition
        days, events = asked(sim)
        assert set(days) <= set(DAYS[1:3])
        assert events <= {'["Purchase","Search"]', '["Search"]'}, condition


@pytest.mark.parametrize("dates, condition, days", [
    ("", "event_time >= '2025-01-02' AND event_time < '2025-01-04'", DAYS[1:3]),
    ("", "event_time BETWEEN '2025-01-02' AND '2025-01-03 10:00'", DAYS[1:3]),
    ("", "event_time::DATE = '2025-01-03'", DAYS[2:3]),
    ("from_date := '2025-01-04'", "event_time < '2025-01-06'", DAYS[3:]),
    ("to_date := '2025-01-02'", "event_time >= '2025-01-01'", DAYS[:2]),
])  # fmt: skip
def test_the_where_may_give_the_dates(con, sim, both, dates, condition, days):
    query = f"SELECT count(*) FROM {{}} WHERE {condition}"
    expected = rows(con, f"SELECT count(*) FROM everything WHERE {condition} AND event_time::DATE BETWEEN '{days[0]}' AND '{days[-1]}'")
    assert rows(con, query.format(f"mixpanel_export({dates})")) == expected
    asked_days, _ = asked(sim)
    assert set(asked_days) >= set(days) and len(asked_days) <= len(days) + 1


# Clocks in New York show the evening of the 1st when the 2nd begins in UTC; in Kiritimati the 2nd is 14 hours old.
@pytest.mark.parametrize("zone, condition, days", [
    ("UTC", "event_time::DATE >= DATE '2025-01-02' + 1", DAYS[2:]),
    ("UTC", "event_time::DATE < DATE '2025-01-02' + 1", DAYS[:2]),
    ("UTC", "event_time::DATE BETWEEN DATE '2025-01-02' AND DATE '2025-01-03'", DAYS[1:3]),
    ("America/New_York", "event_time::DATE > DATE '2025-01-03'", DAYS[3:]),
    ("UTC", "event_time >= now() - (now() - TIMESTAMPTZ '2025-01-03 00:00+00')", DAYS[2:]),
    ("UTC", "event_time < TIMESTAMPTZ '2025-01-03 00:00+00' AND event_time > TIMESTAMPTZ '2025-01-02 00:00+00'", DAYS[1:2]),
    ("America/New_York", "event_time >= TIMESTAMPTZ '2025-01-03 00:00+00'", DAYS[1:]),
    ("America/New_York", "event_time >= TIMESTAMPTZ '2025-01-03 05:00+00'", DAYS[2:]),
    ("Pacific/Kiritimati", "event_time <= TIMESTAMPTZ '2025-01-02 11:00+00'", DAYS[:3]),
    ("Pacific/Kiritimati", "TIMESTAMPTZ '2025-01-02 11:00+00' <= event_time", DAYS[2:]),
])  # fmt: skip
def test_what_is_cast_narrows_too(con, sim, both, zone, condition, days):
    """`now()` has a time zone, so DuckDB reads `event_time` in the session's."""
    con.execute(f"SET TimeZone = '{zone}'")
    both(f"SELECT insert_id FROM SRC WHERE {condition}")
    found = asked(sim)[0]
    assert set(found) >= set(days) and len(found) <= len(days) + 1, found


def test_now_gives_the_dates(con, monkeypatch):
    today = datetime.now(timezone.utc).date()
    with Simulator(Project(from_date=today - timedelta(days=9), days=10, events_per_day=10, today=today)) as project:
        monkeypatch.setenv("MP_API_BASE_URL", project.url)
        con.execute("SET TimeZone = 'UTC'")
        for condition in ("event_time >= now() - INTERVAL 3 DAYS", "event_time::DATE >= current_date - 3"):
            project.clear()
            (count,) = rows(con, f"SELECT count(*) FROM mixpanel_export() WHERE {condition}")[0]
            assert 20 < count <= 40
            assert min(first for first, _ in days_asked(project)) >= str(today - timedelta(days=3))


@pytest.mark.parametrize("zone, clocks_change", [("America/New_York", "2025-03-09"), ("America/New_York", "2025-11-02"), ("Australia/Lord_Howe", "2025-04-05")])
def test_where_clocks_change_nothing_is_lost(con, monkeypatch, zone, clocks_change):
    first = datetime.fromisoformat(clocks_change).date() - timedelta(days=1)
    with Simulator(Project(from_date=first, days=3, events_per_day=400)) as project:
        monkeypatch.setenv("MP_API_BASE_URL", project.url)
        call = export("", str(first), str(first + timedelta(days=2)))
        con.execute(f"SET TimeZone = '{zone}'")
        con.execute(f"CREATE TABLE everything AS FROM {call}")
        for hour in range(0, 72, 5):
            for comparison in (">=", "<", ">", "<=", "="):
                query = f"SELECT count(*) FROM {{}} WHERE event_time {comparison} TIMESTAMPTZ '{first} 00:30+00' + INTERVAL {hour} HOURS"
                assert rows(con, query.format(call)) == rows(con, query.format("everything")), query


def test_a_start_alone_means_until_today(con, both, monkeypatch):
    with Simulator(Project(days=5, events_per_day=10)) as project:
        monkeypatch.setenv("MP_API_BASE_URL", project.url)
        statement = "SELECT count(*), current_date::VARCHAR FROM mixpanel_export() WHERE event_time >= '2025-01-04'"
        ((count, today),) = rows(con, statement)
        # It may be tomorrow somewhere, but not in this project.
        answered = [request.params for request in project.settled() if request.status == 200]
    assert count == 20
    assert min(params["from_date"] for params in answered) == "2025-01-04"
    assert max(params["to_date"] for params in answered) == today


def test_until_today_ends_with_the_projects_today(con, monkeypatch):
    """Where it is still yesterday in the project, Mixpanel refuses today: an end that nobody asked for is moved."""
    yesterday = datetime.now(timezone.utc).date() - timedelta(days=1)
    first = yesterday - timedelta(days=2)
    with Simulator(Project(from_date=first, days=3, events_per_day=10, today=yesterday)) as project:
        monkeypatch.setenv("MP_API_BASE_URL", project.url)
        query = f"SELECT count(*) FROM mixpanel_export() WHERE event_time >= '{first}'"
        assert rows(con, query) == [(30,)]
        answered = [request.params for request in project.settled() if request.status == 200]
        assert max(params["to_date"] for params in answered) == str(yesterday)
        # So is one that was asked for, and one that has begun nowhere.
        for days in (1, 400):
            call = export("", str(first), str(yesterday + timedelta(days=days)))
            assert rows(con, f"SELECT count(*) FROM {call}") == [(30,)]


@pytest.mark.parametrize("zone", ["", "time_zone := 'Pacific/Kiritimati'"])
def test_until_today_includes_the_projects_today(con, monkeypatch, zone):
    """Where it is tomorrow already in the project, its newest events are wanted too, whether its zone is known or not."""
    latest = (datetime.now(timezone.utc) + timedelta(hours=14)).date()
    with Simulator(Project(from_date=latest - timedelta(days=1), days=2, events_per_day=10, today=latest)) as project:
        monkeypatch.setenv("MP_API_BASE_URL", project.url)
        query = f"SELECT count(*) FROM mixpanel_export({zone}) WHERE event_time >= '{latest - timedelta(days=2)}'"
        assert rows(con, query) == [(20,)]
        assert max(last for _, last in days_asked(project)) == str(latest)


def test_long_lists_of_names_are_not_sent(both, sim):
    """A request is a URL; servers refuse very long ones."""
    names = ", ".join(f"'an event with a long name, number {number}'" for number in range(500))
    both(f"SELECT count(*) FROM SRC WHERE event_name IN ('Purchase', {names})")
    assert asked(sim) == (DAYS, {None})


def test_a_name_that_was_repaired_is_still_found(con, sim):
    """Half an emoji in a name becomes U+FFFD, under which Mixpanel does not know the event."""
    sim.set_day(FIRST, ['{"event":"half \\ud83d","properties":{"time":1735732800000}}'])
    query = f"SELECT count(*) FROM {export(last=FIRST)} WHERE event_name {{}} 'half \ufffd'"
    assert rows(con, query.format(">=")) == [(1,)]
    assert rows(con, query.format("=")) == [(1,)]


def test_times_of_a_zone_narrow_to_the_projects_days(con, monkeypatch):
    """Days are the project's, times are UTC: midnight in Los Angeles is eight in the morning."""
    with Simulator(Project(days=5, events_per_day=200, time_zone="US/Pacific", weird_rate=0)) as local:
        monkeypatch.setenv("MP_API_BASE_URL", local.url)
        call = export("time_zone := 'US/Pacific'")
        con.execute(f"CREATE TABLE local AS FROM {call}")
        for condition in ("event_time < '2025-01-02'", "event_time >= '2025-01-05'", "event_time >= '2025-01-03 04:00' AND event_time < '2025-01-03 08:00'",
                          "event_time < '2025-01-02 08:00'", "event_time BETWEEN '2025-01-03 08:00' AND '2025-01-04 07:59'"):  # fmt: skip
            query = f"SELECT count(*), min(insert_id) FROM {{}} WHERE {condition}"
            assert rows(con, query.format(call)) == rows(con, query.format("local")), condition
        local.clear()
        rows(con, f"SELECT count(*) FROM {call} WHERE event_time >= '2025-01-03 08:00' AND event_time <= '2025-01-04 07:00'")
        assert {day for day, _ in days_asked(local)} == {"2025-01-03"}


def test_raw_lines_are_not_narrowed_by_a_column_of_another_meaning(con, sim):
    """With raw the first column is the line: a condition on it says nothing about names."""
    call = export("raw := true")
    query = f"SELECT count(*) FROM {call} WHERE event::VARCHAR {{}} 'Purchase'"
    assert rows(con, query.format("=")) == [(0,)]
    assert rows(con, f"SELECT count(*) FROM {call} WHERE event::VARCHAR >= 'Purchase'") == rows(con, f"SELECT count(*) FROM {call}")


def test_conditions_on_typed_columns_do_not_narrow(con, sim, both):
    """A typed column stands behind the fixed ones, whatever its name."""
    call = export("columns := {'plan': 'VARCHAR', 'orders': 'BIGINT'}")
    for condition in ("plan = 'free'", "orders = 3", "plan IN ('free', 'pro') AND event_name = 'Purchase'"):
        table = "(SELECT *, properties ->> 'plan' AS plan, TRY_CAST(properties ->> 'orders' AS BIGINT) AS orders FROM everything)"
        query = f"SELECT count(*) FROM {{}} WHERE {condition}"
        assert rows(con, query.format(call)) == rows(con, query.format(table)), condition
