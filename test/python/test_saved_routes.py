"""Tests the routes of saved reports, the number of requests, and what fails before a request."""
from __future__ import annotations

import json

import pytest
from conftest import SHARED, error_of, rows
from saved import FLOWS, INSIGHTS, LINK, asked, reports, serve

# What is asked.


@pytest.mark.parametrize("function", ["mixpanel_saved_report", "mixpanel_flows"])
@pytest.mark.parametrize("statement", ["DESCRIBE FROM {}", "EXPLAIN FROM {}", "CREATE VIEW v AS FROM {}", "FROM {} LIMIT 0", "PREPARE p AS FROM {}"])
def test_looking_makes_no_request(con, sim, function, statement):
    con.execute(statement.format(f"{function}(8301)")).fetchall()
    con.execute(statement.format(f"{function}('{LINK.format('flows', 8301)}')").replace(" v ", " w ").replace(" p ", " q ")).fetchall()
    rows(con, "FROM mixpanel_top_events()")
    assert [request.path for request in sim.settled(1)] == ["/api/query/events/top"]


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
        rows(con, "CALL mixpanel_clear_cache()")


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
        rows(con, "CALL mixpanel_clear_cache()")
        serve(sim, f'{{"headers": [], "series": {{"M": {value}}}}}')
        error = error_of(con, "FROM mixpanel_saved_report(1)")
        assert "[UNEXPECTED_RESPONSE]" in error and "raw := true" in error, value


@pytest.mark.parametrize("path", sorted((SHARED / "fixtures" / "errors").glob("400-insights-*.http.json")), ids=lambda path: path.name[13:21])
def test_what_is_wrong_with_a_report_is_said_at_once(con, sim, path):
    """Mixpanel knows the report and says what is wrong with it: the other route would not know it."""
    fixture = json.loads(path.read_text())
    serve(sim, fixture["body_text"], status=400)
    error = error_of(con, "FROM mixpanel_saved_report(8001)")
    assert "[INVALID_REQUEST]" in error and "Correct the call or the saved report as Mixpanel says" in error
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
    ("''", "neither the id nor the URL of a report"),
    ("'Revenue'", "neither the id nor the URL of a report"),
    ("'99999999999999999999'", "neither the id nor the URL of a report"),
    ("'https://example.com/project/12345/app/insights#report/8001'", "neither the id nor the URL of a report"),
    ("'https://mixpanel.com/s/AbC123'", "Open it in a browser and copy the long URL"),
    ("'https://mixpanel.com/project/12345/app/boards#id=501'", "is the URL of a board, not of a report"),
    ("'https://mixpanel.com/project/12345/app/insights#EBrV5bW2u9Mw'", "a report that is not saved"),
    ("'https://mixpanel.com/project/12345/app/impact#report/8401'", "does not return a Launch Analysis"),
]


@pytest.mark.parametrize("function", ["mixpanel_saved_report", "mixpanel_flows"])
@pytest.mark.parametrize("bookmark, problem", REFUSED)
def test_what_is_no_bookmark_is_refused_when_bound(con, sim, function, bookmark, problem):
    error = error_of(con, f"EXPLAIN FROM {function}({bookmark})")
    assert "[INVALID_ARGUMENT] bookmark: " in error and problem in error
    if "Launch" not in problem:
        # Both forms.
        assert "Pass the id, like 12345678, or the URL of a saved report, like 'https://mixpanel.com/project/" in error
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
    assert "[INVALID_ARGUMENT] bookmark: the URL belongs to " in error
    # DuckDB shows the double quotes of a board's URL as they are.
    assert f"Write {function}('{url}', {fix}), or add the account" in error
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
    assert f"is a report of {name}, not of Flows. Use mixpanel_saved_report" in error
    assert not sim.settled()
