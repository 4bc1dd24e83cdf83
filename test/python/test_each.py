"""Tests calls for many cohorts, funnels or saved reports: the rows of single calls, each with its id, and the requests and failures."""
from __future__ import annotations

import json

import pytest
from client_vectors import read
from conftest import FIRST, LAST, error_of, last_fetch, rows

ENGAGE, FUNNELS, INSIGHTS, COHORTS = "/api/query/engage", "/api/query/funnels", "/api/query/insights", "/api/query/cohorts/list"
DATES = f"from_date := '{FIRST}', to_date := '{LAST}'"
VISIBLE = [1002, 1007, 1003, 1001, 1004, 1006]


def asked_cohorts(sim) -> list[int]:
    return [read(request.form["filter_by_cohort"])["id"] for request in sim.settled() if request.path == ENGAGE]


def members(arguments: str = "") -> str:
    return f"mixpanel_cohort_members({arguments})"


def test_members_are_those_of_each_cohort(con, sim):
    one_by_one = [(cohort, *row) for cohort in VISIBLE for row in rows(con, f"SELECT distinct_id, properties FROM mixpanel_profiles(cohort_id := {cohort}) ORDER BY ALL")]
    sim.clear()
    together = rows(con, f"SELECT cohort_id, distinct_id, properties FROM {members()} ORDER BY list_position({VISIBLE}, cohort_id), 2, 3")
    assert together == one_by_one and len({distinct_id for _, distinct_id, _ in together}) < len(together)
    # The list, and one request for each cohort that is visible: the hidden one is not asked for.
    assert [request.path for request in sim.settled()] == [COHORTS] + [ENGAGE] * 6 and asked_cohorts(sim) == VISIBLE
    assert {request.form["include_all_users"] for request in sim.settled() if request.path == ENGAGE} == {"false"}


def test_named_cohorts_take_no_list(con, sim):
    assert rows(con, f"SELECT DISTINCT cohort_id FROM {members('cohort_ids := [1005, 1001, 1005]')} ORDER BY 1") == [(1001,), (1005,)]
    assert [request.path for request in sim.settled()] == [ENGAGE] * 2 and asked_cohorts(sim) == [1005, 1001]


def test_those_that_are_counted_as_empty_are_left_out_only_if_asked(con, sim):
    con.execute(f"CREATE TABLE found AS FROM {members('skip_empty := true')}")
    assert asked_cohorts(sim) == [1002, 1007, 1001, 1004, 1006]


def test_what_it_takes_is_asked_first(con, sim):
    found = rows(con, f"FROM {members('dry_run := true')}")
    assert [row[0] for row in found] == VISIBLE and {row[3] for row in found} == {1}
    assert found[3] == (1001, "Pro customers", 413, 1)
    rows(con, f"FROM {members('dry_run := true, skip_empty := true')}")
    rows(con, f"FROM {members('dry_run := true, cohort_ids := []')}")
    # One request, which is kept as discovery.
    assert [request.path for request in sim.settled()] == [COHORTS]


def test_the_smallest_answers(con, sim):
    """As `mixpanel-more.md` has them."""
    listed = [{"id": 1001, "name": "a", "count": 1, "is_visible": 1, "created": "2025-01-01 00:00:00", "description": "", "project_id": 1}]
    page = {"page": 0, "page_size": 1000, "session_id": "s", "status": "ok", "total": 1, "results": [{"$distinct_id": "u", "$properties": {}}]}
    sim.add_fault("body", path=COHORTS, body=json.dumps(listed))
    sim.add_fault("body", path=ENGAGE, body=json.dumps(page))
    assert rows(con, f"FROM {members()}") == [(1001, "u", "{}", None)]


def test_parts_of_the_columns(con, sim):
    ids = "cohort_ids := [1006]"
    everything = rows(con, f"FROM {members(ids)}")
    assert rows(con, f"SELECT count(*) FROM {members(ids)}") == [(len(everything),)]
    assert rows(con, f"SELECT cohort_id FROM {members(ids)} LIMIT 1") == [(1006,)]
    assert rows(con, f"SELECT last_seen, cohort_id, distinct_id FROM {members(ids)}") == [(row[3], row[0], row[1]) for row in everything]
    assert rows(con, f"SELECT count(*) FROM {members(ids)} WHERE properties IS NULL OR cohort_id <> 1006") == [(0,)]
    assert [json.loads(profile)["$distinct_id"] for _, profile in rows(con, f"FROM {members(ids + ', raw := true')}")] == [row[1] for row in everything]
    sim.clear()
    typed = rows(con, f"SELECT points FROM (SELECT loyalty_points AS points FROM {members(ids + ', output_properties := [$$loyalty_points$$], columns := {loyalty_points: $$BIGINT$$}')})")
    assert min(typed)[0] >= 2400 and read(sim.settled()[0].form["output_properties"]) == ["loyalty_points"]


@pytest.mark.parametrize("call, id_column, failing", [
    (members("cohort_ids := [1001, 999, 1006]"), "cohort_id", 999),
    (f"mixpanel_funnel([8101, 999, 8103], {DATES})", "funnel_id", 999),
    ("mixpanel_saved_report([8001, 999, 8002])", "bookmark_id", 999),
])  # fmt: skip
def test_one_that_can_not_be_had(con, sim, call, id_column, failing):
    error = error_of(con, f"FROM {call}")
    assert f"{id_column} {failing}: " in error
    skipping = f"{call[:-1]}, on_failure := 'skip')"
    found = {one for (one,) in rows(con, f"SELECT DISTINCT {id_column} FROM {skipping}")}
    assert len(found) == 2 and failing not in found
    records = rows(con, f"SELECT windows, windows_done, failed_ranges, error FROM mixpanel_fetches() WHERE function = '{call.partition('(')[0]}' ORDER BY id DESC LIMIT 1")
    (windows, done, failed, error) = records[0]
    assert (windows, done, error) == (3, 3, None) and [part["range"] for part in json.loads(failed)] == [f"{id_column} {failing}"]


def test_bad_credentials_are_no_gaps(con, sim, monkeypatch):
    monkeypatch.setenv("MP_SECRET", "wrong")
    assert "[AUTHENTICATION_FAILED]" in error_of(con, f"FROM {members('cohort_ids := [1001, 1006], on_failure := $$skip$$')}")
    assert len(sim.settled()) == 1


def test_rows_that_were_given_are_not_taken_back(con, sim):
    """A cohort that fails on a later page fails the call, also where failures are left out."""
    first = {"page": 0, "page_size": 1, "session_id": "s", "total": 2, "results": [{"$distinct_id": "u", "$properties": {}}]}
    sim.add_fault("body", path=ENGAGE, match={"page": 0}, body=json.dumps(first))
    sim.add_fault("status", path=ENGAGE, times=None, match={"page": 1}, status=400, body='{"error": "Invalid page"}')
    error = error_of(con, f"FROM {members('cohort_ids := [1001, 1006], on_failure := $$skip$$')}")
    assert "cohort_id 1001: page 1: " in error and asked_cohorts(sim) == [1001, 1001]


@pytest.fixture
def limited(monkeypatch):
    """An hour of four requests."""
    monkeypatch.setenv("MP_RATE_LIMITS", "on")
    monkeypatch.setenv("MP_HOURLY_LIMIT", "4")


@pytest.mark.parametrize("call, asked", [
    (members(), [COHORTS]), (members("cohort_ids := [1001, 1002, 1003, 1004, 1005]"), []),
    (f"mixpanel_funnel([1, 2, 3, 4, 5], {DATES})", []), ("mixpanel_saved_report([1, 2, 3, 4, 5])", []),
])  # fmt: skip
def test_what_the_hour_does_not_allow_is_said_before_the_first(con, sim, limited, call, asked):
    error = error_of(con, f"FROM {call}")
    needed, left = (6, 3) if asked else (5, 4)
    assert f"[RATE_LIMITED] this needs {needed} requests of the query API, but {left} of 4" in error
    assert "Add on_failure := 'skip' to fetch as many as the hourly limit allows" in error
    assert [request.path for request in sim.settled()] == asked


def test_as_many_as_the_hour_allows(con, sim, limited):
    found = rows(con, f"SELECT DISTINCT cohort_id FROM {members('cohort_ids := [1001, 1002, 1005, 1006, 1007], on_failure := $$skip$$')} ORDER BY 1")
    assert found == [(1001,), (1002,), (1005,), (1006,)] and asked_cohorts(sim) == [1001, 1002, 1005, 1006]
    ((failed,),) = rows(con, "SELECT failed_ranges FROM mixpanel_fetches() WHERE function = 'mixpanel_cohort_members' ORDER BY id DESC LIMIT 1")
    (left_out,) = json.loads(failed)
    assert left_out["range"] == "cohort_id 1007" and "[RATE_LIMITED]" in left_out["error"]


@pytest.mark.parametrize("many, one, ids, id_column", [
    ("mixpanel_funnel([8101, 8103, 8101], {more})", "mixpanel_funnel({id}, {more})", [8101, 8103], "funnel_id"),
    ("mixpanel_funnel(['8103', '8101'], {more}, segment_by := 'plan')", "mixpanel_funnel({id}, {more}, segment_by := 'plan')", [8103, 8101], "funnel_id"),
    ("mixpanel_funnel([8103], {more}, raw := true)", "mixpanel_funnel({id}, {more}, raw := true)", [8103], "funnel_id"),
    ("mixpanel_saved_report([8001, 8002])", "mixpanel_saved_report({id})", [8001, 8002], "bookmark_id"),
    ("mixpanel_saved_report(['https://mixpanel.com/project/12345/view/3001/app/insights#report/8002/a'], raw := true)", "mixpanel_saved_report({id}, raw := true)", [8002], "bookmark_id"),
])  # fmt: skip
def test_lists_give_the_rows_of_each(con, sim, many, one, ids, id_column):
    found = rows(con, f"FROM {many.format(more=DATES)}")
    assert len([request for request in sim.settled() if request.path in (FUNNELS, INSIGHTS)]) == len(ids)
    sim.clear()
    assert found == [(id, *row) for id in ids for row in rows(con, f"FROM {one.format(id=id, more=DATES)}")]
    # The same questions within a minute: one at a time they are answered out of memory.
    assert not sim.settled()
    described = [name for name, *_ in rows(con, f"DESCRIBE FROM {many.format(more=DATES)}")]
    assert described == [id_column] + [name for name, *_ in rows(con, f"DESCRIBE FROM {one.format(id=ids[0], more=DATES)}")]


@pytest.mark.parametrize("call", [f"mixpanel_funnel([], {DATES})", "mixpanel_saved_report([])", members("cohort_ids := []")])
def test_none_is_no_rows_and_no_request(con, sim, call):
    assert rows(con, f"FROM {call}") == [] and not sim.settled()


@pytest.mark.parametrize("call, problem", [
    (f"mixpanel_funnel([8101, NULL], {DATES})", "funnel_id: contains NULL"), (f"mixpanel_funnel(['a'], {DATES})", "funnel_id: must be the id of a funnel"),
    (f"mixpanel_funnel([99999999999999999999], {DATES})", "funnel_id: is not a 64-bit id"), (f"mixpanel_funnel([[1]], {DATES})", "funnel_id: "),
    (f"mixpanel_funnel(8101, {DATES}, on_failure := 'skip')", "on_failure: needs a list"),
    ("mixpanel_saved_report([0])", "bookmark: no report has the id 0"), ("mixpanel_saved_report(['x'])", "bookmark: is neither the id"),
    ("mixpanel_saved_report([8001], on_failure := 'x')", "on_failure: must be 'error' or 'skip'"), ("mixpanel_flows([8301])", "bookmark: is neither a whole number nor text"),
    (members("cohort_ids := NULL"), "cohort_ids: is NULL"), (members("cohort_ids := [0]"), "which is not the id of a cohort"), (members("cohort_ids := 1001"), "cohort_ids: must be a list"),
    (members("cohort_ids := [1001], skip_empty := true"), "skip_empty: cannot be combined with cohort_ids"), (members("max_workers := 9"), "max_workers: "),
    (members("columns := {'cohort_id': 'BIGINT'}"), "columns: 'cohort_id' is already a column"),
])  # fmt: skip
def test_what_is_refused_before_any_request(con, sim, call, problem):
    assert problem in error_of(con, f"DESCRIBE FROM {call}")
    assert not sim.settled()


def test_a_limit_ends_it(con, sim):
    """What is not needed is not asked for: one cohort fills the first rows."""
    assert len(rows(con, f"FROM {members('cohort_ids := [1001, 1002, 1006]')} LIMIT 3")) == 3
    assert last_fetch(con)["finished"] is not None
