"""Tests the few scripts that the simulator understands, and its answer to all others."""

import json

import pytest

from .by_hand import exported
from .client import post
from .conftest import PERIOD


def run(sim, expression, params=PERIOD):
    return post(sim, "jql", script=f"function main() {{\n  return {expression};\n}}", params=params)


@pytest.mark.parametrize(
    "when",
    ["params", "{from_date: params.from_date, to_date: params.to_date}",
     '{"from_date": "2025-01-03", to_date: \'2025-01-18\'}'],
)  # fmt: skip
def test_counts(shop, when):
    events = exported(shop, *PERIOD.values())
    assert run(shop, f"Events({when}).reduce(mixpanel.reducer.count())").json == [len(events)]
    purchases = [event for event in events if event[0] == "Purchase"]
    for purchase in ("event => event.name == 'Purchase'", 'function(event) { return event.name === "Purchase"; }'):
        answer = run(shop, f"Events({when})\n    .filter({purchase})\n    .reduce(mixpanel.reducer.count())")
        assert answer.json == [len(purchases)]


def test_groups(shop):
    events = exported(shop, *PERIOD.values())
    rows = run(shop, 'Events(params).groupBy(["name", "properties.plan"], mixpanel.reducer.count())').json
    found = {tuple(row["key"]): row["value"] for row in rows}
    assert sum(found.values()) == len(events)
    assert found["Purchase", "pro"] == sum(event[0] == "Purchase" and event[3]["plan"] == "pro" for event in events)
    users = run(shop, "Events(params).groupBy(['distinct_id'], mixpanel.reducer.count())").json
    assert {row["key"][0] for row in users} == {event[1] for event in events}


def test_events(shop):
    rows = run(shop, 'Events(params).filter(event => event.name == "Purchase")').json
    events = exported(shop, *PERIOD.values(), name="Purchase")
    assert sorted(row["time"] for row in rows) == [event[3]["time"] for event in events]
    assert set(rows[0]) == {"name", "distinct_id", "labels", "time", "sampling_factor", "dataset", "properties"}
    assert not {"time", "distinct_id"} & set(rows[0]["properties"]) and "$insert_id" in rows[0]["properties"]


@pytest.mark.parametrize("rows", [[], [0], [1.5, None, "x"], [{"key": [None], "value": {}}], [[{"a": 1}]]])
def test_any_shape_can_be_asked_for(shop, rows):
    assert run(shop, "params.rows", {"rows": rows}).json == run(shop, json.dumps(rows)).json == rows


@pytest.mark.parametrize(
    ("expression", "says"),
    [
        ("Events(params).map(e => e.name)", "TypeError: Events(...).map is not a function"),
        ("People()", "ReferenceError: People is not defined"),
        ("params.nothing", "ReferenceError"),
        ("{}", "TypeError"),
        ("Events({})", "from_date"),
        ("Events({from_date: params.nothing, to_date: '2025-01-18'})", "from_date"),
        ("(", "Error: "),
    ],
)
def test_all_else_fails_as_javascript_does(shop, expression, says):
    answer = run(shop, expression)
    first, *lines = answer.error.split("\n")
    assert answer.status == 412 and answer.json["request"] == "/api/query/jql?project_id=12345"
    assert first.startswith("UserVisiblePreconditionFailedError: Uncaught exception ") and says in first
    assert "return" in lines[0] and lines[1].strip() == "^" and "Stack trace:" in lines


def test_refusals(shop):
    assert post(shop, "jql", script="main()").status == 412
    assert post(shop, "jql").status == 400
    assert post(shop, "jql", script="function main() { return []; }", params="{").status == 400
    assert post(shop, "jql", script="function main() { return []; }", format="csv").status == 400
