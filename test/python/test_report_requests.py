"""Tests the requests of reports: one request in which every parameter arrives once and as meant, or none at all."""
from __future__ import annotations

import json
import re
from datetime import date

import pytest
from conftest import FIRST, LAST, ROOT, error_of, only_v2, rows
from documented import last_week

DAYS = f"from_date := '{FIRST}', to_date := '{LAST}'"
ASKED_DAYS = {"from_date": FIRST, "to_date": LAST}
ALL_DAYS = str((date.fromisoformat(LAST) - date.fromisoformat(FIRST)).days + 1)
HOSTILE = "a+b & c=\"d\\e\" 100% #?/ 'é' 購入 🛒"
"""A name that needs every kind of escaping."""
SQL_HOSTILE = HOSTILE.replace("'", "''")
PROPERTY = 'properties["a+b & c=\\"d\\\\e\\" 100% #?/ \'é\' 購入 🛒"]'
"""The same as a property of Mixpanel's expression language."""
FILTER = f'{PROPERTY} == "1 + 1"'
SQL_FILTER = FILTER.replace("'", "''")

ASKED = [
    # Defaults are sent too where the API's own would be another, or could be.
    (f"mixpanel_segmentation('Purchase', {DAYS})", "segmentation",
     {"event": "Purchase", "unit": "day", "type": "general"}),
    (f"mixpanel_segmentation('{SQL_HOSTILE}', {DAYS}, segment_by := '{SQL_HOSTILE}', filter := '{SQL_FILTER}', unit := 'week', "
     "type := 'unique')", "segmentation",
     {"event": HOSTILE, "on": PROPERTY, "where": FILTER, "unit": "week", "type": "unique", "limit": "10000"}),
    (f"""mixpanel_segmentation('A', {DAYS}, segment_by := 'number(properties["x"])', max_rows := 7, type := 'average',
     unit := 'minute')""", "segmentation",
     {"event": "A", "on": 'number(properties["x"])', "unit": "minute", "type": "average", "limit": "7"}),
    (f"mixpanel_segmentation_numeric('{SQL_HOSTILE}', {DAYS}, segment_by := '{SQL_HOSTILE}')", "segmentation/numeric",
     {"event": HOSTILE, "on": PROPERTY, "unit": "day", "type": "general"}),
    (f"mixpanel_segmentation_numeric('A', {DAYS}, segment_by := 'x', filter := '{SQL_FILTER}', unit := 'hour', type := 'unique')",
     "segmentation/numeric", {"event": "A", "on": 'properties["x"]', "where": FILTER, "unit": "hour", "type": "unique"}),
    (f"mixpanel_segmentation_sum('{SQL_HOSTILE}', {DAYS}, segment_by := '{SQL_HOSTILE}')", "segmentation/sum",
     {"event": HOSTILE, "on": PROPERTY, "unit": "day"}),
    (f"mixpanel_segmentation_average('A', {DAYS}, segment_by := 'x', filter := '{SQL_FILTER}', unit := 'hour')",
     "segmentation/average", {"event": "A", "on": 'properties["x"]', "where": FILTER, "unit": "hour"}),
    (f"mixpanel_funnel(8101, {DAYS})", "funnels", {"funnel_id": "8101", "unit": "day"}),
    (f"mixpanel_funnel('8101', {DAYS}, segment_by := '{SQL_HOSTILE}', filter := '{SQL_FILTER}', unit := 'month', length := 90, "
     "length_unit := 'day', max_rows := 10000)", "funnels",
     {"funnel_id": "8101", "on": PROPERTY, "where": FILTER, "unit": "month", "length": "90", "length_unit": "day", "limit": "10000"}),
    (f"mixpanel_funnel(8101, {DAYS}, segment_by := 'x', length := 3)", "funnels",
     {"funnel_id": "8101", "on": 'properties["x"]', "unit": "day", "length": "3", "limit": "10000"}),
    # One bucket for all days. The name's request is test_a_funnels_name_is_asked_for_where_it_is_wanted.
    (f"(SELECT step FROM mixpanel_funnel(8101, {DAYS}, mode := 'steps'))", "funnels", {"funnel_id": "8101", "interval": ALL_DAYS}),
    (f"(SELECT step FROM mixpanel_funnel(8101, from_date := '2025-01-01', to_date := '2025-01-01', mode := 'steps', segment_by := 'x', "
     "length := 3, max_rows := 7))", "funnels",
     {"funnel_id": "8101", "on": 'properties["x"]', "interval": "1", "length": "3", "limit": "7", "from_date": "2025-01-01", "to_date": "2025-01-01"}),
    (f"mixpanel_retention(born_event := 'A', {DAYS})", "retention",
     {"born_event": "A", "retention_type": "birth", "unit": "day", "interval_count": "10"}),
    (f"mixpanel_retention(born_event := '{SQL_HOSTILE}', return_event := '{SQL_HOSTILE}', born_filter := '{SQL_FILTER}', "
     f"return_filter := '{SQL_FILTER} or true', {DAYS}, interval_size := 90, interval_count := 3, unbounded := true, "
     f"segment_by := '{SQL_HOSTILE}', max_rows := 20000)", "retention",
     {"born_event": HOSTILE, "event": HOSTILE, "born_where": FILTER, "where": f"{FILTER} or true", "retention_type": "birth",
      "interval": "90", "interval_count": "3", "unbounded_retention": "true", "on": PROPERTY, "limit": "20000"}),
    (f"mixpanel_retention(retention_type := 'compounded', {DAYS}, unit := 'week', unbounded := false, segment_by := 'x')",
     "retention", {"retention_type": "compounded", "unit": "week", "interval_count": "10", "unbounded_retention": "false",
                   "on": 'properties["x"]', "limit": "10000"}),
    (f"mixpanel_frequency({DAYS})", "retention/addiction", {"unit": "day", "addiction_unit": "hour"}),
    (f"mixpanel_frequency({DAYS}, unit := 'month', addiction_unit := 'day', event := '{SQL_HOSTILE}', filter := '{SQL_FILTER}', "
     f"segment_by := '{SQL_HOSTILE}')", "retention/addiction",
     {"unit": "month", "addiction_unit": "day", "event": HOSTILE, "where": FILTER, "on": PROPERTY, "limit": "10000"}),
    (f"mixpanel_event_counts(['A', '{SQL_HOSTILE}', '[\"x\"]'], {DAYS})", "events",
     {"event": ["A", HOSTILE, '["x"]'], "unit": "day", "type": "general"}),
    (f"mixpanel_event_counts(['A'], {DAYS}, unit := 'month', type := 'unique')", "events",
     {"event": ["A"], "unit": "month", "type": "unique"}),
    (f"mixpanel_property_counts('{SQL_HOSTILE}', '{SQL_HOSTILE}', {DAYS})", "events/properties",
     {"event": HOSTILE, "name": HOSTILE, "unit": "day", "type": "general", "limit": "10000"}),
    (f"mixpanel_property_counts('A', 'x', {DAYS}, unit := 'hour', type := 'average', property_values := ['1', '{SQL_HOSTILE}'], "
     "max_rows := 300)", "events/properties",
     {"event": "A", "name": "x", "unit": "hour", "type": "average", "values": ["1", HOSTILE], "limit": "300"}),
]  # fmt: skip


def read(params: dict) -> dict:
    """Parameters that are lists, as lists."""
    return {name: json.loads(value) if name == "values" or value.startswith('["') and name == "event" else value
            for name, value in params.items()}  # fmt: skip


@pytest.mark.parametrize("call, path, params", ASKED, ids=[f"{number}-{path}" for number, (_, path, _) in enumerate(ASKED)])
def test_one_request_with_every_parameter(con, sim, call, path, params):
    """The simulator refuses parameters that it doesn't know, and those that are given twice."""
    con.execute(f"FROM {call}").fetchall()
    (request,) = sim.settled()
    assert (request.method, request.path, request.status) == ("GET", f"/api/query/{path}", 200)
    assert read(request.params) == {"project_id": "12345"} | ASKED_DAYS | params and not request.form


STEPS = f"mixpanel_funnel(8101, {DAYS}, mode := 'steps')"


def test_a_funnels_name_is_asked_for_where_it_is_wanted(con, sim):
    def asked(statement: str) -> list[str]:
        sim.clear()
        con.execute("CALL mixpanel_clear_cache()").fetchall()
        rows(con, statement)
        return [request.path for request in sim.settled()]

    assert asked(f"SELECT step, count FROM {STEPS}") == ["/api/query/funnels"]
    assert asked(f"FROM {STEPS} LIMIT 0") == []
    assert asked(f"FROM {STEPS}") == ["/api/query/funnels", "/api/query/funnels/list"]
    # It is kept as other lists are.
    assert rows(con, f"SELECT DISTINCT funnel_name FROM {STEPS}") == [("Sign Up to Purchase",)]
    assert [request.path for request in sim.settled()].count("/api/query/funnels/list") == 1
    sim.add_fault("body", path="/api/query/funnels/list", body='[{"funnel_id": 1, "name": "another"}]')
    con.execute("CALL mixpanel_clear_cache()").fetchall()
    assert rows(con, f"SELECT DISTINCT funnel_name FROM {STEPS}") == [(None,)]


def test_a_funnel_of_steps_has_no_unit_and_one_raw_answer(con, sim):
    refused = error_of(con, f"FROM mixpanel_funnel(8101, {DAYS}, mode := 'steps', unit := 'week')")
    assert "unit: does not apply to mode := 'steps'" in refused
    assert "mode: must be 'trends' or 'steps', not 'table'" in error_of(con, f"FROM mixpanel_funnel(8101, {DAYS}, mode := 'table')")
    assert sim.settled() == []
    ((response,),) = rows(con, f"FROM mixpanel_funnel(8101, {DAYS}, mode := 'steps', raw := true)")
    assert list(json.loads(response)["data"]) == [FIRST] and len(sim.settled()) == 1


def test_a_scripts_request_is_a_form(con, sim):
    script = f"function main() {{ return params.list }} // {HOSTILE}"
    values = [HOSTILE, 1, {"a": [None]}]
    sim.add_fault("body", path="/api/query/jql", body='[{"a": 1}]')
    statement = f"FROM mixpanel_jql($1, params := '{json.dumps({'list': values}).replace(chr(39), chr(39) * 2)}', workspace_id := 7)"
    assert con.execute(statement, [script]).fetchall() == [('{"a": 1}',)]
    (request,) = sim.settled()
    assert (request.method, request.path, request.params) == (
        "POST", "/api/query/jql", {"project_id": "12345", "workspace_id": "7"})  # fmt: skip
    assert set(request.form) == {"script", "params"} and request.form["script"] == script
    assert json.loads(request.form["params"]) == {"list": values}


def test_a_scripts_parameters_may_be_a_struct(con, sim):
    struct = "{'from_date': DATE '2025-01-01', 'names': ['a', 'b'], 'big': 9007199254740993}"
    rows(con, f"FROM mixpanel_jql('function main() {{ return params.names }}', params := {struct})")
    rows(con, "FROM mixpanel_jql('function main() { return [] }')")
    first, second = sim.settled()
    assert json.loads(first.form["params"]) == {"from_date": "2025-01-01", "names": ["a", "b"], "big": 9007199254740993}
    assert set(second.form) == {"script"}


CALLS = {
    "mixpanel_segmentation": f"'Purchase', {DAYS}",
    "mixpanel_segmentation_numeric": f"'Purchase', {DAYS}, segment_by := 'Amount'",
    "mixpanel_segmentation_sum": f"'Purchase', {DAYS}, segment_by := 'Amount'",
    "mixpanel_segmentation_average": f"'Purchase', {DAYS}, segment_by := 'Amount'",
    "mixpanel_funnel": f"8101, {DAYS}",
    "mixpanel_retention": f"born_event := 'Sign Up', {DAYS}",
    "mixpanel_frequency": DAYS,
    "mixpanel_event_counts": f"['Purchase'], {DAYS}",
    "mixpanel_property_counts": f"'Purchase', 'plan', {DAYS}",
    "mixpanel_jql": "'function main() { return [1] }'",
}


@pytest.mark.parametrize("name, arguments", CALLS.items())
def test_every_report_takes_raw_and_whom_to_ask(con, sim, name, arguments):
    answer = '{"anything":  [1.50, 12345678901234567890123], "b": null} '
    for number in (1, 2):
        sim.add_fault("body", path=None, match={"project_id": 12345 + number}, body=answer)
        call = f"{name}({arguments}, raw := true, project_id := {12345 + number}, workspace_id := '3002', region := 'eu')"
        assert rows(con, f"DESCRIBE FROM {call}")[0][:2] == ("response", "JSON")
        assert rows(con, f"FROM {call}") == [(answer,)]
        request = sim.settled()[-1]
        assert len(sim.settled()) == number and request.params["workspace_id"] == "3002"


@pytest.mark.parametrize("name, arguments", CALLS.items())
def test_looking_makes_no_request(con, sim, name, arguments):
    call = f"{name}({arguments})"
    for statement in (f"DESCRIBE FROM {call}", f"EXPLAIN FROM {call}", f"CREATE VIEW v AS FROM {call}", "DESCRIBE v",
                      f"PREPARE p AS FROM {call}", f"FROM {call} LIMIT 0", f"FROM {call} WHERE false",
                      f"CREATE MACRO m() AS TABLE FROM {call}"):  # fmt: skip
        con.execute(statement).fetchall()
    relation = con.sql(f"FROM {call}")
    assert relation.columns and not sim.settled()
    assert rows(con, "EXECUTE p") == rows(con, "FROM v") and len(sim.settled()) == 1


COLUMNS = {
    "mixpanel_segmentation": "date DATE, segment VARCHAR, count BIGINT",
    "mixpanel_segmentation_numeric": "date DATE, bucket VARCHAR, bucket_min DOUBLE, bucket_max DOUBLE, count BIGINT",
    "mixpanel_segmentation_sum": "date DATE, sum DOUBLE",
    "mixpanel_segmentation_average": "date DATE, average DOUBLE",
    "mixpanel_funnel": "date DATE, segment VARCHAR, step INTEGER, event_name VARCHAR, count BIGINT, step_conversion DOUBLE, "
    "overall_conversion DOUBLE, avg_seconds DOUBLE, avg_seconds_from_start DOUBLE",
    "mixpanel_retention": "cohort_date DATE, segment VARCHAR, cohort_size BIGINT, period INTEGER, retained BIGINT, "
    "retention_rate DOUBLE",
    "mixpanel_frequency": "date DATE, segment VARCHAR, periods INTEGER, users BIGINT",
    "mixpanel_event_counts": "date DATE, event_name VARCHAR, count BIGINT",
    "mixpanel_property_counts": "date DATE, value VARCHAR, count BIGINT",
    "mixpanel_jql": "result JSON",
}


def described(con, call: str) -> str:
    return ", ".join(f"{name} {type}" for name, type, *_ in rows(con, f"DESCRIBE FROM {call}"))


@pytest.mark.parametrize("name, arguments", CALLS.items())
def test_columns_follow_from_the_arguments(con, sim, name, arguments):
    assert described(con, f"{name}({arguments})") == COLUMNS[name]
    for unit in ("minute", "hour", "day", "week", "month"):
        if name in ("mixpanel_funnel", "mixpanel_retention", "mixpanel_frequency") and unit in ("minute", "hour"):
            continue
        if name.startswith("mixpanel_segmentation_") and unit not in ("hour", "day") or name == "mixpanel_jql":
            continue
        within_a_day = COLUMNS[name].replace("date DATE", "date TIMESTAMP")
        expected = within_a_day if unit in ("minute", "hour") else COLUMNS[name]
        assert described(con, f"{name}({arguments}, unit := '{unit}')") == expected
    if "count BIGINT" in COLUMNS[name] and name != "mixpanel_funnel":
        expected = COLUMNS[name].replace("count BIGINT", "count DOUBLE")
        assert described(con, f"{name}({arguments}, type := 'average')") == expected
    assert not sim.settled()


SEGMENTED = ("mixpanel_segmentation", "mixpanel_funnel", "mixpanel_retention", "mixpanel_frequency")
ANY_UNIT = "unit: must be 'minute', 'hour', 'day', 'week' or 'month', not 'year'"
REFUSED = [
    *((f"{name}({arguments}, max_rows := 5)", "max_rows: limits segments and needs segment_by. Add segment_by")
      for name, arguments in CALLS.items() if name in SEGMENTED),
    *((f"{name}({arguments}, segment_by := 'properties.country')",
       "segment_by: Mixpanel's expressions have no dots. Write 'country', or "
       "'properties[\"properties.country\"]'")
      for name, arguments in CALLS.items() if name in SEGMENTED),
    *((f"{name}({arguments}, segment_by := 'x', max_rows := 0)", "max_rows: must be at least 1, not 0")
      for name, arguments in CALLS.items() if name in SEGMENTED),
    *((f"{name}({arguments}, segment_by := 'x', max_rows := 10001)", "max_rows: must be at most 10000")
      for name, arguments in CALLS.items() if name in ("mixpanel_segmentation", "mixpanel_funnel")),
    *((f"{name}({arguments}, segment_by := '  ')", "segment_by: must not be empty")
      for name, arguments in CALLS.items() if name in SEGMENTED),
    *((f"{name}({arguments}, filter := '')", "filter: must not be empty")
      for name, arguments in CALLS.items() if name.startswith("mixpanel_segm") or name in ("mixpanel_funnel", "mixpanel_frequency")),
    *((f"{name}({arguments.replace(DAYS, 'from_date := ' + repr(LAST) + ', to_date := ' + repr(FIRST))})",
       f"from_date: {LAST} is after to_date {FIRST}. Swap them")
      for name, arguments in CALLS.items() if name != "mixpanel_jql"),
    *((f"{name}({arguments.replace(DAYS, 'from_date := ' + repr(FIRST))})", "to_date: is missing. Add to_date, a DATE")
      for name, arguments in CALLS.items() if name != "mixpanel_jql"),
    *((f"{name}({arguments}, region := 'asia')", "region: must be 'us', 'eu' or 'in', not 'asia'")
      for name, arguments in CALLS.items()),
    *((f"{name}({arguments}, workspace_id := '')", "workspace_id: must not be empty") for name, arguments in CALLS.items()),
    *((f"{name}({CALLS[name]}, unit := 'year')", ANY_UNIT)
      for name in ("mixpanel_segmentation", "mixpanel_event_counts", "mixpanel_property_counts")),
    *((f"{name}({CALLS[name]}, unit := 'hour')", "unit: must be 'day', 'week' or 'month', not 'hour'")
      for name in ("mixpanel_funnel", "mixpanel_retention", "mixpanel_frequency")),
    *((f"{name}({CALLS[name]}, unit := 'week')", "unit: must be 'hour' or 'day', not 'week'")
      for name in ("mixpanel_segmentation_numeric", "mixpanel_segmentation_sum", "mixpanel_segmentation_average")),
    *((f"{name}({CALLS[name]}, type := 'total')", "type: must be 'general', 'unique' or 'average', not 'total'")
      for name in ("mixpanel_segmentation", "mixpanel_segmentation_numeric", "mixpanel_event_counts", "mixpanel_property_counts")),
    *((f"{name}({CALLS[name]}, type := 'unique', unit := '{unit}')", f"type: 'unique' cannot be counted by {unit}. Use unit := 'day'")
      for name in ("mixpanel_event_counts", "mixpanel_property_counts") for unit in ("hour", "minute")),
    *((f"{name}('Purchase', {DAYS})", "segment_by: is missing. Add segment_by := '")
      for name in ("mixpanel_segmentation_numeric", "mixpanel_segmentation_sum", "mixpanel_segmentation_average")),
    (f"mixpanel_segmentation_sum('A', {DAYS}, segment_by := 'properties.x')", "segment_by: Mixpanel's expressions have no dots. Write 'x'"),
    (f"mixpanel_segmentation('', {DAYS})", "event: must not be empty"),
    (f"mixpanel_segmentation(NULL, {DAYS})", "event: must not be NULL"),
    (f"mixpanel_property_counts('A', NULL, {DAYS})", "property: must not be NULL"),
    (f"mixpanel_property_counts('A', 'x', {DAYS}, property_values := [])", "property_values: is an empty list"),
    (f"mixpanel_property_counts('A', 'x', {DAYS}, property_values := ['a', NULL])", "property_values: contains NULL"),
    (f"mixpanel_event_counts([]::VARCHAR[], {DAYS})", "events: is an empty list"),
    (f"mixpanel_event_counts(NULL, {DAYS})", "events: must not be NULL"),
    (f"mixpanel_event_counts(['a', ''], {DAYS})", "events: contains an empty string"),
    (f"mixpanel_funnel(NULL, {DAYS})", "funnel_id: must not be NULL"),
    (f"mixpanel_funnel('my funnel', {DAYS})", "funnel_id: must be the id of a funnel, like 7509, not 'my funnel'"),
    (f"mixpanel_funnel(-1, {DAYS})", "funnel_id: must be the id of a funnel, like 7509, not '-1'"),
    (f"mixpanel_funnel(1, {DAYS}, length_unit := 'hour')", "length_unit: needs length. Add length := 7 (of 'hour')"),
    *((f"mixpanel_funnel(1, {DAYS}, length := {length}, length_unit := 'day')", "length: must be a whole number")
      for length in ("1.5", "'7'", "true")),
    (f"mixpanel_funnel(true, {DAYS})", "funnel_id: "),
    (f"mixpanel_funnel(1.5, {DAYS})", "funnel_id: "),
    (f"mixpanel_funnel(1, {DAYS}, length := 0)", "length: must be at least 1, not 0"),
    (f"mixpanel_funnel(1, {DAYS}, length := 1, length_unit := 'week')",
     "length_unit: must be 'day', 'hour', 'minute' or 'second', not 'week'"),
    *((f"mixpanel_funnel(1, {DAYS}, length := {most + 1}, length_unit := '{unit}')",
       f"length: must be at most {most} with length_unit '{unit}', which is 90 days, not {most + 1}")
      for unit, most in (("day", 90), ("hour", 2160), ("minute", 129600), ("second", 7776000))),
    (f"mixpanel_funnel(1, {DAYS}, length := 7776001)", "length: is more than 90 days in every unit: 7776001"),
    (f"mixpanel_retention({DAYS})", "born_event: is missing. Add born_event := 'Sign Up', or retention_type := 'compounded'"),
    (f"mixpanel_retention({DAYS}, retention_type := 'first')", "retention_type: must be 'birth' or 'compounded', not 'first'"),
    (f"mixpanel_retention({DAYS}, retention_type := 'compounded', born_event := 'A')",
     "born_event: does not apply to compounded retention. Remove it"),
    (f"mixpanel_retention({DAYS}, retention_type := 'compounded', born_filter := 'true')",
     "born_filter: does not apply to compounded retention. Remove it"),
    (f"mixpanel_retention({DAYS}, born_event := 'A', unit := 'week', interval_size := 2)",
     "interval_size: cannot be combined with unit, because it is a number of days. Remove one of them"),
    (f"mixpanel_retention({DAYS}, born_event := 'A', interval_size := 91)", "interval_size: must be at most 90 days, not 91"),
    (f"mixpanel_retention({DAYS}, born_event := 'A', interval_count := 0)", "interval_count: must be at least 1, not 0"),
    (f"mixpanel_frequency({DAYS}, addiction_unit := 'week')", "addiction_unit: must be 'hour' or 'day', not 'week'"),
    ("mixpanel_jql(NULL)", "script: must not be NULL"),
    ("mixpanel_jql(' ')", "script: must not be empty"),
    ("mixpanel_jql('x', params := '{a}')", "params: is not JSON"),
    ("mixpanel_jql('x', params := '[1]')", "params: must be a JSON object or a struct"),
    ("mixpanel_jql('x', params := ['a'])", "params: must be a JSON object or a struct"),
    ("mixpanel_jql('x', params := 7)", "params: must be JSON text, a struct, a map or a list"),
]  # fmt: skip


@pytest.mark.parametrize("call, message", REFUSED, ids=range(len(REFUSED)))
def test_bad_arguments_are_refused_before_a_request(con, sim, call, message):
    error = error_of(con, f"DESCRIBE FROM {call}")
    assert "[INVALID_ARGUMENT]" in error and message in error, error
    assert not sim.settled()


def test_every_report_counts_against_the_hour(con, sim, monkeypatch):
    monkeypatch.delenv("MP_RATE_LIMITS")
    sim.add_fault("body", path=None, times=None, body="[]")
    used = "SELECT used_last_hour FROM mixpanel_quota() WHERE api = 'query' AND project_id = '9001'"
    for number, (name, arguments) in enumerate(CALLS.items(), 1):
        assert rows(con, f"FROM {name}({arguments}, raw := true, project_id := 9001)") == [("[]",)]
        assert rows(con, used) == [(number,)]


def test_a_materialized_report_asks_once(con, sim):
    """DuckDB makes a self-join of the window; over the call itself it would ask twice."""
    call = CALLS["mixpanel_event_counts"]
    query = "SELECT date, count / sum(count) OVER (PARTITION BY event_name) FROM report"
    assert rows(con, f"WITH report AS MATERIALIZED (FROM mixpanel_event_counts({call})) {query}")
    assert len(sim.settled()) == 1


def test_the_statements_of_the_page_work(con, sim):
    """With rows, and with one request each. A funnel's name is one more."""
    last_week(sim)
    blocks = re.findall(r"```sql\n(.*?)```", (ROOT / "docs" / "reports.md").read_text(encoding="utf-8"), re.DOTALL)
    statements = [statement for block in blocks for statement in block.split(";\n") if statement.strip()]
    # One's own table to compare a report with is made of an export. test_docs.py runs that.
    statements = [statement for statement in statements if not re.match(r"\s*CREATE (TABLE events|VIEW compared)", statement)]
    assert len(statements) > 5 and all(rows(con, statement) for statement in statements)
    assert len([request for request in sim.settled() if request.path != "/api/query/funnels/list"]) == len(statements)


@only_v2
def test_the_examples_work(con, sim):
    for name in CALLS:
        ((example,),) = rows(con, f"SELECT examples[1] FROM duckdb_functions() WHERE function_name = '{name}'")
        assert rows(con, example), name
    assert len(sim.settled()) == len(CALLS)
