"""Tests fetching into a managed table: its rows, its history, and what fails before a request."""
from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta

import pytest
from conftest import FIRST, HOST, LAST, Project, Simulator, days_asked, only_v2, rows
from expected import fetched_rows
from kept import RESULT, append, asked, days, each_once, error, event, fetch, history, pragma, run, script, sync, tables

COLUMNS = [("event_name", "VARCHAR"), ("event_time", "TIMESTAMP"), ("distinct_id", "VARCHAR"), ("insert_id", "VARCHAR"), ("properties", "JSON")]  # fmt: skip
HISTORY = {
    "table_name": "VARCHAR", "type": "VARCHAR", "fetched_at": "TIMESTAMP", "from_date": "DATE", "to_date": "DATE",
    "filter_events": "JSON", "filter_where": "VARCHAR", "row_count": "BIGINT", "project_id": "VARCHAR", "requests": "BIGINT",
    "failed_ranges": "JSON", "duration_seconds": "DOUBLE", "rows_added": "BIGINT", "rows_removed": "BIGINT", "arguments": "JSON",
    "asked": "JSON",
}  # fmt: skip


def test_the_projects_events_each_once(con, sim):
    answer = fetch(con)
    expected = each_once(sim)
    assert fetched_rows(con, "events") == expected and len(expected) < 1500, "the simulator has duplicates"
    assert asked(sim) == days(FIRST, LAST)
    assert [row[:2] for row in rows(con, "DESCRIBE events")] == COLUMNS
    assert list(answer) == RESULT
    assert answer.pop("seconds") > 0
    count = len(expected)
    assert answer == {"table_name": "events", "rows_added": count, "rows_removed": 0, "row_count": count, "requests": 5, "failed_ranges": "[]", "missing_days": []}  # fmt: skip


def test_odd_late_and_double_rows(con, monkeypatch):
    with Simulator(Project(days=3, events_per_day=600, weird_rate=0.2, seed=7)) as odd:
        monkeypatch.setenv("MP_API_BASE_URL", odd.url)
        fetch(con, last="2025-01-03")
        assert fetched_rows(con, "events") == each_once(odd, last="2025-01-03")


def test_the_newest_of_a_key_stays_wherever_it_stands(con, sim):
    def of(processed, mark):
        return event("u", "same", mp_processing_time_ms=processed, mark=mark)

    sim.set_day(FIRST, [of(1, "old"), of(30, "new"), of(4, "middle"), event("u", "same", name="B"), event("v", "same"), event("u", "same", hour=13)])
    fetch(con, last=FIRST)
    assert rows(con, "SELECT count(*), count(*) FILTER (properties->>'mark' = 'new') FROM events") == [(4, 1)]


def test_rows_without_an_insert_id_are_never_double(con, sim):
    """Mixpanel counts all of them, equal ones too; an empty one is none."""
    sim.set_day(FIRST, [event("u", None, x=1), event("u", None, x=1), event("u", None, x=2), event("u", "", x=1), event("u", "", x=1)])
    fetch(con, last=FIRST)
    found = rows(con, "SELECT insert_id, properties->>'x' FROM events ORDER BY ALL")
    assert sorted(found, key=str) == [("", "1"), ("", "1"), (None, "1"), (None, "1"), (None, "2")]


def test_a_processing_time_that_is_no_number_is_the_oldest(con, sim):
    sim.set_day(FIRST, [event("u", "i", mp_processing_time_ms="soon", mark="a"), event("u", "i", mp_processing_time_ms=0, mark="b"), event("u", "i", mark="c")])
    fetch(con, last=FIRST)
    assert rows(con, "SELECT properties->>'mark' FROM events") == [("b",)]


def test_the_history_has_all_there_is_to_know(con, sim):
    before = datetime.now(UTC).replace(tzinfo=None)
    fetch(con, events=["View Item", "Purchase"], filter="properties[\"$os\"] == \"iOS\"", max_workers=2)
    assert dict(row[:2] for row in rows(con, "DESCRIBE _metadata")) == HISTORY
    (found,) = history(con)
    count = rows(con, "SELECT count(*) FROM events")[0][0]
    arguments = json.loads(found.pop("arguments"))
    assert arguments.pop("label")
    assert arguments == {
        "from_date": FIRST, "to_date": LAST, "events": ["View Item", "Purchase"], "filter": 'properties["$os"] == "iOS"',
        "max_workers": 2, "project_id": "12345",
    }  # fmt: skip
    assert before <= found.pop("fetched_at") <= datetime.now(UTC).replace(tzinfo=None)
    moments = json.loads(found.pop("asked"))
    assert list(moments) == days(FIRST, LAST)
    assert all(before.isoformat(timespec="milliseconds") <= moment <= datetime.now(UTC).isoformat() for moment in moments.values())
    assert 0 < found.pop("duration_seconds") < 60
    assert found == {
        "table_name": "events", "type": "events", "from_date": date(2025, 1, 1), "to_date": date(2025, 1, 5),
        "filter_events": '["Purchase","View Item"]', "filter_where": 'properties["$os"] == "iOS"', "row_count": count,
        "project_id": "12345", "requests": 5, "failed_ranges": "[]", "rows_added": count, "rows_removed": 0,
    }  # fmt: skip
    assert count and {request.params["where"] for request in sim.settled()} == {'properties["$os"] == "iOS"'}
    assert {request.params["event"] for request in sim.settled()} == {'["View Item","Purchase"]'}


def test_the_history_is_empty_before_the_first_fetch(con):
    assert rows(con, "FROM _metadata") == []
    assert {row[0]: row[1] for row in rows(con, "DESCRIBE FROM _metadata")} == HISTORY
    assert rows(con, 'FROM "_METADATA"') == [] and tables(con) == set()


def test_a_real_history_is_not_hidden(con, sim):
    fetch(con, last=FIRST)
    assert len(rows(con, "FROM _metadata")) == 1
    con.execute("CREATE SCHEMA other")
    if HOST == "v2":
        # Whoever says where it should be wants to know that it isn't there. The first C API isn't told where.
        assert "does not exist" in error(con, rows, "FROM other._metadata")


def test_what_is_handed_on(con, sim):
    fetch(con, window_days=2, time_zone="America/Los_Angeles")
    assert sorted(days_asked(sim)) == [("2025-01-01", "2025-01-02"), ("2025-01-03", "2025-01-04"), ("2025-01-05", "2025-01-05")]
    assert rows(con, "SELECT min(event_time) >= '2025-01-01 08:00', max(event_time) >= '2025-01-06' FROM events") == [(True, True)]


def test_a_table_that_exists(con, sim):
    con.execute("CREATE TABLE events AS SELECT 1 AS mine")
    message = error(con, fetch)
    assert "[TABLE_EXISTS] table events already exists" in message and "append = true or replace = true" in message
    assert not sim.settled() and rows(con, "FROM events") == [(1,)] and rows(con, "FROM _metadata") == []


def test_replace(con, sim):
    fetch(con)
    sim.clear()
    answer = fetch(con, first=LAST, replace=True)
    assert asked(sim) == [LAST] and fetched_rows(con, "events") == each_once(sim, LAST)
    (found,) = history(con)
    assert (found["from_date"], found["row_count"]) == (date(2025, 1, 5), answer["row_count"])
    fetch(con, table="new", last=FIRST, replace=True)
    assert fetched_rows(con, "new") == each_once(sim, last=FIRST)


def test_a_replacement_that_fails_leaves_what_was_there(con, sim):
    fetch(con, last="2025-01-02")
    before, noted = fetched_rows(con, "events"), history(con)
    sim.add_fault("status", status=400, match={"from_date": "2025-01-04"})
    assert "2025-01-04" in error(con, fetch, replace=True)
    assert fetched_rows(con, "events") == before and history(con) == noted


def test_append_to_a_table_that_is_missing(con, sim):
    message = error(con, append)
    assert "[TABLE_NOT_FOUND] there is no table events" in message and "Remove append = true" in message
    assert not sim.settled() and tables(con) == set()


@pytest.mark.parametrize("columns", [
    "a INTEGER", "distinct_id VARCHAR, properties JSON, last_seen TIMESTAMP",
    "event_name VARCHAR, event_time VARCHAR, distinct_id VARCHAR, insert_id VARCHAR, properties JSON",
    "event_name VARCHAR, event_time TIMESTAMP, distinct_id VARCHAR, insert_id VARCHAR, properties JSON, mine INTEGER",
    "event_name VARCHAR, event_time TIMESTAMPTZ, distinct_id VARCHAR, insert_id VARCHAR, properties JSON",
])  # fmt: skip
@pytest.mark.parametrize("task", [append, sync])
def test_a_table_that_holds_something_else(con, sim, columns, task):
    """Profiles, columns of another type, one too many: seen before a request is spent on it."""
    con.execute(f"CREATE TABLE events ({columns})")
    message = error(con, task)
    assert "[WRONG_TABLE] table events does not have the columns of events" in message and "event_time TIMESTAMP" in message
    assert not sim.settled()


def test_the_order_and_case_of_columns_is_the_users_affair(con, sim):
    con.execute("CREATE TABLE events (Properties JSON, insert_id VARCHAR, DISTINCT_ID VARCHAR, event_time TIMESTAMP, event_name VARCHAR)")
    append(con)
    assert fetched_rows(con, "events") == each_once(sim)


@pytest.mark.parametrize("made", ["CREATE VIEW events AS FROM t", "CREATE TEMP TABLE events AS FROM t", "CREATE TEMP VIEW events AS FROM t"])
@pytest.mark.parametrize("mode", [{}, {"append": True}, {"replace": True}, "sync"], ids=str)
@pytest.mark.parametrize("named", ["events", "main.events"])
def test_what_would_be_taken_for_the_table(con, sim, made, mode, named):
    """A view can't be deleted from; a temporary table would be changed in the place of the one that is meant."""
    con.execute("CREATE TABLE t (event_name VARCHAR, event_time TIMESTAMP, distinct_id VARCHAR, insert_id VARCHAR, properties JSON)")
    con.execute("INSERT INTO t VALUES ('A', TIMESTAMP '2025-01-01', 'u', 'i', '{}'), ('A', TIMESTAMP '2025-01-01', 'u', 'i', '{}')")
    con.execute(made)
    message = error(con, sync, named) if mode == "sync" else error(con, fetch, named, **mode)
    assert f"[WRONG_TABLE] {named} is a view or a temporary table" in message
    assert not sim.settled() and rows(con, "SELECT count(*) FROM events") == [(2,)]


@pytest.mark.parametrize("columns", [
    "table_name VARCHAR PRIMARY KEY, type VARCHAR NOT NULL, fetched_at TIMESTAMP NOT NULL, from_date DATE, to_date DATE, row_count INTEGER",
    "mine INTEGER",
])  # fmt: skip
@pytest.mark.parametrize("task", [fetch, append, sync])
def test_a_history_of_somebody_elses(con, sim, columns, task):
    """As the databases of mixpanel_data, the Python library, have one: said before a request, and what to do."""
    fetch(con, last=FIRST) if task is append else None
    con.execute("DROP TABLE IF EXISTS _metadata")
    sim.clear()
    con.execute(f"CREATE TABLE _metadata ({columns})")
    message = error(con, task)
    assert "[WRONG_TABLE] _metadata in the schema of table events is not a history" in message and "RENAME TO" in message
    assert not sim.settled()
    con.execute("ALTER TABLE _metadata RENAME TO old_metadata")
    task(con)


def test_a_day_that_fails_leaves_nothing(con, sim):
    sim.add_fault("status", status=400, match={"from_date": "2025-01-03"})
    message = error(con, fetch)
    assert "[INVALID_REQUEST] 2025-01-03" in message
    assert tables(con) == set() and rows(con, "FROM _metadata") == []
    fetch(con)
    assert fetched_rows(con, "events") == each_once(sim)


def test_days_that_are_skipped_are_listed_and_a_sync_gets_them(con, sim):
    for day in ("2025-01-02", "2025-01-04"):
        sim.add_fault("status", status=400, match={"from_date": day})
    answer = fetch(con, on_failure="skip")
    failed = json.loads(answer["failed_ranges"])
    assert sorted(item["range"] for item in failed) == ["2025-01-02", "2025-01-04"]
    assert all("[INVALID_REQUEST]" in item["error"] for item in failed)
    assert json.loads(history(con)[0]["failed_ranges"]) == failed
    sim.clear()
    sync(con)
    assert asked(sim) == ["2025-01-02", "2025-01-04"]
    assert fetched_rows(con, "events") == each_once(sim)
    sync(con)
    assert asked(sim) == []


def test_ranges_that_are_skipped_are_windows_of_several_days(con, sim):
    sim.add_fault("status", status=400, match={"from_date": "2025-01-03"})
    fetch(con, on_failure="skip", window_days=2)
    sim.clear()
    sync(con, lookback_days=0)
    assert asked(sim) == ["2025-01-03", "2025-01-04"]
    assert fetched_rows(con, "events") == each_once(sim)


@pytest.mark.parametrize("arguments, problem", [
    ({"append": True, "replace": True}, "append: cannot be combined with replace"),
    ({"first": "2025-01-06"}, "from_date: 2025-01-06 is after to_date 2025-01-05"),
    ({"events": []}, "events: is an empty list"),
    ({"events": [""]}, "events: contains an empty string"),
    ({"filter": " "}, "filter: must not be empty"),
    ({"time_zone": "Mars/Olympus"}, "time_zone: "),
    ({"max_workers": 0}, "max_workers: "),
    ({"window_days": 0}, "window_days: "),
    ({"on_failure": "ignore"}, "on_failure: "),
    ({"account": "nobody"}, "nobody"),
    ({"project_id": "x"}, "project_id: "),
    ({"region": "moon"}, "region: "),
], ids=str)  # fmt: skip
def test_bad_arguments_make_no_request(con, sim, arguments, problem):
    assert problem in error(con, fetch, **arguments)
    assert not sim.settled() and tables(con) == set()


@pytest.mark.parametrize("missing", ["from_date", "to_date"])
def test_dates_are_needed(con, sim, missing):
    given = {"from_date": FIRST, "to_date": LAST}
    del given[missing]
    assert f"{missing}: is missing" in error(con, run, "fetch_events", "events", **given)
    assert not sim.settled()


def test_credentials_are_looked_for_first(con, sim, monkeypatch):
    for name in ("MP_SECRET", "MP_USERNAME", "MP_PROJECT_ID"):
        monkeypatch.delenv(name)
    assert "[MISSING_CREDENTIALS]" in error(con, fetch)
    assert tables(con) == set()


def test_the_script_is_for_everybody(con, sim):
    """`mixpanel_fetch_sql` makes no request, and its text does the same as a pragma, again and again."""
    text = script(con, "fetch_events", "events", from_date=FIRST, to_date=LAST, replace=True)
    assert not sim.settled() and text.startswith("BEGIN TRANSACTION;") and "\nCOMMIT;\n" in text
    for _ in range(2):
        assert con.execute(text).fetchall()[0][:4] == ("events", len(each_once(sim)), 0, len(each_once(sim)))
    assert len(sim.settled()) == 10 and len(history(con)) == 1


def test_a_script_that_is_kept_and_run_again(con, sim, clock):
    """What failed the first time is fetched the second time, and replaced as if there had been no first."""
    clock.move_to(datetime(2025, 1, 5, 14))
    text = script(con, "sync_events", "events", from_date=FIRST, to_date=LAST, on_failure="skip", max_age=timedelta(0))
    sim.add_fault("status", status=400, match={"from_date": "2025-01-02"})
    con.execute(text)
    con.execute(text)
    sim.set_day("2025-01-02", [event("other", "o", 1)])
    con.execute(text)
    assert fetched_rows(con, "events") == each_once(sim)
    sim.clear()
    sync(con, lookback_days=0)
    assert asked(sim) == [LAST]


def test_a_script_stays_with_its_project(con, sim, monkeypatch):
    """The checks of a script are about one project: it must not bring the rows of another that is the default meanwhile."""
    text = script(con, "fetch_events", "events", from_date=FIRST, to_date=FIRST)
    monkeypatch.setenv("MP_PROJECT_ID", "777")
    con.execute(text)
    assert [request.params["project_id"] for request in sim.settled()] == ["12345"]
    assert history(con)[0]["project_id"] == "12345"


def test_arguments_of_the_other_kind_of_script(con, sim):
    for task, name, value in (("fetch_events", "lookback_days", 1), ("sync_events", "append", True)):
        message = error(con, script, task, "events", from_date=FIRST, to_date=LAST, **{name: value})
        assert f"{name}: does not apply to a" in message


@only_v2
def test_to_look_at_a_pragma_asks_nothing(con, sim):
    statement = pragma("fetch_events", "events", from_date=FIRST, to_date=LAST)
    for look in (f"EXPLAIN {statement}", f"EXPLAIN ANALYZE {statement}", f"PREPARE p AS {statement}", f"DESCRIBE {statement}"):
        error(con, rows, look)
    assert len(con.extract_statements(statement)) == 1
    assert not sim.settled() and tables(con) == set()


@only_v2
def test_settings_of_the_same_batch_hold(con, monkeypatch):
    with Simulator(Project(days=1, events_per_day=10, other_project_ids=(777,))) as other:
        monkeypatch.setenv("MP_API_BASE_URL", other.url)
        con.execute("SET mixpanel_project_id = '777'; " + pragma("fetch_events", "events", from_date=FIRST, to_date=FIRST))
        assert [request.params["project_id"] for request in other.settled()] == ["777"]
        assert history(con)[0]["project_id"] == "777"


@only_v2
def test_without_access_to_the_outside(con, sim):
    con.execute("SET enable_external_access = false")
    for task in (fetch, sync):
        assert "[EXTERNAL_ACCESS_DISABLED]" in error(con, task)
    assert not sim.settled() and tables(con) == set()


HOSTILE = ["'", "''; DROP TABLE precious; --", '"', "{{table}}", "a\nb", "购買 🛒", "\\"]


@pytest.mark.parametrize("text", HOSTILE)
def test_texts_stay_texts(con, sim, text):
    """Each text parameter reaches the wire as it is, and nothing of it becomes SQL."""
    con.execute("CREATE TABLE precious AS SELECT 1")
    condition = f'properties["x"] == {json.dumps(text, ensure_ascii=False)}'
    fetch(con, last=FIRST, events=[text, "B"], filter=condition)
    (request,) = sim.settled()
    assert json.loads(request.params["event"]) == [text, "B"] and request.params["where"] == condition
    (found,) = history(con)
    assert json.loads(found["filter_events"]) == sorted([text, "B"]) and found["filter_where"] == condition
    sim.clear()
    sync(con, last=FIRST, events=["B", text, "B"], filter=condition, lookback_days=100_000)
    assert asked(sim) == [FIRST] and len(history(con)) == 2
    for name in ("time_zone", "region", "account", "on_failure"):
        assert error(con, fetch, "other", **{name: text})
    assert rows(con, "FROM precious") == [(1,)]


def test_a_label_finds_its_fetch(con, sim):
    label = "it's; \"mine\" {{label}}"
    con.execute("SELECT count(*) FROM mixpanel_export(days := [DATE '2025-01-02', DATE '2025-01-04'], label := ?)", [label]).fetchall()
    assert rows(con, "SELECT arguments->>'label' FROM mixpanel_fetches() ORDER BY id DESC LIMIT 1") == [(label,)]
    assert asked(sim) == ["2025-01-02", "2025-01-04"]


def test_the_days_of_an_export(con, sim):
    call = "SELECT count(*) FROM mixpanel_export(days := {})"
    assert rows(con, call.format("[]::DATE[]")) == [(0,)] and asked(sim) == []
    assert rows(con, call.format("[DATE '2025-01-04', DATE '2025-01-02', DATE '2025-01-04']")) == [(600,)]
    assert asked(sim) == ["2025-01-02", "2025-01-04"]
    assert "days: contains NULL" in error(con, rows, call.format("[NULL::DATE]"))
    assert "Remove one of them" in error(con, rows, call.format("[DATE '2025-01-04'], from_date := '2025-01-01'"))


def test_no_secret_is_kept(con, sim, monkeypatch):
    secret = "hunter2-of-kept-tables"
    monkeypatch.setenv("MP_USERNAME", "someone")
    monkeypatch.setenv("MP_SECRET", secret)
    text = script(con, "sync_events", "events", from_date=FIRST, to_date=LAST)
    texts = [text, error(con, fetch), repr(rows(con, "FROM mixpanel_fetches()")), repr(rows(con, "FROM duckdb_variables()"))]
    monkeypatch.setenv("MP_USERNAME", "demo.sa.mp-service-account")
    monkeypatch.setenv("MP_SECRET", "demo-secret")
    fetch(con, last=FIRST)
    texts += [repr(rows(con, "FROM _metadata")), repr(rows(con, "FROM duckdb_settings()"))]
    assert all(secret not in shown and "demo-secret" not in shown for shown in texts)


@pytest.mark.parametrize("kind", ["events", "profiles"])
def test_an_answer_without_a_row_replaces_nothing(con, sim, kind):
    """An outage may answer so, and the table may be the only copy."""
    more = {"from_date": FIRST, "to_date": LAST} if kind == "events" else {}
    nobody = {"events": ["Nobody did this"]} if kind == "events" else {"filter": 'properties["plan"] == "nobody has this"'}
    run(con, f"fetch_{kind}", "kept", **more)
    before = fetched_rows(con, "kept") if kind == "events" else rows(con, "FROM kept ORDER BY ALL")
    noted = history(con, "kept")
    message = error(con, run, f"fetch_{kind}", "kept", replace=True, **more, **nobody)
    assert "[UNEXPECTED_RESPONSE] no row came, and table kept has some: they stay" in message, message
    assert (fetched_rows(con, "kept") if kind == "events" else rows(con, "FROM kept ORDER BY ALL")) == before and history(con, "kept") == noted
    # Without rows of its own it may be replaced by none.
    run(con, f"fetch_{kind}", "nothing", **more, **nobody)
    assert run(con, f"fetch_{kind}", "nothing", replace=True, **more, **nobody)["row_count"] == 0
    run(con, f"fetch_{kind}", "kept", replace=True, **more)
    assert rows(con, "SELECT count(*) > 0 FROM kept") == [(True,)]
