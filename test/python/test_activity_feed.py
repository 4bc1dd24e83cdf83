"""Tests `mixpanel_activity_feed`: users' events are those in the export of the same days."""
from __future__ import annotations

import json

import pytest
from conftest import FIRST, LAST, error_of, export, rows

FEED, VIEWS = "/api/query/stream/bookmark", "/api/app/projects/12345/workspaces/public"
DATES = f"from_date := '{FIRST}', to_date := '{LAST}'"


def feed(ids: str, arguments: str = DATES) -> str:
    return f"mixpanel_activity_feed({ids}, {arguments})"


def serve(sim, *events: str) -> None:
    body = '{"status": "ok", "results": {"events": [' + ", ".join(events) + "]}}"
    sim.add_fault("body", path=FEED, times=None, body=body, headers={"Content-Type": "application/json"})


@pytest.fixture
def users(con, sim) -> list[str]:
    """Those who did most."""
    con.execute(f"CREATE TABLE events AS FROM {export()}")
    sim.clear()
    query = "SELECT distinct_id FROM events WHERE distinct_id IS NOT NULL GROUP BY ALL ORDER BY count(*) DESC, 1 LIMIT 5"
    return [name for (name,) in rows(con, query)]


def test_rows_are_those_of_the_export(con, sim, users):
    """But for duplicates, which reports count once, and milliseconds, which they don't tell."""
    con.execute(f"CREATE TABLE feed AS SELECT * FROM mixpanel_activity_feed($1, {DATES})", [users])
    columns = "event_name, date_trunc('second', event_time), distinct_id, json_extract_string(properties, '$.\"$insert_id\"')"
    exported = f"""SELECT DISTINCT event_name, date_trunc('second', event_time), distinct_id, insert_id FROM events
        WHERE distinct_id IN (SELECT unnest(?))"""
    found, expected = rows(con, f"SELECT {columns} FROM feed"), con.execute(exported, [users]).fetchall()
    assert len(found) > 20 and sorted(map(repr, found)) == sorted(map(repr, expected))
    # Neither of the two names of the user is left, and no time.
    left = "json_keys(properties)"
    assert rows(con, f"SELECT count(*) FROM feed WHERE list_has_any({left}, ['time', 'distinct_id'])") == [(0,)]
    assert rows(con, "SELECT count(*) FILTER (NOT json_valid(properties)), count(DISTINCT distinct_id) FROM feed") == [(0, 5)]


def asked(sim) -> list[dict]:
    """The bodies of the requests for a feed."""
    return [json.loads(request.body) for request in sim.settled() if request.path == FEED]


def test_one_request(con, sim):
    ids = ["a", 'with "quotes", & more', "é"]
    con.execute(f"FROM mixpanel_activity_feed(?, {DATES}, workspace_id := 3002)", [ids])
    (request,) = sim.settled()
    assert (request.method, request.path, request.params) == ("POST", FEED, {"project_id": "12345", "workspace_id": "3002"})
    assert asked(sim) == [{
        "project_id": "12345", "workspace_id": 3002, "bookmark": {"dateRange": {"type": "between", "from": FIRST, "to": LAST}, "entries": []},
        "distinct_ids": ids, "mode": "raw", "limit": 15000,
    }]  # fmt: skip


def test_without_a_data_view_it_is_the_one_of_the_whole_project(con, sim):
    """Which is looked up, and kept for a quarter of an hour as all discovery."""
    for user in "ab":
        rows(con, f"FROM {feed([user])}")
    assert [request.path for request in sim.settled()] == [VIEWS, FEED, FEED]
    assert [body["workspace_id"] for body in asked(sim)] == [3001, 3001]


def test_who_may_not_see_the_data_views_can_name_one(con, sim):
    sim.add_fault("status", path=VIEWS, times=None, status=403, body='{"error": "no"}')
    error = error_of(con, f"FROM {feed(['a'])}")
    assert "[PERMISSION_DENIED]" in error and "Add workspace_id := ..." in error
    assert rows(con, f"FROM {feed(['a'], DATES + ', workspace_id := 3001')}") == []


@pytest.mark.parametrize("days, expected", [
    ("", {"type": "relative_after", "window": {"unit": "day", "value": 30}}),
    (f"from_date := '{FIRST}'", {"type": "since", "from": FIRST}),
    ("to_date := '2025-01-31'", {"type": "between", "from": "2025-01-01", "to": "2025-01-31"}),
])  # fmt: skip
def test_ends_may_be_open(con, sim, users, days, expected):
    found = rows(con, f"FROM mixpanel_activity_feed({users}{days and ', '}{days})")
    assert found == rows(con, f"FROM {feed(users)}") and found
    assert asked(sim)[0]["bookmark"]["dateRange"] == expected


def test_events_to_include_and_to_exclude(con, sim, users):
    everything = rows(con, f"SELECT event_name FROM {feed(users)}")
    for arguments, wanted in [("events := ['Purchase', 'Search']", lambda name: name in ("Purchase", "Search")),
                              ("exclude_events := ['View Item']", lambda name: name != "View Item")]:  # fmt: skip
        found = rows(con, f"SELECT event_name FROM {feed(users, f'{DATES}, {arguments}')}")
        assert found == [(name,) for (name,) in everything if wanted(name)] and 0 < len(found) < len(everything)
    _, included, excluded = asked(sim)
    assert (included["include_events"], excluded["exclude_events"]) == (["Purchase", "Search"], ["View Item"])


def test_a_search(con, sim, users):
    anywhere = f"{DATES}, search := 'paris'"
    rows(con, f"FROM {feed(users, anywhere)}")
    places = "search := 'paris', search_properties := [{'value': '$city', 'resourceType': 'event'}], use_custom_events := true"
    found = rows(con, f"SELECT count(*) FROM {feed(users, f'{DATES}, {places}')}")
    assert found == rows(con, f"SELECT count(*) FROM {feed(users)} WHERE mixpanel_property(properties, '$city') = 'Paris'")
    assert {key: asked(sim)[1][key] for key in ("search", "search_properties", "use_custom_events")} == {
        "search": "paris", "search_properties": [{"value": "$city", "resourceType": "event"}], "use_custom_events": True,
    }  # fmt: skip


def answer(*events: str, cursor: str = "null") -> str:
    return '{"status": "ok", "results": {"events": [' + ", ".join(events) + f'], "sentinel_event": {cursor}}}}}'


def event(name: str, number: int | None = None) -> str:
    return json.dumps({"event": name, "properties": {"time": 1735689600} | ({"$insert_id": str(number)} if number else {})})


def test_pages_are_read_to_the_last(con, sim):
    """The cursor goes back byte for byte; what a page repeats of the one before is told once."""
    cursor = '{"event":"C" , "n": 1.50}'
    for body in (answer(event("A"), event("B", 1), cursor=cursor), answer(event("B", 1), event("A"), cursor='"next"'), answer(event("D"))):
        sim.add_fault("body", path=FEED, body=body, headers={"Content-Type": "application/json"})
    call = feed(["u"], DATES + ", workspace_id := 1")
    assert rows(con, f"SELECT event_name FROM {call}") == [("A",), ("B",), ("A",), ("D",)]
    bodies = [request.body.decode() for request in sim.settled()]
    assert "sentinel_event" not in bodies[0] and bodies[1].endswith(f',"sentinel_event":{cursor}}}') and bodies[2].endswith(',"sentinel_event":"next"}')


@pytest.mark.parametrize("second", [answer(event("A"), event("B"), cursor='{"x": 1}'), answer(cursor='{"x": 2}'), answer(event("C"), cursor='{"x": 1}')])
def test_a_server_that_comes_to_no_end_is_left(con, sim, second):
    sim.add_fault("body", path=FEED, body=answer(event("A"), event("B"), cursor='{"x": 1}'))
    sim.add_fault("body", path=FEED, times=None, body=second)
    found = rows(con, f"SELECT event_name FROM {feed(['u'], DATES + ', workspace_id := 1')}")
    assert found == [("A",), ("B",)] + [("C",)] * ('"C"' in second) and len(sim.settled()) == 2


def test_as_many_as_are_wanted(con, sim, users):
    everything = rows(con, f"FROM {feed(users)}")
    sim.clear()
    assert rows(con, f"FROM {feed(users, DATES + ', max_rows := 5')}") == everything[:5]
    assert [body["limit"] for body in asked(sim)] == [5]
    # A server that gives no more than some at a time is asked again, for the rest.
    sim.clear()
    for body in (answer(event("A"), cursor="1"), answer(event("B"), event("C"), event("D"), cursor="2")):
        sim.add_fault("body", path=FEED, body=body)
    assert rows(con, f"SELECT event_name FROM {feed(['u'], DATES + ', max_rows := 3')}") == [("A",), ("B",), ("C",)]
    assert [body["limit"] for body in asked(sim)] == [3, 2]


def test_a_failure_on_a_later_page_is_an_error(con, sim):
    sim.add_fault("body", path=FEED, body=answer(event("A"), cursor="1"))
    sim.add_fault("status", path=FEED, times=None, status=400, body='{"error": "Invalid cursor"}')
    error = error_of(con, f"FROM {feed(['u'])}")
    assert "page 2: " in error and "Invalid cursor" in error


def test_ids_are_numbers_or_texts_each_once(con, sim):
    rows(con, f"FROM {feed('[42, 7, 42]')}")
    rows(con, f"FROM {feed('range(5000)')}")
    first, second = asked(sim)
    assert first["distinct_ids"] == ["42", "7"]
    assert second["distinct_ids"] == [str(number) for number in range(5000)]


@pytest.mark.parametrize("ids", ["[]", "[]::VARCHAR[]"])
def test_no_ids_are_no_rows_and_no_request(con, sim, ids):
    assert rows(con, f"FROM {feed(ids)}") == []
    assert rows(con, f"FROM {feed(ids, DATES + ', raw := true')}") == []
    assert not sim.settled()


def test_nobody_did_anything(con, sim):
    assert rows(con, f"FROM {feed(['nobody'])}") == []


def test_columns(con, sim):
    described = con.execute(f"DESCRIBE FROM {feed(['a'])}").fetchall()
    assert [row[:2] for row in described] == [
        ("event_name", "VARCHAR"), ("event_time", "TIMESTAMP"), ("distinct_id", "VARCHAR"), ("properties", "JSON"),
    ]  # fmt: skip
    described = con.execute(f"DESCRIBE FROM {feed(['a'], DATES + ', raw := true')}").fetchall()
    assert [row[:2] for row in described] == [("response", "JSON")]
    con.execute(f"EXPLAIN FROM {feed(['a'])}")
    con.execute(f"CREATE VIEW feed AS FROM {feed(['a'])}")
    assert not sim.settled()


def test_values_keep_every_byte(con, sim):
    serve(sim,
          '{"event": "A", "properties": {"time": 1735689600, "distinct_id": 12345678901234567890, "n": 1.50, "o": {"x" : 1e400}}}',
          r'{"event": "B\u00e9", "properties": {"a": "\ud83d", "$distinct_id": "u", "time": 1735689600123}}',
          '{"event": "C", "properties": {"distinct_id": "u", "$distinct_id": "v", "time": "noon"}}')  # fmt: skip
    assert rows(con, f"SELECT event_name, event_time::VARCHAR, distinct_id, properties FROM {feed(['u'])}") == [
        ("A", "2025-01-01 00:00:00", "12345678901234567890", '{"n":1.50,"o":{"x" : 1e400}}'),
        ("Bé", "2025-01-01 00:00:00.123", "u", '{"a":"\\ufffd"}'),
        ("C", None, "u", '{"$distinct_id":"v","time":"noon"}'),
    ]


def test_raw_is_the_whole_answer(con, sim):
    body = '{"status":"ok" , "results":{"events":[]}, "more":1.50}'
    sim.add_fault("body", path=FEED, body=body)
    assert rows(con, f"FROM {feed(['u'], DATES + ', raw := true')}") == [(body,)]


@pytest.mark.parametrize("body", ['{"status": "ok"}', '{"results": {"events": {}}}', "[]", '{"results": {"events": [{"event": "A"}]}}'])
def test_what_is_no_feed_is_an_error(con, sim, body):
    sim.add_fault("body", path=FEED, times=None, body=body)
    assert "[UNEXPECTED_RESPONSE]" in error_of(con, f"FROM {feed(['u'])}")


@pytest.mark.parametrize("ids, arguments, problem", [
    ("NULL", DATES, "distinct_ids: is NULL. Name users"),
    ("NULL::VARCHAR[]", DATES, "distinct_ids: is NULL. Name users"),
    ("'a'", DATES, "distinct_ids: must be a list of texts or whole numbers"),
    ("['a', NULL]", DATES, "distinct_ids: contains NULL"),
    ("['']", DATES, "distinct_ids: contains an empty string"),
    ("['a']", "events := ['A'], exclude_events := ['B']", "exclude_events: cannot be combined with events"),
    ("['a']", "events := []", "events: is an empty list"),
    ("['a']", "search_properties := [{'value': 'a', 'resourceType': 'event'}]", "search_properties: needs search"),
    ("['a']", "search := 'x', search_properties := [{'value': 'a'}]", "search_properties: must be a list of objects"),
    ("['a']", "max_rows := 0", "max_rows: must be at least 1"),
    ("['a']", f"from_date := '{LAST}', to_date := '{FIRST}'", f"from_date: {LAST} is after to_date {FIRST}"),
])  # fmt: skip
def test_what_is_refused_before_any_request(con, sim, ids, arguments, problem):
    assert problem in error_of(con, f"DESCRIBE FROM {feed(ids, arguments)}")
    assert not sim.settled()


def test_a_refusal_says_what_mixpanel_said(con, sim):
    sim.add_fault("status", path=FEED, times=None, status=400, body='{"error": "Invalid query"}')
    error = error_of(con, f"FROM {feed(['u'])}")
    assert "[INVALID_REQUEST]" in error and "Invalid query" in error


def test_what_passes_is_mended(con, sim, users):
    expected = rows(con, f"FROM {feed(users)}")
    for kind in ("cut", "cut_clean_gzip", "html_200", "status"):
        sim.add_fault(kind, path=FEED)
        assert rows(con, f"FROM {feed(users)}") == expected
