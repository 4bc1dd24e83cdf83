"""Tests `PRAGMA mixpanel_views`: a project as a schema of views, on DuckDB 2.x."""
from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from conftest import EXTENSION, connect, error_of, line, only_v2, rows
from simulator import Project, Simulator

pytestmark = only_v2

RAW = ["recent_events", "events", "profiles"]


def views(con, schema: str = "mixpanel") -> list[str]:
    found = f"SELECT table_name FROM information_schema.views WHERE table_schema = '{schema}' ORDER BY ALL"
    return [name for (name,) in rows(con, found)]


def lists(con) -> set[str]:
    """What the catalog has that asks Mixpanel and needs no argument, as SQL sees it."""
    named = rows(con, """SELECT function_name FROM duckdb_functions() WHERE function_type = 'table' AND function_name LIKE 'mixpanel%'
        AND list_contains(parameters, 'account') AND NOT list_contains(parameters, 'columns')""")
    found = set()
    for (name,) in named:
        try:
            rows(con, f"DESCRIBE FROM {name}()")
            found.add(name)
        except Exception:  # noqa: BLE001  it needs an argument
            continue
    return found - {"mixpanel_account_test"}


@pytest.fixture
def recent(monkeypatch):
    """A project whose days are those until today, one row each and ten of today."""
    today = datetime.now(UTC).date()
    with Simulator(Project(days=5, events_per_day=10)) as simulator:
        for ago in range(40):
            day = today - timedelta(days=ago)
            noon = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1000)
            simulator.set_day(str(day), [line("A", time=noon, distinct_id="u", **{"$insert_id": f"{ago}"})])
        monkeypatch.setenv("MP_API_BASE_URL", simulator.url)
        yield simulator


def test_making_and_looking_asks_nothing(sim, con):
    made = [name for (name,) in rows(con, "PRAGMA mixpanel_views")]
    assert made[:3] == RAW and sorted(made) == views(con)
    assert ("mixpanel", "events") in rows(con, "SELECT schema, name FROM (SHOW ALL TABLES)")
    for name in made:
        assert rows(con, f"DESCRIBE mixpanel.{name}")
        assert rows(con, f"EXPLAIN FROM mixpanel.{name}")
        assert rows(con, f"SELECT comment FROM duckdb_views() WHERE schema_name = 'mixpanel' AND view_name = '{name}'")[0][0].endswith(".")
    assert rows(con, "SELECT count(*) > 10 FROM information_schema.columns WHERE table_schema = 'mixpanel'") == [(True,)]
    assert not sim.settled()


def test_there_is_one_for_each_list_of_the_catalog(sim, con):
    rows(con, "PRAGMA mixpanel_views")
    expected = {name.removeprefix("mixpanel_") for name in lists(con)} - {"events"} | {"event_names", *RAW}
    assert set(views(con)) == expected and {"cohorts", "funnels", "annotations", "workspaces", "lexicon_schemas"} < expected


def test_each_has_what_its_function_says(sim, con):
    rows(con, "PRAGMA mixpanel_views(schema = 'shop')")
    for name in ("cohorts", "funnels", "bookmarks", "annotations", "workspaces", "profiles"):
        # Pages of profiles come as they come.
        assert sorted(rows(con, f"FROM shop.{name}"), key=repr) == sorted(rows(con, f"FROM mixpanel_{name}()"), key=repr) != []
    assert rows(con, "FROM shop.event_names") == rows(con, "FROM mixpanel_events()")


def test_events_want_a_range(sim, con):
    rows(con, "PRAGMA mixpanel_views")
    sim.clear()
    assert "a condition in WHERE that compares event_time" in error_of(con, "SELECT * FROM mixpanel.events LIMIT 10")
    assert not sim.settled()
    found = rows(con, "SELECT count(*), min(event_time)::DATE::VARCHAR FROM mixpanel.events WHERE event_time >= '2025-01-02' AND event_time < '2025-01-04'")
    assert found == [(600, "2025-01-02")] and {day for one in sim.settled() for day in (one.params["from_date"], one.params["to_date"])} <= {"2025-01-02", "2025-01-03", "2025-01-04"}


def test_recent_events_are_those_of_thirty_days(recent, con):
    rows(con, "PRAGMA mixpanel_views")
    assert rows(con, "SELECT count(*) FROM mixpanel.recent_events") == [(30,)]


def test_a_preview_costs_what_the_archive_lacks(recent, con, monkeypatch, tmp_path):
    monkeypatch.setenv("MP_ARCHIVE", str(tmp_path / "archive"))
    rows(con, "PRAGMA mixpanel_views")
    today = datetime.now(UTC).date()
    rows(con, f"SELECT count(*) FROM mixpanel_export(from_date := '{today - timedelta(days=29)}', to_date := '{today - timedelta(days=3)}')")
    recent.clear()
    assert len(rows(con, "SELECT * FROM mixpanel.recent_events LIMIT 10")) == 10
    lacking = {str(today - timedelta(days=ago)) for ago in (-1, 0, 1, 2)}
    assert {day for one in recent.settled() for day in (one.params["from_date"], one.params["to_date"])} <= lacking
    # Once all of it is there, nothing is asked for.
    rows(con, "SELECT count(*) FROM mixpanel.recent_events")
    recent.clear()
    assert len(rows(con, "SELECT * FROM mixpanel.recent_events LIMIT 10")) == 10
    assert len(rows(con, "SELECT event_name FROM mixpanel.recent_events LIMIT 30")) == 30
    assert not recent.settled()


def test_they_are_there_in_a_new_process(recent, tmp_path):
    path = tmp_path / "shop.db"
    with connect(str(path)) as connection:
        made = rows(connection, "PRAGMA mixpanel_views(schema = 'shop_data')")
    script = f"""
import duckdb, json
con = duckdb.connect({str(path)!r}, config={{"allow_unsigned_extensions": "true"}}, read_only=True)
con.execute("LOAD '{EXTENSION}'")
con.execute("USE shop_data")
names = [name for (name,) in con.execute("SHOW TABLES").fetchall()]
for name in names:
    con.execute("DESCRIBE " + name).fetchall()
print(json.dumps([names, con.execute("SELECT count(*) FROM recent_events").fetchone()[0]]))
"""
    recent.clear()
    found = subprocess.run([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, check=True)
    names, count = json.loads(found.stdout)
    assert sorted(names) == sorted(name for (name,) in made) and count == 30
    assert {request.path for request in recent.settled()} == {"/api/2.0/export"}


class TestWhere:
    @pytest.mark.parametrize(("schema", "found"), [("my schema", "my schema"), ('"a.b"', "a.b"), ("it's", "it's"), ("memory.inner", "inner"), ("main", "main")])
    def test_a_schema_of_any_name(self, sim, con, schema, found):
        con.execute("PRAGMA mixpanel_views(schema = '{}')".format(schema.replace("'", "''")))
        assert set(RAW) < set(views(con, found.replace("'", "''")))

    @pytest.mark.parametrize("schema", ["", "a.b.c.d", '"a'])
    def test_what_is_no_schema(self, sim, con, schema):
        assert "[INVALID_ARGUMENT] schema" in error_of(con, f"PRAGMA mixpanel_views(schema = '{schema}')")

    def test_again(self, sim, con):
        first = rows(con, "PRAGMA mixpanel_views")
        assert rows(con, "PRAGMA mixpanel_views") == first

    def test_what_others_made_stays(self, sim, con):
        con.execute("CREATE SCHEMA mixpanel; CREATE VIEW mixpanel.Cohorts AS SELECT 17 AS own")
        message = error_of(con, "PRAGMA mixpanel_views")
        assert "[WRONG_TABLE] mixpanel.cohorts" in message and "another schema" in message
        assert rows(con, "FROM mixpanel.cohorts") == [(17,)]
        con.execute("DROP VIEW mixpanel.cohorts; CREATE TABLE mixpanel.cohorts AS SELECT 18 AS own")
        assert "cohorts" in error_of(con, "PRAGMA mixpanel_views")
        assert rows(con, "FROM mixpanel.cohorts") == [(18,)]

    @pytest.mark.parametrize(("schema", "made"), [
        ("mixpanel_shop", "SELECT mine FROM t"),
        ("mixpanel", "SELECT mine FROM mixpanel_raw"),
        ("mixpanel", "SELECT * FROM mixpanel_raw"),
        ("mixpanel", "SELECT * FROM mixpanel_cohorts()"),
        ("mixpanel", "SELECT * FROM mixpanel_cohorts() WHERE name = 'AS mixpanel_views'"),
        ("mixpanel", "SELECT name FROM mixpanel_cohorts() AS mixpanel_views"),
        ("mixpanel", "SELECT * FROM mixpanel_cohorts() AS mixpanel_views WHERE name <> ''"),
        ("mixpanel", "SELECT * FROM t UNION ALL SELECT count FROM mixpanel_cohorts() AS mixpanel_views"),
    ])  # fmt: skip
    def test_what_others_made_stays_whatever_it_reads(self, sim, con, schema, made):
        con.execute("CREATE TABLE t AS SELECT 17 AS mine; CREATE TABLE mixpanel_raw AS FROM t")
        con.execute(f"CREATE SCHEMA {schema}; CREATE VIEW {schema}.cohorts AS {made}")
        definition = rows(con, "SELECT sql FROM duckdb_views() WHERE view_name = 'cohorts'")
        assert "[WRONG_TABLE]" in error_of(con, f"PRAGMA mixpanel_views(schema = '{schema}')")
        assert rows(con, "SELECT sql FROM duckdb_views() WHERE view_name = 'cohorts'") == definition

    @pytest.mark.parametrize("changed", ["SELECT name FROM {call}", "SELECT * FROM {call} WHERE name <> ''"])
    def test_what_others_changed_stays(self, sim, con, changed):
        """With the comment that the pragma gave it."""
        con.execute("PRAGMA mixpanel_views")
        con.execute(f"CREATE OR REPLACE VIEW mixpanel.cohorts AS {changed.format(call='mixpanel_cohorts()')}")
        con.execute("COMMENT ON VIEW mixpanel.cohorts IS 'Saved cohorts.'")
        assert "[WRONG_TABLE] mixpanel.cohorts" in error_of(con, "PRAGMA mixpanel_views")

    @pytest.mark.parametrize("whom", ["", "project_id := '12345', region := 'us'"])
    def test_views_of_before_the_mark_are_replaced(self, sim, con, whom):
        """Those have our comment and no alias."""
        con.execute("CREATE SCHEMA mixpanel")
        recent = ", ".join(part for part in ("from_date := current_date - 29", whom) if part)
        for name, call in (("recent_events", f"export({recent})"), ("cohorts", f"cohorts({whom})"), ("events", f"export({whom})")):
            con.execute(f"CREATE VIEW mixpanel.{name} AS SELECT * FROM mixpanel_{call}")
            con.execute(f"COMMENT ON VIEW mixpanel.{name} IS 'Whatever it said.'")
        con.execute("PRAGMA mixpanel_views")
        assert rows(con, "SELECT count(*) FROM duckdb_views() WHERE schema_name = 'mixpanel' AND NOT contains(sql, ' AS mixpanel_views;')") == [(0,)]

    @pytest.mark.parametrize("whom", ["", ", project_id = '12345', region = 'us'", ", account = 'it''s (a) \"name\"'"])
    def test_ours_are_replaced_also_in_a_copy_of_the_database(self, sim, con, tmp_path, whom):
        """A copy has no comments."""
        rows(con, "CALL mixpanel_account_add('it''s (a) \"name\"', username := 'demo.sa.mp-service-account', secret := 'demo-secret', project_id := '12345')")
        con.execute(f"PRAGMA mixpanel_views(schema = 'mine'{whom})")
        con.execute(f"EXPORT DATABASE '{tmp_path / 'copy'}'; DROP SCHEMA mine CASCADE; IMPORT DATABASE '{tmp_path / 'copy'}'")
        assert rows(con, "SELECT count(*) FROM duckdb_views() WHERE schema_name = 'mine' AND comment IS NOT NULL") == [(0,)]
        con.execute("PRAGMA mixpanel_views(schema = 'mine')")
        assert rows(con, "SELECT count(*) FROM duckdb_views() WHERE schema_name = 'mine' AND comment IS NULL") == [(0,)]

    def test_a_database_of_that_name(self, sim, tmp_path):
        """Then a name of two parts could mean either, and DuckDB says so."""
        with connect(str(tmp_path / "mixpanel.db")) as connection:
            assert "mixpanel.mixpanel" in error_of(connection, "PRAGMA mixpanel_views")
            connection.execute("PRAGMA mixpanel_views(schema = 'mixpanel.mixpanel')")
            assert set(RAW) < set(views(connection))


class TestWhom:
    def test_they_ask_the_project_that_is_named(self, sim, con, monkeypatch):
        monkeypatch.setenv("MP_PROJECT_ID", "999")
        con.execute("PRAGMA mixpanel_views(project_id = '12345', region = 'us')")
        for query in ("SELECT count(*) FROM mixpanel.events WHERE event_time::DATE = '2025-01-02'", "FROM mixpanel.cohorts", "FROM mixpanel.workspaces"):
            sim.clear()
            rows(con, query)
            assert all(one.params.get("project_id", "12345") == "12345" and "999" not in one.target for one in sim.settled()) and sim.settled()

    def test_whoever_asks_later_counts_where_none_is_named(self, sim, con):
        con.execute("SET mixpanel_project_id = '999'")
        con.execute("PRAGMA mixpanel_views")
        con.execute("RESET mixpanel_project_id")
        sim.clear()
        rows(con, "FROM mixpanel.funnels")
        assert [one.params["project_id"] for one in sim.settled()] == ["12345"]

    def test_without_credentials(self, sim, con, monkeypatch):
        monkeypatch.delenv("MP_SECRET")
        assert "MP_SECRET" in error_of(con, "PRAGMA mixpanel_views")
        assert views(con) == []

    def test_what_a_projects_secret_may_not_ask_has_no_view(self, sim, con, monkeypatch):
        monkeypatch.delenv("MP_USERNAME")
        con.execute("PRAGMA mixpanel_views")
        assert {"events", "funnels", "event_names"} < set(views(con)) and "annotations" not in views(con)
