"""Tests the wrong region, which every customer in Europe and India meets first: each function says so, and how to choose another."""
from __future__ import annotations

import pytest
from conftest import SECRET, USERNAME, error_of, only_v2, rows
from simulator import Project, Simulator

DAYS = "from_date := '2025-01-01', to_date := '2025-01-03'"
WORDS = "request failed with error: invalid project id for cluster."
FUNCTIONS = [
    f"mixpanel_export({DAYS})", "mixpanel_profiles()", "mixpanel_events()", "mixpanel_properties('Purchase')", "mixpanel_property_values('plan')",
    "mixpanel_top_events()", "mixpanel_funnels()", "mixpanel_cohorts()", "mixpanel_bookmarks()", "mixpanel_lexicon_schemas()",
    "mixpanel_lexicon_schema('event', 'Purchase')", "mixpanel_annotations()", "mixpanel_workspaces()",
    "mixpanel_event_definitions()", "mixpanel_property_definitions()", "mixpanel_custom_properties()", "mixpanel_event_properties()",
    "mixpanel_typed_columns('Purchase')",
    "mixpanel_annotation_tags()", "mixpanel_dashboards()", "mixpanel_dashboard(501)", "mixpanel_feature_flags()", "mixpanel_experiments()",
    "mixpanel_lookup_tables()", "mixpanel_lookup_table(610)", "mixpanel_cohort_definitions()",
    f"mixpanel_segmentation('Purchase', {DAYS})", f"mixpanel_segmentation_numeric('Purchase', segment_by := 'amount', {DAYS})",
    f"mixpanel_segmentation_sum('Purchase', segment_by := 'amount', {DAYS})", f"mixpanel_segmentation_average('Purchase', segment_by := 'amount', {DAYS})",
    f"mixpanel_funnel(8101, {DAYS})", f"mixpanel_retention(born_event := 'Sign Up', {DAYS})", f"mixpanel_frequency({DAYS})",
    f"mixpanel_event_counts(['Purchase'], {DAYS})", f"mixpanel_property_counts('Purchase', 'plan', {DAYS})",
    f"mixpanel_activity_feed(['a'], {DAYS})", "mixpanel_profile_stats('count')", "mixpanel_cohort_members()", "mixpanel_saved_report(8001)", "mixpanel_flows(8301)", "mixpanel_jql('function main() { return 1 }')",
    f"mixpanel_query_insights('A', {DAYS})", """mixpanel_query('{"sections": {}}')""",
    f"mixpanel_query_funnel(['A', 'B'], {DAYS})", f"mixpanel_query_retention('A', 'B', {DAYS})", f"mixpanel_query_flows('A', {DAYS})",
]  # fmt: skip


@pytest.fixture
def european(monkeypatch):
    """A project in the EU, asked in the US because nobody said otherwise."""
    with Simulator(Project(days=3, events_per_day=50, region="eu")) as simulator:
        monkeypatch.setenv("MP_API_BASE_URL", simulator.url + "/{region}")
        yield simulator


@pytest.mark.parametrize("call", FUNCTIONS, ids=[call.partition("(")[0] for call in FUNCTIONS])
def test_each_function_names_the_region_and_shows_how_to_ask_another(con, european, call):
    error = error_of(con, f"FROM {call}")
    assert "[NOT_FOUND]" in error and WORDS.rstrip(".") in error, error
    assert "project 12345 is not in region 'us', which is the default" in error
    assert "Add region := 'eu' or region := 'in' to the call, or set MP_REGION='...'" in error and "FROM mixpanel_account_test()" in error
    asked = european.settled(1)
    assert {request.region for request in asked} == {"us"}
    european.clear()
    try:
        rows(con, f"FROM {call[:-1]}{'' if call.endswith('()') else ', '}region := 'eu')")
    except Exception as refused:  # noqa: BLE001  what this script or report makes of it is no matter here
        assert "cluster" not in str(refused)
    # One that an export gave up may arrive only now.
    assert "eu" in {request.region for request in european.settled(1)} <= {"us", "eu"}


def test_every_function_that_asks_mixpanel_is_here(con):
    """A new one that takes a region has to say what this one says."""
    local = {"mixpanel_accounts", "mixpanel_account_add", "mixpanel_export_plan", "mixpanel_fetch_sql", "mixpanel_account_test", "mixpanel_api", "mixpanel_projects"}
    taking = "SELECT DISTINCT function_name FROM duckdb_functions() WHERE function_type = 'table' AND function_name LIKE 'mixpanel%' AND list_contains(parameters, 'region')"
    known = {call.partition("(")[0] for call in FUNCTIONS}
    assert {name for (name,) in rows(con, taking)} - local <= known | {name for (name,) in rows(con, taking.replace("'table'", "'table_macro'"))}


@only_v2
def test_kept_tables_too(con, european):
    error = error_of(con, f"PRAGMA mixpanel_fetch_events('e', {DAYS.replace(':=', '=')})")
    assert "not in region 'us'" in error and "region := 'eu'" in error
    con.execute(f"PRAGMA mixpanel_fetch_events('e', {DAYS.replace(':=', '=')}, region = 'eu')")
    assert rows(con, "SELECT count(*) FROM e")[0][0] > 100


def test_mixpanel_api_shows_what_came(con, european):
    ((status, error),) = rows(con, "SELECT status, body->>'error' FROM mixpanel_api('/api/query/events/names', params := {'type': 'general'})")
    assert (status, error) == (400, WORDS)


@pytest.mark.parametrize("status", [200, 400, 403, 404])
@pytest.mark.parametrize("cluster, region", [("mixpanel-prod-eu", "eu"), ("mixpanel-prod-in", "in")])
def test_a_cluster_that_is_named_is_the_one_to_ask(con, sim, status, cluster, region):
    sim.add_fault("body", path=None, times=None, status=status, body=f'{{"error": "{WORDS} project_cluster: {cluster}"}}')
    for call in ("mixpanel_events()", "mixpanel_segmentation('A', from_date := '2025-01-01', to_date := '2025-01-01')"):
        error = error_of(con, f"FROM {call}")
        assert "[NOT_FOUND]" in error and f"It is in region '{region}'. Add region := '{region}' to the call, or set MP_REGION='{region}'" in error


def test_an_account_of_the_file_is_told_where_to_write_it(con, european, monkeypatch):
    for name in ("MP_USERNAME", "MP_SECRET", "MP_PROJECT_ID"):
        monkeypatch.delenv(name)
    con.execute(f"CALL mixpanel_account_add('main', username := '{USERNAME}', secret := '{SECRET}', project_id := 12345)")
    assert "for account 'main' in the accounts file" in error_of(con, "FROM mixpanel_events()")
    monkeypatch.setenv("MP_REGION", "eu")
    assert rows(con, "SELECT count(*) > 5 FROM mixpanel_events()") == [(True,)]


@pytest.mark.parametrize("url", ["http://{region}.example.com", "http://127.0.0.1:1/{Region}", "http://127.0.0.1:1/{}", "https://a:{region}@b.example"])
def test_base_urls_that_make_no_sense(con, monkeypatch, url):
    monkeypatch.setenv("MP_API_BASE_URL", url)
    assert "[INVALID_CONFIG] MP_API_BASE_URL" in error_of(con, "FROM mixpanel_events()")
