"""Tests the check against Mixpanel's specifications: it finds mistakes, and each operation that reads is called once.
`conftest.py` applies the check to every other test."""
from __future__ import annotations

import base64
import time
from urllib.error import HTTPError
from urllib.parse import urlencode, urlsplit
from urllib.request import urlopen

import pytest
from conftest import FIRST, HEARD, LAST, SHARED, SPECIFICATIONS, rows
from openapi import UNSPECIFIED
from simulator import Project, RecordedRequest, Simulator

pytestmark = pytest.mark.skipif(not SPECIFICATIONS.operations, reason=f"there are no specifications in {SHARED / 'openapi'}")

DATES = f"from_date := '{FIRST}', to_date := '{LAST}'"
STATEMENTS = {
    "GET /api/2.0/export": f"FROM mixpanel_export({DATES})",
    "GET /api/query/insights": "FROM mixpanel_saved_report(8001)",
    "GET /api/query/funnels": f"FROM mixpanel_funnel(8101, {DATES})",
    "GET /api/query/funnels/list": "FROM mixpanel_funnels()",
    "GET /api/query/retention": f"FROM mixpanel_retention(born_event := 'Sign Up', return_event := 'Purchase', {DATES})",
    "GET /api/query/retention/addiction": f"FROM mixpanel_frequency({DATES})",
    "GET /api/query/segmentation": f"FROM mixpanel_segmentation('Purchase', {DATES}, segment_by := 'plan', unit := 'week')",
    "GET /api/query/segmentation/numeric": f"FROM mixpanel_segmentation_numeric('Purchase', {DATES}, segment_by := 'Amount')",
    "GET /api/query/segmentation/sum": f"FROM mixpanel_segmentation_sum('Purchase', {DATES}, segment_by := 'Amount')",
    "GET /api/query/segmentation/average": f"FROM mixpanel_segmentation_average('Purchase', {DATES}, segment_by := 'Amount')",
    "POST /api/query/cohorts/list": "FROM mixpanel_cohorts()",
    "POST /api/query/engage": "FROM mixpanel_profiles(output_properties := ['$email'], cohort_id := 1001)",
    "GET /api/query/events": f"FROM mixpanel_event_counts(['Purchase', 'Sign Up'], {DATES})",
    "GET /api/query/events/top": "FROM mixpanel_top_events()",
    "GET /api/query/events/names": "FROM mixpanel_events()",
    "GET /api/query/events/properties": f"FROM mixpanel_property_counts('Purchase', 'plan', {DATES}, property_values := ['pro'])",
    "GET /api/query/events/properties/top": "FROM mixpanel_properties('Purchase')",
    "GET /api/query/events/properties/values": "FROM mixpanel_property_values('plan', event := 'Purchase')",
    "POST /api/query/jql": "FROM mixpanel_jql('function main() { return params.rows }', params := '{\"rows\": [1]}')",
    "GET /api/app/projects/{projectId}/annotations": f"FROM mixpanel_annotations({DATES})",
    "GET /api/app/projects/{projectId}/annotations/tags": "FROM mixpanel_annotation_tags()",
    "GET /api/app/projects/{projectId}/schemas": "FROM mixpanel_lexicon_schemas()",
    "GET /api/app/projects/{projectId}/schemas/{entityType}": "FROM mixpanel_lexicon_schemas(entity_type := 'event')",
    "GET /api/app/projects/{projectId}/schemas/{entityType}/{name}": "FROM mixpanel_lexicon_schema('event', 'Purchase')",
}
NOT_ASKED = {
    "GET /api/query/stream/query": "it is deprecated: mixpanel_activity_feed asks stream/bookmark",
    "GET /api/app/projects/{projectId}/annotations/{annotationId}": "the list has all that is said of each",
}


def test_every_operation_that_reads_is_here():
    reading = {found.name for found in SPECIFICATIONS.operations if found.method == "GET" or found.prefix == "/api/query"}
    assert reading == STATEMENTS.keys() | NOT_ASKED.keys()


@pytest.mark.parametrize("operation", STATEMENTS)
def test_an_operation_is_asked_for(con, sim, operation):
    """And as specified: that is checked when the test ends, as for all tests."""
    rows(con, STATEMENTS[operation])
    assert operation in {SPECIFICATIONS.find(asked.method, asked.path).name for asked in sim.settled(1)}


def asked(method: str = "GET", path: str = "/api/query/events/names", form: dict | None = None, **params) -> list[str]:
    """What is wrong with a request of a service account. A parameter that is None is left out."""
    usual = {} if path.startswith("/api/app/") else {"project_id": 12345}
    return violations(method, path, {name: value for name, value in (usual | params).items() if value is not None}, form)


def violations(method: str, path: str, params, form=None, user: str = "someone:hidden", **headers) -> list[str]:
    target = f"{path}?{urlencode(params)}"
    basic = f"Basic {base64.b64encode(user.encode()).decode()}"
    encoded = {"content-type": "application/x-www-form-urlencoded"} if form else {}
    body = urlencode(form or {}).encode()
    record = RecordedRequest(
        method=method, target=target, path=urlsplit(target).path, params=dict(params), body=body, form=form or {},
        headers={"authorization": basic, **encoded, **headers}, connection=1, started=time.monotonic(),
    )  # fmt: skip
    return SPECIFICATIONS.violations(record)


EVENTS, VALUES, ENGAGE = "/api/query/events", "/api/query/events/properties/values", "/api/query/engage"
EXPORT = {"path": "/api/2.0/export", "from_date": FIRST, "to_date": LAST}
COUNTS = {"path": EVENTS, "type": "general", "unit": "day", "from_date": FIRST, "to_date": LAST, "event": '["A"]'}

RIGHT = [
    {"type": "general"},
    {"type": "unique", "limit": 5000, "workspace_id": 3001, "from_date": FIRST, "to_date": LAST},
    EXPORT | {"event": '["A", "B"]', "time_in_ms": "true", "limit": 10, "where": 'properties["a"] == "[1]"'},
    COUNTS,
    {"path": VALUES, "event": "A", "name": "plan"},
    {"path": ENGAGE, "method": "POST"},
    {"path": ENGAGE, "method": "POST", "form": {"distinct_ids": '["a"]', "page": 0, "filter_by_cohort": '{"id": 1}'}},
    {"path": ENGAGE, "method": "POST", "form": {"behaviors": '[{"window": "30d"}]', "include_all_users": "false"}},
    {"path": "/api/query/jql", "method": "POST", "form": {"script": "...", "params": "{}"}},
    {"path": "/api/app/projects/12345/annotations", "fromDate": FIRST, "toDate": LAST},
    {"path": "/api/app/projects/12345/schemas/event/A%2FB%3A%20100%25"},
    {"path": "/api/app/projects/12345/bookmarks", "v": 2},
]
WRONG = [
    ({"path": "/api/query/no/such/path"}, "the path is in no specification"),
    ({"path": "/api/2.0/export/"}, "the path is in no specification"),
    ({"method": "POST", "type": "general"}, "the path takes GET"),
    ({"path": "/api/query/cohorts/list"}, "the path takes POST"),
    ({"path": "/api/app/projects/12345/annotations", "method": "PUT"}, "the path takes GET or POST"),
    ({"type": "general", "query_origin": "us"}, "query_origin is no parameter of the query"),
    ({"type": "general", "unit": "day"}, "unit is no parameter of the query"),
    ({"path": "/api/app/projects/12345/schemas", "project_id": 12345}, "project_id is no parameter of the query"),
    ({"path": ENGAGE, "method": "POST", "where": "true"}, "where is no parameter of the query"),
    ({"path": ENGAGE, "method": "POST", "form": {"project_id": 1}}, "project_id is no parameter of the form"),
    ({"type": None}, "type is missing from the query"),
    ({"type": "general", "project_id": None}, "project_id is missing from the query"),
    (EXPORT | {"project_id": None}, "project_id is missing from the query"),
    (EXPORT | {"to_date": None}, "to_date is missing from the query"),
    (COUNTS | {"event": None}, "event is missing from the query"),
    ({"path": "/api/query/jql", "method": "POST", "form": {"params": "{}"}}, "script is missing from the form"),
    ({"path": "/api/query/jql", "method": "POST"}, "script is missing from the form"),
    ({"type": "total"}, "type = 'total' is none of general, unique, average"),
    ({"type": "general", "limit": "5e3"}, "limit = '5e3' is no integer"),
    ({"type": "general", "workspace_id": ""}, "workspace_id = '' is no integer"),
    ({"path": "/api/app/projects/shop/schemas"}, "projectId = 'shop' is no integer"),
    ({"path": "/api/app/projects/12345/schemas/cohort"}, "entityType = 'cohort' is none of event, profile"),
    (EXPORT | {"time_in_ms": "True"}, "time_in_ms = 'True' is neither true nor false"),
    (EXPORT | {"from_date": "2025-1-1"}, "from_date = '2025-1-1' is no date of the form yyyy-mm-dd"),
    (EXPORT | {"from_date": "2025-02-30"}, "from_date = '2025-02-30' is no date of the form yyyy-mm-dd"),
    ({"path": "/api/app/projects/1/annotations", "fromDate": "now"}, "fromDate = 'now' is no date of the form yyyy-mm-dd"),
    (EXPORT | {"event": "A"}, "event = 'A' is no JSON array"),
    (EXPORT | {"event": "[1]"}, "event = '[1]' is no JSON array of strings"),
    (COUNTS | {"event": '"A"'}, "event = '\"A\"' is no JSON array"),
    ({"path": VALUES, "event": '["A"]', "name": "plan"}, "event = '[\"A\"]' is a JSON array, where one name belongs"),
    ({"path": ENGAGE, "method": "POST", "form": {"output_properties": "plan"}}, "output_properties = 'plan' is no JSON array"),
    ({"path": ENGAGE, "method": "POST", "form": {"filter_by_cohort": 1001}}, "filter_by_cohort = '1001' is no JSON object"),
    ({"type": "general", "form": {"limit": 10}}, "there is a body, and the operation takes none"),
]


@pytest.mark.parametrize("request_", RIGHT, ids=str)
def test_what_is_right(request_):
    assert asked(**request_) == []


@pytest.mark.parametrize(("request_", "violation"), WRONG, ids=[violation for _, violation in WRONG])
def test_what_is_wrong_is_seen(request_, violation):
    assert asked(**request_) == [violation]


def test_a_parameter_that_comes_twice():
    names = [("project_id", 1), ("type", "general"), ("type", "general")]
    assert violations("GET", "/api/query/events/names", names) == ["type is in the query twice"]
    assert violations("POST", ENGAGE, [("project_id", 1)], [("page", 0), ("page", 0)]) == ["page is in the form twice"]


def test_a_body_that_is_no_form():
    wrong = violations("POST", ENGAGE, {"project_id": 1}, {"page": 0}, **{"content-type": "application/json"})
    assert wrong == ["the body is no form but application/json"]


def test_a_header_that_is_specified():
    export = {name: value for name, value in EXPORT.items() if name != "path"} | {"project_id": 1}
    assert violations("GET", EXPORT["path"], export, **{"accept-encoding": "gzip"}) == []
    wrong = violations("GET", EXPORT["path"], export, **{"accept-encoding": "br"})
    assert wrong == ["Accept-Encoding = 'br' is none of gzip"]


def test_a_projects_secret_stands_for_its_project():
    assert violations("GET", "/api/query/events/names", {"type": "general"}, user="secret:") == []


def test_every_simulator_is_heard(con, monkeypatch):
    """Also one of a test's own, and also what it has forgotten since."""
    with Simulator(Project(days=1, events_per_day=1)) as other:
        monkeypatch.setenv("MP_API_BASE_URL", other.url)
        rows(con, f"SELECT count(*) FROM mixpanel_export({DATES})")
        with pytest.raises(HTTPError):
            urlopen(f"{other.url}/api/query/nothing?here=1")
        other.reset()
    assert [one.path for one in HEARD] == ["/api/2.0/export"] * 5 + ["/api/query/nothing"]
    assert SPECIFICATIONS.violations(HEARD.pop()) == ["the path is in no specification"]


def test_what_is_unspecified_is_in_no_specification():
    for route in UNSPECIFIED:
        method, path = route.replace("{}", "12345").split(" ")
        assert SPECIFICATIONS.find(method, path) is None, route
