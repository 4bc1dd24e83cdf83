"""Discovery: the rows of every function against the simulator's own answer, and the one request that each makes."""
from __future__ import annotations

import base64
import json
import re
import urllib.parse
import urllib.request
from datetime import UTC, datetime

import discovered
import pytest
from conftest import PROJECT, ROOT, SECRET, USERNAME, error_of, rows

QUERY, APP = "/api/query", f"/api/app/projects/{PROJECT.project_id}"
ID = {"project_id": str(PROJECT.project_id)}
WIDEST = {"type": "general", "limit": "5000", "from_date": "2000-01-01"}
ODD_NAMES = ['A/B: 100% "new" checkout?', "a&b=c+d #1", "%41%2F", "購入 🛒", "O'Hare \\ co", "x?y;z,[]{}", " padded "]


def today() -> str:
    return str(datetime.now(UTC).date())


def asked(sim) -> list[tuple[str, str, dict]]:
    return [(request.method, request.path, request.params) for request in sim.settled()]


def told(sim, method: str, path: str, params: dict) -> object:
    """What the simulator answers to the request that was recorded."""
    query = f"?{urllib.parse.urlencode(params)}" if params else ""
    key = base64.b64encode(f"{USERNAME}:{SECRET}".encode()).decode()
    data = b"" if method == "POST" else None
    request = urllib.request.Request(sim.url + path + query, data, {"Authorization": f"Basic {key}"}, method=method)
    with urllib.request.urlopen(request) as response:
        return json.load(response)


# A call, the one request that it makes, and what reads the rows out of the answer.
CALLS = [
    ("mixpanel_events()", "GET", f"{QUERY}/events/names", {**ID, **WIDEST, "to_date": today}, discovered.events),
    ("mixpanel_events(from_date := '2025-01-02', to_date := '2025-01-03', max_rows := 3)", "GET", f"{QUERY}/events/names",
     {**ID, **WIDEST, "from_date": "2025-01-02", "to_date": "2025-01-03", "limit": "3"}, discovered.events),
    ("mixpanel_properties('Purchase')", "GET", f"{QUERY}/events/properties/top",
     {**ID, "event": "Purchase", "limit": "5000"}, discovered.properties),
    ("mixpanel_properties('Purchase', max_rows := 4)", "GET", f"{QUERY}/events/properties/top",
     {**ID, "event": "Purchase", "limit": "4"}, discovered.properties),
    ("mixpanel_property_values('Items', event := 'Purchase')", "GET", f"{QUERY}/events/properties/values",
     {**ID, "event": "Purchase", "name": "Items", "limit": "5000"}, discovered.property_values),
    # Documented as required, answered without.
    ("mixpanel_property_values('plan', max_rows := 2)", "GET", f"{QUERY}/events/properties/values",
     {**ID, "name": "plan", "limit": "2"}, discovered.property_values),
    ("mixpanel_funnels()", "GET", f"{QUERY}/funnels/list", ID, discovered.funnels),
    ("mixpanel_cohorts()", "POST", f"{QUERY}/cohorts/list", ID, discovered.cohorts),
    ("mixpanel_top_events()", "GET", f"{QUERY}/events/top", {**ID, "type": "general", "limit": "5000"},
     discovered.top_events),
    ("mixpanel_top_events(type := 'unique', max_rows := 3)", "GET", f"{QUERY}/events/top",
     {**ID, "type": "unique", "limit": "3"}, discovered.top_events),
    # The app API has the project in the path and refuses it in the query.
    ("mixpanel_bookmarks()", "GET", f"{APP}/bookmarks", {"v": "2"}, discovered.bookmarks),
    ("mixpanel_bookmarks(type := 'flows')", "GET", f"{APP}/bookmarks", {"v": "2", "type": "flows"}, discovered.bookmarks),
    ("mixpanel_bookmarks(workspace_id := 3002)", "GET", "/api/app/workspaces/3002/bookmarks", {"v": "2"},
     discovered.bookmarks),
    ("mixpanel_lexicon_schemas()", "GET", f"{APP}/schemas", {}, discovered.lexicon_schemas),
    ("mixpanel_lexicon_schemas(entity_type := 'profile')", "GET", f"{APP}/schemas/profile", {},
     discovered.lexicon_schemas),
    ("mixpanel_lexicon_schema('event', 'Purchase')", "GET", f"{APP}/schemas/event/Purchase", {}, discovered.lexicon_schema),
    ("mixpanel_annotations()", "GET", f"{APP}/annotations", {}, discovered.annotations),
    ("mixpanel_annotations(from_date := '2025-01-01', to_date := '2025-01-03')", "GET", f"{APP}/annotations",
     {"fromDate": "2025-01-01", "toDate": "2025-01-03"}, discovered.annotations),
    ("mixpanel_annotations(to_date := '2025-01-03')", "GET", f"{APP}/annotations", {"toDate": "2025-01-03"},
     discovered.annotations),
    ("mixpanel_workspaces()", "GET", f"{APP}/workspaces/public", {}, discovered.workspaces),
]  # fmt: skip
NAMES = [call for call, *_ in CALLS]


@pytest.mark.parametrize("call, method, path, params, read", CALLS, ids=NAMES)
def test_rows_and_request(con, sim, call, method, path, params, read):
    found = rows(con, f"FROM {call}")
    params = {name: value() if callable(value) else value for name, value in params.items()}
    assert asked(sim) == [(method, path, params)]
    expected = read(told(sim, method, path, params))
    if "lexicon" in call:
        found = discovered.with_json_read(found)
    if read is discovered.lexicon_schema:
        assert [row[:2] for row in found] == [("event", "Purchase")]
        found = [row[2:] for row in found]
    assert found == expected and found


def test_a_post_without_a_body_says_so(con, sim):
    """Some servers answer 411 to one that says no length."""
    rows(con, "FROM mixpanel_cohorts()")
    (request,) = sim.settled()
    assert request.headers["content-length"] == "0" and request.body == b""


@pytest.mark.parametrize("name", ODD_NAMES)
def test_every_character_of_a_name_arrives(con, sim, name):
    sim.add_fault("body", path=f"{QUERY}/events/properties/top", body='{"p": {"count": 1}}')
    assert con.execute("FROM mixpanel_properties(?)", [name]).fetchall() == [("p", 1)]
    assert con.execute("FROM mixpanel_property_values(?)", [name]).fetchall() == []
    sim.add_fault("body", path=None, body='{"description": "x"}')
    found = con.execute("SELECT entity_type, name, description FROM mixpanel_lexicon_schema('event', ?)", [name])
    assert found.fetchall() == [("event", name, "x")]
    properties, values, schema = sim.settled()
    assert properties.params["event"] == values.params["name"] == name
    assert schema.path == f"{APP}/schemas/event/{urllib.parse.quote(name, safe='')}"


@pytest.mark.parametrize("name", ["a&b=c+d #1", "%41%2F", "O'Hare \\ co", " padded ", "two\nlines", "x" * 5000])
def test_an_odd_name_that_does_not_exist_is_shown(con, sim, name):
    error = error_of(con, "FROM mixpanel_properties(?)", [name])
    assert "[NOT_FOUND]" in error and f"event: '{name.replace(chr(10), ' ')[:100]}' is not among the names" in error


def test_schemas_with_odd_names_are_found(con, sim):
    found = rows(con, "SELECT name FROM mixpanel_lexicon_schemas(entity_type := 'event')")
    for (name,) in found:
        one = con.execute("SELECT name, schema FROM mixpanel_lexicon_schema('event', ?)", [name]).fetchall()
        assert len(one) == 1 and one[0][0] == name


@pytest.mark.parametrize("call", [call for call, _, path, *_ in CALLS if path.startswith(QUERY)])
def test_the_data_view_reaches_the_query_api(con, sim, call):
    function, arguments = call.removesuffix(")").split("(", 1)
    more = ", ".join(filter(None, [arguments, "workspace_id := 3002"]))
    rows(con, f"FROM {function}({more})")
    assert [request.params["workspace_id"] for request in sim.settled()] == ["3002"]


@pytest.mark.parametrize("call", ["mixpanel_lexicon_schemas", "mixpanel_annotations", "mixpanel_workspaces"])
def test_where_there_are_no_data_views_there_is_no_parameter(con, sim, call):
    assert "workspace_id" in error_of(con, f"FROM {call}(workspace_id := 1)")
    assert not sim.settled()


@pytest.mark.parametrize("call", [call for call, _, path, *_ in CALLS if path.startswith("/api/app")])
def test_a_projects_secret_can_not_read_the_app_api(con, sim, monkeypatch, call):
    monkeypatch.delenv("MP_USERNAME")
    monkeypatch.setenv("MP_SECRET", "demo-project-secret")
    for project in (str(PROJECT.project_id), None):
        if project is None:
            monkeypatch.delenv("MP_PROJECT_ID")
        error = error_of(con, f"DESCRIBE FROM {call}")
        assert "[INVALID_CONFIG]" in error and "Use a service account" in error
    assert not sim.settled()


def test_a_projects_secret_reads_the_query_api(con, sim, monkeypatch):
    for name in ("MP_USERNAME", "MP_PROJECT_ID"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("MP_SECRET", "demo-project-secret")
    assert len(rows(con, "FROM mixpanel_funnels()")) == 4
    assert "project_id" not in sim.settled()[0].params


LOOKING = [
    "DESCRIBE FROM {}",
    "EXPLAIN FROM {}",
    "EXPLAIN SELECT count(*) FROM {0} AS a, {0} AS b",
    "CREATE VIEW v AS FROM {}",
    "CREATE MACRO m() AS TABLE FROM {}",
    "PREPARE p AS FROM {}",
    "FROM {} LIMIT 0",
    "FROM {} WHERE false",
]


@pytest.mark.parametrize("call", [*NAMES, "mixpanel_clear_cache()"])
def test_looking_makes_no_request(con, sim, call):
    for statement in LOOKING:
        con.execute(statement.format(call)).fetchall()
    # One made on purpose shows that none is still on its way.
    rows(con, "FROM mixpanel_funnels()")
    assert [request.path for request in sim.settled(1)] == [f"{QUERY}/funnels/list"]


@pytest.mark.parametrize("call", NAMES)
def test_any_columns_in_any_order(con, sim, call):
    columns = [row[0] for row in rows(con, f"DESCRIBE FROM {call}")]
    whole = rows(con, f"FROM {call}")
    backwards = rows(con, f"SELECT {', '.join(reversed(columns))} FROM {call}")
    assert [row[::-1] for row in backwards] == whole
    assert rows(con, f"SELECT count(*) FROM {call}") == [(len(whole),)]


def test_annotations_of_no_list_are_no_empty_result(con, sim):
    """The answer of Mixpanel's older API."""
    sim.add_fault("body", path=None, body='{"annotations": []}')
    assert "[UNEXPECTED_RESPONSE]" in error_of(con, "FROM mixpanel_annotations()")


def test_a_first_page_is_not_the_whole(con, sim):
    body = {"results": [{"id": 1}], "pagination": {"page_size": 1, "next_cursor": "abc"}}
    sim.add_fault("body", path=None, body=json.dumps(body))
    assert "[TRUNCATED]" in error_of(con, "FROM mixpanel_bookmarks()")


def test_lexicon_is_asked_five_times_a_minute(con, sim, monkeypatch):
    """Its own limit, and none of the query API's: once Mixpanel says no, only Lexicon waits. That five requests are
    started a minute is tested where they are counted, in `ledger.rs`."""
    monkeypatch.delenv("MP_RATE_LIMITS")
    sim.add_fault("status", path=None, status=429, headers={"Retry-After": "600"})
    for call in ("mixpanel_lexicon_schemas()", "mixpanel_lexicon_schema('event', 'Purchase')"):
        assert "[RATE_LIMITED]" in error_of(con, f"FROM {call}")
    assert rows(con, "SELECT count(*) FROM mixpanel_workspaces()") == [(2,)]
    assert rows(con, "SELECT count(*) FROM mixpanel_funnels()") == [(4,)]
    assert [request.path for request in sim.settled()] == [f"{APP}/schemas", f"{APP}/workspaces/public", f"{QUERY}/funnels/list"]


def test_the_pages_statements_work(con, sim):
    """Every one, as it stands there."""
    page = (ROOT / "docs" / "discovery.md").read_text(encoding="utf-8")
    statements = [text for block in re.findall(r"```sql\n(.*?)```", page, re.S) for text in block.split(";") if text.strip()]
    assert len(statements) > 5
    for statement in statements:
        assert rows(con, statement), statement
