"""Tests saved reports and flows: every number of an answer is a row, whatever its shape."""
from __future__ import annotations

import json
from collections import Counter
from datetime import datetime

import pytest
from conftest import FIRST, LAST, error_of, export, rows
from saved import FLOWS, INSIGHTS, LINK, asked, clock, in_rows, in_series, leaves, reports, serve, served, ways

from simulator import Project, Simulator

SAVED = [8001, 8002, 8003, 8004, 8005, 8006, 8007, 8008, 8009, 8101, 8102, 8103, 8104, 8201, 8202]
SAVED_FLOWS = [8301, 8302, 8303]


# What the simulator's saved reports say.


@pytest.mark.parametrize("bookmark", SAVED)
def test_every_number_of_a_saved_report_is_a_row(con, sim, bookmark):
    body = served(sim, INSIGHTS, bookmark_id=bookmark)
    table = reports(con, bookmark)
    assert in_rows(table) == in_series(body)
    assert asked(sim) == [(INSIGHTS, str(bookmark))]
    kinds = {80: "insights", 81: "funnels", 82: "retention"}
    assert {row[0] for row in table} <= {kinds[bookmark // 100]}
    assert (not table) == (bookmark == 8007)


@pytest.mark.parametrize("bookmark", SAVED[:9])
def test_metric_segments_and_date_are_where_they_belong(con, sim, bookmark):
    body = served(sim, INSIGHTS, bookmark_id=bookmark)
    expected = []
    for path, value in leaves(body["series"]):
        last = clock(path[-1])
        date = datetime.fromisoformat(last) if last[:2] == "20" else None
        above = path[1:-1] if date or path[-1] == "all" else path[1:]
        expected.append(("insights", path[0], list(above), date, value))
    assert reports(con, bookmark) == expected  # The simulator's dates are in order.


def test_a_funnel(con, sim):
    query = "SELECT metric, segments[1], segments[2], date, value FROM mixpanel_saved_report(8101) WHERE segments[1] IN ('count', 'avg_time')"
    (steps,) = served(sim, INSIGHTS, bookmark_id=8101)["series"].values()
    assert rows(con, query) == [
        ("Sign Up to Purchase", number, step, None, steps[number][step]["all"]) for number in ("count", "avg_time") for step in steps[number]
    ]


def test_retention_by_cohort_and_period(con, sim):
    """Sorted by segments, then by cohort."""
    (cohorts,) = served(sim, INSIGHTS, bookmark_id=8201)["series"].values()
    query = "SELECT date, segments[2]::INT, value FROM mixpanel_saved_report(8201) WHERE segments[1] = 'counts'"
    expected = [
        (datetime.fromisoformat(clock(date)), period, count)
        for period in range(5)
        for date, cohort in cohorts.items()
        for count in cohort["counts"][period : period + 1]
    ]
    assert rows(con, query) == expected != []
    segmented = rows(con, "SELECT DISTINCT segments[1] FROM mixpanel_saved_report(8202) ORDER BY ALL")
    assert segmented == [("$overall",), ("free",)]


EVENTS = f"""CREATE TABLE events AS SELECT * FROM {export()} QUALIFY coalesce(insert_id, '') = '' OR row_number() OVER
    (PARTITION BY event_name, distinct_id, event_time, insert_id ORDER BY (properties->>'$.mp_processing_time_ms')::BIGINT DESC) = 1"""
WITHIN = f"date BETWEEN '{FIRST}' AND '{LAST}'"


def test_reports_say_what_the_export_says(con, sim):
    """Counted with SQL over the events themselves."""
    con.execute(EVENTS)

    def same(report: str, query: str) -> None:
        expected = rows(con, query)
        assert rows(con, report) == pytest.approx(expected) if len(expected) == 1 else rows(con, report) == expected
        assert expected

    same(
        f"SELECT date, value::INT FROM mixpanel_saved_report(8001) WHERE metric LIKE 'Purchase%' AND {WITHIN}",
        "SELECT event_time::DATE::TIMESTAMP, count(*)::INT FROM events WHERE event_name = 'Purchase' GROUP BY ALL ORDER BY ALL",
    )
    same(
        f"SELECT date, value::INT FROM mixpanel_saved_report(8001) WHERE metric LIKE 'Sign Up%' AND {WITHIN}",
        """SELECT event_time::DATE::TIMESTAMP, count(DISTINCT nullif(distinct_id, ''))::INT FROM events
           WHERE event_name = 'Sign Up' GROUP BY ALL ORDER BY ALL""",
    )
    same(
        "SELECT segments[1], date, value::INT FROM mixpanel_saved_report(8002) WHERE segments[1] <> '$overall' AND value > 0 ORDER BY ALL",
        """SELECT properties->>'$.mp_country_code', event_time::DATE::TIMESTAMP, count(DISTINCT nullif(distinct_id, ''))::INT
           FROM events WHERE event_name = '$mp_web_page_view' AND event_time >= '2025-01-03' GROUP BY ALL ORDER BY ALL""",
    )
    same(
        "SELECT segments, round(value, 2) FROM mixpanel_saved_report(8003) WHERE len(segments) = 2 AND segments[2] <> '$overall' ORDER BY ALL",
        """SELECT [properties->>'$.plan', properties->>'$."Payment Method"'], round(sum((properties->>'$.Amount')::DOUBLE), 2)
           FROM events WHERE event_name = 'Purchase' GROUP BY ALL ORDER BY ALL""",
    )
    same(
        "SELECT value::INT FROM mixpanel_saved_report(8101) WHERE segments = ['count', '1. Sign Up']",
        "SELECT count(DISTINCT nullif(distinct_id, ''))::INT FROM events WHERE event_name = 'Sign Up'",
    )
    same(
        "SELECT sum(value)::INT FROM mixpanel_saved_report(8201) WHERE segments = ['first']",
        "SELECT count(DISTINCT nullif(distinct_id, ''))::INT FROM events WHERE event_name = 'Sign Up'",
    )
    same(
        "SELECT count FROM mixpanel_flows(8301) WHERE step = 0 LIMIT 1",
        "SELECT count(DISTINCT nullif(distinct_id, '')) FROM events WHERE event_name = 'Sign Up'",
    )


def test_columns_and_their_types(con):
    described = rows(con, "SELECT column_name, column_type FROM (DESCRIBE FROM mixpanel_saved_report(8001))")
    assert described == [
        ("report_type", "VARCHAR"), ("metric", "VARCHAR"), ("segments", "VARCHAR[]"), ("date", "TIMESTAMP"), ("value", "DOUBLE"),
    ]  # fmt: skip
    for function in ("mixpanel_saved_report", "mixpanel_flows"):
        raw = rows(con, f"SELECT column_name, column_type FROM (DESCRIBE FROM {function}(1, raw := true))")
        assert raw == [("response", "JSON")]


@pytest.mark.parametrize("bookmark", [8001, 8101, 8301])
def test_raw_is_the_answer(con, sim, bookmark):
    path, more = (FLOWS, {"query_type": "flows_sankey"}) if bookmark > 8300 else (INSIGHTS, {})
    body = served(sim, path, bookmark_id=bookmark, **more)
    ((response,),) = reports(con, bookmark, ", raw := true")
    assert json.loads(response) == body
    if path == FLOWS:
        ((response,),) = rows(con, f"FROM mixpanel_flows({bookmark}, raw := true)")
        assert json.loads(response) == body


# Flows.


@pytest.mark.parametrize("bookmark", SAVED_FLOWS)
def test_every_way_of_a_flow_is_a_row(con, sim, bookmark):
    body = served(sim, FLOWS, bookmark_id=bookmark, query_type="flows_sankey")
    assert rows(con, f"FROM mixpanel_flows({bookmark})") == ways(body)
    (request,) = sim.settled(1)
    assert (request.method, request.path) == ("GET", FLOWS)
    assert request.params == {"project_id": "12345", "bookmark_id": str(bookmark), "query_type": "flows_sankey"}


@pytest.mark.parametrize("bookmark", SAVED_FLOWS)
def test_a_flow_in_its_other_forms(con, sim, bookmark):
    body = served(sim, FLOWS, bookmark_id=bookmark, query_type="flows_top_paths")
    assert rows(con, f"FROM mixpanel_flows({bookmark}, mode := 'paths')") == ways(body)
    asked_paths = sim.settled(1)[0].params["query_type"]
    sim.clear()
    body = served(sim, FLOWS, bookmark_id=bookmark, query_type="flows")
    assert rows(con, f"FROM mixpanel_flows({bookmark}, mode := 'tree')") == list(nodes(body["trees"][0]["root"]["children"]))
    assert (asked_paths, sim.settled(1)[0].params["query_type"]) == ("flows_top_paths", "flows")


def nodes(trees):
    """The rows of a tree, read off the body by other means."""

    def below(node, tree, above):
        step = node["step"]
        path = [*above, step["event"]]
        counts = (int(node[name]) for name in ("totalCount", "dropOffTotalCount", "convertedTotalCount"))
        yield (tree, step["stepNumber"], path, step["event"], step["type"], *counts)
        for child in node["children"]:
            yield from below(child, tree, path)

    for tree, root in enumerate(trees):
        yield from below(root, tree, [])


def test_a_saved_list_of_paths_is_rows_whatever_it_was_asked_for_as(con, sim):
    """Its path is a segment in mixpanel_saved_report, and its users' outcome follows the event."""
    steps = [{"event": "A", "type": "ANCHOR", "totalCount": "5", "segments": []}, {"event": "B", "type": "FORWARD", "totalCount": "3"}]
    outcome = {"label": "", "value": "", "values": ["Converted"]}
    serve(sim, {"flows": [{"flowSteps": steps, "segments": [outcome]}], "foundCount": "9", "returnedCount": "1"}, FLOWS)
    assert rows(con, "SELECT path, step, event_name, count, next_event_name, next_count, segments FROM mixpanel_flows(8301)") == [
        (0, 0, "A", 5, "B", 3, ["Converted"]), (0, 1, "B", 3, None, None, ["Converted"]),
    ]  # fmt: skip
    assert reports(con, LINK.format("flows", 8301)) == [
        ("flows", "count", ["0", "0", "ANCHOR", "A", "Converted"], None, 5.0),
        ("flows", "count", ["0", "1", "FORWARD", "B", "Converted"], None, 3.0),
    ]  # fmt: skip
    assert "[UNEXPECTED_RESPONSE] a report of Flows as a tree was expected, but the answer has another form" in error_of(
        con, "FROM mixpanel_flows(8301, mode := 'tree')"
    )


def test_a_form_that_flows_do_not_have(con, sim):
    assert "mode: must be 'sankey', 'paths' or 'tree', not 'list'" in error_of(con, "FROM mixpanel_flows(8301, mode := 'list')")
    assert sim.settled() == []


def test_a_flow_reads_as_sql(con, sim):
    """Nobody is lost on the way: what leaves a node is what was there."""
    query = """SELECT count(*) FROM (SELECT step, event_name, node_type, any_value(count) AS here, sum(next_count) AS away
        FROM mixpanel_flows(8302) WHERE next_step IS NOT NULL GROUP BY ALL) WHERE here <> away"""
    assert rows(con, query) == [(0,)]
    ((nodes, ends),) = rows(con, "SELECT count(DISTINCT (step, event_name, node_type)), count(*) FILTER (next_step IS NULL) FROM mixpanel_flows(8302)")
    assert nodes == 17 and ends == 4
    assert rows(con, "SELECT DISTINCT event_name IS NULL FROM mixpanel_flows(8302) WHERE node_type IN ('DROPOFF', 'PRUNED')") == [(True,)]


def test_a_saved_report_of_flows_has_the_same_numbers(con, sim):
    body = served(sim, FLOWS, bookmark_id=8302, query_type="flows_sankey")
    table = reports(con, 8302)
    assert {row[0] for row in table} == {"flows"} and {row[3] for row in table} == {None}
    expected = Counter({("overall_conversion_rate", (), body["overallConversionRate"]): 1})
    for index, step in enumerate(body["steps"]):
        for node in step["nodes"]:
            here = (str(index), node["type"], node["event"])
            expected["count", here, float(node["totalCount"])] += 1
            expected["conversion_rate_change", here, float(node["conversionRateChange"])] += 1
            for edge in node["edges"]:
                expected["next_count", (*here, edge["step"], edge["type"], edge["event"]), float(edge["totalCount"])] += 1
    assert Counter((row[1], tuple(row[2]), row[4]) for row in table) == expected


# Bodies of all kinds.

DAY = datetime(2025, 1, 1)
DEPTHS = [
    (5, [(None, [], None, 5.0)]),
    ({"2025-01-01T00:00:00-08:00": 1}, [(None, [], DAY, 1.0)]),
    ({"M": 5}, [("M", [], None, 5.0)]),
    ({"M": {"all": None}}, [("M", [], None, None)]),
    ({"M": {"2025-01-01": 5}}, [("M", [], DAY, 5.0)]),
    ({"M": {"US": 5}}, [("M", ["US"], None, 5.0)]),
    ({"M": {"$overall": {"2025-01-01": 3}, "US": {"2025-01-01": 1}}}, [("M", ["$overall"], DAY, 3.0), ("M", ["US"], DAY, 1.0)]),
    ({"M": {"a": {"b": {"2025-01-01": 5}}}}, [("M", ["a", "b"], DAY, 5.0)]),
    ({"M": {"a": {"b": {"c": {"all": 5}}}}}, [("M", ["a", "b", "c"], None, 5.0)]),
    ({"M": {"a": {"b": {"c": {"d": {"2025-01-01": 5}}}}}}, [("M", ["a", "b", "c", "d"], DAY, 5.0)]),
    ({"M": {"a": {"b": {"c": {"d": {"e": "10254"}}}}}}, [("M", ["a", "b", "c", "d", "e"], None, 10254.0)]),
    ({"M": {"": {"all": 1}, "ключ 🛒": {"all": 2}}}, [("M", [""], None, 1.0), ("M", ["ключ 🛒"], None, 2.0)]),
    ({"M": [1, [2]]}, [("M", ["0"], None, 1.0), ("M", ["1", "0"], None, 2.0)]),
    ({"M": {"a": True, "b": "word", "c": {}, "d": []}}, []),
    ({}, []),
]


@pytest.mark.parametrize("series, expected", DEPTHS, ids=range(len(DEPTHS)))
def test_every_depth(con, sim, series, expected):
    serve(sim, {"headers": ["$event"], "series": series})
    assert [row[1:] for row in reports(con, 1)] == expected


def test_clocks_that_change(con, sim):
    """Sorted by the wall clock that the report shows, whatever its offset; unsorted in the answer."""
    series = {"M": {"2025-11-03T00:00:00-08:00": 3, "2025-11-02T00:00:00-07:00": 2, "2025-03-09T00:00:00-08:00": 1}}
    serve(sim, {"headers": ["$event"], "series": series})
    assert [row[3:] for row in reports(con, 1)] == [
        (datetime(2025, 3, 9), 1.0), (datetime(2025, 11, 2), 2.0), (datetime(2025, 11, 3), 3.0),
    ]  # fmt: skip


def test_a_project_with_summer_time(con, monkeypatch):
    with Simulator(Project("2025-03-01", days=20, events_per_day=40, time_zone="US/Pacific")) as simulator:
        monkeypatch.setenv("MP_API_BASE_URL", simulator.url)
        table = rows(con, "SELECT date, value FROM mixpanel_saved_report(8004)")
        body = served(simulator, INSIGHTS, bookmark_id=8004)
    (weeks,) = body["series"].values()
    assert {week[-6:] for week in weeks} == {"-08:00", "-07:00"}
    assert table == [(datetime.fromisoformat(clock(week)), value) for week, value in weeks.items()]


def test_names_that_occur_twice_are_two_rows(con, sim):
    serve(sim, '{"headers": [], "series": {"M": {"2025-01-01": 1, "2025-01-01": 2}, "M": {"2025-01-01": 3}}}')
    assert [row[4] for row in reports(con, 1)] == [1.0, 2.0, 3.0]


@pytest.mark.parametrize("body, found", [
    ('{"series": {"M": {"a": 1e400}}}', "1e400 is too large for a DOUBLE (at M > a)"),
    ('{"series": ' + '{"a":' * 5000 + "1" + "}" * 5001, "nested too deep"),
    ('{"series": ' + "[" * 5000 + "1" + "]" * 5000 + "}", "nested too deep"),
    ('{"series": {"M": {"a": 1]', "expected `,` or `}`"),
    ('{"computed_at": "t"}', "there is no 'series'"),
    ('{"series": null}', "there is no 'series'"),
    ('{"series": "none"}', "'series' is a text"),
    ("[]", "expected"),
    ("", "EOF"),
])  # fmt: skip
def test_other_shapes_are_errors_and_raw_shows_them(con, sim, body, found):
    serve(sim, body)
    error = error_of(con, "FROM mixpanel_saved_report(1)")
    assert "[UNEXPECTED_RESPONSE] a saved report was expected" in error and found in error and "raw := true" in error
    assert rows(con, "FROM mixpanel_saved_report(1, raw := true)") == [(shown(body),)]


def shown(body: str) -> str | None:
    """What is no JSON is a string of it, and nothing is NULL."""
    try:
        json.loads(body)
    except RecursionError:
        pass  # it is no matter of depth
    except ValueError:
        return json.dumps(body) if body else None
    return body


def test_half_a_report_is_none_of_either_form(con, sim):
    serve(sim, '{"series": {"M": {"a": 1}')
    for raw in ("false", "true"):
        assert "[TRUNCATED]" in error_of(con, f"FROM mixpanel_saved_report(1, raw := {raw})")


@pytest.mark.parametrize("body", ['{}', '{"steps": 1}', '{"steps": [{"nodes": [{"event": "A"}]}]}', '{"steps": [{"nodes": [{"totalCount": "1.5"}]}]}'])
def test_other_flows_are_errors_too(con, sim, body):
    serve(sim, body, FLOWS)
    error = error_of(con, "FROM mixpanel_flows(1)")
    assert "[UNEXPECTED_RESPONSE] a report of Flows was expected" in error and "raw := true" in error
    assert rows(con, "FROM mixpanel_flows(1, raw := true)") == [(body,)]


def test_halves_of_characters_in_names(con, sim):
    serve(sim, '{"headers": [], "series": {"M": {"cut \\ud83d": {"all": 1}}}}')
    assert rows(con, "SELECT segments[1], json_valid(response) FROM mixpanel_saved_report(1), (FROM mixpanel_saved_report(1, raw := true))") == [
        ("cut \ufffd", True)
    ]


def test_a_long_answer_is_whole(con, sim):
    """More rows than DuckDB's vectors hold, compressed."""
    series = {f"M{metric}": {f"s{segment}": {"2025-01-01": metric * segment} for segment in range(500)} for metric in range(20)}
    serve(sim, {"headers": ["$event", "s"], "series": series}, gzip=True)
    query = "SELECT count(*), sum(value), count(DISTINCT (metric, segments)), max(len(segments)) FROM mixpanel_saved_report(1)"
    assert rows(con, query) == [(10000, float(sum(range(20)) * sum(range(500))), 10000, 1)]
