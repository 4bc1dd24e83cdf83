"""Tests `mixpanel_query`: a report by its definition, as `mixpanel_bookmarks` shows it."""
from __future__ import annotations

import json

import pytest
from conftest import SHARED, error_of, rows
from saved import FLOWS, INSIGHTS, in_rows, in_series, serve, ways

SAVED = [8001, 8002, 8003, 8004, 8005, 8006, 8007, 8008, 8009, 8101, 8102, 8103, 8201, 8202]
EVENT = {"type": "event", "name": "Purchase", "resourceType": "events", "filtersDeterminer": "all", "filters": []}
DEFINITION = {
    "sections": {
        "show": [{"type": "metric", "behavior": EVENT, "measurement": {"math": "total"}}],
        "time": [{"dateRangeType": "between", "unit": "day", "value": ["2025-01-01", "2025-01-05"]}],
        "filter": [],
        "group": [],
    },
    "displayOptions": {"chartType": "line", "analysis": "linear"},
    "anything": {"else": 1.50},
}


def remember(con, bookmark: int) -> None:
    con.execute(f"SET VARIABLE definition = (SELECT params FROM mixpanel_bookmarks() WHERE bookmark_id = {bookmark})")


def posted(sim) -> list[tuple[str, dict]]:
    return [(request.path, json.loads(request.body)) for request in sim.settled() if request.method == "POST"]


def query(definition, more: str = "") -> str:
    text = json.dumps(definition).replace("'", "''")
    return f"FROM mixpanel_query('{text}'{more and ', ' + more})"


@pytest.mark.parametrize("bookmark", SAVED)
def test_a_saved_report_by_its_definition(con, sim, bookmark):
    remember(con, bookmark)
    found = rows(con, "FROM mixpanel_query(getvariable('definition'))")
    saved = rows(con, f"FROM mixpanel_saved_report({bookmark})")
    assert found == saved and (found or bookmark == 8007)
    ((path, body),) = posted(sim)
    ((params,),) = rows(con, "SELECT getvariable('definition')")
    assert (path, body) == (INSIGHTS, {"bookmark": json.loads(params), "project_id": 12345, "queryLimits": {"limit": 3000}})


@pytest.mark.parametrize("bookmark", [8301, 8302])
def test_a_saved_flow_by_its_definition(con, sim, bookmark):
    remember(con, bookmark)
    days = "from_date := '2025-01-01', to_date := '2025-01-05'"
    assert rows(con, f"FROM mixpanel_query(getvariable('definition'), type := 'flows', {days})") == rows(con, f"FROM mixpanel_flows({bookmark}, {days})")
    # Both ask the same, so that the second has the answer of the first.
    ((path, body),) = posted(sim)
    assert path == FLOWS and body["query_type"] == "flows_sankey"


def test_other_days(con, sim):
    for more, time in [
        ("from_date := '2025-01-02', to_date := '2025-01-03'", {"dateRangeType": "between", "unit": "day", "value": ["2025-01-02", "2025-01-03"]}),
        ("last_days := 3", {"dateRangeType": "in the last", "unit": "day", "window": {"unit": "day", "value": 3}}),
    ]:
        serve(sim, {"series": {}})
        rows(con, query(DEFINITION, more))
        ((_, body),) = posted(sim)
        assert body["bookmark"] == DEFINITION | {"sections": DEFINITION["sections"] | {"time": [time]}}
        sim.reset()


@pytest.mark.parametrize("form, query_type, first", [
    ({"chartType": "sankey", "flows_merge_type": "graph"}, "flows_sankey", "step"),
    ({"chartType": "top-paths", "flows_merge_type": "list"}, "flows_top_paths", "step"),
    ({"chartType": "sankey", "flows_merge_type": "tree"}, "flows", "tree"),
])  # fmt: skip
def test_a_flow_is_asked_for_in_its_own_form(con, sim, form, query_type, first):
    definition = {"steps": [{"event": "Purchase", "forward": 1}], "date_range": {"type": "in the last"}, **form}
    ((column,),) = rows(con, f"SELECT column_name FROM (DESCRIBE {query(definition)}) LIMIT 1")
    assert column == first
    serve(sim, {"steps": [], "trees": []}, FLOWS)
    rows(con, query(definition, "raw := true"))
    assert posted(sim)[-1] == (FLOWS, {"bookmark": definition, "project_id": 12345, "query_type": query_type})


FIXTURES = SHARED / "fixtures"
needs_fixtures = pytest.mark.skipif(not FIXTURES.is_dir(), reason=f"there is no {FIXTURES}")


@needs_fixtures
@pytest.mark.parametrize("path", sorted((FIXTURES / "insights").glob("*.json")), ids=lambda path: path.stem)
def test_recorded_reports_become_rows(con, sim, path):
    body = json.loads(path.read_bytes())
    serve(sim, body)
    assert in_rows(rows(con, query(DEFINITION, "type := 'insights'"))) == in_series(body)


@needs_fixtures
@pytest.mark.parametrize("path", sorted((FIXTURES / "flows").glob("*.json")), ids=lambda path: path.stem)
def test_recorded_flows_become_rows(con, sim, path):
    body = json.loads(path.read_bytes())
    serve(sim, body, FLOWS)
    form = {"chartType": "top-paths"} if "flows" in body else {}
    assert rows(con, query({"steps": [], "date_range": {}, **form})) == ways(body)


def test_the_whole_answer_and_its_limit(con, sim):
    cut = {"series": {"A": {"x": {"all": 2}}}, "meta": {"is_segmentation_limit_hit": True}}
    serve(sim, cut)
    assert "[TRUNCATED]" in error_of(con, query(DEFINITION))
    assert rows(con, query(DEFINITION, "max_rows := 1")) == [("insights", "A", ["x"], None, 2.0)]
    ((answer,),) = rows(con, query(DEFINITION, "raw := true"))
    assert json.loads(answer) == cut
    assert [body["queryLimits"]["limit"] for _, body in posted(sim)][:2] == [3000, 1]


def test_a_definition_as_a_struct(con, sim):
    serve(sim, {"series": {}})
    rows(con, "FROM mixpanel_query({'sections': {'show': [{'behavior': {'type': 'funnel'}}], 'time': []}})")
    assert posted(sim)[0][1]["bookmark"] == {"sections": {"show": [{"behavior": {"type": "funnel"}}], "time": []}}


@pytest.mark.parametrize("call, message", [
    ("NULL", "definition: is NULL, so the query for it found no definition. Take one from mixpanel_bookmarks()"),
    ("'{'", "definition: is not JSON"),
    ("'[]'", "definition: is not a JSON object"),
    ("'{\"events\": []}'", "definition: has neither 'sections' nor 'steps'"),
    ("'{\"sections\": {}}', type := 'flows'", "type: is 'flows', but the definition is one of insights"),
    ("'{\"steps\": []}', type := 'funnels'", "type: is 'funnels', but the definition is one of flows"),
    ("'{\"sections\": {}}', type := 'boards'", "type: must be 'insights', 'funnels', 'retention' or 'flows', not 'boards'"),
    ("'{\"sections\": {}}', last_days := 7", "definition: has no days to replace"),
    ("'{\"steps\": []}', max_rows := 7", "max_rows: does not apply to Flows"),
])  # fmt: skip
def test_what_is_refused(con, sim, call, message):
    assert message in error_of(con, f"DESCRIBE FROM mixpanel_query({call})")
    assert not sim.settled()


def test_a_report_that_is_not_there(con, sim):
    remember(con, 1)
    assert "definition: is NULL" in error_of(con, "FROM mixpanel_query(getvariable('definition'))")
