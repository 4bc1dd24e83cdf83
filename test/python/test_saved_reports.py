"""Saved reports and flows: every number of an answer is a row, and what is asked is asked once."""
from __future__ import annotations

import json
import pathlib
import re
import urllib.request
from base64 import b64encode
from collections import Counter
from datetime import datetime
from urllib.parse import urlencode

import pytest
from conftest import FIRST, LAST, PROJECT, ROOT, SECRET, SHARED, USERNAME, error_of, export, rows

from simulator import Project, Simulator

INSIGHTS, FLOWS = "/api/query/insights", "/api/query/arb_funnels"
FIXTURES = SHARED / "fixtures"
SAVED = [8001, 8002, 8003, 8004, 8005, 8006, 8007, 8008, 8009, 8101, 8102, 8103, 8104, 8201, 8202]
SAVED_FLOWS = [8301, 8302, 8303]
LINK = "https://mixpanel.com/project/12345/view/3001/app/{}#report/{}/a-title"


def served(sim, path: str, **params) -> dict:
    """What the simulator answers, asked without the extension."""
    url = f"{sim.url}{path}?{urlencode({'project_id': PROJECT.project_id, **params})}"
    token = b64encode(f"{USERNAME}:{SECRET}".encode()).decode()
    with urllib.request.urlopen(urllib.request.Request(url, headers={"Authorization": f"Basic {token}"})) as answer:
        body = json.loads(answer.read())
    sim.clear()
    return body


def reports(con, bookmark, more: str = "") -> list[tuple]:
    return rows(con, f"FROM mixpanel_saved_report({bookmark!r}{more})")


def asked(sim, count: int = 1) -> list[tuple[str, str | None]]:
    return [(request.path, request.params.get("bookmark_id")) for request in sim.settled(count)]


def serve(sim, body, path: str | None = INSIGHTS, **options) -> None:
    text = body if isinstance(body, (str, bytes)) else json.dumps(body)
    sim.add_fault("body", path=path, times=None, body=text, **options)


def leaves(value, path=()):
    """Each number and null, with the names on the way to it."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from leaves(inner, (*path, name))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from leaves(inner, (*path, str(index)))
    elif value is None or isinstance(value, (int, float)) and not isinstance(value, bool):
        yield path, None if value is None else float(value)


def clock(name: str) -> str:
    """A date without its offset, anything else as it is."""
    try:
        return datetime.fromisoformat(name).replace(tzinfo=None).isoformat()
    except ValueError:
        return name


def in_series(body: dict) -> Counter:
    """The leaves of a series: sorted names, value."""
    found = Counter()
    for path, value in leaves(body["series"]):
        names = path[:-1] if path[-1] == "all" and len(path) > 1 else path
        found[tuple(sorted(map(clock, names))), value] += 1
    return found


def in_rows(table: list[tuple]) -> Counter:
    found = Counter()
    for _, metric, segments, date, value in table:
        names = [metric, *segments] + ([date.isoformat()] if date else [])
        found[tuple(sorted(name for name in names if name is not None)), value] += 1
    return found


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


EVENTS = f"""CREATE TABLE events AS SELECT * FROM {export()} QUALIFY insert_id IS NULL OR row_number() OVER
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


def ways(body: dict) -> list[tuple]:
    """The rows of mixpanel_flows, read off the body by other means."""
    overall = body.get("overallConversionRate")
    overall = None if overall in (None, "NaN") else float(overall)
    found = []
    for index, step in enumerate(body["steps"]):
        for node in step.get("nodes", [step]):
            change = node.get("conversionRateChange")
            here = (int(step.get("step", index)), node["event"] or None, node.get("type"), [], int(node.get("totalCount", node.get("count"))))
            edges = node.get("edges") or [None]
            for edge in edges:
                there = (int(edge["step"]), edge["event"] or None, edge["type"], [], int(edge["totalCount"])) if edge else (None,) * 5
                found.append((*here, *there, None if change is None else float(change), overall))
    return found


@pytest.mark.parametrize("bookmark", SAVED_FLOWS)
def test_every_way_of_a_flow_is_a_row(con, sim, bookmark):
    body = served(sim, FLOWS, bookmark_id=bookmark, query_type="flows_sankey")
    assert rows(con, f"FROM mixpanel_flows({bookmark})") == ways(body)
    (request,) = sim.settled(1)
    assert (request.method, request.path) == ("GET", FLOWS)
    assert request.params == {"project_id": "12345", "bookmark_id": str(bookmark), "query_type": "flows_sankey"}


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


# What is asked.


@pytest.mark.parametrize("function", ["mixpanel_saved_report", "mixpanel_flows"])
@pytest.mark.parametrize("statement", ["DESCRIBE FROM {}", "EXPLAIN FROM {}", "CREATE VIEW v AS FROM {}", "FROM {} LIMIT 0", "PREPARE p AS FROM {}"])
def test_looking_makes_no_request(con, sim, function, statement):
    con.execute(statement.format(f"{function}(8301)")).fetchall()
    con.execute(statement.format(f"{function}('{LINK.format('flows', 8301)}')").replace(" v ", " w ").replace(" p ", " q ")).fetchall()
    rows(con, "FROM mixpanel_account_test()")
    assert [request.path for request in sim.settled(1)] == ["/api/query/events/names"]


@pytest.mark.parametrize("kind, bookmark, paths", [
    ("insights", 8001, [INSIGHTS]), ("funnels", 8101, [INSIGHTS]), ("retention", 8201, [INSIGHTS]), ("flows", 8301, [FLOWS]),
])  # fmt: skip
def test_a_url_says_which_route(con, sim, kind, bookmark, paths):
    table = reports(con, LINK.format(kind, bookmark))
    assert {row[0] for row in table} == {kind}
    assert asked(sim) == [(path, str(bookmark)) for path in paths]
    sim.clear()
    assert reports(con, bookmark) == table == reports(con, str(bookmark))


def test_a_number_that_is_a_flow_takes_two_requests(con, sim):
    for call in ("8301", "'8301'", "'https://mixpanel.com/project/12345/app/boards#id=501&editor-card-id=%22report-8301%22'"):
        assert rows(con, f"SELECT DISTINCT report_type FROM mixpanel_saved_report({call})") == [("flows",)]
        assert asked(sim, 2) == [(INSIGHTS, "8301"), (FLOWS, "8301")]
        sim.clear()


def test_a_number_of_nothing_gives_the_first_error(con, sim):
    error = error_of(con, "FROM mixpanel_saved_report(9)")
    assert "[INVALID_REQUEST]" in error and "Invalid bookmark_id" in error and INSIGHTS in error
    assert "no report of Insights, funnels, retention or flows with this id" in error
    assert asked(sim, 2) == [(INSIGHTS, "9"), (FLOWS, "9")]


def test_a_url_of_nothing_is_asked_once(con, sim):
    error = error_of(con, f"FROM mixpanel_saved_report('{LINK.format('insights', 9)}')")
    assert "Invalid bookmark_id" in error
    assert asked(sim) == [(INSIGHTS, "9")]


def test_an_error_of_the_second_route_that_is_not_about_the_id_is_shown(con, sim):
    sim.add_fault("status", path=FLOWS, times=None, status=402)
    assert "[PAYMENT_REQUIRED]" in error_of(con, "FROM mixpanel_saved_report(8301)")


@pytest.mark.parametrize("status, code", [(401, "AUTHENTICATION_FAILED"), (402, "PAYMENT_REQUIRED"), (403, "PERMISSION_DENIED")])
def test_other_refusals_are_not_asked_twice(con, sim, status, code):
    sim.add_fault("status", path=INSIGHTS, status=status)
    assert f"[{code}]" in error_of(con, "FROM mixpanel_saved_report(8301)")
    assert len(sim.settled(1)) == 1


@pytest.mark.parametrize("words", ["Invalid workspace_id", "from_date is required", ""])
def test_a_refusal_that_is_not_about_the_report_is_not_asked_twice(con, sim, words):
    serve(sim, {"error": words}, status=400)
    error = error_of(con, "FROM mixpanel_saved_report(8001)")
    assert "[INVALID_REQUEST]" in error and words in error and "with this id" not in error
    assert asked(sim) == [(INSIGHTS, "8001")]


@pytest.mark.parametrize("listing", ["", "type := 'flows'"])
def test_a_number_that_is_known_for_a_flow_takes_one_request(con, sim, listing):
    rows(con, f"FROM mixpanel_bookmarks({listing})")
    sim.settled(1), sim.clear()
    assert rows(con, "SELECT DISTINCT report_type FROM mixpanel_saved_report(8301)") == [("flows",)]
    assert rows(con, "SELECT DISTINCT report_type FROM mixpanel_saved_report(8001)") == [("insights",)]
    assert asked(sim, 2) == [(FLOWS, "8301"), (INSIGHTS, "8001")]
    sim.clear()
    # One that is in no list, as it may be new, is asked for as before.
    assert "with this id" in error_of(con, "FROM mixpanel_saved_report(9)")
    assert asked(sim, 2) == [(INSIGHTS, "9"), (FLOWS, "9")]


def test_what_is_known_for_another_kind_is_not_looked_for_among_flows(con, sim):
    rows(con, "FROM mixpanel_bookmarks()")
    sim.settled(1), sim.clear()
    serve(sim, {"error": "Invalid bookmark_id"}, status=400)
    assert "Invalid bookmark_id" in error_of(con, "FROM mixpanel_saved_report(8001)")
    assert asked(sim) == [(INSIGHTS, "8001")]


def test_numbers_that_are_none(con, sim):
    """As in every column of DOUBLEs: NaN, a share of nobody, is NULL, and what is infinite is refused."""
    serve(sim, {"headers": [], "series": {"M": {"a": "NaN", "b": 1}}})
    assert rows(con, "SELECT segments, value FROM mixpanel_saved_report(1)") == [(["a"], None), (["b"], 1)]
    for value in ("1e400", "-1e400", '"Infinity"', '"-Infinity"', '"1e400"'):
        sim.reset()
        serve(sim, f'{{"headers": [], "series": {{"M": {value}}}}}')
        error = error_of(con, "FROM mixpanel_saved_report(1)")
        assert "[UNEXPECTED_RESPONSE]" in error and "raw := true" in error, value


@pytest.mark.parametrize("path", sorted((FIXTURES / "errors").glob("400-insights-*.http.json")), ids=lambda path: path.name[13:21])
def test_what_is_wrong_with_a_report_is_said_at_once(con, sim, path):
    """Mixpanel knows the report and says what is wrong with it: the other route would not know it."""
    fixture = json.loads(path.read_text())
    serve(sim, fixture["body_text"], status=400)
    error = error_of(con, "FROM mixpanel_saved_report(8001)")
    assert "[INVALID_REQUEST]" in error and "Correct what Mixpanel names" in error
    assert json.loads(fixture["body_text"])["error"].split(".")[0][-30:] in error
    assert len(sim.settled(1)) == 1


def test_a_data_view_is_passed_on(con, sim):
    sim.reset()
    rows(con, "FROM mixpanel_saved_report(8001, workspace_id := 3001)")
    rows(con, "FROM mixpanel_flows(8301, workspace_id := '3001')")
    assert [request.params["workspace_id"] for request in sim.settled(2)] == ["3001", "3001"]


# What is refused before any request.

REFUSED = [
    ("NULL", "bookmark: is missing"),
    ("0", "no report has the id 0"),
    ("-8001", "no report has the id -8001"),
    ("8001.0", "is neither a whole number nor text"),
    ("9223372036854775808", "no report has the id 9223372036854775808"),
    ("true", "is neither a whole number nor text"),
    ("''", "neither the id of a report nor the URL"),
    ("'Revenue'", "neither the id of a report nor the URL"),
    ("'99999999999999999999'", "neither the id of a report nor the URL"),
    ("'https://example.com/project/12345/app/insights#report/8001'", "neither the id of a report nor the URL"),
    ("'https://mixpanel.com/s/AbC123'", "open it in a browser and copy the long one"),
    ("'https://mixpanel.com/project/12345/app/boards#id=501'", "shows a board and no report"),
    ("'https://mixpanel.com/project/12345/app/insights#EBrV5bW2u9Mw'", "a report that is not saved"),
    ("'https://mixpanel.com/project/12345/app/impact#report/8401'", "does not show a Launch Analysis"),
]


@pytest.mark.parametrize("function", ["mixpanel_saved_report", "mixpanel_flows"])
@pytest.mark.parametrize("bookmark, problem", REFUSED)
def test_what_is_no_bookmark_is_refused_when_bound(con, sim, function, bookmark, problem):
    error = error_of(con, f"EXPLAIN FROM {function}({bookmark})")
    assert "[INVALID_ARGUMENT] bookmark: " in error and problem in error
    if "Launch" not in problem:
        # Both forms.
        assert "Give the number, like 12345678, or the URL of a saved report, like 'https://mixpanel.com/project/" in error
    assert not sim.settled()


@pytest.mark.parametrize("url, more, fix", [
    ("https://mixpanel.com/project/999/app/insights#report/8001", "", "project_id := 999"),
    ("https://mixpanel.com/project/12345/app/insights#report/8001", ", project_id := 999", "project_id := 12345"),
    ("https://eu.mixpanel.com/project/12345/app/insights#report/8001", "", "region := 'eu'"),
    ("https://mixpanel.com/project/12345/app/insights#report/8001", ", region := 'in'", "region := 'us'"),
    ("https://in.mixpanel.com/project/999/view/1/app/boards#id=1&editor-card-id=\"report-5\"", "", "project_id := 999, region := 'in'"),
])  # fmt: skip
@pytest.mark.parametrize("function", ["mixpanel_saved_report", "mixpanel_flows"])
def test_a_url_of_another_project_or_region_is_refused_when_bound(con, sim, function, url, more, fix):
    url = url.replace("insights", "flows") if function == "mixpanel_flows" else url
    error = error_of(con, f"EXPLAIN FROM {function}('{url}'{more})")
    assert "[INVALID_ARGUMENT] bookmark: the URL is of " in error and f"Add {fix}, or the account" in error
    assert not sim.settled()


def test_the_fix_works(con, sim):
    """As far as the simulator knows: it has one host for every region."""
    url = "https://eu.mixpanel.com/project/12345/app/insights#report/8001"
    assert rows(con, f"SELECT count(*) FROM mixpanel_saved_report('{url}', region := 'eu')") == [(14,)]


def test_a_projects_secret_takes_the_url_of_any_project(con, sim, monkeypatch):
    """It stands for its project, whose id it does not say."""
    for name in ("MP_USERNAME", "MP_PROJECT_ID"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("MP_SECRET", "demo-project-secret")
    assert rows(con, f"SELECT count(*) FROM mixpanel_saved_report('{LINK.format('insights', 8001)}')") == [(14,)]


@pytest.mark.parametrize("kind, name", [("insights", "Insights"), ("funnels", "Funnels"), ("retention", "Retention")])
def test_flows_refuses_the_url_of_another_report(con, sim, kind, name):
    error = error_of(con, f"EXPLAIN FROM mixpanel_flows('{LINK.format(kind, 8001)}')")
    assert f"is a report of {name}, not of Flows; use mixpanel_saved_report" in error
    assert not sim.settled()


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
    ('{"series": {"M": {"a": 1}', "EOF"),
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
    assert rows(con, "FROM mixpanel_saved_report(1, raw := true)") == [(body,)]


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


@pytest.mark.parametrize("page", ["saved_reports", "api"])
def test_every_statement_of_the_pages_works(con, sim, page):
    text = (ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8")
    statements = [statement for block in re.findall(r"```sql\n(.*?)```", text, re.DOTALL) for statement in block.split(";\n") if statement.strip()]
    assert len(statements) >= 3
    for statement in statements:
        assert rows(con, statement), statement


# Bodies that Mixpanel sent to others.


def fixtures(folder: str) -> list[pathlib.Path]:
    return sorted((FIXTURES / folder).glob("*.json"))


def vectors(folder: str) -> list[dict]:
    path = FIXTURES / folder / "headless-unit-vectors.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


needs_fixtures = pytest.mark.skipif(not fixtures("insights"), reason=f"there are no fixtures in {FIXTURES}")


@needs_fixtures
@pytest.mark.parametrize("path", fixtures("insights"), ids=lambda path: path.stem)
def test_every_fixture_of_insights(con, sim, path):
    body = json.loads(path.read_bytes())
    serve(sim, path.read_bytes(), gzip=True)
    table = reports(con, 1)
    assert in_rows(table) == in_series(body)
    assert {row[0] for row in table} <= {"insights"}
    assert {row[1] for row in table} == set(body["series"])
    assert all(len(row[2]) == len(body["headers"]) - 1 for row in table)
    timeless = any(leaf[-1] == "all" for leaf, _ in leaves(body["series"]))
    assert {row[3] is None for row in table} <= {timeless}
    assert json.loads(reports(con, 1, ", raw := true")[0][0]) == body


@needs_fixtures
@pytest.mark.parametrize("path", fixtures("flows"), ids=lambda path: path.stem)
def test_every_fixture_of_flows(con, sim, path):
    body = json.loads(path.read_bytes())
    serve(sim, path.read_bytes(), FLOWS)
    assert rows(con, "FROM mixpanel_flows(1)") == ways(body)
    assert json.loads(rows(con, "FROM mixpanel_flows(1, raw := true)")[0][0]) == body
    counts = [row[4] for row in reports(con, LINK.format("flows", 1)) if row[1] in ("count", "next_count")]
    nodes = [node for step in body["steps"] for node in step["nodes"]]
    assert counts == [float(node["totalCount"]) for node in nodes] + [float(edge["totalCount"]) for node in nodes for edge in node["edges"]]


CODES = {400: "INVALID_REQUEST", 401: "AUTHENTICATION_FAILED", 404: "NOT_FOUND", 429: "RATE_LIMITED"}
SAVED_VECTORS = [vector for folder in ("insights", "flows") for vector in vectors(folder) if vector["request"]["method"] == "GET"]


@needs_fixtures
@pytest.mark.parametrize("vector", SAVED_VECTORS, ids=lambda vector: vector["vector"].rsplit("/")[-1][-40:])
def test_every_vector_of_a_client(con, sim, vector):
    """The same request, but for the client's own name in it, and every number of the answer."""
    wanted, response = vector["request"], vector["response"]
    body = json.dumps(response["body"]) if "body" in response else response.get("body_text", "")
    serve(sim, body, None, status=response["status"], headers=response["headers"])
    function = "mixpanel_flows" if wanted["path"] == FLOWS else "mixpanel_saved_report"
    workspace = wanted["params"].get("workspace_id")
    more = f", workspace_id := {workspace}" if workspace else ""
    call = f"FROM {function}({wanted['params']['bookmark_id']}{more})"
    if response["status"] == 200:
        table = rows(con, call)
        assert table == ways(response["body"]) if function == "mixpanel_flows" else in_rows(table) == in_series(response["body"])
    else:
        error = error_of(con, call)
        assert f"[{CODES[response['status']]}]" in error and response.get("body", {}).get("error", "") in error
    request = sim.settled(1)[0]
    params = {name: value for name, value in wanted["params"].items() if name != "query_origin"}
    assert (request.method, request.path, request.params) == (wanted["method"], wanted["path"], params)


@needs_fixtures
def test_the_vectors_cover_every_outcome():
    assert {vector["response"]["status"] for vector in SAVED_VECTORS} == {200, 400, 401, 404, 429}
    # Those that post a report of their own instead of naming a saved one are for mixpanel_api: test_api.py.
    assert len(SAVED_VECTORS) == len(vectors("insights")) + len(vectors("flows")) - 2
