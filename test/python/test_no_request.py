"""Tests that looking at a query costs no request, by the simulator's log."""
from __future__ import annotations

import pytest
from conftest import HOST, export, only_v2, rows

CALL = export("columns := {'plan': 'VARCHAR'}, events := ['Purchase']")
PLAN = CALL.replace("mixpanel_export", "mixpanel_export_plan")
COLUMNS = ["event_name", "event_time", "distinct_id", "insert_id", "properties", "plan"]


@pytest.fixture
def only_the_marker(con, sim):
    """A request made on purpose at the end must be the only one: whatever was started before it would show as well."""
    yield
    assert rows(con, "SELECT count(*) > 0 FROM mixpanel_top_events()") == [(True,)]
    assert [request.path for request in sim.settled(1)] == ["/api/query/events/top"]


STATEMENTS = [
    f"DESCRIBE FROM {CALL}",
    f"DESCRIBE SELECT count(*), max(plan) FROM {CALL}",
    f"EXPLAIN FROM {CALL}",
    f"EXPLAIN SELECT a.event_name FROM {CALL} a JOIN {CALL} b USING (distinct_id) WHERE b.event_name = 'Purchase'",
    f"EXPLAIN CREATE TABLE t AS FROM {CALL}",
    f"CREATE VIEW events AS FROM {CALL}",
    f"CREATE MACRO events() AS TABLE FROM {CALL}",
    # Without the cast DuckDB takes the parameter's own name for the date.
    "CREATE MACRO events(day) AS TABLE FROM mixpanel_export(from_date := day::DATE, to_date := day::DATE)",
    f"PREPARE p AS SELECT count(*) FROM {CALL} WHERE event_name = $1",
    "PREPARE p AS FROM mixpanel_export(from_date := $1, to_date := $2)",
    f"FROM {CALL} LIMIT 0",
    f"FROM {CALL} WHERE false",
    f"FROM {CALL} WHERE event_name = NULL",
    f"SELECT count(*) FROM {CALL} a, (SELECT 1 WHERE false)",
    "SELECT json_serialize_sql('FROM {}')".format(CALL.replace("'", "''")),
    "FROM duckdb_functions() WHERE function_name LIKE 'mixpanel%'",
    "FROM mixpanel_accounts()",
    "FROM mixpanel_quota()",
    "FROM mixpanel_fetches()",
    f"FROM {PLAN}",
    "SELECT mixpanel_version(), mixpanel_quote('x')",
    "EXPLAIN FROM mixpanel_account_test()",
    "DESCRIBE FROM mixpanel_account_test()",
]


@pytest.mark.parametrize("statement", STATEMENTS)
def test_looking_makes_no_request(con, only_the_marker, statement):
    con.execute(statement).fetchall()


def test_a_views_columns_are_known_without_a_request(con, only_the_marker):
    con.execute(f"CREATE VIEW events AS FROM {CALL}")
    assert [row[0] for row in rows(con, "DESCRIBE events")] == COLUMNS
    query = "SELECT column_name FROM duckdb_columns() WHERE table_name = 'events' ORDER BY column_index"
    assert [name for (name,) in rows(con, query)] == COLUMNS


def test_a_relation_of_python_makes_none_until_its_rows_are_wanted(con, only_the_marker):
    relation = con.sql(f"FROM {CALL}")
    assert relation.columns == COLUMNS
    assert str(relation.types[1]) == "TIMESTAMP" and relation.dtypes[4] in ("JSON", "VARCHAR")
    chosen = relation.filter("event_name = 'Purchase'").project("event_time, plan").order("event_time").limit(3)
    assert chosen.columns == ["event_time", "plan"] and relation.alias and chosen.explain()


def test_a_prepared_statement_asks_when_it_runs_and_each_time(con, sim):
    con.execute("PREPARE p AS SELECT count(*) FROM mixpanel_export(from_date := $1, to_date := $1)")
    assert not sim.settled()
    for number, day in enumerate(("2025-01-01", "2025-01-03", "2025-01-01"), 1):
        assert rows(con, f"EXECUTE p('{day}')") == [(300,)]
        asked = sim.settled()
        assert len(asked) == number and asked[-1].params["from_date"] == day


@only_v2
def test_conditions_that_nothing_meets_make_none(con, only_the_marker):
    for condition in (
        "event_name = 'A' AND event_name = 'B'",
        "event_time > '2025-01-03' AND event_time < '2025-01-02'",
        "event_time < '2024-12-31'",
        "event_time >= '2025-01-06'",
        "event_name = 'Search'",
    ):
        assert rows(con, f"SELECT count(*) FROM {CALL} WHERE {condition}") == [(0,)], condition


@pytest.mark.skipif(HOST == "v2", reason="on DuckDB 2.0 a WHERE may give the dates")
def test_missing_dates_are_seen_at_bind(con, only_the_marker):
    for arguments in ("", "to_date := '2025-01-01'"):
        with pytest.raises(Exception, match=r"\[INVALID_ARGUMENT\] from_date: is missing"):
            con.execute(f"DESCRIBE FROM mixpanel_export({arguments})")


@only_v2
def test_missing_dates_are_seen_before_a_request(con, only_the_marker):
    for arguments in ("", "to_date := '2025-01-01'"):
        with pytest.raises(Exception, match=r"\[INVALID_ARGUMENT\] from_date: is missing"):
            con.execute(f"FROM mixpanel_export({arguments})")
    with pytest.raises(Exception, match=r"from_date: is missing"):
        con.execute("FROM mixpanel_export() WHERE event_name = 'Purchase'")
