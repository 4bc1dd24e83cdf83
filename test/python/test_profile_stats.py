"""Tests `mixpanel_profile_stats`, and what Mixpanel's server computes for `mixpanel_profiles`, against the profiles themselves."""
from __future__ import annotations

import json

import pytest
from client_vectors import fields
from conftest import error_of, only_v2, rows
from expected_profiles import ENGAGE, engage_requests

STATS = "/api/query/engage/stats"


@pytest.fixture
def everybody(con, sim):
    con.execute("CREATE TABLE everybody AS SELECT *, TRY_CAST(properties->>'loyalty_points' AS DOUBLE) AS points, properties->>'plan' AS plan FROM mixpanel_profiles()")
    sim.clear()


def test_numbers_are_those_of_the_profiles(con, sim, everybody):
    pro = "filter := 'properties[\"plan\"] == \"pro\"'"
    assert rows(con, f"SELECT value::BIGINT FROM mixpanel_profile_stats('count', {pro})") == rows(con, "SELECT count(*) FROM everybody WHERE plan = 'pro'")
    assert rows(con, f"SELECT min(value) FILTER (statistic = 'min'), max(value) FILTER (statistic = 'max') FROM mixpanel_profile_stats('extremes', property := 'loyalty_points', {pro})") == \
        rows(con, "SELECT min(points), max(points) FROM everybody WHERE plan = 'pro'")  # fmt: skip
    mean = rows(con, "SELECT value FROM mixpanel_profile_stats('numeric_summary', property := 'loyalty_points') WHERE statistic = 'mean'")
    assert mean == [(pytest.approx(rows(con, "SELECT avg(points) FROM everybody")[0][0]),)]
    requests = sim.settled()
    assert [(request.method, request.path) for request in requests] == [("POST", STATS)] * 3
    assert [fields(request)["action"] for request in requests] == ["count()", 'extremes(properties["loyalty_points"])', 'numeric_summary(properties["loyalty_points"])']


def test_cohorts_are_segments(con, sim):
    alone = [rows(con, f"SELECT value FROM mixpanel_profile_stats('count', cohort_id := {cohort})")[0][0] for cohort in (1001, 1002)]
    assert rows(con, "SELECT segment, value FROM mixpanel_profile_stats('count', segment_by_cohorts := [1001, 1002])") == [("1001", alone[0]), ("1002", alone[1])]
    assert fields(sim.settled()[-1])["segment_by_cohorts"] == {"1001": True, "1002": True}
    # Members without a profile count where they are asked for.
    assert rows(con, "SELECT value FROM mixpanel_profile_stats('count', cohort_id := 1002, include_all_users := true)")[0][0] > alone[1]


@pytest.mark.parametrize("arguments, problem", [
    ("NULL", "action: must not be NULL"), ("'median'", "action: must be 'count', 'extremes', 'percentile' or 'numeric_summary', not 'median'"),
    ("'extremes'", "property: is missing"), ("'percentile', property := 'a'", "percentile: is missing"),
    ("'percentile', property := 'a', percentile := 100.5", "percentile: must be a number from 0 to 100"),
    ("'count', percentile := 5", "percentile: applies only to"), ("'count', property := 'properties.a'", "property: Mixpanel's expressions have no dots"),
    ("'count', segment_by_cohorts := []", "segment_by_cohorts: is an empty list"), ("'count', segment_by_cohorts := ['x']", "which is not the id of a cohort"),
    ("'count', segment_by_cohorts := NULL", "segment_by_cohorts: is NULL"), ("'count', cohort_id := NULL", "cohort_id: is NULL"),
    ("'count', as_of_timestamp := '2999-01-01'", "as_of_timestamp: is in the future"),
])  # fmt: skip
def test_what_is_refused_before_any_request(con, sim, arguments, problem):
    assert problem in error_of(con, f"DESCRIBE FROM mixpanel_profile_stats({arguments})")
    assert not sim.settled()


def test_the_server_sorts_searches_and_stops(con, sim, everybody):
    top = rows(con, "SELECT distinct_id, properties->>'loyalty_points' FROM mixpanel_profiles(sort_by := 'loyalty_points', max_rows := 7)")
    assert [float(points) for _, points in top] == [points for (points,) in rows(con, "SELECT points FROM everybody ORDER BY points DESC NULLS LAST LIMIT 7")]
    low = rows(con, "SELECT (properties->>'loyalty_points')::DOUBLE FROM mixpanel_profiles(sort_by := 'properties[\"loyalty_points\"]', sort_order := 'ascending', max_rows := 3)")
    assert low == rows(con, "SELECT points FROM everybody ORDER BY points LIMIT 3")
    found = rows(con, "SELECT count(*) FROM mixpanel_profiles(search := 'Paris')")
    assert found == rows(con, "SELECT count(*) FROM everybody WHERE properties::VARCHAR ILIKE '%paris%'") and found[0][0] > 0
    first, second, third = engage_requests(sim)
    assert first.form == {"sort_key": 'properties["loyalty_points"]', "sort_order": "descending", "limit": "7", "page": "0"}
    assert second.form == {"sort_key": 'properties["loyalty_points"]', "sort_order": "ascending", "limit": "3", "page": "0"}
    assert third.form == {"search": "Paris", "page": "0"}


@pytest.mark.parametrize("wanted, pages", [(1, 1), (999, 1), (1000, 1), (1001, 2), (2500, 3), (9999, 3)])
def test_as_many_as_are_wanted_in_as_few_pages(con, sim, wanted, pages):
    """Of 2500 profiles, 1000 on a page, in the server's order."""
    found = rows(con, f"SELECT distinct_id FROM mixpanel_profiles(max_rows := {wanted}, sort_by := 'orders', output_properties := ['orders'])")
    assert len(found) == len(set(found)) == min(wanted, 2500)
    assert [request.form["page"] for request in engage_requests(sim)] == [str(page) for page in range(pages)]


def test_a_server_that_heeds_no_limit(con, sim):
    body = json.dumps({"results": [{"$distinct_id": str(number)} for number in range(50)], "total": 2500, "session_id": "s", "page_size": 1000})
    sim.add_fault("body", path=ENGAGE, times=None, body=body)
    assert rows(con, "SELECT distinct_id FROM mixpanel_profiles(max_rows := 3)") == [("0",), ("1",), ("2",)]
    assert len(engage_requests(sim)) == 1


@pytest.mark.parametrize("arguments, problem", [
    ("sort_order := 'ascending'", "sort_order: needs sort_by"), ("sort_by := 'a', sort_order := 'up'", "sort_order: must be 'ascending' or 'descending'"),
    ("max_rows := 0", "max_rows: must be at least 1"), ("search := ' '", "search: must not be empty"),
    ("sort_by := 'a', distinct_ids := range(2001)", "sort_by: cannot sort more than 2000 distinct_ids"),
])  # fmt: skip
def test_what_the_server_could_not_do(con, sim, arguments, problem):
    assert problem in error_of(con, f"DESCRIBE FROM mixpanel_profiles({arguments})")
    assert not sim.settled()


@only_v2
@pytest.mark.parametrize("condition, ids", [
    ("distinct_id = '{a}'", "a"), ("'{a}' = distinct_id", "a"), ("distinct_id IN ('{a}', '{b}', '{a}')", "ab"),
    ("distinct_id = '{a}' OR distinct_id = '{b}'", "ab"), ("distinct_id IN ('{a}', '{b}') AND properties->>'plan' IS NOT NULL", "ab"),
    ("distinct_id IN ('{a}', '{b}') AND distinct_id = '{b}'", "b"),
])  # fmt: skip
def test_conditions_on_the_id_narrow_the_question(con, sim, everybody, condition, ids):
    names = dict(zip("ab", (name for (name,) in rows(con, "SELECT distinct_id FROM everybody ORDER BY 1 LIMIT 2 OFFSET 20"))))
    query = f"SELECT distinct_id, properties FROM SRC WHERE {condition.format(**names)} ORDER BY 1"
    found = rows(con, query.replace("SRC", "mixpanel_profiles()"))
    assert found == rows(con, query.replace("SRC", "everybody")) and len(found) == len(ids)
    (asked,) = engage_requests(sim)
    assert asked.form == {"distinct_ids": json.dumps(sorted(names[name] for name in ids), separators=(",", ":")), "page": "0"}


@only_v2
def test_conditions_that_leave_nobody_ask_nothing(con, sim):
    assert rows(con, "FROM mixpanel_profiles() WHERE distinct_id = 'a' AND distinct_id = 'b'") == []
    assert not sim.settled()


@only_v2
@pytest.mark.parametrize("arguments, condition", [
    ("", "distinct_id <> '{a}'"), ("", "distinct_id LIKE '{a}%'"), ("", "distinct_id = '{a}' OR last_seen < '2000-01-01'"),
    ("", "distinct_id IS NULL OR distinct_id = '{a}'"), ("", "distinct_id COLLATE NOCASE = '{a}'"), ("", "distinct_id = ''"),
    ("filter := 'true'", "distinct_id = '{a}'"), ("cohort_id := 1001", "distinct_id = '{a}'"), ("max_rows := 2500", "distinct_id = '{a}'"),
    ("search := 'a'", "distinct_id = '{a}'"), ("distinct_ids := ['{a}', 'x']", "distinct_id = '{a}'"), ("", "distinct_id > '{a}'"),
])  # fmt: skip
def test_what_narrows_nothing_loses_nothing(con, sim, everybody, arguments, condition):
    """No documentation says that Mixpanel heeds ids beside a filter, a cohort or a search."""
    ((name,),) = rows(con, "SELECT distinct_id FROM everybody WHERE plan = 'pro' ORDER BY 1 LIMIT 1 OFFSET 20")
    source, condition = f"mixpanel_profiles({arguments.format(a=name)})", condition.format(a=name)
    con.execute(f"CREATE TABLE whole AS FROM {source}")
    asked = {key: value for key, value in engage_requests(sim)[0].form.items()}
    sim.clear()
    found = rows(con, f"SELECT distinct_id FROM {source} WHERE {condition} ORDER BY 1")
    assert found == rows(con, f"SELECT distinct_id FROM whole WHERE {condition} ORDER BY 1")
    assert engage_requests(sim)[0].form == asked


def test_without_pushdown_the_rows_are_the_same(con, sim, everybody):
    ((name,),) = rows(con, "SELECT distinct_id FROM everybody ORDER BY 1 LIMIT 1 OFFSET 20")
    assert rows(con, f"SELECT count(*) FROM mixpanel_profiles() WHERE distinct_id = '{name}'") == [(1,)]
    assert rows(con, f"SELECT count(*) FROM mixpanel_profiles(raw := true) WHERE profile LIKE '%{name}%'")[0][0] >= 1
