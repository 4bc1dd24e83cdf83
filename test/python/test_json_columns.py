r"""Tests that DuckDB's JSON functions can read every JSON column, whatever Mixpanel sent.

Mixpanel cuts texts off after 255 UTF-16 units, which leaves halves of surrogate pairs: `"\ud83d"`. On DuckDB 2.x one of
them in `COPY ... (FORMAT json)`, like anything else that is no JSON, ends the use of the whole database.
"""
from __future__ import annotations

import json

import kept
import pytest
from conftest import FIRST, error_of, export, rows

QUERY, APP = "/api/query", "/api/app/projects/12345"
DAYS = f"from_date := '{FIRST}', to_date := '{FIRST}'"
HALF = r"\ud83d"
LINE = (
    rf'{{"event":"A{HALF}","properties":{{"time":1735732800123,"distinct_id":"d{HALF}","$insert_id":"i{HALF}","k{HALF}":'
    rf'{{"n{HALF}":["\ude00v","\uD83D\uD83D\uDE00"]}},"Note":"x{HALF}y","deep":[{{"n":"{HALF}"}}]}},"more{HALF}":"{HALF}"}}'
)
PAGE = (
    rf'{{"page":0,"page_size":1000,"session_id":"s{HALF}","status":"ok","total":1,"results":[{{"$distinct_id":"d{HALF}",'
    rf'"more{HALF}":1,"$properties":{{"k{HALF}":{{"n{HALF}":"\ude00"}},"Note":"x{HALF}","$last_seen":"{HALF}"}}}}]}}'
)
SERIES = rf'{{"data":{{"series":["2025-01-01"],"values":{{"A{HALF}":{{"2025-01-01":1}}}}}},"legend_size":1,"x{HALF}":"{HALF}"}}'
STEP = rf'{{"count":1,"event":"A{HALF}","goal":"A","step_label":"{HALF}","step_conv_ratio":1,"overall_conv_ratio":1,"avg_time":null}}'
SCHEMA = rf'{{"description":"d{HALF}","properties":{{"p{HALF}":{{"type":"string","description":"{HALF}"}}}},"metadata":{{"com.mixpanel":{{"displayName":"{HALF}","tags":["{HALF}"]}}}}}}'

ASKED = [
    ("mixpanel_properties('A', workspace_id := 1)", f"{QUERY}/events/properties/top", rf'{{"p{HALF}":{{"count":1}}}}'),
    ("mixpanel_events()", f"{QUERY}/events/names", rf'["A{HALF}"]'),
    ("mixpanel_property_values('p')", f"{QUERY}/events/properties/values", rf'["v{HALF}"]'),
    ("mixpanel_top_events()", f"{QUERY}/events/top", rf'{{"events":[{{"event":"A{HALF}","amount":1,"percent_change":0.5}}],"type":"general"}}'),
    ("mixpanel_funnels()", f"{QUERY}/funnels/list", rf'[{{"funnel_id":1,"name":"F{HALF}"}}]'),
    ("mixpanel_cohorts()", f"{QUERY}/cohorts/list", rf'[{{"id":1,"name":"C{HALF}","count":1,"description":"{HALF}","created":"2025-01-01 00:00:00","is_visible":1}}]'),
    ("mixpanel_bookmarks()", f"{APP}/bookmarks", rf'{{"results":{{"results":[{{"id":1,"name":"B{HALF}","type":"insights","params":{{"x{HALF}":"{HALF}"}}}}]}}}}'),
    ("mixpanel_lexicon_schemas()", f"{APP}/schemas", rf'{{"results":[{{"entityType":"event","name":"A{HALF}","schemaJson":{SCHEMA}}}]}}'),
    ("mixpanel_lexicon_schema('event', 'A')", f"{APP}/schemas/event/A", rf'{{"results":{SCHEMA}}}'),
    ("mixpanel_annotations()", f"{APP}/annotations", rf'{{"results":[{{"id":1,"date":"2025-01-01 00:00:00","description":"{HALF}","user":{{"first_name":"{HALF}"}},"tags":[{{"id":1,"name":"{HALF}"}}]}}]}}'),
    ("mixpanel_workspaces()", f"{APP}/workspaces/public", rf'{{"results":[{{"id":1,"name":"W{HALF}","is_global":true}}]}}'),
    ("mixpanel_annotation_tags()", f"{APP}/annotations/tags", rf'{{"results":[{{"id":1,"name":"T{HALF}"}}]}}'),
    ("mixpanel_dashboards()", f"{APP}/dashboards", rf'{{"results":[{{"id":1,"title":"B{HALF}","description":"{HALF}","time_filter":{{"{HALF}":"{HALF}"}},"filters":["{HALF}"]}}]}}'),
    ("mixpanel_dashboard(1)", f"{APP}/dashboards/1", rf'{{"results":{{"id":1,"layout":{{"order":["r{HALF}"],"rows":{{"r{HALF}":{{"cells":[{{"content_id":1,"content_type":"report"}}]}}}}}},"contents":{{"report":{{"1":{{"name":"B{HALF}","type":"insights","params":{{"x{HALF}":"{HALF}"}}}}}},"text{HALF}":{{"2":{{"markdown":"{HALF}"}}}}}}}}}}'),
    ("mixpanel_feature_flags(workspace_id := 1)", f"{APP}/workspaces/1/feature-flags/", rf'{{"results":[{{"id":"f{HALF}","key":"k{HALF}","name":"N{HALF}","tags":["{HALF}"],"ruleset":{{"x{HALF}":"{HALF}"}}}}]}}'),
    ("mixpanel_experiments()", f"{APP}/experiments/", rf'{{"results":[{{"id":"e{HALF}","name":"N{HALF}","variants":["{HALF}"],"metrics":{{"x{HALF}":"{HALF}"}},"settings":{{"{HALF}":1}},"exposures_cache":{{"{HALF}":1}},"results_cache":{{"{HALF}":"{HALF}"}},"feature_flag":{{"key":"{HALF}"}}}}]}}'),
    ("mixpanel_lookup_tables()", f"{APP}/data-definitions/lookup-tables/", rf'{{"results":[{{"id":1,"name":"L{HALF}","more{HALF}":"{HALF}"}}]}}'),
    ("mixpanel_lookup_table(1)", f"{APP}/data-definitions/lookup-tables/download/", 'k,v\n"a\\ud83d","\\"""\n'),
    ("mixpanel_cohort_definitions()", f"{APP}/cohorts", rf'{{"results":[{{"id":1,"name":"C{HALF}","selector":{{"x{HALF}":"{HALF}"}},"behaviors":{{"{HALF}":["{HALF}"]}}}}]}}'),
    ("mixpanel_projects()", "/api/app/me", rf'{{"results":{{"projects":{{"1":{{"name":"P{HALF}","organization_id":5}}}},"organizations":{{"5":{{"name":"{HALF}"}}}}}}}}'),
    ("mixpanel_event_definitions()", f"{APP}/data-definitions/events/", rf'[{{"name":"A{HALF}","description":"{HALF}","tags":["{HALF}"]}}]'),
    ("mixpanel_property_definitions(density := true)", f"{APP}/data-definitions/properties/", rf'{{"results":[{{"name":"p{HALF}","exampleValue":"{HALF}","density":{{"{HALF}":1}}}}]}}'),
    ("mixpanel_custom_properties()", f"{APP}/custom_properties/", rf'{{"results":[{{"customPropertyId":1,"name":"P{HALF}","composedProperties":{{"A{HALF}":{{"value":"{HALF}"}}}}}}]}}'),
    ("mixpanel_event_properties()", f"{QUERY}/data_definitions/events", rf'{{"results":[{{"name":"A{HALF}","properties":[{{"name":"p{HALF}"}}]}}]}}'),
    ("mixpanel_typed_columns('A', sample := 1)", "/api/2.0/export", LINE),
    (f"mixpanel_segmentation('A', {DAYS})", f"{QUERY}/segmentation", SERIES),
    (f"mixpanel_segmentation_numeric('A', {DAYS}, segment_by := 'p')", f"{QUERY}/segmentation/numeric", SERIES),
    (f"mixpanel_segmentation_sum('A', {DAYS}, segment_by := 'p')", f"{QUERY}/segmentation/sum", rf'{{"status":"ok","results":{{"2025-01-01":1}},"x{HALF}":"{HALF}"}}'),
    (f"mixpanel_segmentation_average('A', {DAYS}, segment_by := 'p')", f"{QUERY}/segmentation/average", rf'{{"status":"ok","results":{{"2025-01-01":1}},"x{HALF}":"{HALF}"}}'),
    (f"mixpanel_funnel(1, {DAYS})", f"{QUERY}/funnels", rf'{{"meta":{{"dates":["2025-01-01"]}},"data":{{"2025-01-01":{{"steps":[{STEP}],"analysis":{{"x{HALF}":1}}}}}}}}'),
    (f"mixpanel_retention(born_event := 'A', {DAYS}, segment_by := 'p')", f"{QUERY}/retention", rf'{{"2025-01-01":{{"s{HALF}":{{"first":1,"counts":[1]}}}}}}'),
    (f"mixpanel_frequency({DAYS}, segment_by := 'p')", f"{QUERY}/retention/addiction", rf'{{"data":{{"2025-01-01":{{"s{HALF}":[1]}}}}}}'),
    (f"mixpanel_event_counts(['A'], {DAYS})", f"{QUERY}/events", SERIES),
    (f"mixpanel_property_counts('A', 'p', {DAYS})", f"{QUERY}/events/properties", SERIES),
    ("mixpanel_jql('function main() { return [] }')", f"{QUERY}/jql", rf'["{HALF}",{{"k{HALF}":["{HALF}"]}}]'),
    ("mixpanel_profile_stats('extremes', property := 'p')", f"{QUERY}/engage/stats", rf'{{"status":"ok","results":{{"m{HALF}":"{HALF}"}},"x{HALF}":"{HALF}"}}'),
    (f"mixpanel_activity_feed(['d'], {DAYS}, workspace_id := 1)", f"{QUERY}/stream/bookmark", rf'{{"status":"ok","results":{{"events":[{LINE}]}}}}'),
    ("mixpanel_saved_report(1)", f"{QUERY}/insights", rf'{{"headers":["$event","{HALF}"],"computed_at":"2025-01-01T00:00:00","series":{{"A{HALF}":{{"2025-01-01T00:00:00":1}}}}}}'),
    ("mixpanel_flows(1)", f"{QUERY}/arb_funnels", rf'{{"computed_at":"2025-01-01T00:00:00","steps":[{{"nodes":[{{"event":"A{HALF}","type":"ANCHOR","anchorType":"NORMAL","totalCount":"1","edges":[{{"event":"B{HALF}","type":"NORMAL","step":1,"totalCount":"1","anchorType":"NORMAL"}}]}}]}}],"flows":[],"breakdowns":[],"overallConversionRate":0.5,"metadata":{{"x{HALF}":"{HALF}"}}}}'),
    ("mixpanel_query_insights('A')", f"{QUERY}/insights", rf'{{"headers":["$metric","{HALF}"],"series":{{"A{HALF}":{{"s{HALF}":{{"2025-01-01T00:00:00":1}}}}}}}}'),
    ("""mixpanel_query('{"sections": {}}')""", f"{QUERY}/insights", rf'{{"headers":["$event","{HALF}"],"series":{{"A{HALF}":{{"2025-01-01T00:00:00":1}}}}}}'),
    ("mixpanel_query_funnel(['A', 'B'])", f"{QUERY}/insights", rf'{{"headers":["$funnel","{HALF}"],"series":{{"F{HALF}":{{"s{HALF}":{{"count":{{"1. A{HALF}":{{"all":1}}}}}}}}}}}}'),
    ("mixpanel_query_retention('A', 'B')", f"{QUERY}/insights", rf'{{"headers":["$retention","{HALF}"],"series":{{"Q{HALF}":{{"2025-01-01":{{"s{HALF}":{{"first":1,"counts":[1]}}}}}}}}}}'),
    ("mixpanel_query_flows('A')", f"{QUERY}/arb_funnels", rf'{{"flows":[{{"flowSteps":[{{"event":"A{HALF}","type":"ANCHOR","totalCount":"1"}}],"segments":["{HALF}"]}}],"metadata":{{"x{HALF}":"{HALF}"}}}}'),
    ("mixpanel_api('/api/query/engage', method := 'POST')", f"{QUERY}/engage", PAGE),
    ("mixpanel_api('/api/app/me')", "/api/app/me", rf'{{"results":{{"user{HALF}":"{HALF}"}}}}'),
    (f"mixpanel_api('/api/2.0/export', params := {{'from_date': '{FIRST}', 'to_date': '{FIRST}'}})", "/api/2.0/export", f"{LINE}\n{LINE}\n"),
    ("mixpanel_profiles(columns := {'Note': 'JSON', 'none': 'JSON'})", f"{QUERY}/engage", PAGE),
    ("mixpanel_profiles(raw := true)", f"{QUERY}/engage", PAGE),
    ("mixpanel_cohort_members(cohort_ids := [1], columns := {'Note': 'JSON'})", f"{QUERY}/engage", PAGE),
    ("mixpanel_cohort_members(cohort_ids := [1], raw := true)", f"{QUERY}/engage", PAGE),
    (export("columns := {'Note': 'JSON', 'deep': 'JSON', 'none': 'JSON'}", last=FIRST), "/api/2.0/export", LINE),
    (export("raw := true", last=FIRST), "/api/2.0/export", LINE),
    ("mixpanel_account_test()", f"{QUERY}/events/names", rf'["A{HALF}"]'),
]  # fmt: skip
"""A call, the route that it asks, and an answer of that route's with halves wherever there can be text."""

TAKE_RAW = [call for call, *_ in ASKED if call.split("(")[0] not in (
    "mixpanel_properties", "mixpanel_events", "mixpanel_property_values", "mixpanel_top_events", "mixpanel_funnels",
    "mixpanel_cohorts", "mixpanel_bookmarks", "mixpanel_lexicon_schemas", "mixpanel_lexicon_schema", "mixpanel_lookup_table", "mixpanel_typed_columns", "mixpanel_projects",
    "mixpanel_workspaces", "mixpanel_api", "mixpanel_profiles", "mixpanel_cohort_members", "mixpanel_export", "mixpanel_account_test")]  # fmt: skip
ASKED += [(f"{call[:-1]}, raw := true)".replace("(, ", "("), route, body) for call, route, body in ASKED if call in TAKE_RAW]

NOT_ASKED = {
    "mixpanel_export_plan": DAYS, "mixpanel_fetch_sql": f"'t', {DAYS}", "mixpanel_fetches": "", "mixpanel_quota": "",
    "mixpanel_macro_sql": "", "mixpanel_clear_cache": "", "mixpanel_read": "'no_such.jsonl'", "mixpanel_build": "", "mixpanel_archive": "",
    "mixpanel_archive_clear": "", "mixpanel_accounts": "", "mixpanel_account_use": "'a'",
    "mixpanel_account_add": "'a', username := 'u', secret := 's', project_id := 1", "mixpanel_account_remove": "'a'",
}  # fmt: skip
"""Those of which no answer of Mixpanel's is seen."""

TYPES = "SELECT column_name, column_type FROM (DESCRIBE FROM {})"

pytestmark = pytest.mark.unspecified("mixpanel_api asks whatever it is told to")


def json_columns(con, source: str) -> list[str]:
    return [name for name, kind in rows(con, TYPES.format(source)) if kind == "JSON"]


def check(con, source: str, path) -> list[dict]:
    """Copies everything as JSON, and puts each JSON column through the functions that refuse what they can't read."""
    con.execute(f"CREATE OR REPLACE TEMP TABLE copied AS FROM {source}")
    for each in ("copied", source):
        con.execute(f"COPY (FROM {each}) TO '{path}' (FORMAT json)")
    for name in json_columns(con, source):
        column = f'"{name}"'
        query = f"SELECT json_valid({column}), to_json({column}), json_structure({column}), json_pretty({column}) FROM copied"
        for valid, *_ in rows(con, f"{query} WHERE {column} IS NOT NULL"):
            assert valid
    assert rows(con, "SELECT 42") == rows(con.cursor(), "SELECT 42") == [(42,)]
    found = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    # Python reads halves of pairs, and can't write them.
    json.dumps(found, ensure_ascii=False).encode()
    return found


@pytest.mark.parametrize("call, route, body", ASKED, ids=[call for call, *_ in ASKED])
def test_halves_of_surrogate_pairs_reach_no_column(con, sim, tmp_path, call, route, body):
    sim.add_fault("body", path=route, times=None, body=body)
    found = check(con, call, tmp_path / "found.json")
    assert sim.settled() and found
    # What was sent is there, but for the half.
    if not call.startswith(("mixpanel_segmentation_sum", "mixpanel_segmentation_average", "mixpanel_account_test")):
        assert "\ufffd" in json.dumps(found, ensure_ascii=False).replace("\\\\ufffd", "\ufffd"), found


def test_every_function_with_a_json_column_is_asked(con, sim):
    """Each table function of the catalog, and each that takes `raw` with it."""
    query = """SELECT DISTINCT function_name, list_contains(parameters, 'raw') FROM duckdb_functions()
        WHERE function_name LIKE 'mixpanel%' AND function_type = 'table' ORDER BY ALL"""
    for name, takes_raw in rows(con, query):
        calls = [call for call, *_ in ASKED if call.startswith(f"{name}(")]
        if name in NOT_ASKED:
            assert not calls and (name in ("mixpanel_fetches", "mixpanel_read") or not json_columns(con, f"{name}({NOT_ASKED[name]})")), name
        else:
            assert calls and any("raw := true" in call for call in calls) >= takes_raw, name


def test_what_a_fetch_was_asked_for(con, sim, tmp_path):
    """A text of the user's may look like half a pair, and be part of one."""
    text = "a\\ud83d \U0001f600 \"\\"
    sim.set_day(FIRST, [LINE])
    con.execute(f"FROM {export('events := [$1], label := $1', last=FIRST)}", [text]).fetchall()
    check(con, "mixpanel_fetches()", tmp_path / "found.json")
    ((arguments,),) = rows(con, "SELECT arguments FROM mixpanel_fetches() ORDER BY id DESC LIMIT 1")
    assert json.loads(arguments)["events"] == [text]


def test_managed_tables(con, sim, tmp_path):
    sim.set_day(FIRST, [LINE])
    sim.add_fault("body", path=f"{QUERY}/engage", times=None, body=PAGE)
    kept.run(con, "fetch_events", "events", from_date=FIRST, to_date=FIRST)
    kept.run(con, "fetch_events", "named", from_date=FIRST, to_date=FIRST, events=["A\ufffd", "a\\ud83d"])
    kept.run(con, "fetch_profiles", "profiles")
    for table in ("events", "profiles", "_metadata"):
        assert check(con, table, tmp_path / "found.json"), table


NO_JSON = ["nonsense", "\ufeff{\"a\": 1}", '{"a": NaN}', '{"a": 1} {"b": 2}', '{"a": 01}', '{"a": "\x01"}', '"\\x"', "", " ", "[1,]", "'a'"]


@pytest.mark.parametrize("body", NO_JSON, ids=lambda body: repr(body[:20]))
@pytest.mark.parametrize("call, route", [(call, route) for call, route, _ in ASKED if "raw := true" in call or "_api" in call],
                         ids=lambda text: text.split("(")[0])  # fmt: skip
def test_an_answer_that_is_no_json_is_a_string_of_it_or_refused(con, sim, tmp_path, call, route, body):
    sim.add_fault("body", path=route, times=None, body=body)
    if call.startswith(("mixpanel_profiles", "mixpanel_export")) and body.strip():
        error = error_of(con, f"FROM {call}")
        assert "[UNEXPECTED_RESPONSE]" in error or "[TRUNCATED]" in error, error
        assert rows(con, "SELECT 42") == rows(con.cursor(), "SELECT 42") == [(42,)]
    elif call.startswith("mixpanel_lookup_tables") and not body.startswith("\ufeff"):
        # Where nobody knows what is a secret of it, none of it is shown.
        assert "[UNEXPECTED_RESPONSE]" in error_of(con, f"FROM {call}")
    elif not call.startswith(("mixpanel_profiles", "mixpanel_cohort_members")):
        check(con, call, tmp_path / "found.json")
