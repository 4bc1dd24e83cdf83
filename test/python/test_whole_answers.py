"""Tests that only a whole answer with status 200 counts: anything else is retried, and ends in an error, never in an empty answer."""
from __future__ import annotations

import pytest
from conftest import FIRST, LAST, error_of, export, rows
from expected import fetched_rows
from kept import error, fetch, run, sync

PARTS = [
    ("other_status", {"status": 202}),
    ("other_status", {"status": 205}),
    ("other_status", {"status": 206}),
    ("other_status", {"headers": {"Content-Range": "bytes 0-1/2"}, "status": 200}),
    ("without_end", {}),
]
DAYS = f"from_date := '{FIRST}', to_date := '{LAST}'"
CALLS = [
    export(last=FIRST),
    "mixpanel_profiles(distinct_ids := ['nobody'])",
    f"mixpanel_activity_feed(['nobody'], {DAYS}, workspace_id := 3001)",
    "mixpanel_profile_stats('count')",
    "mixpanel_events()",
    "mixpanel_cohorts()",
    "mixpanel_funnels()",
    "mixpanel_bookmarks()",
    "mixpanel_annotations()",
    "mixpanel_dashboards()",
    "mixpanel_dashboard(501)",
    "mixpanel_lookup_table(610)",
    "mixpanel_lexicon_schemas()",
    f"mixpanel_segmentation('Purchase', {DAYS})",
    f"mixpanel_retention(born_event := 'Sign Up', {DAYS})",
    "mixpanel_saved_report(8001)",
    f"mixpanel_saved_report(8001, {DAYS})",
    f"mixpanel_query_funnel(['Sign Up', 'Purchase'], {DAYS})",
    f"mixpanel_query_flows('Sign Up', {DAYS})",
    "mixpanel_flows(8301)",
]


@pytest.mark.parametrize("kind, options", PARTS, ids=str)
@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.split("(")[0])
def test_a_part_of_an_answer_is_asked_for_again(con, sim, call, kind, options):
    sim.add_fault(kind, path=None, **options)
    rows(con, f"FROM {call}")
    # Some need the answers to two questions.
    asked = [(request.method, request.target, request.body) for request in sim.settled()]
    assert asked[0] == asked[1] and len(asked) - len(set(asked)) == 1


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.split("(")[0])
def test_in_the_end_it_is_an_error(con, sim, call):
    sim.add_fault("other_status", path=None, times=None, status=206)
    message = error_of(con, f"FROM {call}")
    assert "[UNEXPECTED_RESPONSE]" in message and "HTTP 206" in message and "Check for a proxy" in message
    assert len(sim.settled()) == 6


@pytest.mark.parametrize("kind, options", PARTS, ids=str)
def test_a_sync_against_such_a_server_takes_nothing_from_the_table(con, sim, clock, kind, options):
    fetch(con)
    run(con, "fetch_profiles", "profiles")
    before = fetched_rows(con, "events"), rows(con, "FROM profiles ORDER BY ALL")
    sim.add_fault(kind, path=None, times=None, **options)
    for changes in (
        lambda con: sync(con, lookback_days=100_000),
        lambda con: run(con, "sync_profiles", "profiles", delete_missing=True),
        lambda con: fetch(con, append=True),
        lambda con: fetch(con, replace=True),
    ):
        error(con, changes)
    assert (fetched_rows(con, "events"), rows(con, "FROM profiles ORDER BY ALL")) == before
