"""Tests ad-hoc Insights reports: the requests, the rows, and what fails before a request."""
from __future__ import annotations

import json
from datetime import date, datetime

import pytest
from conftest import SHARED, error_of, export, rows
from saved import INSIGHTS, in_series, leaves, serve

DAYS = "from_date := '2025-01-01', to_date := '2025-01-05'"


def ask(events: str, more: str = "", what: str = "*") -> str:
    return f"SELECT {what} FROM mixpanel_query_insights({events}, {DAYS}{more and ', ' + more})"


def posted(sim) -> dict:
    (request,) = sim.settled(1)
    assert (request.method, request.path, request.params["project_id"]) == ("POST", INSIGHTS, "12345")
    return json.loads(request.body)


def sections(con, sim, events: str, more: str = "") -> dict:
    """What one question says; the simulator need not have an answer."""
    serve(sim, {"series": {}})
    rows(con, ask(events, ", ".join(filter(None, [more, "max_age := INTERVAL 0 SECONDS"]))))
    return posted(sim)["bookmark"]["sections"]


# One thing is written in several ways.

PURCHASE = {"type": "event", "name": "Purchase", "resourceType": "events", "filtersDeterminer": "all", "filters": []}
REVENUE = {"type": "metric", "behavior": PURCHASE, "measurement": {"math": "total", "property": {"name": "Amount", "resourceType": "events"}}}
SIGN_UP = {"type": "metric", "behavior": PURCHASE | {"name": "Sign Up"}, "measurement": {"math": "total"}}


@pytest.mark.parametrize("events", [
    "({'event': 'Purchase', 'math': 'sum', 'property': 'Amount'}, 'Sign Up')",
    "[{'event': 'Purchase', 'math': 'sum', 'property': 'Amount'}, {'event': 'Sign Up'}]",
    "[{'event': 'Purchase', 'math': 'sum', 'property': 'Amount'}, {'event': 'Sign Up', 'math': NULL, 'property': NULL}]",
    "[MAP {'event': 'Purchase', 'math': 'sum', 'property': 'Amount'}, MAP {'event': 'Sign Up'}]",
    "[to_json({'event': 'Purchase', 'math': 'sum', 'property': 'Amount'}), to_json('Sign Up')]",
    """'[{"event": "Purchase", "math": "sum", "property": "Amount"}, "Sign Up"]'""",
    """'[{"event": "Purchase", "math": "sum", "property": "Amount"}, {"event": "Sign Up", "math": null}]'::JSON""",
    """['{"event": "Purchase", "math": "sum", "property": "Amount"}', 'Sign Up']""",
])  # fmt: skip
def test_a_list_of_events_in_every_notation(con, sim, events):
    assert sections(con, sim, events)["show"] == [REVENUE, SIGN_UP]


@pytest.mark.parametrize("event", ["'Purchase'", "['Purchase']", "{'event': 'Purchase'}", "'\"Purchase\"'", "'{\"event\": \"Purchase\"}'"])
def test_one_event_in_every_notation(con, sim, event):
    assert sections(con, sim, event)["show"] == [{"type": "metric", "behavior": PURCHASE, "measurement": {"math": "total"}}]


@pytest.mark.parametrize("name", ["[Auto] Page View", "a \"b\"", "{", "🛒"])
def test_names_that_look_like_something_else(con, sim, name):
    assert sections(con, sim, f"{{'event': '{name}'}}")["show"][0]["behavior"]["name"] == name
    if name != "{":
        sim.clear()
        assert sections(con, sim, f"'{name}'")["show"][0]["behavior"]["name"] == name


def test_a_call_says_what_its_events_do_not(con, sim):
    events = "({'event': 'Sign Up'}, 'Purchase', {'event': 'Purchase', 'math': 'total'})"
    maths = [metric["measurement"] for metric in sections(con, sim, events, "math := 'unique'")["show"]]
    assert maths == [{"math": "unique"}, {"math": "unique"}, {"math": "total"}]


FILTERS = [
    ("{'property': 'plan', 'op': 'equals', 'value': 'pro'}", "string", "equals", ["pro"]),
    ("{'property': 'plan', 'op': 'does not equal', 'value': ['pro', 'free']}", "string", "does not equal", ["pro", "free"]),
    ("{'property': 'plan', 'op': 'contains', 'value': 'r'}", "string", "contains", "r"),
    ("{'property': 'plan', 'op': 'does not contain', 'value': 'r'}", "string", "does not contain", "r"),
    ("{'property': 'plan', 'op': 'starts with', 'value': 'p'}", "string", "starts with", "p"),
    ("{'property': 'plan', 'op': 'ends with', 'value': 'o'}", "string", "ends with", "o"),
    ("{'property': 'plan', 'op': 'is set'}", "string", "is set", None),
    ("{'property': 'plan', 'op': 'is not set'}", "string", "is not set", None),
    ("{'property': 'Amount', 'op': 'equals', 'value': 10}", "number", "equals", 10),
    ("{'property': 'Amount', 'op': 'is greater than', 'value': 10.5}", "number", "is greater than", 10.5),
    ("{'property': 'Amount', 'op': 'is less than', 'value': '10'}", "number", "is less than", 10),
    ("{'property': 'Amount', 'op': 'is at least', 'value': 10::DOUBLE}", "number", "is at least", 10),
    ("{'property': 'Amount', 'op': 'is at most', 'value': 10::UTINYINT}", "number", "is at most", 10),
    ("{'property': 'Amount', 'op': 'is between', 'value': [1, 2]}", "number", "is between", [1, 2]),
    ("{'property': 'Amount', 'op': 'not between', 'value': [1, 2]}", "number", "not between", [1, 2]),
    ("{'property': 'paid', 'op': 'true'}", "boolean", "true", None),
    ("{'property': 'paid', 'op': 'false'}", "boolean", "false", None),
    ("{'property': 'paid', 'op': 'equals', 'value': true}", "boolean", "true", None),
    ("{'property': 'paid', 'op': 'does not equal', 'value': true}", "boolean", "false", None),
    ("{'property': 'since', 'op': 'was on', 'value': DATE '2025-01-31'}", "datetime", "was on", "2025-01-31"),
    ("{'property': 'since', 'op': 'was not on', 'value': '2025-01-31'}", "datetime", "was not on", "2025-01-31"),
    ("{'property': 'since', 'op': 'was before', 'value': '2025-01-31'}", "datetime", "was before", "2025-01-31"),
    ("{'property': 'since', 'op': 'was since', 'value': '2025-01-31'}", "datetime", "was since", "2025-01-31"),
    ("{'property': 'since', 'op': 'was between', 'value': [DATE '2025-01-01', DATE '2025-01-31']}", "datetime", "was between", ["2025-01-01", "2025-01-31"]),
    ("{'property': 'since', 'op': 'was not between', 'value': ['2025-01-01', '2025-01-31']}", "datetime", "was not between", ["2025-01-01", "2025-01-31"]),
]  # fmt: skip


@pytest.mark.parametrize("said, kind, operator, value", FILTERS)
def test_every_operator(con, sim, said, kind, operator, value):
    (entry,) = sections(con, sim, "'Purchase'", f"filters := {said}")["filter"]
    assert entry == {
        "resourceType": "events", "filterType": kind, "defaultType": kind, "filterOperator": operator, "filterValue": value,
        "value": said.split("'")[3],
    }  # fmt: skip


@pytest.mark.parametrize("operator", ["was in the", "was not in the", "was in the next"])
def test_operators_of_a_span(con, sim, operator):
    said = f"{{'property': '$created', 'op': '{operator}', 'value': 7, 'date_unit': 'day', 'resource': 'user'}}"
    (entry,) = sections(con, sim, "'Purchase'", f"filters := {said}")["filter"]
    assert entry == {
        "resourceType": "people", "filterType": "datetime", "defaultType": "datetime", "filterOperator": operator, "filterValue": 7,
        "filterDateUnit": "day", "value": "$created",
    }  # fmt: skip


def test_filters_of_an_event_and_of_the_items_of_a_list(con, sim):
    item = "{'property': 'Brand', 'op': 'equals', 'value': 'Acme'}"
    event = f"{{'event': 'Purchase', 'filters': {{'property': 'cart', 'op': 'list_contains', 'item_filters': {item}}}, 'filters_combinator': 'any'}}"
    behavior = sections(con, sim, event)["show"][0]["behavior"]
    assert behavior["filtersDeterminer"] == "any"
    (entry,) = behavior["filters"]
    assert (entry["filterJoinType"], entry["listQuantifier"], entry["listItemFilters"][0]["filterValue"]) == ("list", "any", ["Acme"])


def test_breakdowns_of_every_kind(con, sim):
    said = (
        "('plan', {'property': 'plan', 'resource': 'user'}, {'property': 'Amount', 'bucket_size': 10, 'bucket_min': 0, 'bucket_max': 100}, "
        "{'cohort': 123, 'name': 'Power users'}, {'event': 'Purchase'}, {'property': {'id': 42}}, {'property': 'cart', 'sub': 'Brand'})"
    )
    plan, user, amount, cohort, frequency, custom, item = sections(con, sim, "'Purchase'", f"segment_by := {said}")["group"]
    assert (plan["value"], plan["resourceType"]) == ("plan", "events")
    assert (user["value"], user["resourceType"]) == ("plan", "people")
    assert amount["customBucket"] == {"bucketSize": 10, "min": 0, "max": 100} and amount["propertyType"] == "number"
    assert cohort["value"] == ["Power users", "Not In Power users"]
    assert frequency["behavior"]["behaviorType"] == "$frequency"
    assert custom["customPropertyId"] == 42
    assert item["listItemGroup"]["propertyName"] == "Brand"


def test_what_stands_beside_the_sections(con, sim):
    serve(sim, {"series": {}})
    rows(con, ask("'Purchase'", "rolling := 7, mode := 'table', compare_to := 'month', unit := 'week', max_rows := 50"))
    body = posted(sim)
    assert body["queryLimits"] == {"limit": 50}
    assert body["project_id"] == 12345
    assert body["bookmark"]["displayOptions"] == {
        "chartType": "table", "analysis": "rolling", "rollingWindowSize": 7, "timeComparison": {"type": "relative", "value": "month"},
    }  # fmt: skip
    assert body["bookmark"]["sections"]["time"] == [{"dateRangeType": "between", "unit": "week", "value": ["2025-01-01", "2025-01-05"]}]


def test_days_are_thirty_or_said(con, sim):
    serve(sim, {"series": {}})
    rows(con, "FROM mixpanel_query_insights('Purchase')")
    rows(con, "FROM mixpanel_query_insights('Purchase', last_days := 7)")
    times = [json.loads(request.body)["bookmark"]["sections"]["time"][0] for request in sim.settled(2)]
    assert times == [{"dateRangeType": "in the last", "unit": "day", "window": {"unit": "day", "value": days}} for days in (30, 7)]


# What is counted agrees with SQL over the export.

PURCHASES = f"(SELECT *, event_time::DATE AS day FROM {export()} WHERE event_name = 'Purchase')"
AMOUNT = "CASE json_type(properties->'Amount') WHEN 'VARCHAR' THEN NULL ELSE (properties->>'Amount')::DOUBLE END"


EVENTS = "count(DISTINCT insert_id) + count(*) FILTER (insert_id IS NULL)"
"""A report counts each event once, and an export may have it twice."""


def by_day(con, value: str, where: str = "true") -> dict[date, float]:
    return dict(rows(con, f"SELECT day, {value} FROM {PURCHASES} WHERE {where} GROUP BY day"))


@pytest.mark.parametrize("math, value", [("'total'", EVENTS), ("'unique'", "count(DISTINCT distinct_id)")])
def test_counts_agree_with_the_export(con, sim, math, value):
    found = dict(rows(con, ask("'Purchase'", f"math := {math}", "date, value")))
    assert found == by_day(con, value) and len(found) == 5


def test_sums_and_averages_agree_with_the_export(con, sim):
    unique = f"(SELECT DISTINCT ON (coalesce(insert_id, uuid()::VARCHAR)) day, {AMOUNT} AS amount FROM {PURCHASES})"
    expected = rows(con, f"SELECT day, sum(amount), avg(amount) FROM {unique} GROUP BY day ORDER BY day")
    events = "[{'event': 'Purchase', 'math': 'sum', 'property': 'Amount'}, {'event': 'Purchase', 'math': 'average', 'property': 'Amount'}]"
    found = rows(con, f"PIVOT ({ask(events, '', 'date, left(metric, 1) AS metric, value')}) ON metric USING first(value) ORDER BY date")
    assert [row[0] for row in found] == [row[0] for row in expected]
    assert [row[1:] for row in found] == [pytest.approx(row[1:]) for row in expected]


@pytest.mark.parametrize("said, where", [
    ("{'property': 'plan', 'op': 'equals', 'value': 'pro'}", "properties->>'plan' = 'pro'"),
    ("{'property': 'plan', 'op': 'does not equal', 'value': ['pro', 'free']}", "coalesce(properties->>'plan', '') NOT IN ('pro', 'free')"),
    ("{'property': 'Amount', 'op': 'is greater than', 'value': 100}", f"{AMOUNT} > 100"),
    ("{'property': 'Coupon', 'op': 'is set'}", "properties->>'Coupon' IS NOT NULL"),
    ("({'property': 'plan', 'op': 'equals', 'value': 'pro'}, {'property': 'Amount', 'op': 'is between', 'value': [10, 200]})",
     f"properties->>'plan' = 'pro' AND {AMOUNT} BETWEEN 10 AND 200"),
])  # fmt: skip
def test_filters_agree_with_the_export(con, sim, said, where):
    found = {day: value for day, value in rows(con, ask("'Purchase'", f"filters := {said}", "date, value")) if value}
    assert found == by_day(con, EVENTS, where) and found
    of_the_event = ask(f"{{'event': 'Purchase', 'filters': {said}}}", "", "date, value")
    assert {day: value for day, value in rows(con, of_the_event) if value} == found


def test_a_breakdown_agrees_with_the_export(con, sim):
    found = rows(con, ask("'Purchase'", "segment_by := 'plan', mode := 'total'", "segments[1], date, value"))
    expected = rows(con, f"SELECT coalesce(properties->>'plan', 'undefined') AS plan, NULL, {EVENTS} FROM {PURCHASES} GROUP BY plan")
    expected += rows(con, f"SELECT '$overall', NULL, {EVENTS} FROM {PURCHASES}")
    assert sorted(found) == sorted(expected) and len(found) > 2


# Answers.


@pytest.mark.parametrize("path", sorted((SHARED / "fixtures" / "insights").glob("*.json")) or [None], ids=lambda path: path and path.stem)
def test_recorded_answers_become_rows(con, sim, path):
    if path is None:
        pytest.skip("../shared/fixtures is not there")
    body = json.loads(path.read_text(encoding="utf-8"))
    serve(sim, body)
    found = rows(con, ask("'Purchase'", "unit := 'hour', max_rows := 50000"))
    names = [sorted([*([metric] if metric else []), *segments, *([day.isoformat()] if day else [])]) for metric, segments, day, _ in found]
    assert sorted((tuple(name), value is None, value or 0) for name, (*_, value) in zip(names, found)) == sorted(
        (name, value is None, value or 0) for (name, value), count in in_series(body).items() for _ in range(count)
    )
    assert len(found) == sum(1 for _ in leaves(body["series"]))


def test_dates_are_dates_but_for_hours(con, sim):
    types = "SELECT column_name, column_type FROM (DESCRIBE {})"
    columns = [("metric", "VARCHAR"), ("segments", "VARCHAR[]"), ("date", "DATE"), ("value", "DOUBLE")]
    assert rows(con, types.format(ask("'Purchase'"))) == columns
    columns[2] = ("date", "TIMESTAMP")
    assert rows(con, types.format(ask("'Purchase'", "unit := 'hour'"))) == columns
    assert not sim.settled()
    assert rows(con, ask("'Purchase'", "", "min(date)")) == [(date(2025, 1, 1),)]
    assert rows(con, ask("'Purchase'", "unit := 'hour'", "max(date)")) == [(datetime(2025, 1, 5, 23),)]


def test_the_whole_answer(con, sim):
    ((answer,),) = rows(con, ask("'Purchase'", "raw := true"))
    assert json.loads(answer)["headers"] == ["$metric"]


def test_a_cut_answer_is_an_error_unless_it_was_asked_for(con, sim):
    serve(sim, {"series": {"A": {"$overall": {"all": 3}, "x": {"all": 2}}}, "meta": {"is_segmentation_limit_hit": True}})
    message = error_of(con, ask("'Purchase'", "segment_by := 'plan'"))
    assert "[TRUNCATED] the answer has 3000 segments, as many as were requested" in message and "max_rows := 50000" in message
    assert len(rows(con, ask("'Purchase'", "segment_by := 'plan', max_rows := 1"))) == 2
    sim.reset()
    assert len(rows(con, ask("'Purchase'", "segment_by := 'plan', mode := 'total', max_rows := 1"))) == 2


def test_an_event_that_does_not_exist_is_no_silent_zero(con, sim):
    assert {value for (value,) in rows(con, ask("'Time Travel'", "", "value"))} == {0.0}


def test_the_same_question_is_one_request_within_a_minute(con, sim):
    once = rows(con, ask("'Purchase'"))
    assert rows(con, ask("{'event': 'Purchase', 'math': 'total'}")) == once and len(sim.settled()) == 1
    rows(con, ask("'Purchase'", "math := 'unique'"))
    rows(con, ask("'Purchase'", "max_age := INTERVAL 0 SECONDS"))
    assert len(sim.settled()) == 3


# What is refused, without a request.


@pytest.mark.parametrize("events, more, message", [
    ("NULL", "", "events: must not be NULL"),
    ("''", "", "events: must not be empty"),
    ("[]", "", "events: is an empty list"),
    ("5", "", "events: must be a name, a STRUCT or JSON"),
    ("['a', NULL]", "", "events[1]: is NULL"),
    ("{'evnt': 'a'}", "", "events: has no 'event'"),
    ("{'event': 'a', 'mth': 'total'}", "", "events: has an unknown field 'mth'. Use one of"),
    ("[{'event': 'a'}, {'event': 'b', 'math': 'mean'}]", "", "events[1].math: must be 'total', 'unique', 'sessions'"),
    ("'{\"event\": '", "", "events: is not JSON"),
    ("'a'", "math := 'mean'", "math: must be 'total', 'unique', 'sessions'"),
    ("'a'", "math := 'median'", "math: 'median' needs a property. Add property"),
    ("'a'", "math := 'unique', property := 'b'", "property: does not apply to math 'unique'"),
    ("'a'", "math := 'percentile', property := 'b'", "percentile: is missing"),
    ("'a'", "math := 'histogram', property := 'b'", "per_user: is missing: math 'histogram' needs it. Add 'unique_values', 'total'"),
    ("'a'", "math := 'unique', per_user := 'total'", "per_user: does not apply to math 'unique'"),
    ("'a'", "per_user := 'total'", "per_user: needs a property"),
    ("{'cohort': 1}", "math := 'unique'", "math: applies to events, but the call has none"),
    ("{'cohort': 0}", "", "events.cohort: must be a whole number of at least 1, not 0"),
    ("'a'", "unit := 'year'", "unit: must be 'hour', 'day', 'week', 'month' or 'quarter', not 'year'"),
    ("'a'", "mode := 'pie'", "mode: must be 'timeseries', 'total' or 'table', not 'pie'"),
    ("'a'", "rolling := 7, cumulative := true", "rolling: cannot be combined with cumulative"),
    ("'a'", "rolling := 400", "rolling: must be at most 365"),
    ("'a'", "formula := 'A'", "formula: needs at least 2 events"),
    ("['a', 'b']", "formula := 'A / C'", "formula: 'A / C' names C, but the events are A to B"),
    ("['a', 'b']", "formula_label := 'x'", "formula_label: needs formula"),
    ("'a'", "compare_to := 'decade'", "compare_to: must be 'day', 'week', 'month', 'quarter' or 'year', not 'decade'"),
    ("'a'", "last_days := 7", "last_days: cannot be combined with from_date and to_date"),
    ("'a'", "max_rows := 50001", "max_rows: must be at most 50000"),
    ("'a'", "filters := 'plan'", "filters: must be a STRUCT or JSON, like {'property'"),
    ("'a'", "filters := {'property': 'plan'}", "filters: has no 'op'. Add one of 'equals'"),
    ("'a'", "filters := {'property': 'plan', 'op': 'like', 'value': 'x'}", "filters.op: must be 'equals', 'does not equal', 'contains'"),
    ("'a'", "filters := {'property': 'plan', 'op': 'equals'}", "filters: has no 'value', which 'equals' needs"),
    ("'a'", "filters := {'property': 'plan', 'op': 'is set', 'value': 1}", "filters.value: does not apply to 'is set'"),
    ("'a'", "filters := {'property': 'n', 'op': 'is greater than', 'value': 'x'}", "filters.value: must be a number"),
    ("'a'", "filters := {'property': 'n', 'op': 'is between', 'value': [2, 1]}", "filters.value: 2 is more than 1"),
    ("'a'", "filters := {'property': 'd', 'op': 'was on', 'value': 'soon'}", "filters.value: 'soon' is not a date"),
    ("'a'", "filters := {'property': 'd', 'op': 'was in the', 'value': 7}", "filters: has no 'date_unit', which 'was in the' needs. Add 'hour', 'day', 'week' or 'month'"),
    ("'a'", "filters := {'property': {'id': -1}, 'op': 'is set'}", "filters.property.id: must be a whole number of at least 1"),
    ("'a'", "segment_by := {'property': 'n', 'bucket_size': 10}", "segment_by: needs bucket_size, bucket_min and bucket_max"),
    ("'a'", "segment_by := {'property': 'n', 'bucket_size': 'NaN'::DOUBLE, 'bucket_min': 0, 'bucket_max': 1}", "segment_by: NaN is not a finite number"),
    ("'a'", "segment_by := {'event': 'b', 'bucket_size': 1, 'bucket_min': -1, 'bucket_max': 9}", "bucket_min must not be negative"),
    ("'a'", "segment_by := {'property': {'formula': 'A', 'inputs': {'a': 'price'}}}", "segment_by.property.inputs.a: must be named by one letter"),
    ("'a'", "data_group_id := 0", "data_group_id: must be a whole number of at least 1"),
])  # fmt: skip
def test_what_is_refused(con, sim, events, more, message):
    assert message in error_of(con, f"DESCRIBE {ask(events, more)}")
    assert not sim.settled()


def test_days_in_half_are_refused(con, sim):
    assert "to_date: is missing" in error_of(con, "FROM mixpanel_query_insights('a', from_date := '2025-01-01')")
    assert "last_days: must be at most 3650" in error_of(con, "FROM mixpanel_query_insights('a', last_days := 4000)")
