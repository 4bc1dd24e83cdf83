"""Tests saved reports about other days than their own: the definition is requested, and posted with another period."""
from __future__ import annotations

import json

import pytest
from conftest import SHARED, error_of, export, rows
from saved import FLOWS, INSIGHTS, LINK, in_rows, in_series, reports, serve, ways

BOOKMARKS = "/api/app/projects/12345/bookmarks"
DAYS = "from_date := '2025-01-02', to_date := '2025-01-04'"
WITHIN = "event_time >= '2025-01-02' AND event_time < '2025-01-05'"
PERIOD = {"dateRangeType": "between", "unit": "day", "value": ["2025-01-02", "2025-01-04"]}


@pytest.fixture(autouse=True)
def nothing_is_kept(con):
    con.execute("CALL mixpanel_clear_cache()").fetchall()


def requests(sim) -> list[tuple[str, str]]:
    return [(request.method, request.path) for request in sim.settled()]


def posted(sim) -> dict:
    (body,) = [json.loads(request.body) for request in sim.settled() if request.method == "POST"]
    return body


def definition(con, sim, bookmark: int) -> dict:
    path = f"/api/app/projects/12345/bookmarks/{bookmark}"
    ((body,),) = rows(con, f"SELECT body FROM mixpanel_api('{path}', params := {{'v': '2'}})")
    sim.clear()
    return json.loads(body)["results"]["params"]


@pytest.mark.parametrize("bookmark", [8001, 8003, 8101, 8103, 8201, 8202])
def test_two_requests_and_the_same_definition(con, sim, bookmark):
    saved = definition(con, sim, bookmark)
    assert reports(con, bookmark, f", {DAYS}")
    assert requests(sim) == [("GET", f"{BOOKMARKS}/{bookmark}"), ("POST", INSIGHTS)]
    body = posted(sim)
    saved["sections"]["time"] = [PERIOD | {"unit": saved["sections"]["time"][0]["unit"]}]
    assert body == {"bookmark": saved, "project_id": 12345, "queryLimits": {"limit": 50000}}


@pytest.mark.parametrize("mode, query_type, chart, merge", [
    ("", "flows_sankey", "sankey", "graph"), (", mode := 'paths'", "flows_top_paths", "top-paths", "list"),
    (", mode := 'tree'", "flows", "sankey", "tree"),
])  # fmt: skip
def test_flows_too_in_each_form(con, sim, mode, query_type, chart, merge):
    saved = definition(con, sim, 8302)
    assert rows(con, f"FROM mixpanel_flows(8302, {DAYS}{mode})")
    assert requests(sim) == [("GET", f"{BOOKMARKS}/8302"), ("POST", FLOWS)]
    days = {"type": "between", "from_date": "2025-01-02", "to_date": "2025-01-04"}
    expected = saved | {"date_range": days, "chartType": chart, "flows_merge_type": merge}
    assert posted(sim) == {"bookmark": expected, "project_id": 12345, "query_type": query_type}


def test_a_definition_that_is_kept_is_not_asked_for_again(con, sim):
    reports(con, 8001, f", {DAYS}")
    reports(con, 8001, ", from_date := '2025-01-01', to_date := '2025-01-01'")
    assert requests(sim) == [("GET", f"{BOOKMARKS}/8001"), ("POST", INSIGHTS), ("POST", INSIGHTS)]
    sim.clear()
    con.execute("CALL mixpanel_clear_cache()").fetchall()
    rows(con, "FROM mixpanel_bookmarks()")
    reports(con, 8301, f", {DAYS}")
    assert requests(sim) == [("GET", BOOKMARKS), ("POST", FLOWS)]


def test_the_numbers_are_those_of_the_events(con, sim):
    con.execute(f"CREATE TABLE events AS FROM {export()}")
    unique = "QUALIFY coalesce(insert_id, '') = '' OR row_number() OVER (PARTITION BY event_name, distinct_id, event_time, insert_id) = 1"
    con.execute(f"CREATE TABLE chosen AS SELECT * FROM events WHERE {WITHIN} {unique}")
    assert rows(con, f"SELECT date, value::INT FROM mixpanel_saved_report(8001, {DAYS}) WHERE metric LIKE 'Purchase%'") == rows(
        con, "SELECT event_time::DATE::TIMESTAMP, count(*)::INT FROM chosen WHERE event_name = 'Purchase' GROUP BY ALL ORDER BY ALL")  # fmt: skip
    entered = "SELECT count(DISTINCT nullif(distinct_id, '')) FROM chosen WHERE event_name = '{}'"
    assert rows(con, f"SELECT value FROM mixpanel_saved_report(8101, {DAYS}) WHERE segments = ['count', '1. Sign Up']") == rows(
        con, entered.format("Sign Up"))  # fmt: skip
    assert rows(con, f"SELECT sum(value) FROM mixpanel_saved_report(8201, {DAYS}) WHERE segments = ['first']") == rows(
        con, entered.format("Sign Up"))  # fmt: skip
    assert rows(con, f"SELECT DISTINCT count FROM mixpanel_flows(8302, {DAYS}) WHERE step = 0") == rows(con, entered.format("Add To Cart"))
    # The same as the old route counts, which takes days by itself.
    assert rows(con, f"SELECT value::BIGINT FROM mixpanel_saved_report(8101, {DAYS}) WHERE segments[1] = 'count'") == rows(
        con, f"SELECT count FROM mixpanel_funnel(8101, {DAYS}, mode := 'steps')")  # fmt: skip


def test_a_url_will_do_and_raw_is_the_answer(con, sim):
    assert reports(con, LINK.format("insights", 8001), f", {DAYS}") == reports(con, 8001, f", {DAYS}")
    ((response,),) = reports(con, 8101, f", {DAYS}, raw := true")
    assert json.loads(response)["date_range"]["to_date"].startswith("2025-01-04")
    sim.clear()
    assert [row[0] for row in rows(con, f"SELECT DISTINCT report_type FROM mixpanel_saved_report(8301, {DAYS})")] == ["flows"]
    assert [path for _, path in requests(sim)] == [f"{BOOKMARKS}/8301", FLOWS], "the definition says which route"


def test_a_data_view_has_its_own_route(con, sim):
    reports(con, 8102, f", {DAYS}, workspace_id := 3002")
    first, second = sim.settled()
    assert (first.path, second.params["workspace_id"]) == ("/api/app/workspaces/3002/bookmarks/8102", "3002")


def test_the_last_days_will_do(con, sim):
    serve(sim, {"series": {"M": {"all": 5}}})
    definition(con, sim, 8001)
    assert reports(con, 8001, ", last_days := 90")
    assert posted(sim)["bookmark"]["sections"]["time"] == [{"dateRangeType": "in the last", "unit": "day", "window": {"unit": "day", "value": 90}}]


def test_a_cut_answer_is_an_error(con, sim):
    """It was asked for with Mixpanel's own limit: nobody has chosen what is left out."""
    serve(sim, {"series": {"M": {"x": {"all": 5}}}, "meta": {"is_segmentation_limit_hit": True}})
    error = error_of(con, f"FROM mixpanel_saved_report(8001, {DAYS})")
    assert "[TRUNCATED]" in error and "mixpanel_query(params, max_rows := 50000)" in error
    assert len(reports(con, 8001, f", {DAYS}, raw := true")) == 1


# What others saved.

RECORDED = SHARED / "fixtures" / "inline" / "bookmarks-app.jsonl"


def recorded() -> list[dict]:
    lines = map(json.loads, RECORDED.read_text().splitlines()) if RECORDED.exists() else []
    answers = [line["expect"].get("interactions", [{}])[0].get("response", {}).get("body") for line in lines if "storybook" in line["id"]]
    return [answer for answer in answers if isinstance(answer["results"], dict) and "params" in answer["results"]]


@pytest.mark.skipif(not RECORDED.exists(), reason=f"there is no {RECORDED}")
@pytest.mark.parametrize("answer", recorded(), ids=lambda answer: str(answer["results"]["id"]))
def test_definitions_that_mixpanel_sent(con, sim, answer):
    about = answer["results"]
    is_flow = about["type"] == "flows"
    told = {"steps": [{"nodes": [{"event": "A", "type": "ANCHOR", "totalCount": "5", "edges": []}]}]} if is_flow else {"series": {"M": {"all": 5}}}
    serve(sim, answer, f"{BOOKMARKS}/{about['id']}")
    serve(sim, told, FLOWS if is_flow else INSIGHTS)
    if is_flow:
        assert rows(con, f"FROM mixpanel_flows({about['id']}, {DAYS})") == ways(told)
    else:
        assert in_rows(reports(con, about["id"], f", {DAYS}")) == in_series(told)
    sent, expected = posted(sim)["bookmark"], about["params"]
    if is_flow:
        expected["date_range"] = {"type": "between", "from_date": "2025-01-02", "to_date": "2025-01-04"}
    else:
        expected["sections"]["time"] = [PERIOD | {"unit": entry["unit"]} for entry in expected["sections"]["time"]]
    assert sent == expected


def test_a_flow_that_was_saved_as_paths_is_asked_for_as_such(con, sim):
    params = {"chartType": "top-paths", "flows_merge_type": "list", "date_range": {}, "steps": []}
    serve(sim, {"results": {"id": 5, "name": "x", "type": "flows", "params": json.dumps(params)}}, f"{BOOKMARKS}/5")
    serve(sim, {"flows": [{"flowSteps": [{"event": "A", "type": "ANCHOR", "totalCount": "5"}], "segments": []}]}, FLOWS)
    assert rows(con, f"SELECT path, event_name, count FROM mixpanel_flows(5, {DAYS})") == [(0, "A", 5)]
    body = posted(sim)
    assert (body["query_type"], body["bookmark"]["chartType"], body["bookmark"]["flows_merge_type"]) == ("flows_top_paths", "top-paths", "list")


# What is refused.


@pytest.mark.parametrize("function", ["mixpanel_saved_report", "mixpanel_flows"])
@pytest.mark.parametrize("days, message", [
    ("from_date := '2025-01-01'", "to_date: is missing"), ("to_date := '2025-01-01'", "from_date: is missing"),
    ("from_date := '2025-01-02', to_date := '2025-01-01'", "from_date: 2025-01-02 is after to_date 2025-01-01. Swap them"),
])  # fmt: skip
def test_half_a_period(con, sim, function, days, message):
    assert message in error_of(con, f"DESCRIBE FROM {function}(8301, {days})")
    assert sim.settled() == []


def test_reports_that_the_function_is_not_for(con, sim):
    assert "bookmark: is a report of Funnels, not of Flows. Use mixpanel_saved_report" in error_of(con, f"FROM mixpanel_flows(8101, {DAYS})")
    assert requests(sim) == [("GET", f"{BOOKMARKS}/8101")]
    serve(sim, {"results": {"id": 7, "type": "launch-analysis", "params": {"sections": {}}}}, f"{BOOKMARKS}/7")
    assert "bookmark: Mixpanel's API does not return a report of type 'launch-analysis'" in error_of(con, f"FROM mixpanel_saved_report(7, {DAYS})")


def test_a_report_that_is_not_there(con, sim):
    error = error_of(con, f"FROM mixpanel_saved_report(9, {DAYS})")
    assert "[NOT_FOUND]" in error and "Bookmark 9 not found" in error
    assert requests(sim) == [("GET", f"{BOOKMARKS}/9")]


@pytest.mark.parametrize("params", [None, {}, {"events": []}, {"sections": {"time": []}}])
def test_a_definition_without_a_period(con, sim, params):
    serve(sim, {"results": {"id": 7, "type": "retention", "params": params}}, f"{BOOKMARKS}/7")
    assert "[UNEXPECTED_RESPONSE]" in error_of(con, f"FROM mixpanel_saved_report(7, {DAYS})")
    assert [method for method, _ in requests(sim)] == ["GET"]


def test_a_projects_secret_reads_no_definitions(con, sim, monkeypatch):
    for name in ("MP_USERNAME", "MP_PROJECT_ID"):
        monkeypatch.delenv(name)
    assert rows(con, "DESCRIBE FROM mixpanel_saved_report(8001)")
    assert "[INVALID_CONFIG]" in error_of(con, f"DESCRIBE FROM mixpanel_saved_report(8001, {DAYS})")
    assert sim.settled() == []
