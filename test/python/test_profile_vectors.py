"""Tests that requests for profiles are those of Mixpanel's own client: vectors `engage-stats` and `user-builder`, one test each.

That client builds expressions out of filter objects; here the expression itself is written. It says `query_origin`, its
own name, which nobody else is."""
from __future__ import annotations

import json

import pytest
from client_vectors import arguments, fields, here, only_interaction, serve, vectors
from conftest import SHARED, error_of, rows

pytestmark = here

STATS = "/api/query/engage/stats"
STATS_DIFFERENT = {
    "test_segment_by_cohorts_parameter": ("segment_by_cohorts: contains \"cohort_1\"", "a cohort is named by its number; names and `false` are the mock's"),
}
"""Vectors that ours answers otherwise: what it says, and why."""


def stats_call(given: dict) -> str:
    cohort = given.pop("filter_by_cohort", None)
    names = {"where": "filter", "group_id": "group_id", "include_all_users": "include_all_users", "as_of_timestamp": "as_of_timestamp"}
    action = given.pop("action", "count")
    segments = given.pop("segment_by_cohorts", None)
    own = {names[name]: value for name, value in given.items()}
    own |= {"cohort_id": json.loads(cohort)["id"]} if cohort else {}
    own |= {"segment_by_cohorts": list(segments)} if segments else {}
    return f"mixpanel_profile_stats('{action}'{', ' if own else ''}{arguments(own)})"


@pytest.mark.parametrize("vector", vectors("engage-stats"))
def test_statistics(con, sim, vector):
    name = vector["id"].rsplit("-", 1)[-1]
    request, response = only_interaction(vector)
    call = stats_call(dict(vector["call"]["input"]))
    if name in STATS_DIFFERENT:
        assert STATS_DIFFERENT[name][0] in error_of(con, f"FROM {call}")
        return
    serve(sim, STATS, response)
    if workspace := vector["call"]["session"].get("workspace_id"):
        call = f"{call[:-1]}, workspace_id := {workspace})"
    found = rows(con, f"SELECT segment, statistic, value, computed_at::VARCHAR FROM {call}")
    results = response["body"]["results"]
    assert found == ([(None, "count", float(results), "2025-01-15 10:00:00")] if isinstance(results, int) else [])
    (asked,) = sim.settled()
    assert (asked.method, asked.path, asked.headers["content-type"]) == (request["method"], STATS, "application/json")
    assert asked.params == {key: value for key, value in request["params"].items() if key != "query_origin"}
    assert fields(asked) == {key: json.loads(value) if key.endswith(("cohort", "cohorts")) else value for key, value in request["json_body"].items()}
    assert [json.loads(text) for (text,) in rows(con, f"FROM {call[:-1]}, raw := true)")] == [response["body"]]


@pytest.mark.parametrize("vector", [json.loads(line) for path in sorted((SHARED / "fixtures" / "engage-stats").glob("*.jsonl")) for line in path.read_text().splitlines()],
                         ids=lambda vector: vector["vector"].rsplit("-", 1)[-1])  # fmt: skip
def test_answers_of_every_shape(con, sim, vector):
    """Those beside the vectors: a body that is no object is an error, a list of objects is their members."""
    body = vector["response"]["body"]
    serve(sim, STATS, vector["response"])
    if not isinstance(body, dict):
        assert "[UNEXPECTED_RESPONSE] statistics of profiles" in error_of(con, "FROM mixpanel_profile_stats('count')")
        return
    results = body["results"] if isinstance(body["results"], list) else [{"count": body["results"]}]
    assert rows(con, "SELECT statistic, value FROM mixpanel_profile_stats('count')") == [member for item in results for member in item.items()]


REFUSED = {
    "test_t2_01_cohort_extraction_raises_validation_error_on_malformed_filter": ("mixpanel_profile_stats('count', cohort_id := 'not_cohort')", "cohort_id: must be a whole number"),
    "test_aggregate_count_with_property_raises_error": ("mixpanel_profile_stats('count', property := 'ltv')", "property: cannot be combined with count"),
    "test_segment_by_requires_aggregate_mode": ("mixpanel_profiles(segment_by_cohorts := [123])", "segment_by_cohorts"),
    "test_distinct_id_in_aggregate_mode_raises_error": ("mixpanel_profile_stats('count', distinct_id := 'user_1')", "distinct_id"),
    "test_distinct_id_and_distinct_ids_conflict": ("mixpanel_profiles(distinct_id := 'user_1', distinct_ids := ['user_2'])", "distinct_id: cannot be combined with distinct_ids"),
    "test_empty_sort_by_raises_error": ("mixpanel_profiles(sort_by := '')", "sort_by: must not be empty"),
    "test_include_all_users_without_cohort_raises_error": ("mixpanel_profiles(include_all_users := true)", "include_all_users: needs cohort_id"),
    "test_multiple_in_cohort_filters_raises_error": ("mixpanel_profile_stats('count', cohort_id := [100, 200])", "cohort_id: must be a whole number"),
    # Ids of groups are numbers of 64 bits; a name would find nothing, and no word of it.
    "test_group_id_maps_to_data_group_id": ("mixpanel_profile_stats('count', group_id := 'companies')", "group_id: must be a whole number"),
    "test_group_id_with_filters": ("mixpanel_profiles(group_id := 'companies')", "group_id: must be a whole number"),
}
"""What both refuse, and the last two only ours."""


def built_call(given: dict, output: dict) -> str:
    mode, where = given.get("mode", "aggregate"), output.get("where")
    names = {
        "aggregate_property": "property", "percentile": "percentile", "segment_by": "segment_by_cohorts", "as_of": "as_of_timestamp",
        "cohort": "cohort_id", "include_all_users": "include_all_users", "properties": "output_properties", "distinct_ids": "distinct_ids",
        "sort_by": "sort_by", "sort_order": "sort_order",
    }  # fmt: skip
    own = {names[name]: value for name, value in given.items() if name in names}
    own |= {"filter": where} if where else {}
    if "filter_by_cohort" in output and "cohort_id" not in own:
        own["cohort_id"] = json.loads(output["filter_by_cohort"])["id"]
    if mode == "profiles":
        return f"mixpanel_profiles({arguments(own)})"
    return f"mixpanel_profile_stats('{given.get('aggregate', 'count')}'{', ' if own else ''}{arguments(own)})"


@pytest.mark.parametrize("vector", vectors("user-builder"))
def test_what_is_built(con, sim, vector):
    name, given = vector["id"].rsplit("-", 1)[-1], vector["call"]["input"]
    if name == "test_empty_distinct_ids_raises_error":
        # A query that finds nobody makes an empty list: nobody's profiles are no error.
        assert rows(con, "FROM mixpanel_profiles(distinct_ids := [])") == [] and not sim.settled()
        return
    if name in REFUSED:
        call, problem = REFUSED[name]
        assert problem in error_of(con, f"FROM {call}") and not sim.settled()
        return
    output = vector["expect"]["output"]
    is_about_all = "action" in output
    path = STATS if is_about_all else "/api/query/engage"
    serve(sim, path, {"status": 200, "body": {"results": [], "status": "ok"}, "headers": {"Content-Type": "application/json"}})
    rows(con, f"FROM {built_call(given, output)}")
    expected = {("selector" if key == "where" and is_about_all else key): value for key, value in output.items()}
    expected = {key: json.loads(value) if str(value)[:1] in "{[" else value for key, value in expected.items()}
    (asked,) = sim.settled()
    found = fields(asked)
    assert asked.path == path and found.pop("project_id" if is_about_all else "page") in ("12345", "0")
    assert found == (expected if is_about_all else {key: str(value) if isinstance(value, int) else value for key, value in expected.items()})


def test_every_vector_is_here():
    assert (len(vectors("engage-stats")), len(vectors("user-builder"))) == (9, 39)
    assert set(REFUSED) <= {param.id for param in vectors("user-builder")}
