"""Tests that the activity feed sends what Mixpanel's own client sends: vectors `activity-feed`, one test each.

Two differences, both on purpose: ours says how many events may come (`limit`), as nobody knows how many do otherwise, and has
the project in the URL too, as on every route of the query API. Where a cursor comes, ours goes on with it."""
from __future__ import annotations

import json

import pytest
from client_vectors import arguments, here, serve, sql, vectors
from conftest import error_of, rows

pytestmark = here

FEED = "/api/query/stream/bookmark"
NAMES = {"include_events": "events"}


def call(vector: dict) -> str:
    given = dict(vector["call"]["input"])
    ids = given.pop("distinct_ids")
    (setup,) = vector["call"]["setup"]
    own = {NAMES.get(name, name): value for name, value in given.items() if name not in ("limit", "sentinel_event", "paging_window")}
    return f"mixpanel_activity_feed({sql(ids)}, {arguments(own | setup['input'])})"


@pytest.mark.parametrize("vector", vectors("activity-feed"))
def test_feeds(con, sim, vector):
    (interaction,) = vector["expect"]["interactions"]
    request, response = interaction["request"], interaction["response"]
    serve(sim, FEED, response)
    if response["status"] != 200:
        error = error_of(con, f"FROM {call(vector)}")
        assert "[AUTHENTICATION_FAILED]" in error and "Invalid credentials" in error
    else:
        expected = []
        for event in response["body"]["results"]["events"]:
            properties = dict(event["properties"])
            time, user = properties.pop("time"), properties.pop("$distinct_id", None)
            expected.append((event["event"], time, user, properties))
        found = rows(con, f"SELECT event_name, epoch(event_time)::BIGINT, distinct_id, properties FROM {call(vector)}")
        assert [(*row[:3], json.loads(row[3])) for row in found] == expected
    asked, *more = sim.settled()
    assert (asked.method, asked.path, asked.headers["content-type"]) == (request["method"], FEED, "application/json")
    assert asked.params == {key: value for key, value in request["params"].items() if key != "query_origin"} | {"project_id": "12345"}
    assert json.loads(asked.body) == request["json_body"] | {"limit": 15000}
    # A cursor is followed; the mock gives the same page again, which ends it.
    cursor = isinstance(response["body"].get("results"), dict) and response["body"]["results"].get("sentinel_event")
    assert [json.loads(one.body)["sentinel_event"] for one in more] == ([cursor] if cursor else [])


def test_every_vector_is_here():
    assert len(vectors("activity-feed")) == 13
