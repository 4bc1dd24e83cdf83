"""Tests `mixpanel_export`: the requests that it sends, and that it returns exactly what arrives."""
from __future__ import annotations

import json
from datetime import datetime
from base64 import b64encode
from urllib.parse import parse_qsl, urlsplit

import pytest
from conftest import FIRST, LAST, PROJECT, SECRET, TOKEN, USERNAME, Project, Simulator, days_asked, error_of, export, rows
from expected import export_rows, fetched_rows
from simulator import peak_concurrency

FIXED = ["event_name", "event_time", "distinct_id", "insert_id", "properties"]
DAYS = [str(day) for day in PROJECT.dates]


def test_rows_are_the_projects_rows(con, sim):
    """Every event once, every value as it was sent, the odd ones too."""
    expected = export_rows(sim, FIRST, LAST)
    assert len(expected) == PROJECT.days * PROJECT.events_per_day
    assert fetched_rows(con, export()) == expected


def test_a_stranger_project_reads_the_same(con, monkeypatch):
    """Every fifth row odd, late or double: no oddity is rare enough here to hide."""
    with Simulator(Project(days=3, events_per_day=800, weird_rate=0.2, seed=7)) as odd:
        monkeypatch.setenv("MP_API_BASE_URL", odd.url)
        assert fetched_rows(con, export(last="2025-01-03")) == export_rows(odd, FIRST, "2025-01-03")


def test_every_row_has_valid_json(con, sim):
    assert rows(con, f"SELECT count(*), count(*) FILTER (NOT json_valid(properties)) FROM {export()}") == [(1500, 0)]


def test_create_table_as_keeps_all_rows(con, sim):
    con.execute(f"CREATE TABLE events AS FROM {export()}")
    assert fetched_rows(con, "events") == export_rows(sim, FIRST, LAST)


def test_the_columns_and_their_types(con, sim):
    described = con.execute(f"DESCRIBE FROM {export()}").fetchall()
    types = ["VARCHAR", "TIMESTAMP", "VARCHAR", "VARCHAR", "JSON"]
    assert [(name, kind) for name, kind, *_ in described] == list(zip(FIXED, types))


def test_one_request_for_each_day_with_times_in_milliseconds(con, sim):
    rows(con, f"SELECT count(*) FROM {export()}")
    requests = sim.settled()
    assert sorted(days_asked(sim)) == [(day, day) for day in DAYS]
    for request in requests:
        assert request.params.keys() == {"project_id", "from_date", "to_date", "time_in_ms"}
        assert (request.params["project_id"], request.params["time_in_ms"]) == ("12345", "true")


def test_what_the_headers_say(con, sim):
    rows(con, f"SELECT count(*) FROM {export(last=FIRST)}")
    (request,) = sim.settled()
    basic = b64encode(f"{USERNAME}:{SECRET}".encode()).decode()
    assert request.headers["authorization"] == f"Basic {basic}"
    assert request.headers["accept-encoding"] == "gzip"
    assert request.headers["user-agent"].startswith("duckdb-mixpanel/")


def test_a_token_travels_as_bearer(con, sim, monkeypatch):
    for name in ("MP_USERNAME", "MP_SECRET"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("MP_OAUTH_TOKEN", TOKEN)
    assert rows(con, f"SELECT count(*) FROM {export(last=FIRST)}") == [(300,)]
    assert sim.settled()[0].headers["authorization"] == f"Bearer {TOKEN}"


def test_a_projects_secret_needs_no_project(con, sim, monkeypatch):
    for name in ("MP_USERNAME", "MP_PROJECT_ID"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("MP_SECRET", "demo-project-secret")
    assert rows(con, f"SELECT count(*) FROM {export(last=FIRST)}") == [(300,)]
    assert "project_id" not in sim.settled()[0].params


def test_events_and_filter_reach_the_wire(con, sim):
    """Commas, quotes and other alphabets in names don't break the list, nor do they in the filter."""
    events = ["Purchase", 'with "quotes", commas & more', "購入 🛒", "100% + 1"]
    filter = 'properties["$city"] == "Paris" or "é&=+%" in properties["Note"]'
    con.execute("SELECT count(*) FROM mixpanel_export(from_date := ?, to_date := ?, events := ?, filter := ?)",
                [FIRST, FIRST, events, filter])  # fmt: skip
    (request,) = sim.settled()
    assert json.loads(request.params["event"]) == events
    assert request.params["where"] == filter


def test_events_and_filter_choose_rows(con, sim):
    con.execute(f"CREATE TABLE everything AS FROM {export()}")
    chosen = fetched_rows(con, export("events := ['Purchase', 'Search']"))
    assert chosen and chosen == fetched_rows(con, "everything WHERE event_name IN ('Purchase', 'Search')")
    android = fetched_rows(con, export("""filter := 'properties["$os"] == "Android"'"""))
    assert android and android == fetched_rows(con, """everything WHERE properties ->> '$."$os"' = 'Android'""")


@pytest.mark.parametrize("given", ["777", "'777'", "777::UBIGINT"])
def test_another_project(con, monkeypatch, given):
    with Simulator(Project(days=1, events_per_day=10, other_project_ids=(777,))) as other:
        monkeypatch.setenv("MP_API_BASE_URL", other.url)
        assert rows(con, f"SELECT count(*) FROM {export(f'project_id := {given}', last=FIRST)}") == [(10,)]
        assert [request.params["project_id"] for request in other.settled()] == ["777"]


@pytest.mark.parametrize("columns", [
    "event_name", "event_time", "distinct_id", "insert_id", "properties", "insert_id, event_name",
    "properties, event_time, properties", "distinct_id, insert_id, event_time", "1 AS one",
])  # fmt: skip
def test_projection_gives_the_same_values(con, sim, columns):
    """Whatever columns are asked for, in whatever order: the same values as from all of them."""
    con.execute(f"CREATE TABLE everything AS FROM {export()}")
    source = f"SELECT {columns} FROM"
    assert sorted(map(repr, rows(con, f"{source} {export()}"))) == sorted(map(repr, rows(con, f"{source} everything")))


def test_counting_needs_no_columns(con, sim):
    assert rows(con, f"SELECT count(*) FROM {export()}") == [(1500,)]
    assert rows(con, f"SELECT count(*), sum(1), any_value(2) FROM {export()}") == [(1500, 1500, 2)]


@pytest.mark.parametrize("max_rows", [1, 10, 300, 301, 100_000])
def test_few_rows_are_one_request_that_the_server_ends(con, sim, max_rows):
    expected = min(max_rows, 1500)
    assert rows(con, f"SELECT count(*) FROM {export(f'max_rows := {max_rows}')}") == [(expected,)]
    (request,) = sim.settled()
    assert (request.params["limit"], request.params["from_date"], request.params["to_date"]) == (
        str(max_rows), FIRST, LAST,
    )  # fmt: skip


def test_more_rows_than_the_api_limits_are_counted_here(con, sim):
    """100,001 rows of 120,000: no limit on the wire, exactly as many rows out."""
    for number, day in enumerate(DAYS[:2]):
        sim.set_day(day, ['{"event":"A","properties":{"time":%d}}' % (1735689600000 + number * 86_400_000)] * 60_000)
    call = export("max_rows := 100001", last=DAYS[1])
    assert rows(con, f"SELECT count(*) FROM {call}") == [(100_001,)]
    assert all("limit" not in request.params for request in sim.settled())


@pytest.mark.parametrize("window_days, expected", [
    (1, [(day, day) for day in DAYS]),
    (2, [("2025-01-01", "2025-01-02"), ("2025-01-03", "2025-01-04"), ("2025-01-05", "2025-01-05")]),
    (5, [(FIRST, LAST)]),
    (9223372036854775807, [(FIRST, LAST)]),
])  # fmt: skip
def test_window_days(con, sim, window_days, expected):
    call = export(f"window_days := {window_days}")
    assert fetched_rows(con, call) == export_rows(sim, FIRST, LAST)
    assert sorted(days_asked(sim)) == expected


@pytest.mark.parametrize("days", [
    "[DATE '2025-01-04', DATE '2025-01-01', DATE '2025-01-02', DATE '2025-01-01']", "['2025-01-01', '2025-01-02', '2025-01-04']",
    "[TIMESTAMP '2025-01-01', TIMESTAMP '2025-01-02 12:00:00', TIMESTAMP '2025-01-04']", "getvariable('days')",
])  # fmt: skip
def test_exactly_these_days(con, sim, days):
    """Each once, and no window spans a day between them."""
    con.execute("SET VARIABLE days = [DATE '2025-01-01', DATE '2025-01-02', DATE '2025-01-04']")
    rows(con, f"FROM mixpanel_export(days := {days}, window_days := 5)")
    assert sorted(days_asked(sim)) == [("2025-01-01", "2025-01-02"), ("2025-01-04", "2025-01-04")]


def test_no_days_are_no_rows_and_null_is_refused(con, sim):
    for none in ("[]", "[]::DATE[]"):
        assert rows(con, f"FROM mixpanel_export(days := {none})") == []
    con.execute("SET VARIABLE days = (SELECT list(DATE '2025-01-01') WHERE false)")
    for null in ("NULL", "NULL::DATE[]", "getvariable('days')"):
        for function in ("mixpanel_export", "mixpanel_export_plan"):
            call = f"FROM {function}(days := {null}, from_date := '{FIRST}', to_date := '{LAST}')"
            assert "[INVALID_ARGUMENT] days: is NULL. Leave it out" in error_of(con, call)
    assert not sim.settled()


@pytest.mark.parametrize("days, problem", [
    ("[NULL]", "days: contains NULL"), ("['tomorrow']", "days: contains \"tomorrow\", which is not a date"),
    ("[1]", "days: must be a list of dates"), ("'2025-01-01'", "days: must be a list of dates"),
])  # fmt: skip
def test_what_are_no_days(con, sim, days, problem):
    assert problem in error_of(con, f"DESCRIBE FROM mixpanel_export(days := {days})")
    assert not sim.settled()


@pytest.mark.parametrize("arguments", [
    "", "window_days := 2", "events := ['A, B', 'C\"D']", "max_rows := 7", "filter := 'true == true'",
    "project_id := 12345, max_workers := 1",
])  # fmt: skip
def test_the_plan_is_what_is_asked(con, sim, arguments):
    """`mixpanel_export_plan` with the same arguments lists exactly the requests that are made, and makes none."""
    call = export(arguments)
    planned = rows(con, f"SELECT url FROM {call.replace('mixpanel_export', 'mixpanel_export_plan')}")
    assert not sim.settled()
    rows(con, f"SELECT count(*) FROM {call}")
    asked = [(request.path, request.params) for request in sim.settled()]
    assert sorted(map(repr, asked)) == sorted(repr(in_parts(url)) for (url,) in planned)


def in_parts(url: str) -> tuple[str, dict]:
    return urlsplit(url).path, dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))


def test_long_ranges_stay_within_20_requests(con, sim, clock):
    clock.move_to(datetime(2035, 1, 2))
    plan = "SELECT count(*), min(from_date), max(to_date), sum(to_date - from_date + 1) FROM mixpanel_export_plan"
    for last, days in (("2025-01-20", 20), ("2025-01-21", 21), ("2034-12-31", 3652)):
        call = f"{plan}(from_date := '2025-01-01', to_date := '{last}')"
        ((count, first, end, covered),) = rows(con, call)
        assert (count <= 20, str(first), str(end), covered) == (True, FIRST, last, days), last


def test_one_worker_asks_in_order_and_one_at_a_time(con, sim):
    rows(con, f"SELECT count(*) FROM {export('max_workers := 1')}")
    assert days_asked(sim) == [(day, day) for day in DAYS]
    assert peak_concurrency(sim.settled()) == 1


def test_workers_work_at_the_same_time_and_no_more_of_them(con, sim):
    # A late first byte keeps each answer open for long enough that the next ones start meanwhile.
    sim.add_fault("latency", times=None, seconds=0.15)
    rows(con, f"SELECT count(*) FROM {export('max_workers := 3')}")
    assert peak_concurrency(sim.settled()) == 3
    assert {day for day, _ in days_asked(sim)[:3]} == set(DAYS[:3]), "the oldest days go first"
