"""Tests mixpanel_api: it sends a request that reads exactly as given, and refuses one that could write or lead elsewhere."""
from __future__ import annotations

import json
from urllib.parse import parse_qsl, urlsplit
from uuid import uuid4

import pytest
from conftest import FIRST, SHARED, USERNAME, connect, error_of, only_v2, rows
from simulator import Project, Simulator

pytestmark = pytest.mark.unspecified("mixpanel_api asks whatever it is told to")

NAMES = "/api/query/events/names"
ENGAGE = "/api/query/engage"
CALL = f"mixpanel_api('{NAMES}', params := {{'type': 'general'}})"


def api(con, path: str, more: str = "") -> tuple[int, str | None]:
    ((status, body),) = rows(con, f"SELECT status, body FROM mixpanel_api('{path}'{more})")
    return status, body


def one(sim):
    (request,) = sim.settled(1)
    sim.clear()
    return request


# What is asked.


def test_a_get(con, sim):
    status, body = api(con, NAMES, ", params := {'type': 'general', 'limit': 3}")
    assert status == 200 and len(json.loads(body)) == 3
    request = one(sim)
    assert (request.method, request.path, request.body) == ("GET", NAMES, b"")
    assert request.params == {"project_id": "12345", "type": "general", "limit": "3"}


def test_columns_and_their_types(con):
    assert rows(con, f"SELECT column_name, column_type FROM (DESCRIBE FROM {CALL})") == [("status", "INTEGER"), ("body", "JSON")]


def test_the_body_is_json_in_sql(con, sim):
    query = "SELECT count(*) FROM (SELECT unnest(from_json(body, '[\"VARCHAR\"]')) FROM {})"
    assert rows(con, query.format(CALL))[0][0] > 5
    path = "/api/app/projects/{project_id}/annotations"
    assert rows(con, f"SELECT body->>'$.results[0].id' FROM mixpanel_api('{path}')") == [("901",)]


VALUES = [
    ("'it''s \"a\" & b=c+d%'", "it's \"a\" & b=c+d%"),
    ("''", ""),
    ("true", "true"),
    ("-7", "-7"),
    ("18446744073709551615", "18446744073709551615"),
    ("170141183460469231731687303715884105727", "170141183460469231731687303715884105727"),
    ("1.50", "1.50"),
    ("1.5::DOUBLE", "1.5"),
    ("DATE '2025-01-31'", "2025-01-31"),
    ("TIMESTAMP '2025-01-31 10:00:01'", "2025-01-31T10:00:01"),
    ("['a', 'b \"c\"']", '["a","b \\"c\\""]'),
    ("[1.50, -2.00]", "[1.50,-2.00]"),
    ("{'id': 1001, 'ok': true, 'no': NULL, 'more': {'x': [1]}}", '{"id":1001,"ok":true,"no":null,"more":{"x":[1]}}'),
    ("'[\"as\", \"it\",  \"is\"]'::JSON", '["as", "it",  "is"]'),
    ("'größer 🛒\n'", "größer 🛒\n"),
]


@pytest.mark.parametrize("sql, sent", VALUES, ids=range(len(VALUES)))
def test_values_of_parameters(con, sim, sql, sent):
    sim.add_fault("body", path=None, times=None, body="[]")
    api(con, NAMES, f", params := {{'x': {sql}, 'y': NULL}}")
    assert one(sim).params == {"project_id": "12345", "x": sent}
    api(con, ENGAGE, f", params := {{'x': {sql}, 'y': NULL}}, method := 'POST'")
    assert one(sim).form == {"x": sent}


def test_parameters_may_be_a_map(con, sim):
    api(con, NAMES, ", params := MAP {'type': 'general', 'a b&c': 'x'}")
    assert one(sim).params == {"project_id": "12345", "type": "general", "a b&c": "x"}


def test_parameters_may_be_json_text(con, sim):
    text = '{"type": "general", "n": 1.50, "big": 12345678901234567890123, "l": ["a", 1], "yes": true, "no": null, "x": ""}'
    for params in (f"'{text}'", f"'{text}'::JSON"):
        api(con, NAMES, f", params := {params}")
        assert one(sim).params == {"project_id": "12345", "type": "general", "n": "1.50", "big": "12345678901234567890123",
                                   "l": '["a", 1]', "yes": "true", "x": ""}  # fmt: skip
    assert api(con, ENGAGE, """, method := 'POST', params := '{"filter_by_cohort": {"id": 1002}}'""")[0] == 200
    assert one(sim).form == {"filter_by_cohort": '{"id": 1002}'}


def test_a_form_is_posted(con, sim):
    status, body = api(con, ENGAGE, ", method := 'POST', params := {'filter_by_cohort': {'id': 1002}, 'include_all_users': false}")
    assert status == 200 and json.loads(body)["total"] > 0
    request = one(sim)
    assert (request.method, request.path, request.params) == ("POST", ENGAGE, {"project_id": "12345"})
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    assert request.form == {"filter_by_cohort": '{"id":1002}', "include_all_users": "false"}


@pytest.mark.parametrize("body, sent", [
    ("'{\"a\":  1.50, \"a\": 1e400}'", b'{"a":  1.50, "a": 1e400}'),
    ("'[]'::JSON", b"[]"),
    ("{'bookmark': {'limit': 2.5, 'names': ['x', NULL]}, 'big': 170141183460469231731687303715884105727}",
     b'{"bookmark":{"limit":2.5,"names":["x",null]},"big":170141183460469231731687303715884105727}'),
    ("MAP {'a': 1}", b'{"a":1}'),
    ("['x']", b'["x"]'),
])  # fmt: skip
def test_json_is_posted(con, sim, body, sent):
    sim.add_fault("body", path=None, times=None, body="[]")
    assert api(con, "/api/query/insights", f", method := 'post', body := {body}, params := {{'x': 1}}") == (200, "[]")
    request = one(sim)
    assert (request.method, request.body, request.params) == ("POST", sent, {"project_id": "12345", "x": "1"})
    assert request.headers["content-type"] == "application/json" and not request.form


def test_a_post_of_nothing(con, sim):
    assert api(con, "/api/query/cohorts/list", ", method := 'POST'")[0] == 200
    request = one(sim)
    assert (request.method, request.body, request.params) == ("POST", b"", {"project_id": "12345"})


@pytest.mark.parametrize("method", ["", ", method := 'GET'", ", method := 'get'", ", method := NULL"])
def test_the_method_in_any_case(con, sim, method):
    assert api(con, "/api/query/cohorts/list", method)[0] == 200
    assert one(sim).method == "GET"


def test_export_is_lines_in_a_string(con, sim):
    status, body = api(con, "/api/2.0/export", f", params := {{'from_date': DATE '{FIRST}', 'to_date': DATE '{FIRST}', 'limit': 3}}")
    assert status == 200 and len([json.loads(line) for line in json.loads(body).splitlines()]) == 3
    assert one(sim).params == {"project_id": "12345", "from_date": FIRST, "to_date": FIRST, "limit": "3"}


def test_the_app_api_gets_no_parameter_that_was_not_given(con, sim):
    assert api(con, "/api/app/me")[0] == 200
    assert one(sim).params == {}


def test_placeholders(con, sim):
    assert api(con, "/api/app/projects/{project_id}/bookmarks", ", params := {'v': 2}")[0] == 200
    request = one(sim)
    assert (request.path, request.params) == ("/api/app/projects/12345/bookmarks", {"v": "2"})
    assert api(con, "/api/app/workspaces/{workspace_id}/bookmarks", ", params := {'v': 2}, workspace_id := 3002")[0] == 200
    request = one(sim)
    assert (request.path, request.params) == ("/api/app/workspaces/3002/bookmarks", {"v": "2"})
    api(con, "/api/app/projects/{project_id}/annotations", ", project_id := 999")
    assert one(sim).path == "/api/app/projects/999/annotations"


def test_a_data_view(con, sim):
    api(con, NAMES, ", params := {'type': 'general'}, workspace_id := 3001, project_id := '12345'")
    assert one(sim).params == {"project_id": "12345", "workspace_id": "3001", "type": "general"}


def test_names_in_a_path_are_escaped_as_in_a_url(con, sim):
    """`url_encode` makes a name out of any text."""
    for name, written in (("購入 🛒", "'購入 🛒'"), ('A/B: 100% "new" checkout?', "url_encode('A/B: 100% \"new\" checkout?')")):
        path = f"'/api/app/projects/{{project_id}}/schemas/event/' || {written}"
        ((status,),) = rows(con, f"SELECT status FROM mixpanel_api({path})")
        assert status == 200, name
        one(sim)


# What comes back.


@pytest.mark.parametrize("status", [200, 201, 302, 400, 401, 402, 403, 404, 412, 418, 501])
def test_every_status_is_a_row(con, sim, status):
    body = '{"error": "what Mixpanel says", "code": 1.50}'
    sim.add_fault("body", path=NAMES, body=body, status=status, headers={"Location": "http://127.0.0.1:1/"})
    assert api(con, NAMES) == (status, body)
    assert len(sim.settled(1)) == 1


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503])
def test_what_may_pass_is_tried_again_and_the_last_answer_is_the_row(con, sim, status):
    sim.add_fault("status", path=NAMES, times=2, status=status)
    assert api(con, NAMES, ", params := {'type': 'general'}")[0] == 200
    assert [request.status for request in sim.settled(3)] == [status, status, 200]
    sim.clear()
    sim.add_fault("status", path=NAMES, times=None, status=status, body='{"error": "busy"}')
    assert api(con, NAMES) == (status, '{"error": "busy"}')
    assert len(sim.settled(6)) == 6


SPENT = '{"error": "Query rate limit exceeded: 1/5 queries running concurrently and 61/60 queries running in the last hour."}'


def test_a_spent_hour_is_a_row_once_and_then_known(con, sim, monkeypatch):
    """What Mixpanel says of its limit is remembered: nothing more is asked of that project."""
    monkeypatch.delenv("MP_RATE_LIMITS")
    project = int(uuid4().int % 10**12) + 10**6
    sim.add_fault("status", path=NAMES, times=None, status=429, body=SPENT)
    assert api(con, NAMES, f", project_id := {project}") == (429, SPENT)
    error = error_of(con, f"FROM mixpanel_api('{NAMES}', project_id := {project})")
    assert "[RATE_LIMITED]" in error and len(sim.settled(1)) == 1
    used = rows(con, f"SELECT used_last_hour, request_limit FROM mixpanel_quota() WHERE api = 'query' AND project_id = '{project}'")
    assert used == [(60, 60)]


def test_requests_are_counted(con, sim, monkeypatch):
    monkeypatch.delenv("MP_RATE_LIMITS")
    project = int(uuid4().int % 10**12) + 10**6
    assert api(con, NAMES, f", project_id := {project}")[0] == 403
    assert api(con, "/api/2.0/export", f", project_id := {project}")[0] in (400, 403)
    rows(con, f"FROM mixpanel_api('/api/app/projects/{{project_id}}/annotations', project_id := {project})")
    used = rows(con, f"SELECT api, used_last_hour FROM mixpanel_quota() WHERE project_id = '{project}' AND used_last_hour > 0 ORDER BY api")
    assert used == [("export", 1), ("query", 1)]


@pytest.mark.parametrize("body, expected", [
    ('{"b": 12345678901234567890123, "a": 1.10, "a": 1e400}', '{"b": 12345678901234567890123, "a": 1.10, "a": 1e400}'),
    ("null", "null"),
    ("", None),
    (" \n", None),
    ("plain \"text\"\n", '"plain \\"text\\"\\n"'),
    ("<html>\n<title>502</title>", '"<html>\\n<title>502</title>"'),
    ('{"a": 1}\n{"a": 2}\n', '"{\\"a\\": 1}\\n{\\"a\\": 2}\\n"'),
    ('{"a": NaN}', '"{\\"a\\": NaN}"'),
    ('{"cut": "\\ud83d"}', '{"cut": "\\ufffd"}'),
    (b"\xff", '"\ufffd"'),
    (b"\xef\xbb\xbf[1]", "[1]"),
    ("[" * 5000 + "]" * 5000, "[" * 5000 + "]" * 5000),
])  # fmt: skip
@pytest.mark.parametrize("status", [200, 400])
def test_bodies_as_they_came(con, sim, status, body, expected):
    sim.add_fault("body", path=NAMES, body=body, status=status, gzip=bool(body))
    found = rows(con, f"SELECT body, json_valid(body) FROM mixpanel_api('{NAMES}')")
    assert found == [(expected, None if expected is None else True)]


def test_a_complaint_with_status_200_is_an_answer(con, sim):
    sim.add_fault("error_in_200", path=NAMES)
    assert api(con, NAMES) == (200, '{"error": "Internal database error"}')


def test_a_long_refusal_is_whole(con, sim):
    body = json.dumps(["x" * 1000] * 300)
    sim.add_fault("body", path=NAMES, body=body, status=400, gzip=True)
    assert api(con, NAMES) == (400, body)


@pytest.mark.parametrize("kind, code", [("cut", "TRUNCATED"), ("corrupt_gzip", "TRUNCATED")])
def test_no_whole_answer_is_an_error(con, sim, kind, code):
    sim.add_fault(kind, path="/api/app/projects/12345/schemas", times=None)
    assert f"[{code}]" in error_of(con, "FROM mixpanel_api('/api/app/projects/{project_id}/schemas')")
    assert len(sim.settled(6)) == 6


def test_a_server_that_is_not_there_is_an_error(con, monkeypatch):
    monkeypatch.setenv("MP_API_BASE_URL", "http://127.0.0.1:1")
    assert "[NETWORK_ERROR]" in error_of(con, f"FROM {CALL}")


@pytest.mark.parametrize("status", [200, 400, 401, 500])
@pytest.mark.parametrize("form", ['{{"you sent": "{}"}}', "you sent {}", "<p>{}"])
def test_credentials_that_a_server_repeats_are_taken_out(con, sim, monkeypatch, status, form):
    secret = f"hunter2-{uuid4().hex}"
    monkeypatch.setenv("MP_SECRET", secret)
    sim.add_fault("body", path=None, times=None, body=form.format(secret), status=status)
    found = api(con, NAMES)
    assert found[0] == status and secret not in found[1] and "***" in found[1]


# What is refused before any request.

PATHS = [
    ("https://mixpanel.com/api/query/events", "is a URL"),
    ("https://user:password@evil.example/api/query/events", "is a URL"),
    ("//evil.example/api/query/events", "is a URL"),
    ("mixpanel.com/api/query/events", "must start with /api/query/"),
    ("", "must start with /api/query/"),
    ("/", "must start with /api/query/"),
    ("/api", "must start with /api/query/"),
    ("/api/query", "must start with /api/query/"),
    ("/api/query/", "has an empty part"),
    ("/api/app/", "has an empty part"),
    ("/api/APP/me", "must start with /api/query/ or /api/app/, in lower case"),
    ("/API/query/events", "in lower case"),
    ("/track", "must start with /api/query/"),
    ("/api/2.0/", "must start with /api/query/"),
    ("/api/2.0/export/x", "must start with /api/query/"),
    ("/api/2.0/engage", "Write /api/query/engage"),
    ("/api/2.0/events/names", "Write /api/query/events/names"),
    ("/api/query/../app/me", "cannot be part of a path"),
    ("/api/query/./events", "cannot be part of a path"),
    ("/api/query/%2e%2e/app/me", "cannot be part of a path"),
    ("/api/query/.%2E/app/me", "cannot be part of a path"),
    ("/api/query/%252e%252e/app/me", "cannot be part of a path"),
    ("/api/query/..%2fapp%2fme", "cannot be part of a path"),
    ("/api/query/..%5Capp", "cannot be part of a path"),
    ("/api/query/..;/app/me", "cannot be part of a path"),
    ("/api/2.0/../query/events", "must start with|renamed its other routes"),
    ("/api/query//events", "has an empty part"),
    ("/api/query/events//", "has an empty part"),
    ("/api/query\\..\\app\\me", "has a backslash"),
    ("/api/query/..\\app", "has a backslash"),
    ("/api%2fquery/events", "must start with /api/query/"),
    ("/%61pi/query/events", "must start with /api/query/"),
    (" /api/query/events", "starts or ends with a space"),
    ("/api/query/events ", "starts or ends with a space"),
    ("/api/query/events\n", "starts or ends with a space"),
    ("/api/query/ev\tents", "control character"),
    ("/api/query/x%0d%0aHost:%20evil.example", "control character"),
    ("/api/query/x%00", "control character"),
    ("/api/query/events?type=general", "params := MAP {"),
    ("/api/query/events#x", "has a fragment"),
    ("/api/query/100%", "Write %25"),
    ("/api/query/%ff", "has a % that is not an escape"),
    ("/api/query/annotations/create", "is not a known read-only route of /api/query"),
    ("/api/query/annotations/%63reate", "is not a known read-only route of /api/query"),
    ("/api/query/annotations/delete", "Use one of insights, funnels, funnels/list, "),
    ("/api/query/engage/delete", "is not a known read-only route of /api/query"),
    ("/api/query/events%2Fnames", "is not a known read-only route of /api/query"),
    ("/api/query/Events", "is not a known read-only route of /api/query"),
    ("/api/app/organizations/{organization_id}/members", "{organization_id} is not a placeholder"),
    ("/api/app/workspaces/{workspace_id}/cohorts", "workspace_id := "),
]


@pytest.mark.parametrize("path, problem", PATHS)
def test_paths_that_are_refused_when_bound(con, sim, path, problem):
    error = error_of(con, "EXPLAIN FROM mixpanel_api('{}')".format(path.replace("'", "''")))
    assert "[INVALID_ARGUMENT] path: " in error and any(part in error for part in problem.split("|")), error
    assert not sim.settled()


CALLS = [
    ("NULL", "path: is missing"),
    ("'/api/app/me', method := 'POST'", "method: POST writes on /api/app"),
    ("'/api/app/projects/{project_id}/annotations', method := 'post', body := '{}'", "method: POST writes on /api/app"),
    ("'/api/2.0/export', method := 'POST'", "method: must be 'GET' for an export"),
    ("'/api/query/engage', method := 'PUT'", "method: PUT, PATCH and DELETE write"),
    ("'/api/query/engage', method := 'patch'", "method: PUT, PATCH and DELETE write"),
    ("'/api/app/bookmarks/1', method := 'Delete'", "method: PUT, PATCH and DELETE write"),
    ("'/api/query/engage', method := 'HEAD'", "method: must be 'GET', or 'POST' on /api/query, not 'HEAD'"),
    ("'/api/query/engage', method := ' POST'", "method: must be 'GET'"),
    ("'/api/query/engage', method := 'POST' || chr(10) || 'X: y'", "method: must be 'GET'"),
    ("'/api/query/engage', method := ''", "method: must not be empty"),
    ("'/api/query/engage', body := '{}'", "body: cannot be sent with GET. Add method := 'POST'"),
    ("'/api/query/engage', method := 'POST', body := '{x}'", "body: is not JSON"),
    ("'/api/query/engage', method := 'POST', body := 5", "body: must be JSON text"),
    ("'/api/query/engage', params := 'type=general'", "params: must be a struct, a map or a JSON object"),
    ("'/api/query/engage', params := '[1]'", "params: must be a struct, a map or a JSON object"),
    ("'/api/query/engage', params := '{type}'", "params: is not JSON"),
    ("'/api/query/engage', params := '{\"\": 1}'", "params: contains a parameter without a name"),
    ("'/api/query/engage', params := '{\"project_id\": 999}'", "params: project_id is a parameter of the call itself"),
    ("'/api/query/engage', params := ['type']", "params: must be a struct, a map or a JSON object"),
    ("'/api/query/engage', params := MAP {'': 'x'}", "params: contains a parameter without a name"),
    ("'/api/query/engage', params := {'x': 'nan'::DOUBLE}", "params: x is not a finite number"),
    ("'/api/query/engage', params := {'project_id': 999}", "params: project_id is a parameter of the call itself"),
    ("'/api/query/engage', params := {'workspace_id': 9}", "params: workspace_id is a parameter of the call itself"),
    ("'/api/app/me', workspace_id := 3001", "workspace_id: has no effect on this route"),
    ("'/api/2.0/export', workspace_id := 3001", "workspace_id: has no effect on this route"),
    ("'/api/query/engage', region := 'moon'", "region: must be 'us', 'eu' or 'in'"),
]


@pytest.mark.parametrize("call, problem", CALLS)
def test_calls_that_are_refused_when_bound(con, sim, call, problem):
    error = error_of(con, f"EXPLAIN FROM mixpanel_api({call})")
    assert "[INVALID_ARGUMENT] " in error and problem in error
    assert not sim.settled()


def test_a_projects_secret(con, sim, monkeypatch):
    """It does not say its project, and the app API does not take it."""
    for name in ("MP_USERNAME", "MP_PROJECT_ID"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("MP_SECRET", "demo-project-secret")
    assert "project_id := 12345" in error_of(con, "EXPLAIN FROM mixpanel_api('/api/app/projects/{project_id}/schemas')")
    assert "[INVALID_CONFIG]" in error_of(con, "FROM mixpanel_api('/api/app/me')")
    assert not sim.settled()
    assert api(con, NAMES, ", params := {'type': 'general'}")[0] == 200


@pytest.mark.parametrize("statement", ["DESCRIBE FROM {}", "EXPLAIN FROM {}", "CREATE VIEW v AS FROM {}", "FROM {} LIMIT 0", "PREPARE p AS FROM {}"])
def test_looking_makes_no_request(con, sim, statement):
    con.execute(statement.format(CALL)).fetchall()
    rows(con, "FROM mixpanel_api('/api/app/me')")
    assert [request.path for request in sim.settled(1)] == ["/api/app/me"]


@only_v2
def test_a_database_without_access_to_the_outside(sim):
    con = connect()
    con.execute("SET enable_external_access = false")
    for function in (CALL, "mixpanel_saved_report(8001)", "mixpanel_flows(8301)"):
        assert "[EXTERNAL_ACCESS_DISABLED]" in error_of(con, f"FROM {function}")
    assert not sim.settled()
    con.close()


# Requests and refusals that a client of Mixpanel's was tested with.

FIXTURES = SHARED / "fixtures"
POSTED = [
    vector
    for folder in ("insights", "flows")
    for path in [FIXTURES / folder / "headless-unit-vectors.jsonl"]
    if path.exists()
    for vector in map(json.loads, path.read_text().splitlines())
    if vector["request"]["method"] == "POST"
]
ERRORS = sorted((FIXTURES / "errors").glob("*.http.json"))


@pytest.mark.skipif(not POSTED, reason=f"there are no fixtures in {FIXTURES}")
def test_reports_that_are_not_saved_can_be_posted(con, sim):
    """The same request. Our project stands in the query too, as Mixpanel's documentation says for service accounts."""
    for vector in POSTED:
        wanted, response = vector["request"], vector["response"]
        sim.add_fault("body", path=None, body=json.dumps(response["body"]))
        workspace, body = wanted["params"]["workspace_id"], json.dumps(wanted["json_body"])
        status, text = api(con, wanted["path"], f", method := 'POST', body := '{body}', workspace_id := {workspace}")
        assert (status, json.loads(text)) == (200, response["body"])
        request = one(sim)
        assert (request.method, request.path, json.loads(request.body)) == ("POST", wanted["path"], wanted["json_body"])
        assert request.params == {"project_id": "12345", "workspace_id": workspace}
        assert request.headers["content-type"] == wanted["headers_contain"]["content-type"]
        assert request.headers["authorization"].startswith("Basic ") and USERNAME not in request.headers["authorization"]


@pytest.mark.parametrize("path", ERRORS, ids=lambda path: path.name.removesuffix(".http.json"))
def test_every_refusal_is_a_row(con, sim, path):
    fixture = json.loads(path.read_text())
    headers = {name: "0" if name == "Retry-After" else value for name, value in fixture["headers"].items()}
    sim.add_fault("body", path=None, times=None, body=fixture["body_text"], status=fixture["status"], headers=headers)
    status, body = api(con, NAMES)
    assert status == fixture["status"]
    text = fixture["body_text"]
    try:
        assert json.loads(body) == json.loads(text)
    except (ValueError, TypeError):
        assert (json.loads(body) if body else "") == text.replace("\ufeff", "")


# A slash at the end, as Mixpanel's own client asks some routes of the app API.

ANNOTATIONS = "/api/app/projects/12345/annotations"


def test_a_slash_at_the_end_is_sent_as_it_was_written(con, sim):
    for path in (ANNOTATIONS, f"{ANNOTATIONS}/", f"{ANNOTATIONS}/tags/"):
        assert api(con, path)[0] == 200
        assert one(sim).path == path
    assert api(con, "/api/app/projects/{project_id}/annotations/", ", params := {'fromDate': DATE '2025-01-02'}")[0] == 200
    assert one(sim).target == f"{ANNOTATIONS}/?fromDate=2025-01-02"
    assert "has an empty part" in error_of(con, f"FROM mixpanel_api('{ANNOTATIONS}//')")
    assert not sim.settled()


@pytest.fixture
def redirecting(monkeypatch):
    """Its annotations want a slash at the end, and redirect to themselves where it is missing."""
    with Simulator(Project(days=5, events_per_day=10, redirects_slashes=True)) as simulator:
        monkeypatch.setenv("MP_API_BASE_URL", simulator.url)
        yield simulator


def test_a_redirect_to_the_same_address_with_a_slash_is_followed(con, redirecting):
    assert api(con, ANNOTATIONS, ", params := {'fromDate': '2025-01-02'}")[0] == 200
    assert [request.target for request in redirecting.settled(2)] == [f"{ANNOTATIONS}{slash}?fromDate=2025-01-02" for slash in ("", "/")]
    assert all(request.headers["authorization"].startswith("Basic ") for request in redirecting.requests)
    redirecting.clear()
    assert rows(con, "SELECT count(*) > 0 FROM mixpanel_annotations()") == [(True,)]
    assert [request.status for request in redirecting.settled(2)] == [301, 200]


@pytest.mark.parametrize("location", [
    "https://evil.example.com{}/", "http://127.0.0.1:1{}/", "{}/login", "{}/?x=1", "/api/app/me/",
])  # fmt: skip
def test_no_other_redirect_is(con, sim, location):
    sim.add_fault("redirect", path=ANNOTATIONS, times=None, location=location.format(ANNOTATIONS), status=301)
    assert api(con, ANNOTATIONS)[0] == 301
    assert "did not follow a redirect" in error_of(con, "FROM mixpanel_annotations()")
    assert {request.path for request in sim.settled(2)} == {ANNOTATIONS} and len(sim.requests) == 2


def test_a_redirect_of_a_post_is_not_followed(con, sim):
    sim.add_fault("redirect", path=ENGAGE, times=None, location=f"{ENGAGE}/?project_id=12345", status=308)
    assert api(con, ENGAGE, ", method := 'POST'")[0] == 308
    assert len(sim.settled()) == 1


# Lists.


@pytest.mark.parametrize("params", [
    "{'ids[]': [3, NULL, 2], 'x': ['a', 'b'], 'none[]': [], 'one[]': 'b', 'deep[]': [['c'], ['d', 'e']]}",
    """'{"ids[]": [3, null, 2], "x": ["a","b"], "none[]": [], "one[]": "b", "deep[]": [["c"], ["d","e"]]}'""",
])  # fmt: skip
def test_a_list_goes_out_once_for_each_element_where_its_name_says_so(con, sim, params):
    sent = [("ids[]", "3"), ("ids[]", "2"), ("x", '["a","b"]'), ("one[]", "b"), ("deep[]", '["c"]'), ("deep[]", '["d","e"]')]
    sim.add_fault("body", path=None, times=None, body="[]")
    api(con, "/api/app/me", f", params := {params}")
    assert parse_qsl(urlsplit(one(sim).target).query) == sent
    api(con, ENGAGE, f", params := {params}, method := 'POST'")
    assert parse_qsl(one(sim).body.decode()) == sent
    api(con, "/api/app/me", ", params := MAP {'ids[]': ['x', 'y z']}")
    assert one(sim).target == "/api/app/me?ids%5B%5D=x&ids%5B%5D=y+z"
