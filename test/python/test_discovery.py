"""Tests discovery: the rows of every function against the simulator's own answer, and the one request that each makes."""
from __future__ import annotations

import base64
import json
import re
import urllib.parse
import urllib.request
from datetime import UTC, datetime, timedelta

import discovered
import pytest
from conftest import PROJECT, ROOT, SECRET, USERNAME, error_of, rows
from documented import last_week
from simulator.office.lookup_tables import TOKEN

QUERY, APP = "/api/query", f"/api/app/projects/{PROJECT.project_id}"
VIEW, LOOKUP = "/api/app/workspaces/3002", f"{APP}/data-definitions/lookup-tables"
ID = {"project_id": str(PROJECT.project_id)}
ALL_OF_EVENTS = {"resourceType": "Event", "includeCustom": "true", "includeZeroCounts": "true"}
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
    ("mixpanel_bookmarks(bookmark_id := 8102)", "GET", f"{APP}/bookmarks/8102", {"v": "2"}, discovered.bookmark),
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
    ("mixpanel_annotations(tags := [1, '2'])", "GET", f"{APP}/annotations", {"tags": "1,2"}, discovered.annotations),
    ("mixpanel_annotation_tags()", "GET", f"{APP}/annotations/tags", {}, discovered.annotation_tags),
    ("mixpanel_dashboards()", "GET", f"{APP}/dashboards", {}, discovered.dashboards),
    ("mixpanel_dashboards(workspace_id := 3002)", "GET", f"{VIEW}/dashboards", {}, discovered.dashboards),
    ("mixpanel_dashboard(501)", "GET", f"{APP}/dashboards/501", {}, discovered.dashboard),
    ("mixpanel_dashboard('502', workspace_id := 3002)", "GET", f"{VIEW}/dashboards/502", {}, discovered.dashboard),
    # With a slash at the end, as Mixpanel's own client asks.
    ("mixpanel_feature_flags(workspace_id := 3001)", "GET", f"{APP}/workspaces/3001/feature-flags/", {},
     discovered.feature_flags),
    ("mixpanel_feature_flags(workspace_id := 3002, include_archived := true)", "GET",
     f"{APP}/workspaces/3002/feature-flags/", {"include_archived": "true"}, discovered.feature_flags),
    ("mixpanel_experiments()", "GET", f"{APP}/experiments/", {}, discovered.experiments),
    ("mixpanel_experiments(workspace_id := 3002, include_archived := true)", "GET", f"{VIEW}/experiments/",
     {"include_archived": "true"}, discovered.experiments),
    ("mixpanel_lookup_tables()", "GET", f"{LOOKUP}/", {}, discovered.lookup_tables),
    ("mixpanel_lookup_tables(data_group_id := 611, workspace_id := 3002)", "GET",
     f"{VIEW}/data-definitions/lookup-tables/", {"data-group-id": "611"}, discovered.lookup_tables),
    ("mixpanel_cohort_definitions()", "GET", f"{APP}/cohorts", {}, discovered.cohort_definitions),
    ("mixpanel_cohort_definitions(group_id := -1405123841946871899, workspace_id := 3002)", "GET", f"{VIEW}/cohorts",
     {"data_group_id": "-1405123841946871899"}, discovered.cohort_definitions),
    ("mixpanel_projects()", "GET", "/api/app/me", {}, discovered.projects),
    ("mixpanel_event_definitions()", "GET", f"{APP}/data-definitions/events/", {}, discovered.event_definitions),
    ("mixpanel_event_definitions(custom := true, names := ['Any visit'], workspace_id := 3002)", "GET",
     f"{VIEW}/data-definitions/events/", {"name[]": "Any visit", "custom_event": "true"}, discovered.event_definitions),
    ("mixpanel_property_definitions()", "GET", f"{APP}/data-definitions/properties/", ALL_OF_EVENTS,
     discovered.property_definitions),
    ("mixpanel_property_definitions(resource_type := 'user', density := true, workspace_id := 3002)", "GET",
     f"{VIEW}/data-definitions/properties/", ALL_OF_EVENTS | {"resourceType": "User", "includeDensity": "true"},
     discovered.property_definitions),
    ("mixpanel_property_definitions(names := ['Amount'])", "GET", f"{APP}/data-definitions/properties/",
     {"name[]": "Amount"}, discovered.property_definitions),
    ("mixpanel_custom_properties()", "GET", f"{APP}/custom_properties/", {}, discovered.custom_properties),
    ("mixpanel_event_properties()", "GET", f"{QUERY}/data_definitions/events", {**ID, "fetch_per_event_properties": "true"},
     discovered.event_properties),
]  # fmt: skip
NAMES = [call for call, *_ in CALLS]
TAKE_RAW = tuple(f"mixpanel_{name}(" for name in (
    "annotations", "annotation_tags", "dashboards", "dashboard", "feature_flags", "experiments", "lookup_tables",
    "cohort_definitions", "event_definitions", "property_definitions", "custom_properties", "event_properties"))  # fmt: skip


@pytest.mark.parametrize("call, method, path, params, read", CALLS, ids=NAMES)
def test_rows_and_request(con, sim, call, method, path, params, read):
    found = rows(con, f"FROM {call}")
    params = {name: value() if callable(value) else value for name, value in params.items()}
    assert asked(sim) == [(method, path, params)]
    expected = read(told(sim, method, path, params))
    found = discovered.with_json_values(con, call, found)
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
    assert "[NOT_FOUND]" in error and f"event: '{name.replace(chr(10), ' ')[:100]}' is not among the event names" in error


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


def test_flags_are_of_the_view_that_has_all_data(con, sim):
    """Where the call names none, which takes a question of its own, once."""
    rows(con, "FROM mixpanel_feature_flags()")
    rows(con, "FROM mixpanel_feature_flags(include_archived := true)")
    flags = f"{APP}/workspaces/3001/feature-flags/"
    assert [path for _, path, _ in asked(sim)] == [f"{APP}/workspaces/public", flags, flags]


@pytest.mark.parametrize("views, asked_of", [
    ([{"id": 1, "name": "a"}, {"id": 2, "name": "b", "is_default": True}, {"id": 3, "name": "c", "is_global": True}], "3"),
    ([{"id": 1, "name": "a"}, {"id": 2, "name": "b", "is_default": True}], "2"),
    ([{"id": 1, "name": "a"}], "1"),
])  # fmt: skip
def test_which_view_flags_are_of(con, sim, views, asked_of):
    sim.add_fault("body", path=f"{APP}/workspaces/public", body=json.dumps({"results": views}))
    sim.add_fault("body", path=f"{APP}/workspaces/{asked_of}/feature-flags/", body='{"results": []}')
    assert rows(con, "FROM mixpanel_feature_flags()") == []


def test_a_project_without_views_has_no_flags_to_ask_for(con, sim):
    sim.add_fault("body", path=None, body='{"results": []}')
    assert "workspace_id := ..." in error_of(con, "FROM mixpanel_feature_flags()")


@pytest.mark.parametrize("call", [call for call in NAMES if call.startswith(TAKE_RAW)])
def test_the_whole_answer(con, sim, call):
    method, path, params = next(each[1:4] for each in CALLS if each[0] == call)
    ((answer,),) = rows(con, f"FROM {call.replace('()', '(raw := true)') if '()' in call else call[:-1] + ', raw := true)'}")
    expected = json.dumps(told(sim, method, path, params))
    assert json.loads(answer) == json.loads(re.sub(r'("token": )"[^"]*"', r"\1null", expected))


def test_nothing_shows_a_token(con, sim):
    assert "token" in json.dumps(told(sim, "GET", f"{LOOKUP}/", {}))
    for call in ("mixpanel_lookup_tables()", "mixpanel_lookup_tables(raw := true)"):
        assert TOKEN not in json.dumps(rows(con, f"FROM {call}"), default=str)


def test_several_names_of_definitions(con, sim):
    """Repeated, as the route takes them, whatever characters they have."""
    con.execute("FROM mixpanel_event_definitions(names := ?)", [ODD_NAMES]).fetchall()
    con.execute("FROM mixpanel_property_definitions(names := ?)", [ODD_NAMES]).fetchall()
    for request in sim.settled():
        query = urllib.parse.parse_qsl(urllib.parse.urlsplit(request.target).query)
        assert query == [("name[]", name) for name in ODD_NAMES]


THIRTY = {"type": "general", "unit": "day"}


def thirty_days() -> dict:
    to_date = datetime.now(UTC).date()
    return THIRTY | {"from_date": str(to_date - timedelta(days=29)), "to_date": str(to_date)}


def test_how_often_events_happened(con, sim):
    """In the last thirty days, by one request more."""
    sim.add_fault("body", path=f"{QUERY}/events/names", body='["B", "A", "never"]')
    body = {"data": {"series": [], "values": {"A": {"2025-01-01": 1, "2025-01-02": 2}, "B": {"2025-01-01": 40}}}}
    sim.add_fault("body", path=f"{QUERY}/events", body=json.dumps(body))
    call = "mixpanel_events(counts := true, workspace_id := 3002)"
    assert [row[0] for row in rows(con, f"DESCRIBE FROM {call}")] == ["event_name", "count"]
    for _ in range(2):
        assert rows(con, f"FROM {call}") == [("A", 3), ("B", 40), ("never", 0)]
    _, (method, path, params) = asked(sim)
    assert (method, path) == ("GET", f"{QUERY}/events")
    assert params == ID | thirty_days() | {"event": '["A","B","never"]', "workspace_id": "3002"}


def test_how_often_events_happened_in_the_days_of_the_call(con, sim):
    days = "from_date := '2025-01-02', to_date := '2025-01-03'"
    found = rows(con, f"FROM mixpanel_events(counts := true, {days})")
    (_, counted) = sim.settled()
    assert {name: counted.params[name] for name in ("from_date", "to_date")} == {"from_date": "2025-01-02", "to_date": "2025-01-03"}
    names = ", ".join("'" + name.replace("'", "''") + "'" for name, _ in found)
    expected = f"SELECT event_name, sum(count)::BIGINT FROM mixpanel_event_counts([{names}], {days}) GROUP BY ALL"
    assert sorted(row for row in found if row[1]) == sorted(rows(con, expected))


def test_many_events_take_several_requests(con, sim):
    names = [f"An event of a long name, number {number}" for number in range(1000)]
    sim.add_fault("body", path=f"{QUERY}/events/names", body=json.dumps(names))
    sim.add_fault("body", path=f"{QUERY}/events", times=None, body='{"data": {"series": [], "values": {}}}')
    assert len(rows(con, "FROM mixpanel_events(counts := true)")) == 1000
    counted = [json.loads(request.params["event"]) for request in sim.settled()[1:]]
    assert len(counted) > 1 and sorted(sum(counted, [])) == sorted(names)


def test_where_today_has_not_begun_yesterday_is_the_last_day(con, sim):
    sim.add_fault("body", path=f"{QUERY}/events/names", body='["A"]')
    sim.add_fault("body", path=f"{QUERY}/events", status=400, body='{"error": "to_date cannot be later than today"}')
    sim.add_fault("body", path=f"{QUERY}/events", body='{"data": {"series": [], "values": {"A": {"2025-01-01": 1}}}}')
    assert rows(con, "FROM mixpanel_events(counts := true)") == [("A", 1)]
    first, second = [request.params for request in sim.settled()[1:]]
    yesterday = datetime.fromisoformat(first["to_date"]) - timedelta(days=1)
    assert second == first | {"to_date": str(yesterday.date())}


def test_how_often_an_event_had_each_value(con, sim):
    body = {"data": {"series": [], "values": {"free": {"2025-01-01": 1}, "plus": {"2025-01-01": 1}, "pro": {"2025-01-01": 2, "2025-01-02": 3}}}}
    sim.add_fault("body", path=f"{QUERY}/events/properties", body=json.dumps(body))
    call = "mixpanel_property_values('plan', event := 'Purchase', counts := true)"
    assert rows(con, f"FROM {call}") == [("pro", 5), ("free", 1), ("plus", 1)]
    expected = ID | thirty_days() | {"event": "Purchase", "name": "plan", "limit": "5000"}
    assert asked(sim) == [("GET", f"{QUERY}/events/properties", expected)]


def test_values_without_an_event_have_no_counts(con, sim):
    error = error_of(con, "DESCRIBE FROM mixpanel_property_values('plan', counts := true)")
    assert "[INVALID_ARGUMENT] event: is missing: counts := true" in error
    assert not sim.settled()


TYPED = "mixpanel_typed_columns('Purchase')"


def test_typed_columns_by_the_definitions(con, sim):
    """Two requests, both kept: the ones that other functions make."""
    ((columns,),) = rows(con, f"FROM {TYPED}")
    assert asked(sim) == [
        ("GET", f"{QUERY}/data_definitions/events", {**ID, "fetch_per_event_properties": "true"}),
        ("GET", f"{APP}/data-definitions/properties/", ALL_OF_EVENTS),
    ]
    rows(con, "FROM mixpanel_event_properties()")
    rows(con, "FROM mixpanel_property_definitions()")
    assert len(sim.settled()) == 2
    assert columns["Amount"] == "DOUBLE" and columns["Items"] == "VARCHAR[]" and "distinct_id" not in columns


def test_typed_columns_of_a_sample(con, sim):
    """What those events have, as an export reads it."""
    lines = ['{"event":"Purchase","properties":{"time":1,"distinct_id":"a","$insert_id":"i","Amount":1.5,"Items":["x"],"At":"2025-01-31T10:00:00"}}',
             '{"event":"Purchase","properties":{"Amount":2,"Number":7,"amount":"twice"}}']  # fmt: skip
    sim.add_fault("body", path="/api/2.0/export", body="\n".join(lines))
    ((columns,),) = rows(con, "FROM mixpanel_typed_columns('Purchase', sample := 500)")
    assert columns == {"Amount": "DOUBLE", "Items": "VARCHAR[]", "At": "TIMESTAMP", "Number": "BIGINT"}
    days = thirty_days()
    to_date = str((datetime.fromisoformat(days["to_date"]) - timedelta(days=1)).date())
    from_date = str((datetime.fromisoformat(days["to_date"]) - timedelta(days=30)).date())
    assert asked(sim) == [("GET", "/api/2.0/export", ID | {"from_date": from_date, "to_date": to_date, "event": '["Purchase"]', "limit": "500"})]


@pytest.mark.parametrize("call", [TYPED, "mixpanel_typed_columns('Purchase', sample := 500)"])
def test_typed_columns_are_what_an_export_takes(con, sim, call):
    if "sample" in call:
        sim.add_fault("body", path="/api/2.0/export", body=(line := json.dumps({"event": "Purchase", "properties": {
            "Amount": 1.5, "Items": ["x"], "event_name": "y", "EVENT_TIME": "z", "properties": {}, "a'b": 1, "plan": None}})))
        assert line
    rows(con, f"SET VARIABLE typed = (SELECT columns FROM {call})")
    exported = f"mixpanel_export(from_date := '2025-01-01', to_date := '2025-01-02', events := ['Purchase'], columns := getvariable('typed'))"
    described = {row[0]: row[1] for row in rows(con, f"DESCRIBE FROM {exported}")}
    ((columns,),) = rows(con, "SELECT getvariable('typed')")
    assert described == described | columns and len(described) == 5 + len(columns)
    assert rows(con, f'SELECT count("Amount") > 0 FROM {exported}') == [(True,)]


def test_a_map_in_many_rows(con, sim):
    """Beside others, and in the order that it has."""
    found = rows(con, f"SELECT columns, i FROM range(3000) r(i), {TYPED}")
    assert len(found) == 3000 and len({json.dumps(columns) for columns, _ in found}) == 1


def test_no_sample_of_what_did_not_happen(con, sim):
    sim.add_fault("body", path="/api/2.0/export", body="")
    assert "[NOT_FOUND]" in error_of(con, "FROM mixpanel_typed_columns('Never', sample := 5)")
    assert "[NOT_FOUND]" in error_of(con, "FROM mixpanel_typed_columns('Never')")


LOOKUP_TEXT = 'a,b\n1,"x\n, ""y"""\n,é\n'


def test_rows_of_a_lookup_table(con, sim):
    """Asked each time, as the official client asks."""
    sim.add_fault("body", path=f"{LOOKUP}/download/", body=LOOKUP_TEXT, times=2)
    expected = [{"a": "1", "b": 'x\n, "y"'}, {"a": "", "b": "é"}]
    for _ in range(2):
        assert [json.loads(row) for (row,) in rows(con, "FROM mixpanel_lookup_table(7)")] == expected
    assert asked(sim) == [("GET", f"{LOOKUP}/download/", {"data-group-id": "7"})] * 2
    rows(con, "FROM mixpanel_lookup_table(610, max_rows := 2, workspace_id := 3002)")
    assert asked(sim)[2:] == [("GET", f"{VIEW}/data-definitions/lookup-tables/download/", {"data-group-id": "610", "limit": "2"})]


@pytest.mark.parametrize("body", ["", '{"status": "ok", "results": []}', "a,b\n1\n", "<html><body>no</body></html>"])
def test_what_is_no_lookup_table_is_no_empty_one(con, sim, body):
    sim.add_fault("body", path=None, body=body, times=None)
    assert "[UNEXPECTED_RESPONSE]" in error_of(con, "FROM mixpanel_lookup_table(7)")


def test_a_lookup_table_that_breaks_off_is_asked_for_again(con, sim):
    sim.add_fault("cut", path=f"{LOOKUP}/download/", fraction=0.5)
    assert len(rows(con, "FROM mixpanel_lookup_table(610)")) == 3
    assert [request.path for request in sim.settled()] == [f"{LOOKUP}/download/"] * 2


@pytest.mark.parametrize("call, problem", [
    ("mixpanel_annotations(tags := [])", "tags: must be a list of ids"),
    ("mixpanel_annotations(tags := ['releases'])", "mixpanel_annotation_tags()"),
    ("mixpanel_annotations(tags := 1)", "tags: must be a list"),
    ("mixpanel_dashboard(0)", "no board has the id 0"),
    ("mixpanel_dashboard(NULL)", "dashboard_id: is missing"),
    ("mixpanel_dashboard(1.5)", "dashboard_id: is neither"),
    ("mixpanel_dashboard('https://mixpanel.com/project/12345/app/insights#report/8001')", "nor the URL of a"),
    ("mixpanel_dashboard('https://eu.mixpanel.com/project/12345/app/boards#id=501')", "region := 'eu'"),
    ("mixpanel_bookmarks(bookmark_id := 1, type := 'flows')", "bookmark_id: cannot be combined with type"),
    ("mixpanel_bookmarks(bookmark_id := 'x')", "bookmark_id: must be a whole number"),
    ("mixpanel_lookup_table(NULL)", "data_group_id: is missing"),
    ("mixpanel_lookup_table(1, max_rows := 0)", "max_rows: must be at least 1"),
    ("mixpanel_lookup_tables(data_group_id := 'x')", "data_group_id: must be a whole number"),
])  # fmt: skip
def test_bad_input_is_refused_at_bind(con, sim, call, problem):
    error = error_of(con, f"DESCRIBE FROM {call}")
    assert "[INVALID_ARGUMENT]" in error and problem in error
    assert not sim.settled()


def test_a_boards_address_in_from(con, sim):
    """Whatever the view that it is seen through; with a card open, it is the report's address."""
    address = f"https://mixpanel.com/project/{PROJECT.project_id}/view/3001/app/boards#id=501"
    assert rows(con, f"FROM '{address}'") == rows(con, "FROM mixpanel_dashboard(501)")
    assert [path for _, path, _ in asked(sim)] == [f"{APP}/dashboards/501"]
    columns = [row[0] for row in rows(con, f"DESCRIBE FROM '{address}&editor-card-id=%22report-8001%22'")]
    assert columns[0] == "report_type"


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
    last_week(sim)
    page = (ROOT / "docs" / "discovery.md").read_text(encoding="utf-8")
    statements = [text for block in re.findall(r"```sql\n(.*?)```", page, re.S) for text in block.split(";") if text.strip()]
    assert len(statements) > 5
    for statement in statements:
        assert rows(con, statement) or statement.split()[0] == "SET", statement
