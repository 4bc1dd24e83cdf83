"""Tests that a fetch leaves nothing of its own in the user's session, and leaves the user's things untouched."""
from __future__ import annotations

import json
import re

import duckdb
import pytest
from conftest import FIRST, LAST, HOST, rows
from expected import fetched_rows
from kept import adopt, append, asked, each_once, error, event, fetch, history, plain_sync, run, script, sync

TASKS = {
    "fetch": lambda con, **more: fetch(con, **more),
    "replace": lambda con, **more: fetch(con, replace=True, **more),
    "append": lambda con, **more: append(con, **more),
    "append_other_filter": lambda con, **more: append(con, filter="true", **more),
    "sync": lambda con, **more: sync(con, lookback_days=100_000, **more),
    "profiles": lambda con, **more: run(con, "fetch_profiles", "profiles"),
    "append_profiles": lambda con, **more: run(con, "fetch_profiles", "profiles", append=True),
    "sync_profiles": lambda con, **more: run(con, "sync_profiles", "profiles", delete_missing=True),
}
OURS = re.compile(r"\bmixpanel_([0-9a-f]{32})(\w+)")


def session(con) -> tuple[set, list]:
    variables = {name for (name,) in rows(con, "SELECT name FROM duckdb_variables()")}
    temporary = rows(con, "SELECT table_name FROM duckdb_tables() WHERE temporary ORDER BY ALL")
    return variables, temporary


def prepare(con, task: str) -> None:
    if task.startswith("append") and "profiles" not in task:
        fetch(con, last=FIRST)
    if task == "append_profiles":
        run(con, "fetch_profiles", "profiles")


@pytest.mark.parametrize("task", TASKS)
def test_nothing_is_left(con, sim, task):
    prepare(con, task)
    before = session(con)
    TASKS[task](con)
    assert session(con) == before == (set(), [])


def test_nothing_is_left_of_a_drop(con, sim):
    if HOST == "v2":
        fetch(con, last=FIRST)
        con.execute("PRAGMA mixpanel_drop('events')")
        assert session(con) == (set(), [])


@pytest.mark.parametrize("task", ["append", "sync"])
def test_what_outlives_a_failure_is_named_after_the_fetch(con, sim, task):
    prepare(con, task)
    sim.add_fault("status", status=401, times=None)
    error(con, TASKS[task])
    variables, temporary = session(con)
    assert variables and all(OURS.fullmatch(name) for name in variables)
    assert temporary == []


def test_every_name_in_a_script_is_of_its_fetch(con, sim):
    """No two scripts have a name in common, so that none of the user's is touched by chance."""
    texts = [script(con, "sync_events", "events", from_date=FIRST, to_date=LAST) for _ in range(2)]
    names = [set(OURS.findall(text)) for text in texts]
    assert len({label for label, _ in names[0]}) == 1 and not names[0] & names[1]
    for text in texts:
        made = re.findall(r"(?:SET VARIABLE|TEMP TABLE) (\w+)", text)
        assert len(made) > 10 and all(OURS.fullmatch(name) for name in made)


def test_names_that_look_like_ours(con, sim):
    """Those of earlier versions: a user may have tables and variables of these names."""
    names = ["mixpanel_staged", "mixpanel_superseded", "mixpanel_matched", "mixpanel_replaced"]
    variables = ["mixpanel_days", "mixpanel_rows_before", "mixpanel_checked", "mixpanel_row_count"]
    for name in names:
        con.execute(f"CREATE TEMP TABLE {name} AS SELECT 'mine' AS whose")
    for name in variables:
        con.execute(f"SET VARIABLE {name} = 'mine'")
    fetch(con, last=FIRST)
    append(con)
    sync(con, lookback_days=100_000)
    assert fetched_rows(con, "events") == each_once(sim)
    for name in names:
        assert rows(con, f"FROM {name}") == [("mine",)]
    for name in variables:
        assert rows(con, f"SELECT getvariable('{name}')") == [("mine",)]


@pytest.mark.parametrize("order", ["ASC", "DESC"])
@pytest.mark.parametrize("nulls", ["NULLS FIRST", "NULLS LAST"])
def test_the_sessions_order_says_nothing(con, sim, order, nulls):
    """Nothing hangs on how a plain ORDER BY sorts: not whose history it is, not which rows stay, not the days in an answer."""
    sim.set_day(FIRST, [event("u", "1"), event("u", None), event("u", None), event("old", "2", mp_processing_time_ms=1), event("old", "2", n=1)])
    con.execute(f"SET default_order = '{order}'; SET default_null_order = '{nulls.replace(' ', '_')}'")
    con.execute("CREATE TABLE _metadata (table_name VARCHAR PRIMARY KEY, type VARCHAR, fetched_at TIMESTAMP, from_date DATE, to_date DATE, filter_events JSON, filter_where VARCHAR, row_count INTEGER)")
    con.execute(f"CREATE TABLE events AS FROM mixpanel_export(from_date := '{FIRST}', to_date := '{FIRST}', events := ['A', 'Purchase'])")
    con.execute(f"""INSERT INTO _metadata VALUES ('events', 'events', now()::TIMESTAMP, '{FIRST}', '{FIRST}', '["Purchase", "A"]', NULL, 1)""")
    adopt(con)
    answer = append(con, events=["Purchase", "A"], first="2025-01-04")
    assert [str(day) for day in answer["missing_days"]] == ["2025-01-02", "2025-01-03"]
    assert list(json.loads(history(con)[-1]["asked"])) == ["2025-01-04", "2025-01-05"]
    assert {entry["filter_events"] for entry in history(con)} == {'["A","Purchase"]'}
    sim.clear()
    plain_sync(con, events=["A", "Purchase"], lookback_days=0)
    assert asked(sim) == ["2025-01-02", "2025-01-03"]
    kept = f"SELECT distinct_id, insert_id, properties->>'mp_processing_time_ms' FROM events WHERE event_time < '2025-01-02' AND event_name = 'A' ORDER BY ALL ASC NULLS LAST"
    assert rows(con, kept) == [("old", "2", "1"), ("u", "1", None), ("u", None, None), ("u", None, None)]


def test_a_fetch_whose_record_is_gone_changes_nothing(con, sim):
    """A thousand others came between the fetch and the look at its record: which days failed can't be told any more."""
    sim.set_day(FIRST, [event("u", "i")])
    fetch(con, last=FIRST)
    sim.set_day(FIRST, [event("v", "j")])
    text = script(con, "sync_events", "events", from_date=FIRST, to_date=FIRST, lookback_days=100_000)
    # In the middle of the script: other fetches of the process, each of which ends.
    staged = text.index("_fetch = (")
    staged = text.rindex("SET VARIABLE", 0, staged)
    others = "SELECT count(*) FROM (" + " UNION ALL ".join(["SELECT 1 FROM mixpanel_export(days := [])"] * 50) + ");\n"
    with pytest.raises(duckdb.Error, match="no longer has the record of this fetch"):
        con.execute(text[:staged] + others * 21 + text[staged:])
    con.execute("ROLLBACK")
    assert rows(con, "SELECT distinct_id FROM events") == [("u",)]
