"""`mixpanel_activity_feed`: what some users did, as the export of the same days has it."""
from __future__ import annotations

import json

import pytest
from conftest import FIRST, LAST, error_of, export, rows

FEED = "/api/query/stream/query"
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


def test_one_request(con, sim):
    con.execute(f"FROM mixpanel_activity_feed(?, {DATES}, workspace_id := 3001)", [["a", 'with "quotes", & more', "é"]])
    (request,) = sim.settled()
    assert (request.method, request.path) == ("GET", FEED)
    ids = request.params.pop("distinct_ids")
    assert json.loads(ids) == ["a", 'with "quotes", & more', "é"]
    assert request.params == {"project_id": "12345", "workspace_id": "3001", "from_date": FIRST, "to_date": LAST}


def test_ids_are_numbers_or_texts_each_once(con, sim):
    rows(con, f"FROM {feed('[42, 7, 42]')}")
    rows(con, f"FROM {feed('range(1000)')}")
    first, second = sim.settled()
    assert json.loads(first.params["distinct_ids"]) == ["42", "7"]
    assert json.loads(second.params["distinct_ids"]) == [str(number) for number in range(1000)]


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
    ("NULL", DATES, "distinct_ids: is NULL; name users"),
    ("NULL::VARCHAR[]", DATES, "distinct_ids: is NULL; name users"),
    ("'a'", DATES, "distinct_ids: must be a list of texts or whole numbers"),
    ("['a', NULL]", DATES, "distinct_ids: holds a NULL"),
    ("range(5000)", DATES, "distinct_ids: makes a URL of "),
    ("[repeat('é', 2800)]", DATES, "distinct_ids: makes a URL of "),
    ("['']", DATES, "distinct_ids: holds an empty string"),
    ("['a']", f"from_date := '{FIRST}'", "to_date: is missing"),
    ("['a']", f"to_date := '{FIRST}'", "from_date: is missing"),
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
