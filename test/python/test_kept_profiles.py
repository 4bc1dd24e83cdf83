"""Kept tables of profiles. What these tests are about is not there yet: they skip until it is."""
from __future__ import annotations

import json

import pytest
from conftest import HOST, rows
from kept import error, history, run, script, tables


@pytest.fixture(autouse=True)
def there(con):
    """Enables the tests once the pragmas (2.0) or their scripts (1.x) exist."""
    if HOST == "v2":
        known = {name for (name,) in rows(con, "SELECT function_name FROM duckdb_functions()")}
        missing = not {"mixpanel_fetch_profiles", "mixpanel_sync_profiles"} <= known
    else:
        missing = "mixpanel_profiles(" not in error_or_script(con)
    if missing:
        pytest.skip("not there yet")


def error_or_script(con) -> str:
    try:
        return script(con, "fetch_profiles", "profiles")
    except Exception as problem:
        return "" if "from_date" in str(problem) else str(problem)


def fetch(con, table="profiles", **arguments):
    return run(con, "fetch_profiles", table, **arguments)


def sync(con, table="profiles", **arguments):
    return run(con, "sync_profiles", table, **arguments)


def profile(user: str, seen: str | None = "2025-01-01T00:00:00", **more) -> str:
    properties = {**more} if seen is None else {"$last_seen": seen, **more}
    return json.dumps({"$distinct_id": user, "$properties": properties})


def people(con, table="profiles") -> list:
    return rows(con, f"SELECT distinct_id, properties->>'plan' FROM {table} ORDER BY ALL")


def test_everybody_once(con, sim):
    answer = fetch(con)
    expected = rows(con, "SELECT * FROM mixpanel_profiles() ORDER BY ALL")
    assert rows(con, "SELECT * FROM profiles ORDER BY ALL") == expected
    assert answer["row_count"] == answer["rows_added"] == len(expected)
    (found,) = history(con, "profiles")
    assert (found["type"], found["from_date"], found["row_count"]) == ("profiles", None, len(expected))


def test_changed_new_and_gone(con, sim):
    sim.set_profiles([profile("a", plan="free"), profile("b", plan="free"), profile("c", None, plan="free")])
    sync(con)
    physical = dict(rows(con, "SELECT distinct_id, rowid FROM profiles"))
    sim.set_profiles([profile("a", plan="pro"), profile("c", None, plan="free"), profile("d", plan="new")])
    answer = sync(con)
    assert people(con) == [("a", "pro"), ("b", "free"), ("c", "free"), ("d", "new")]
    assert (answer["rows_added"], answer["rows_removed"], answer["row_count"]) == (2, 1, 4)
    after = dict(rows(con, "SELECT distinct_id, rowid FROM profiles"))
    assert (after["b"], after["c"]) == (physical["b"], physical["c"]), "who did not change was not written anew"
    assert sync(con)["rows_added"] == 0


def test_gone_ones_go_if_asked(con, sim):
    sim.set_profiles([profile("a", plan="free"), profile("b", plan="free")])
    sync(con)
    sim.set_profiles([profile("a", plan="free")])
    answer = sync(con, delete_missing=True)
    assert people(con) == [("a", "free")] and answer["rows_removed"] == 1


def test_append_and_replace(con, sim):
    sim.set_profiles([profile("a", plan="free")])
    fetch(con)
    assert "[TABLE_EXISTS]" in error(con, fetch)
    sim.set_profiles([profile("a", plan="pro"), profile("b", plan="free")])
    fetch(con, append=True)
    assert people(con) == [("a", "pro"), ("b", "free")]
    sim.set_profiles([profile("z", plan="free")])
    fetch(con, replace=True)
    assert people(con) == [("z", "free")] and len(history(con, "profiles")) == 1


def test_profiles_into_events(con, sim):
    run(con, "fetch_events", "events", from_date="2025-01-01", to_date="2025-01-01")
    sim.clear()
    for task in (lambda con: fetch(con, "events", append=True), lambda con: sync(con, "events")):
        assert "[WRONG_TABLE] table events does not have the columns of profiles" in error(con, task)
    assert not sim.settled()


def test_rollback_leaves_nothing(con, sim):
    con.execute("BEGIN")
    run(con, "fetch_profiles", "profiles", transaction=True)
    con.execute("ROLLBACK")
    assert tables(con) == set()
