"""Tests managed tables in DuckLake, made by `mixpanel_fetch_sql`: `make test-slow`. They behave like those in a database
of DuckDB's own."""
from __future__ import annotations

import importlib.metadata
import json
import os
import sys
from datetime import date
from pathlib import Path

import duckdb
import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "test"))

from pairs import extension  # noqa: E402  the path is set above
from simulator import Project, Simulator  # noqa: E402

EXTENSION = os.environ.get("MIXPANEL_EXTENSION") or extension(ROOT / "build" / "release", duckdb.__version__, "v1")
FIRST, LAST = "2025-01-01", "2025-01-06"
ANEW = "max_age := INTERVAL 0 DAYS, lookback_days := 100000"


@pytest.fixture
def sim(monkeypatch, tmp_path):
    with Simulator(Project(days=6, events_per_day=200, weird_rate=0.1, seed=3, equal_rows=True)) as simulator:
        for name, value in {
            "MP_API_BASE_URL": simulator.url, "MP_USERNAME": "demo.sa.mp-service-account", "MP_SECRET": "demo-secret",
            "MP_PROJECT_ID": "12345", "MP_CONFIG_PATH": str(tmp_path / "none.toml"), "MP_RATE_LIMITS": "off",
            "XDG_STATE_HOME": str(tmp_path / "state"), "XDG_CACHE_HOME": str(tmp_path / "cache"),
        }.items():  # fmt: skip
            monkeypatch.setenv(name, value)
        yield simulator


@pytest.fixture
def con(tmp_path, sim):
    connection = duckdb.connect(config={"allow_unsigned_extensions": "true", "extension_directory": str(tmp_path / "extensions")})
    connection.execute(f"LOAD '{EXTENSION}'")
    [package] = [file for file in importlib.metadata.files("duckdb-extension-ducklake") if file.suffix == ".duckdb_extension"]
    connection.execute(f"INSTALL '{package.locate()}'; LOAD ducklake")
    connection.execute(f"ATTACH 'ducklake:{tmp_path}/lake.ducklake' AS lake (DATA_PATH '{tmp_path}/lake')")
    yield connection
    connection.close()


def run(con, table: str, call: str) -> tuple:
    """The row that a script ends with, but for the time it took."""
    ((text,),) = con.execute(f"SELECT sql FROM mixpanel_fetch_sql('{table}', {call})").fetchall()
    try:
        found = con.execute(text).fetchone()
    except Exception:
        con.rollback()
        raise
    return found[1:6] + found[7:]


def both(con, call: str, table: str = "events") -> tuple:
    """Of DuckLake's table and of DuckDB's; they answer the same and hold the same."""
    ours, theirs = run(con, table, call), run(con, f"lake.main.{table}", call)
    assert ours == theirs, call
    one, other = f"FROM memory.main.{table}", f"FROM lake.main.{table}"
    assert con.execute(f"SELECT count(*) FROM (({one} EXCEPT ALL {other}) UNION ALL ({other} EXCEPT ALL {one}))").fetchone() == (0,), call
    return theirs


def line(user: str, insert_id: str, day: int) -> str:
    properties = {"time": 1_735_732_800_000 + day * 86_400_000, "distinct_id": user, "$insert_id": insert_id}
    return json.dumps({"event": "A", "properties": properties}, separators=(",", ":"))


def test_fetch_append_and_sync(con, sim):
    both(con, f"from_date := '{FIRST}', to_date := '2025-01-03'")
    assert both(con, "from_date := '2025-01-02', to_date := '2025-01-04', append := true")[1] == 0
    # A user is merged, a day loses all but one of its events, one is late.
    sim.merge_users(json.loads(next(iter(sim.archive.lines(date(2025, 1, 1), date(2025, 1, 1)))))["properties"]["distinct_id"], "known")
    sim.set_day("2025-01-02", [line("only", "i", 1)])
    sim.add_events("2025-01-03", [line("late", "j", 2)])
    added, removed, count, *_, missing = both(con, f"sync := true, from_date := '{FIRST}', to_date := '{LAST}', {ANEW}")
    assert added and removed and count and missing == []
    sim.settled()
    sim.clear()
    both(con, f"sync := true, to_date := '{LAST}'")
    assert not sim.settled(), "the history is in the lake, too"
    both(con, f"from_date := '{FIRST}', to_date := '{FIRST}', replace := true, columns := {{'$city': 'VARCHAR'}}")


def test_the_history_is_beside_the_table(con, sim):
    run(con, "lake.main.events", f"from_date := '{FIRST}', to_date := '2025-01-02'")
    con.execute("CREATE SCHEMA lake.mart")
    run(con, "lake.mart.events", f"sync := true, from_date := '{FIRST}', to_date := '{FIRST}'")
    found = con.execute("SELECT from_date::VARCHAR, to_date::VARCHAR, asked FROM lake.main._metadata").fetchall()
    assert [row[:2] for row in found] == [(FIRST, "2025-01-02")] and list(json.loads(found[0][2])) == [FIRST, "2025-01-02"]
    assert con.execute("SELECT count(*) FROM lake.mart._metadata").fetchone() == (1,)
    con.execute("USE lake")
    ((text,),) = con.execute("SELECT sql FROM mixpanel_macro_sql() WHERE name = 'mixpanel_tables'").fetchall()
    con.execute(text)
    assert con.execute("SELECT name, fetches, missing_days FROM mixpanel_tables()").fetchall() == [("events", 1, [])]


def test_a_failure_leaves_nothing(con, sim):
    run(con, "lake.main.events", f"from_date := '{FIRST}', to_date := '2025-01-02'")
    before = con.execute("FROM lake.main.events ORDER BY ALL").fetchall(), con.execute("FROM lake.main._metadata").fetchall()
    sim.add_fault("status", status=400, match={"from_date": "2025-01-05"})
    with pytest.raises(duckdb.Error, match="2025-01-05"):
        run(con, "lake.main.events", f"from_date := '{FIRST}', to_date := '{LAST}', append := true")
    assert (con.execute("FROM lake.main.events ORDER BY ALL").fetchall(), con.execute("FROM lake.main._metadata").fetchall()) == before


def test_a_table_of_the_lake_is_adopted_and_profiles_are_kept(con, sim):
    con.execute(f"CREATE TABLE lake.events AS FROM mixpanel_export(from_date := '{FIRST}', to_date := '2025-01-03')")
    con.execute("CREATE TABLE memory.events AS FROM lake.events")
    both(con, f"adopt := true, from_date := '{FIRST}', to_date := '2025-01-03', asked := '2025-01-20'")
    both(con, f"sync := true, to_date := '{LAST}'")
    both(con, "type := 'profiles'", "people")
    con.execute("DELETE FROM lake.people WHERE last_seen < '2024-12-01'; DELETE FROM memory.people WHERE last_seen < '2024-12-01'")
    both(con, "type := 'profiles', sync := true, delete_missing := true", "people")


def test_two_connections_that_sync_one_table(con, sim):
    """The second to commit gets a conflict, and nothing of it is there."""
    run(con, "lake.main.events", f"from_date := '{FIRST}', to_date := '2025-01-02'")
    other = con.cursor()
    texts = [connection.execute(f"SELECT sql FROM mixpanel_fetch_sql('lake.main.events', sync := true, from_date := '{FIRST}', to_date := '{LAST}')").fetchone()[0] for connection in (con, other)]
    first = [statement for statement in con.extract_statements(texts[0])]
    for statement in first[:-2]:
        con.execute(statement)
    with pytest.raises(duckdb.Error, match="(?i)conflict"):
        other.execute(texts[1])
        for statement in first[-2:]:
            con.execute(statement)
    for connection in (con, other):
        try:
            connection.rollback()
        except duckdb.Error:
            pass
    run(con, "lake.main.events", f"sync := true, from_date := '{FIRST}', to_date := '{LAST}'")
    run(con, "events", f"from_date := '{FIRST}', to_date := '{LAST}'")
    assert con.execute("SELECT count(*) FROM (FROM lake.main.events EXCEPT ALL FROM memory.main.events)").fetchone() == (0,)
    assert con.execute("SELECT count(*) FROM lake.main.events").fetchone() == con.execute("SELECT count(*) FROM memory.main.events").fetchone()
