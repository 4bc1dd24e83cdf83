"""Tests that a refusal's words decide its meaning, whatever its status; that pages are shown by their text; that long URLs are not sent."""
from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from conftest import FIRST, LAST, error_of, export, last_fetch, only_v2, rows

NAMES, ENGAGE, JQL, EXPORT = "/api/query/events/names", "/api/query/engage", "/api/query/jql", "/api/2.0/export"
STATUSES = [200, 400, 403]
TODAY = datetime.now(UTC).date()
DAYS = f"from_date := '{FIRST}', to_date := '{LAST}'"
SEGMENTATION = f"mixpanel_segmentation('Purchase', {DAYS})"


def refuse(sim, words: str, status: int, path: str | None = None, times: int | None = None, **match) -> None:
    sim.add_fault("body", path=path, times=times, status=status, body=f'{{"error": "{words}"}}', match=match)


# By their words.


@pytest.mark.parametrize("status", STATUSES)
def test_history_that_is_limited(con, sim, status):
    """mixpanel_events() asks from 2000 on, and narrows where the plan says how far back it may."""
    refuse(sim, "Date range exceeds 90 days into the past", status, NAMES, times=1)
    # A project of its own: what is learned here is not for the other tests.
    rows(con, f"FROM mixpanel_events(account := '(environment)', workspace_id := {1000 + status})")
    assert [request.params["from_date"] for request in sim.settled(2)] == ["2000-01-01", str(TODAY - timedelta(days=90))]
    con.execute("CALL mixpanel_clear_cache()").fetchall()
    refuse(sim, "Date range exceeds 90 days into the past", status)
    error = error_of(con, f"FROM {SEGMENTATION}")
    assert "[PERMISSION_DENIED]" in error and "Choose later dates: the project's plan allows 90 days back" in error


@pytest.mark.parametrize("status", STATUSES)
def test_a_day_in_the_future(con, sim, status):
    refuse(sim, "to_date cannot be later than today", status, NAMES, to_date=str(TODAY))
    rows(con, "FROM mixpanel_events()")
    assert [request.params["to_date"] for request in sim.settled(2)] == [str(TODAY), str(TODAY - timedelta(days=1))]
    refuse(sim, "to_date cannot be later than today", status)
    error = error_of(con, f"FROM {SEGMENTATION}")
    assert "[INVALID_REQUEST]" in error and "up to today in the project's time zone" in error


@only_v2
@pytest.mark.parametrize("status", [400, 403])
def test_a_last_day_that_nobody_named_is_left_out(con, sim, status):
    """`WHERE event_time >= ...` asks until today, whose day may not have begun in the project."""
    refuse(sim, "to_date cannot be later than today", status, EXPORT, to_date=str(TODAY))
    refuse(sim, "to_date cannot be later than today", status, EXPORT, to_date=str(TODAY + timedelta(days=1)))
    start = TODAY - timedelta(days=3)
    assert rows(con, f"SELECT count(*) FROM mixpanel_export() WHERE event_time >= '{start}'") == [(0,)]


@pytest.mark.parametrize("status", STATUSES)
def test_a_session_that_is_forgotten(con, sim, status):
    con.execute("SET threads = 1")
    expected = rows(con, "SELECT count(*) FROM mixpanel_profiles()")
    sim.clear()
    refuse(sim, "x " * 400 + "request for page in uncached query for params", status, ENGAGE, times=1, page="1")
    assert rows(con, "SELECT count(*) FROM mixpanel_profiles()") == expected
    assert len([request for request in sim.settled(2) if "session_id" not in request.form]) == 2, "asked anew from the first page on"


@pytest.mark.parametrize("status", [200, 400, 403, 404, 410, 501])
def test_a_project_without_jql(con, sim, status):
    refuse(sim, "JQL has been deprecated", status, JQL)
    error = error_of(con, "FROM mixpanel_jql('function main() { return 1 }')")
    assert "Mixpanel is retiring JQL" in error and "mixpanel_export" in error
    assert len(sim.settled()) == 1


@pytest.mark.parametrize("status", [200, 400])
def test_a_route_that_is_closed(con, sim, status):
    refuse(sim, "This endpoint has been deprecated", status)
    error = error_of(con, f"FROM {SEGMENTATION}")
    assert "[PERMISSION_DENIED]" in error and "no longer offers this" in error and "mixpanel_export" in error


@pytest.mark.parametrize("status, paths", [(200, 2), (400, 2), (404, 2), (403, 1)])
def test_a_report_that_one_route_does_not_know(con, sim, status, paths):
    refuse(sim, "x " * 400 + "Invalid bookmark_id", status, "/api/query/insights")
    if paths == 2:
        assert rows(con, "SELECT DISTINCT report_type FROM mixpanel_saved_report(8301)") == [("flows",)]
    else:
        assert "[PERMISSION_DENIED]" in error_of(con, "FROM mixpanel_saved_report(8301)")
    assert len(sim.settled()) == paths


@pytest.mark.parametrize("status", [400, 403])
def test_days_that_the_plan_does_not_keep_can_be_left_out(con, sim, status):
    refuse(sim, "Date range exceeds 90 days into the past", status, EXPORT, from_date=FIRST)
    call = export("on_failure := 'skip'")
    assert rows(con, f"SELECT min(event_time)::DATE::VARCHAR FROM {call}") == [("2025-01-02",)]
    assert "exceeds 90 days" in str(last_fetch(con))
    assert "[PERMISSION_DENIED]" in error_of(con, f"FROM {export()}")


def test_profiles_of_a_free_plan(con, sim):
    """Not that profiles work on every plan, in an answer that says the opposite."""
    sim.add_fault("status", path=ENGAGE, times=None, status=402)
    error = error_of(con, "FROM mixpanel_profiles()")
    assert "[PAYMENT_REQUIRED]" in error and "mixpanel_export works on every plan" in error


# Pages in the place of answers.

PAGE = "<!DOCTYPE html>\n<html><head><style>p {{ color: red }}</style>\n<title>{title}</title><script>if (1 < 2) go()</script></head><body><p>Please <b>log in</b></p></body></html>"
ASKING = [f"{export()}", SEGMENTATION, "mixpanel_events()", "mixpanel_profiles()", "mixpanel_annotations()", "mixpanel_jql('x')", "mixpanel_saved_report(8001)"]


@pytest.mark.parametrize("call", ASKING, ids=[call.partition("(")[0] for call in ASKING])
@pytest.mark.parametrize("status", [200, 400, 403, 502])
@pytest.mark.parametrize("title, text", [("Gateway &amp; Login", "Gateway & Login"), ("", "Please log in")])
def test_a_page_is_shown_by_its_text(con, sim, call, status, title, text):
    sim.add_fault("body", path=None, times=None, status=status, body=PAGE.format(title=title), headers={"Content-Type": "text/html"})
    error = error_of(con, f"FROM {call}")
    assert text in error, error
    for markup in ("<", "DOCTYPE", "color", "go()"):
        assert markup not in error, error


@pytest.mark.parametrize("call", ASKING, ids=[call.partition("(")[0] for call in ASKING])
def test_a_page_inside_of_an_error_is_shown_by_its_text(con, sim, call):
    refuse(sim, "upstream said <html><head><title>502 Bad Gateway</title></head></html>", 400)
    error = error_of(con, f"FROM {call}")
    assert "502 Bad Gateway" in error and "<" not in error.replace("<Day", ""), error


def test_a_page_behind_good_rows_is_shown_by_its_text(con, sim):
    good = '{"event":"A","properties":{"time":1735689600000,"distinct_id":"a"}}\n'
    sim.add_fault("body", path=EXPORT, times=None, body=good + PAGE.format(title="Log in"))
    error = error_of(con, f"FROM {export(last=FIRST)}")
    assert "line 2 is HTML, not an event: Log in (1 events came before it)" in error and "<" not in error


# URLs.

MANY = f"list_transform(range(2500), lambda n: 'Event number ' || n)"
LONG = [
    (f"mixpanel_export({DAYS}, events := {MANY})", "events", "filter in SQL"),
    (f"mixpanel_event_counts({MANY}, {DAYS})", "events", "filter in SQL"),
    (f"mixpanel_property_counts('Purchase', 'plan', property_values := {MANY}, {DAYS})", "property_values", "Name fewer at a time"),
    (f"mixpanel_segmentation('Purchase', filter := repeat('x', 20000), {DAYS})", "filter", "filter in SQL"),
    (f"mixpanel_export({DAYS}, filter := repeat('x', 100000))", "filter", "filter in SQL"),
    (f"mixpanel_api('/api/query/events', params := {{'event': {MANY}}})", "params", "Request less at a time"),
    ("mixpanel_property_values('plan', event := repeat('x', 20000))", "event", "Request less"),
]


@pytest.mark.parametrize("call, parameter, fix", LONG, ids=[call.partition("(")[0] for call, *_ in LONG])
def test_a_url_that_would_be_too_long(con, sim, call, parameter, fix):
    error = error_of(con, f"FROM {call}")
    assert f"[INVALID_ARGUMENT] {parameter}: " in error and " makes a URL of " in error and fix in error, error
    assert not sim.settled()


@only_v2
def test_names_that_only_a_condition_brings_are_no_error(con, sim):
    """They narrow the request where they can; DuckDB looks at the rows again."""
    names = ", ".join(f"'Event number {number}'" for number in range(2500))
    assert rows(con, f"SELECT count(*) > 0 FROM {export()} WHERE event_name IN ({names}, 'Purchase')") == [(True,)]
    wide = ", ".join(f"'{'é' * 100} {number}'" for number in range(15))
    long = "properties[\"x\"] == \"" + "y" * 9000 + '"'
    call = export(f"filter := 'not {long}'")
    assert rows(con, f"SELECT count(*) > 0 FROM {call} WHERE event_name IN ({wide}, 'Purchase')") == [(True,)]
    assert all("event" not in request.params for request in sim.settled())
