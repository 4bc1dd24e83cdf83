"""Tests a NUL, `chr(0)`, which ends texts in C: a call refuses it, a scalar passes it on, and neither loses what follows."""
from __future__ import annotations

import duckdb
import pytest
from conftest import FIRST, HOST, connect, error_of, only_v2, rows
from test_json_columns import ASKED, NOT_ASKED

CALL_DATES = f"from_date := '{FIRST}', to_date := '{FIRST}')"

GOOD = [call for call, *_ in ASKED if "raw := true" not in call and "{" not in call]
CALLS = dict(call.split("(", 1) for call in GOOD) | {name: f"{given})" for name, given in NOT_ASKED.items()} | {
    "mixpanel_export": CALL_DATES, "mixpanel_profiles": ")", "mixpanel_cohort_members": ")", "mixpanel_jql": "'script')",
    "mixpanel_query": "'{}')",
}  # fmt: skip
"""Each table function, and good arguments."""

POSITIONAL = {
    "mixpanel_account_add": ["name"], "mixpanel_account_remove": ["name"], "mixpanel_account_use": ["name"],
    "mixpanel_activity_feed": ["distinct_ids"], "mixpanel_api": ["path"], "mixpanel_profile_stats": ["action"], "mixpanel_event_counts": ["events"],
    "mixpanel_fetch_sql": ["table"], "mixpanel_flows": ["bookmark"], "mixpanel_funnel": ["funnel_id"], "mixpanel_jql": ["script"],
    "mixpanel_lexicon_schema": ["entity_type", "name"], "mixpanel_properties": ["event"], "mixpanel_typed_columns": ["event"],
    "mixpanel_dashboard": ["dashboard_id"], "mixpanel_lookup_table": ["data_group_id"], "mixpanel_read": ["files"],
    "mixpanel_property_counts": ["event", "property"], "mixpanel_property_values": ["property"],
    "mixpanel_query": ["definition"], "mixpanel_query_insights": ["events"],
    "mixpanel_query_flows": ["event"], "mixpanel_query_funnel": ["steps"], "mixpanel_query_retention": ["born_event", "return_event"],
    "mixpanel_saved_report": ["bookmark"], "mixpanel_segmentation": ["event"], "mixpanel_segmentation_numeric": ["event"],
    "mixpanel_segmentation_sum": ["event"], "mixpanel_segmentation_average": ["event"],
}  # fmt: skip

NUL = "'a' || chr(0) || 'b'"
HOSTILE = {
    "VARCHAR": [NUL, "chr(0)", "chr(0) || 'a'", "'a' || chr(0)"],
    "VARCHAR[]": [f"['x', {NUL}]", f"[chr(0), 'x']"],
    "ANY": [NUL, f"['x', {NUL}]", f"{{'x': {NUL}}}", f"{{'x': [{{'y': {NUL}}}]}}", f"MAP {{{NUL}: 'INTEGER'}}", f"MAP {{'x': {NUL}}}",
            f"MAP {{'x': [{NUL}]}}", f"[[{NUL}]]",
            f"row({NUL})", f"union_value(u := {NUL})", f"array_value({NUL}, 'x')"],
}  # fmt: skip
"""By the type of a parameter."""


def parameters(con, kind: str) -> list[tuple[str, int, str, str]]:
    """Function, place, name and type of each parameter that takes text."""
    query = f"""SELECT DISTINCT function_name, unnest(parameter_types), unnest(parameters), unnest(range(len(parameters)))
        FROM duckdb_functions() WHERE function_name LIKE 'mixpanel%' AND function_type = '{kind}' ORDER BY ALL"""
    found = []
    for name, sql_type, parameter, place in rows(con, query):
        positional = POSITIONAL.get(name, [])
        # The first C API has no names for these.
        named = positional[place] if parameter == f"col{place}" else parameter
        found.append((name, named, sql_type, named in positional))
    return [one for one in found if one[2] in HOSTILE]


with connect() as _con:
    TABLE = sorted(set(parameters(_con, "table")))
    PRAGMAS = sorted(set(parameters(_con, "pragma"))) if HOST == "v2" else []


def given(name: str, parameter: str, value: str, positional: bool) -> str:
    """The call with one of its arguments replaced, or one more."""
    arguments = CALLS[name].removesuffix(")")
    if positional:
        # The good ones hold no comma of their own in front of the last.
        parts = arguments.split(", ")
        place = POSITIONAL[name].index(parameter)
        if parts[place].startswith("["):
            arguments = f"{value}{arguments[arguments.index(']') + 1:]}"
        else:
            arguments = ", ".join([*parts[:place], value, *parts[place + 1:]])
    else:
        kept = [part for part in arguments.split(", ") if part and not part.startswith(f"{parameter} := ")]
        arguments = ", ".join([*kept, f"{parameter} := {value}"])
    return f"{name}({arguments})"


@pytest.mark.parametrize("name, parameter, sql_type, positional", TABLE, ids=[f"{one[0]}-{one[1]}" for one in TABLE])
def test_no_call_takes_one(con, sim, name, parameter, sql_type, positional):
    for value in HOSTILE[sql_type]:
        call = given(name, parameter, value, positional)
        error = error_of(con, f"DESCRIBE FROM {call}")
        assert f"[INVALID_ARGUMENT] {parameter}: contains a NUL character" in error, f"{call}: {error}"
    assert rows(con, "SELECT 42") == rows(con.cursor(), "SELECT 42") == [(42,)]
    assert not sim.settled()


def test_there_are_parameters(con):
    assert len(TABLE) > 150 and {name for name, *_ in TABLE} <= set(CALLS)
    assert {"mixpanel_export", "mixpanel_api", "mixpanel_account_add"} <= {name for name, *_ in TABLE}


@pytest.mark.parametrize("name", ["mixpanel_export", "mixpanel_export_plan", "mixpanel_profiles"])
def test_no_column_has_one_in_its_name(con, sim, name):
    """As a struct's field it comes from programs."""
    dates = f"from_date := '{FIRST}', to_date := '{FIRST}', " if "export" in name else ""
    for columns in ({"a\0b": "INTEGER"}, {"\0": "JSON"}, {"x": "INTEGER", "y\0": "VARCHAR"}, {"x": "JSON\0"}):
        with pytest.raises(duckdb.Error, match=r"\[INVALID_ARGUMENT\] columns: contains a NUL character"):
            con.execute(f"DESCRIBE FROM {name}({dates}columns := $columns)", {"columns": columns})
        assert rows(con, "SELECT 42") == rows(con.cursor(), "SELECT 42") == [(42,)]
    assert not sim.settled()


@only_v2
@pytest.mark.parametrize("name, parameter, sql_type, positional", PRAGMAS, ids=[f"{one[0]}-{one[1]}" for one in PRAGMAS])
def test_no_pragma_takes_one(con, sim, name, parameter, sql_type, positional):
    for value in HOSTILE[sql_type]:
        con.execute(f"SET VARIABLE hostile = {value}")
        first = parameter in ("table", "tables")
        table = "" if name == "mixpanel_views" else "'t', "
        words = "getvariable('hostile')" if first else f"{table}{parameter} = getvariable('hostile')"
        error = error_of(con, f"PRAGMA {name}({words})")
        assert f"[INVALID_ARGUMENT] {parameter}: contains a NUL character" in error, f"{name} {value}: {error}"
    assert rows(con, "SELECT 42") == rows(con.cursor(), "SELECT 42") == [(42,)]
    assert not sim.settled()


@only_v2
def test_no_setting_takes_one(con):
    settings = rows(con, "SELECT name FROM duckdb_settings() WHERE name LIKE 'mixpanel%' AND input_type = 'VARCHAR'")
    assert len(settings) >= 4
    for (name,) in settings:
        error = error_of(con, f"SET {name} = '1' || chr(0)")
        assert f"[INVALID_ARGUMENT] {name}: contains a NUL character" in error, error
        assert rows(con, f"SELECT value FROM duckdb_settings() WHERE name = '{name}'") in ([(None,)], [("NULL",)])


def test_scalars_pass_it_on(con):
    text = f"({NUL})"
    assert rows(con, f"SELECT mixpanel_quote({text})") == [('"a\0b"',)]
    assert rows(con, f"SELECT mixpanel_property('{{\"a\\u0000b\": \"c\\u0000d\", \"a\": 1}}', {text})") == [("c\0d",)]
    assert rows(con, "SELECT mixpanel_timestamp('1602611311' || chr(0)), mixpanel_bookmark_id('8001' || chr(0))") == [(None, None)]
    assert "is not a time zone" in error_of(con, "SELECT mixpanel_utc(TIMESTAMP '2025-01-01', 'UTC' || chr(0))")
