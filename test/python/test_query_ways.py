"""Tests ad-hoc funnels, retention and flows: the requests, the rows, and what fails before a request."""
from __future__ import annotations

import json
from datetime import date, datetime

import pytest
from conftest import SHARED, error_of, export, rows
from saved import FLOWS, INSIGHTS, serve, served, ways

DAYS = "from_date := '2025-01-01', to_date := '2025-01-05'"
STEPS = "['Sign Up', 'View Item', 'Purchase']"
EVENTS = f"""CREATE TABLE events AS SELECT * FROM {export()} QUALIFY coalesce(insert_id, '') = '' OR row_number() OVER
    (PARTITION BY event_name, distinct_id, event_time, insert_id ORDER BY (properties->>'$.mp_processing_time_ms')::BIGINT DESC) = 1"""
CALLS = {
    "mixpanel_query_funnel": f"{STEPS}, {DAYS}",
    "mixpanel_query_retention": f"'Sign Up', 'View Item', {DAYS}, retention_unit := 'day'",
    "mixpanel_query_flows": f"'Sign Up', {DAYS}",
}


def posted(sim, path: str = INSIGHTS) -> dict:
    (request,) = sim.settled(1)
    assert (request.method, request.path, request.params) == ("POST", path, {"project_id": "12345"})
    return json.loads(request.body)


def asked(con, sim, call: str) -> dict:
    """The definition that one question sends; the simulator need not have an answer."""
    path = FLOWS if "flows" in call else INSIGHTS
    serve(sim, {"steps": [], "trees": []} if path == FLOWS else {"series": {}}, path)
    rows(con, f"FROM {call}")
    return posted(sim, path)["bookmark"]


# What is sent. Every vector of the official client is in src/functions/questions/vectors_tests.rs.


def test_a_funnel_with_everything(con, sim):
    steps = "({'event': 'Sign Up'}, {'event': 'Purchase', 'label': 'Buys', 'order': 'any', 'filters': {'property': 'Amount', 'op': 'is greater than', 'value': 50}}, {'custom_event': 7})"  # fmt: skip
    more = (
        "conversion_window := 2, conversion_window_unit := 'hour', step_order := 'any', unit := 'week', math := 'average', property := 'Amount', "
        "exclusions := ('Refund', {'event': 'Logout', 'from_step': 0, 'to_step': 1}), holding_constant := ['platform', 'plan'], mode := 'trends', "
        "reentry_mode := 'basic', segment_by := 'plan', filters := {'property': {'id': 42}, 'op': 'is set'}, compare_to := 'month', max_rows := 7"
    )
    serve(sim, {"series": {}})
    rows(con, f"FROM mixpanel_query_funnel({steps}, {DAYS}, {more})")
    body = posted(sim)
    assert body["queryLimits"] == {"limit": 7} and body["project_id"] == 12345
    sections = body["bookmark"]["sections"]
    behavior = sections["show"][0]["behavior"]
    assert [(step["type"], step["id"], step["name"], step.get("renamed"), step["funnelOrder"]) for step in behavior["behaviors"]] == [
        ("event", None, "Sign Up", None, "any"), ("event", None, "Purchase", "Buys", "any"), ("custom-event", 7, "$custom_event:7", None, "any"),
    ]  # fmt: skip
    assert behavior["behaviors"][1]["filters"][0]["filterValue"] == 50
    assert (behavior["conversionWindowDuration"], behavior["conversionWindowUnit"], behavior["funnelReentryMode"]) == (2, "hour", "basic")
    assert behavior["exclusions"] == [{"event": "Refund", "steps": {"from": 1, "to": 3}}, {"event": "Logout", "steps": {"from": 1, "to": 2}}]
    assert behavior["aggregateBy"] == [{"value": name, "resourceType": "events"} for name in ("platform", "plan")]
    assert sections["show"][0]["measurement"]["property"] == {"name": "Amount", "type": "number", "resourceType": "events"}
    assert sections["time"] == [{"dateRangeType": "between", "unit": "week", "value": ["2025-01-01", "2025-01-05"]}]
    assert (sections["group"][0]["value"], sections["filter"][0]["value"]) == ("plan", None)
    assert body["bookmark"]["displayOptions"] == {"chartType": "line", "timeComparison": {"type": "relative", "value": "month"}}


def test_retention_with_everything(con, sim):
    more = (
        "last_days := 90, retention_unit := 'month', alignment := 'interval_start', bucket_sizes := [1, 3, 7], math := 'unique', unit := 'week', "
        "mode := 'table', unbounded_mode := 'carry_forward', cumulative := true, segment_by := {'cohort': 5, 'name': 'PU'}"
    )
    definition = asked(con, sim, f"mixpanel_query_retention({{'event': 'Sign Up', 'filters': {{'property': 'plan', 'op': 'is set'}}}}, 'Purchase', {more})")
    show = definition["sections"]["show"][0]
    assert [event["name"] for event in show["behavior"]["behaviors"]] == ["Sign Up", "Purchase"]
    assert show["behavior"]["behaviors"][0]["filters"][0]["filterOperator"] == "is set"
    assert {name: value for name, value in show["behavior"].items() if name.startswith("retention")} == {
        "retentionUnit": "month", "retentionAlignmentType": "interval_start", "retentionCustomBucketSizes": [1, 3, 7],
        "retentionUnboundedMode": "carry_forward",
    }  # fmt: skip
    assert show["measurement"] == {"math": "unique", "retentionCumulative": True}
    assert definition["sections"]["time"] == [{"dateRangeType": "in the last", "unit": "week", "window": {"unit": "day", "value": 90}}]
    assert definition["displayOptions"]["chartType"] == "table"


@pytest.mark.parametrize("mode, query_type, chart, merge", [
    ("sankey", "flows_sankey", "sankey", "graph"), ("paths", "flows_top_paths", "top-paths", "list"), ("tree", "flows", "sankey", "tree"),
])  # fmt: skip
def test_flows_with_everything(con, sim, mode, query_type, chart, merge):
    event = "({'event': 'Purchase', 'forward': 0, 'reverse': 3, 'filters': {'property': 'Amount', 'op': 'is greater than', 'value': 50}}, 'Sign Up')"
    more = (
        "forward := 2, reverse := 1, conversion_window := 1, conversion_window_unit := 'session', count_type := 'session', cardinality := 10, "
        "collapse_repeated := true, hidden_events := ['Ping'], exclusions := 'Error', segment_by := 'plan', data_group_id := 5, "
        f"filters := ({{'cohort': 5, 'name': 'PU'}}, {{'property': 'plan', 'op': 'equals', 'value': 'pro'}}), mode := '{mode}'"
    )
    serve(sim, {"steps": [], "trees": []}, FLOWS)
    if mode == "tree":
        sim.reset()
        serve(sim, {"trees": []}, FLOWS)
    rows(con, f"FROM mixpanel_query_flows({event}, {DAYS}, {more})")
    body = posted(sim, FLOWS)
    definition = body["bookmark"]
    assert (body["query_type"], definition["chartType"], definition["flows_merge_type"]) == (query_type, chart, merge)
    first, second = definition["steps"]
    assert [(step["event"], step["forward"], step["reverse"]) for step in (first, second)] == [("Purchase", 0, 3), ("Sign Up", 2, 1)]
    assert first["property_filter_params_list"] == [{
        "property": {"name": "Amount", "source": "properties", "type": "number"}, "type": "number", "selected_property_type": "number",
        "filter": {"operator": ">", "operand": "50"},
    }]  # fmt: skip
    assert definition["date_range"] == {"type": "between", "from_date": "2025-01-01", "to_date": "2025-01-05"}
    assert definition["conversion_window"] == {"unit": "session", "value": 1} and definition["count_type"] == "session"
    assert (definition["cardinality_threshold"], definition["collapse_repeated"]) == (10, True)
    assert (definition["hidden_events"], definition["exclusions"], definition["data_group_id"]) == (["Ping"], ["Error"], 5)
    assert definition["filter_by_cohort"] == {"id": 5, "name": "PU", "negated": False}
    assert definition["filter_by_event"]["children"][0]["propertyName"] == "plan"
    assert definition["segments"][0]["value"] == "plan"


@pytest.mark.parametrize("said, sent", [
    ("'op': 'contains', 'value': 'x'", {"operator": "in", "operand": "x"}),
    ("'op': 'does not equal', 'value': ['x', 'y']", {"operator": "!=", "operand": ["x", "y"]}),
    ("'op': 'is not set'", {"operator": "not set", "operand": ""}),
    ("'op': 'is set', 'property_type': 'number'", {"operator": "is set", "operand": ""}),
    ("'op': 'is between', 'value': [1, 2]", {"operator": "><", "operand": ["1", "2"]}),
    ("'op': 'true'", {"operand": "true"}),
    ("'op': 'was since', 'value': '2025-01-31'", {"operator": "<", "operand": "01/31/2025"}),
    ("'op': 'was not between', 'value': ['2025-01-01', '2025-01-31']", {"operator": "!><", "operand": ["01/01/2025", "01/31/2025"]}),
    ("'op': 'was in the', 'value': 7, 'date_unit': 'day'", {"operator": ">", "operand": 7, "unit": "days"}),
])  # fmt: skip
def test_a_filter_of_a_step_of_flows_has_a_form_of_its_own(con, sim, said, sent):
    definition = asked(con, sim, f"mixpanel_query_flows({{'event': 'A', 'filters': {{'property': 'p', 'resource': 'user', {said}}}}}, {DAYS})")
    (entry,) = definition["steps"][0]["property_filter_params_list"]
    assert entry["filter"] == sent and entry["property"]["source"] == "user"


# What comes back agrees with SQL over the export.


def funnel_sql(condition: str = "true", segment: str = "NULL", start: str = "DATE '2025-01-01'") -> str:
    return f"""
        WITH entered AS (SELECT distinct_id, {start} AS day, min(event_time) AS t1, arg_min({segment}, event_time) AS segment FROM events
            WHERE event_name = 'Sign Up' AND distinct_id <> '' AND {condition} GROUP BY ALL),
        viewed AS (SELECT entered.*, (SELECT min(event_time) FROM events e WHERE e.distinct_id = entered.distinct_id
            AND event_name = 'View Item' AND event_time > t1 AND event_time <= t1 + INTERVAL 14 DAYS) AS t2 FROM entered),
        bought AS (SELECT viewed.*, (SELECT min(event_time) FROM events e WHERE e.distinct_id = viewed.distinct_id
            AND event_name = 'Purchase' AND event_time > t2 AND event_time <= t1 + INTERVAL 14 DAYS) AS t3 FROM viewed)
    """


def test_a_plain_funnel_counts_what_the_export_has(con, sim):
    con.execute(EVENTS)
    sim.clear()
    expected = rows(con, f"{funnel_sql()} SELECT count(t1), count(t2), count(t3) FROM bought")[0]
    found = rows(con, f"SELECT date, segments, step, event_name, count, step_conversion, overall_conversion FROM mixpanel_query_funnel({STEPS}, {DAYS})")
    assert [row[:4] for row in found] == [(None, [], 1, "Sign Up"), (None, [], 2, "View Item"), (None, [], 3, "Purchase")]
    assert tuple(row[4] for row in found) == expected and min(expected) > 0
    assert [row[5] for row in found] == pytest.approx([1, expected[1] / expected[0], expected[2] / expected[1]])
    assert [row[6] for row in found] == pytest.approx([1, expected[1] / expected[0], expected[2] / expected[0]])
    assert len(sim.settled()) == 1


def test_filters_and_labels_of_steps(con, sim):
    con.execute(EVENTS)
    sim.clear()
    steps = "('Sign Up', {'event': 'Purchase', 'label': 'Large', 'filters': ({'property': 'Amount', 'op': 'is greater than', 'value': 100})})"
    expected = rows(con, """SELECT count(DISTINCT s.distinct_id), count(DISTINCT p.distinct_id) FROM
        (SELECT distinct_id, min(event_time) AS entered FROM events WHERE event_name = 'Sign Up' AND distinct_id <> '' GROUP BY ALL) s
        LEFT JOIN events p ON p.distinct_id = s.distinct_id AND p.event_name = 'Purchase' AND p.event_time > entered
            AND (p.properties->>'Amount')::DOUBLE > 100""")  # fmt: skip
    found = rows(con, f"SELECT event_name, count FROM mixpanel_query_funnel({steps}, {DAYS})")
    assert found == [("Sign Up", expected[0][0]), ("Large", expected[0][1])] and expected[0][1] > 0
    everywhere = "filters := {'property': 'plan', 'op': 'equals', 'value': 'free'}"
    expected = rows(con, "SELECT count(DISTINCT distinct_id) FROM events WHERE event_name = 'Sign Up' AND distinct_id <> '' AND (properties->>'plan') = 'free'")
    assert rows(con, f"SELECT count FROM mixpanel_query_funnel({STEPS}, {DAYS}, {everywhere}) WHERE step = 1") == expected


def test_a_funnel_by_date_and_segment(con, sim):
    con.execute(EVENTS)
    sim.clear()
    sql = funnel_sql(segment="coalesce(properties->>'plan', 'undefined')", start="event_time::DATE")
    each = "SELECT day, [s], {0}, count(t{0}) FROM (SELECT *, unnest([segment, '$overall']) AS s FROM bought) GROUP BY day, s"
    expected = rows(con, sql + " UNION ALL ".join(each.format(step) for step in (1, 2, 3)))
    found = rows(con, f"SELECT date, segments, step, count FROM mixpanel_query_funnel({STEPS}, {DAYS}, mode := 'trends', segment_by := 'plan')")
    assert sorted(row for row in found if row[3]) == sorted(row for row in expected if row[3]) != []
    assert [row[0] for row in found] == sorted(row[0] for row in found) and {type(row[0]) for row in found} == {date}
    assert {row[1][0] for row in found} > {"$overall", "free"}


def test_the_seconds_are_those_of_the_saved_funnel(con, sim):
    own = f"SELECT step, count, avg_seconds, avg_seconds_from_start FROM mixpanel_query_funnel({STEPS}, {DAYS}, conversion_window := 7)"
    saved = f"SELECT step, count, avg_seconds, avg_seconds_from_start FROM mixpanel_funnel(8101, {DAYS}, mode := 'steps')"
    assert rows(con, own) == rows(con, saved)


def test_retention_counts_what_the_export_has(con, sim):
    con.execute(EVENTS)
    sim.clear()
    expected = rows(con, """
        WITH born AS (SELECT distinct_id, min(event_time) AS birth FROM events WHERE event_name = 'Sign Up' AND distinct_id <> '' GROUP BY ALL),
        returned AS (SELECT born.distinct_id, birth::DATE AS day, datesub('day', birth, event_time)::INT AS period
            FROM born JOIN events e ON e.distinct_id = born.distinct_id AND event_name = 'View Item' AND event_time > birth)
        SELECT day, period, count(DISTINCT distinct_id) FROM returned WHERE day + period <= DATE '2025-01-05' GROUP BY ALL ORDER BY ALL""")  # fmt: skip
    call = CALLS["mixpanel_query_retention"]
    found = rows(con, f"SELECT cohort_date, period, retained FROM mixpanel_query_retention({call}) WHERE retained > 0 ORDER BY ALL")
    assert found == expected != []
    sizes = rows(con, f"SELECT DISTINCT cohort_date, cohort_size FROM mixpanel_query_retention({call}) ORDER BY ALL")
    assert sizes == rows(con, "SELECT birth::DATE, count(*) FROM (SELECT distinct_id, min(event_time) AS birth FROM events WHERE event_name = 'Sign Up' AND distinct_id <> '' GROUP BY ALL) GROUP BY ALL ORDER BY ALL")  # fmt: skip
    for retained, size, rate in rows(con, f"SELECT retained, cohort_size, retention_rate FROM mixpanel_query_retention({call}) WHERE period IS NOT NULL"):
        assert rate == pytest.approx(retained / size)
    # The mean over the cohorts is no cohort.
    assert rows(con, f"SELECT count(*) FROM mixpanel_query_retention({call}) WHERE cohort_date IS NULL") == [(0,)]


@pytest.mark.parametrize("mode", ["sankey", "paths", "tree"])
def test_flows_are_those_of_a_saved_flow(con, sim, mode):
    own = rows(con, f"FROM mixpanel_query_flows('Sign Up', {DAYS}, mode := '{mode}')")
    assert own == rows(con, f"FROM mixpanel_flows(8301, {DAYS}, mode := '{mode}')") != []
    assert rows(con, f"DESCRIBE FROM mixpanel_query_flows('A', mode := '{mode}')") == rows(con, f"DESCRIBE FROM mixpanel_flows(1, mode := '{mode}')")


# Answers that others got.


@pytest.mark.parametrize("path", sorted((SHARED / "fixtures" / "flows").glob("*.json")) or [None], ids=lambda path: path and path.stem)
def test_recorded_flows_become_rows(con, sim, path):
    if path is None:
        pytest.skip("../shared/fixtures is not there")
    body = json.loads(path.read_bytes())
    serve(sim, path.read_bytes(), FLOWS)
    assert rows(con, f"FROM mixpanel_query_flows('A', {DAYS})") == ways(body)


@pytest.mark.parametrize("bookmark, call", [
    (8101, "SELECT event_name, count::DOUBLE FROM mixpanel_query_funnel(['A', 'B'])"),
    (8202, "SELECT list_extract(segments, 1), retained::DOUBLE FROM mixpanel_query_retention('A', 'B')"),
])  # fmt: skip
def test_a_saved_reports_answer_reads_the_same(con, sim, bookmark, call):
    """Saved or not, the answers have one form."""
    body = served(sim, INSIGHTS, bookmark_id=bookmark)
    expected = "SELECT regexp_replace(segments[2], '^\\d+\\. ', ''), value FROM mixpanel_saved_report(8101) WHERE segments[1] = 'count'"
    if bookmark == 8202:
        expected = "SELECT segments[1], value FROM mixpanel_saved_report(8202) WHERE list_contains(segments, 'counts')"
    numbers = rows(con, expected)
    serve(sim, body)
    found = [row for row in rows(con, call) if row[1] is not None]
    assert sorted(found) == sorted(numbers) != []


def test_a_number_of_users_that_is_none(con, sim):
    serve(sim, {"series": {"F": {"count": {"1. A": {"all": 1.5}, "2. B": {"all": 1}}}}})
    assert "[UNEXPECTED_RESPONSE] a number of users was expected, but it is 1.5" in error_of(con, f"FROM mixpanel_query_funnel(['A', 'B'], {DAYS})")
    # What is computed of a property is no number of users.
    assert rows(con, f"SELECT count FROM mixpanel_query_funnel(['A', 'B'], {DAYS}, math := 'average', property := 'x')") == [(1.5,), (1.0,)]


@pytest.mark.parametrize("name", ["mixpanel_query_funnel", "mixpanel_query_retention"])
def test_a_cut_answer_is_an_error_unless_it_was_asked_for(con, sim, name):
    steps = {"count": {"1. A": {"all": 3}, "2. B": {"all": 3}}}
    cohort = {"2025-01-01": {"first": 3, "counts": [1], "rates": [0.3]}}
    serve(sim, {"series": {"Q": {"$overall": steps if "funnel" in name else cohort}}, "meta": {"is_segmentation_limit_hit": True}})
    call = f"{name}({CALLS[name]}, segment_by := 'plan'"
    assert "[TRUNCATED] the answer has 3000 segments, as many as were requested" in error_of(con, f"FROM {call})")
    assert rows(con, f"FROM {call}, max_rows := 1)")


# What every question has.


@pytest.mark.parametrize("name", CALLS)
def test_looking_makes_no_request_and_raw_is_the_answer(con, sim, name):
    call = f"{name}({CALLS[name]}"
    for statement in (f"DESCRIBE FROM {call})", f"EXPLAIN FROM {call})", f"CREATE VIEW v AS FROM {call})", f"FROM {call}) LIMIT 0"):
        con.execute(statement).fetchall()
    assert sim.settled() == []
    ((response,),) = rows(con, f"FROM {call}, raw := true)")
    assert "computed_at" in json.loads(response)
    ((response,),) = rows(con, f"FROM {call}, raw := true, workspace_id := 3001)")
    assert [request.params.get("workspace_id") for request in sim.settled()] == [None, "3001"]


@pytest.mark.parametrize("name", CALLS)
def test_each_counts_against_the_hour(con, sim, monkeypatch, name):
    monkeypatch.delenv("MP_RATE_LIMITS")
    sim.add_fault("body", path=None, times=None, body="[]")
    rows(con, f"FROM {name}({CALLS[name]}, raw := true, project_id := 9002)")
    used = rows(con, "SELECT used_last_hour FROM mixpanel_quota() WHERE api = 'query' AND project_id = '9002'")
    assert used and used[0][0] >= 1


def test_columns(con):
    def described(call: str) -> list[str]:
        return [f"{name} {kind}" for name, kind, *_ in rows(con, f"DESCRIBE FROM {call}")]

    funnel = described("mixpanel_query_funnel(['A', 'B'])")
    assert funnel == [
        "date DATE", "segments VARCHAR[]", "step INTEGER", "event_name VARCHAR", "count BIGINT", "step_conversion DOUBLE",
        "overall_conversion DOUBLE", "avg_seconds DOUBLE", "avg_seconds_from_start DOUBLE",
    ]  # fmt: skip
    hours = described("mixpanel_query_funnel(['A', 'B'], unit := 'hour', mode := 'trends', math := 'median', property := 'x')")
    assert (hours[0], hours[4]) == ("date TIMESTAMP", "count DOUBLE")
    retention = described("mixpanel_query_retention('A', 'B')")
    assert retention == [
        "cohort_date DATE", "segments VARCHAR[]", "cohort_size BIGINT", "period INTEGER", "retained BIGINT", "retention_rate DOUBLE",
    ]  # fmt: skip
    assert described("mixpanel_query_retention('A', 'B', math := 'average')")[4] == "retained DOUBLE"


def test_an_hour_is_a_moment(con, sim):
    serve(sim, {"series": {"F": {"2025-01-01T13:00:00-08:00": {"count": {"1. A": {"all": 3}}}}}})
    found = rows(con, f"SELECT date FROM mixpanel_query_funnel(['A', 'B'], {DAYS}, unit := 'hour', mode := 'trends')")
    assert found == [(datetime(2025, 1, 1, 13),)]


REFUSED = [
    ("mixpanel_query_funnel(['A'])", "steps: must be 2 to 100 events, not 1"),
    ("mixpanel_query_funnel([]::VARCHAR[])", "steps: is an empty list"),
    ("mixpanel_query_funnel(NULL)", "steps: must not be NULL"),
    ("mixpanel_query_funnel(range(101)::VARCHAR[])", "steps: must be 2 to 100 events, not 101"),
    ("mixpanel_query_funnel(['A', ' '])", "steps[1]: must not be empty"),
    ("mixpanel_query_funnel([{'event': 'A', 'when': 1}, {'event': 'B', 'when': 1}])", "steps[0]: has an unknown field 'when'"),
    ("mixpanel_query_funnel([{'event': 'A', 'order': 'strict'}, {'event': 'B', 'order': 'any'}])", "steps[0].order: must be 'loose' or 'any', not 'strict'"),
    ("mixpanel_query_funnel(['A', 'B'], step_order := 'strict')", "step_order: must be 'loose' or 'any', not 'strict'"),
    ("mixpanel_query_funnel(['A', 'B'], conversion_window := 0)", "conversion_window: must be at least 1, not 0"),
    ("mixpanel_query_funnel(['A', 'B'], conversion_window := 368)", "conversion_window: must be at most 367 with the unit 'day', not 368"),
    ("mixpanel_query_funnel(['A', 'B'], conversion_window := 1, conversion_window_unit := 'second')", "must be at least 2 with the unit 'second'"),
    ("mixpanel_query_funnel(['A', 'B'], conversion_window := 2, conversion_window_unit := 'session')", "must be 1 with the unit 'session', not 2"),
    ("mixpanel_query_funnel(['A', 'B'], conversion_window_unit := 'year')",
     "conversion_window_unit: must be 'second', 'minute', 'hour', 'day', 'week', 'month' or 'session', not 'year'"),
    ("mixpanel_query_funnel(['A', 'B'], math := 'dau')", "math: must be 'conversion_rate_unique', 'conversion_rate_total'"),
    ("mixpanel_query_funnel(['A', 'B'], math := 'conversion_rate_session')", "math: 'conversion_rate_session' needs conversion_window_unit := 'session'"),
    ("mixpanel_query_funnel(['A', 'B'], math := 'median')", "property: is missing: math := 'median' needs a numeric property"),
    ("mixpanel_query_funnel(['A', 'B'], property := 'x')", "property: does not apply to math := 'conversion_rate_unique'"),
    ("mixpanel_query_funnel(['A', 'B'], mode := 'curve')", "mode: must be 'steps', 'trends' or 'table', not 'curve'"),
    ("mixpanel_query_funnel(['A', 'B'], reentry_mode := 'never')", "reentry_mode: must be 'default', 'basic', 'aggressive' or 'optimized'"),
    ("mixpanel_query_funnel(['A', 'B'], exclusions := {'event': 'C', 'from_step': 2})", "exclusions.from_step: must be the number of a step from 0 to 1, not 2"),
    ("mixpanel_query_funnel(['A', 'B'], exclusions := {'event': 'C', 'from_step': 1, 'to_step': 1})", "exclusions: has a to_step that is not after its from_step"),
    ("mixpanel_query_funnel(['A', 'B'], holding_constant := ['a', 'b', 'c', 'd'])", "holding_constant: must be at most 3 properties"),
    ("mixpanel_query_funnel(['A', 'B'], unit := 'minute')", "unit: must be 'hour', 'day', 'week', 'month' or 'quarter', not 'minute'"),
    ("mixpanel_query_funnel(['A', 'B'], from_date := '2025-01-01')", "to_date: is missing"),
    ("mixpanel_query_funnel(['A', 'B'], from_date := '2025-01-01', to_date := '2025-01-02', last_days := 3)", "last_days: cannot be combined with from_date and to_date"),
    ("mixpanel_query_funnel(['A', 'B'], max_rows := 50001)", "max_rows: must be at most 50000"),
    ("mixpanel_query_funnel(['A', 'B'], segment_by := {'property': {'id': 0}})", "segment_by.property.id: must be a whole number of at least 1"),
    ("mixpanel_query_retention(NULL, 'B')", "born_event: is missing"),
    ("mixpanel_query_retention('A', '')", "return_event: must not be empty"),
    ("mixpanel_query_retention('A', 'B', retention_unit := 'hour')", "retention_unit: must be 'day', 'week' or 'month', not 'hour'"),
    ("mixpanel_query_retention('A', 'B', unit := 'hour')", "unit: must be 'day', 'week' or 'month', not 'hour'"),
    ("mixpanel_query_retention('A', 'B', alignment := 'calendar')", "alignment: must be 'birth' or 'interval_start', not 'calendar'"),
    ("mixpanel_query_retention('A', 'B', bucket_sizes := [1, 1])", "bucket_sizes: must be in ascending order"),
    ("mixpanel_query_retention('A', 'B', bucket_sizes := [0, 1])", "bucket_sizes[0]: must be a whole number of at least 1, not 0"),
    ("mixpanel_query_retention('A', 'B', bucket_sizes := range(1, 732))", "bucket_sizes: must be at most 730 numbers"),
    ("mixpanel_query_retention('A', 'B', math := 'median')", "math: must be 'retention_rate', 'unique', 'total' or 'average', not 'median'"),
    ("mixpanel_query_retention('A', 'B', mode := 'steps')", "mode: must be 'curve', 'trends' or 'table', not 'steps'"),
    ("mixpanel_query_retention('A', 'B', unbounded_mode := 'both')", "unbounded_mode: must be 'none', 'carry_back', 'carry_forward' or 'consecutive_forward'"),
    ("mixpanel_query_retention('A', 'B', segment_by := ({'cohort': 1, 'name': 'x'}, 'plan'))", "segment_by: mixes cohorts with properties"),
    ("mixpanel_query_flows(NULL)", "event: must not be NULL"),
    ("mixpanel_query_flows('A', forward := 6)", "forward: must be a whole number from 0 to 5, not 6"),
    ("mixpanel_query_flows('A', reverse := -1)", "reverse: must be a whole number from 0 to 5, not -1"),
    ("mixpanel_query_flows('A', forward := 0)", "forward: and reverse are both 0"),
    ("mixpanel_query_flows({'event': 'A', 'reverse': 9})", "event.reverse: must be a whole number from 0 to 5, not 9"),
    ("mixpanel_query_flows({'event': 'A', 'session_event': 'start'})", "event: has a session_event that belongs to event '$session_start'"),
    ("mixpanel_query_flows('A', cardinality := 51)", "cardinality: must be at most 50 events per step, not 51"),
    ("mixpanel_query_flows('A', count_type := 'users')", "count_type: must be 'unique', 'total' or 'session', not 'users'"),
    ("mixpanel_query_flows('A', count_type := 'session')", "count_type: 'session' needs conversion_window_unit := 'session'"),
    ("mixpanel_query_flows('A', conversion_window_unit := 'hour')", "conversion_window_unit: must be 'day', 'week', 'month' or 'session', not 'hour'"),
    ("mixpanel_query_flows('A', conversion_window := 367)", "conversion_window: must be at most 366 with the unit 'day', not 367"),
    ("mixpanel_query_flows('A', mode := 'graph')", "mode: must be 'sankey', 'paths' or 'tree', not 'graph'"),
    ("mixpanel_query_flows('A', filters := [{'cohort': 1, 'name': 'x'}, {'cohort': 2, 'name': 'y'}])", "filters: has several cohorts, but Flows accept one"),
    ("mixpanel_query_flows('A', filters := {'property': {'id': 4}, 'op': 'is set'})", "filters: filters by a custom property or by the items of a list, which Flows do not support"),
    ("mixpanel_query_flows('A', filters := {'event': 'B', 'value': 4})", "filters: filters by how often users did an event, which Flows do not support"),
    ("mixpanel_query_flows({'event': 'A', 'filters': {'property': 'x', 'op': 'starts with', 'value': 'y'}})",
     "event: compares with 'starts with', which a step of Flows does not support"),
    ("mixpanel_query_flows({'event': 'A', 'filters': {'property': 'x', 'op': 'was not in the', 'value': 7, 'date_unit': 'day'}})",
     "event: compares with 'was not in the', which a step of Flows does not support"),
]  # fmt: skip


@pytest.mark.parametrize("call, message", REFUSED, ids=range(len(REFUSED)))
def test_bad_arguments_are_refused_before_a_request(con, sim, call, message):
    error = error_of(con, f"DESCRIBE FROM {call}")
    assert "[INVALID_ARGUMENT]" in error and message in error, error
    assert not sim.settled()
