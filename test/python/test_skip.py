"""Tests `on_failure := 'skip'`: what fails is left out whole and reported, and everything else is there."""
from __future__ import annotations

import json

import pytest
from conftest import FIRST, LAST, error_of, export, last_fetch, rows
from expected import export_rows, fetched_rows

SKIP = export("on_failure := 'skip'")
BAD = "2025-01-03"

LASTING = [
    ("status", {"status": 500}), ("cut", {}), ("terminated_early", {}), ("damaged_line", {}), ("cut_clean_gzip", {}),
    ("html_200", {}), ("error_in_200", {}),
]  # fmt: skip


@pytest.mark.parametrize("kind, options", LASTING)
def test_the_bad_day_is_left_out_whole_and_said(con, sim, kind, options):
    sim.add_fault(kind, times=None, match={"from_date": BAD}, **options)
    con.execute(f"CREATE TABLE events AS FROM {SKIP}")
    assert fetched_rows(con, "events") == sorted(
        export_rows(sim, FIRST, "2025-01-02") + export_rows(sim, "2025-01-04", LAST)
    )
    record = last_fetch(con)
    assert (record["windows"], record["windows_done"], record["windows_failed"], record["rows"]) == (5, 4, 1, 1200)
    assert record["error"] is None and record["finished"] is not None
    (left_out,) = json.loads(record["failed_ranges"])
    assert left_out["range"] == BAD and left_out["error"].startswith("[") and "attempts" in left_out["error"]


def test_several_days_are_each_said(con, sim):
    for day in ("2025-01-01", "2025-01-02", "2025-01-05"):
        sim.add_fault("cut", times=None, match={"from_date": day})
    assert rows(con, f"SELECT count(*) FROM {SKIP}") == [(600,)]
    ranges = [failed["range"] for failed in json.loads(last_fetch(con)["failed_ranges"])]
    assert sorted(ranges) == ["2025-01-01", "2025-01-02", "2025-01-05"]


def test_longer_windows_are_named_by_both_ends(con, sim):
    sim.add_fault("status", times=None, status=400, match={"from_date": "2025-01-03"})
    call = export("on_failure := 'skip', window_days := 2")
    assert rows(con, f"SELECT count(*) FROM {call}") == [(900,)]
    assert json.loads(last_fetch(con)["failed_ranges"])[0]["range"] == "2025-01-03 to 2025-01-04"


def test_a_longer_window_that_breaks_off_is_asked_for_in_halves(con, sim):
    sim.add_fault("cut", times=None, match={"from_date": "2025-01-03"})
    call = export("on_failure := 'skip', window_days := 2")
    assert rows(con, f"SELECT count(*) FROM {call}") == [(1200,)]
    assert json.loads(last_fetch(con)["failed_ranges"])[0]["range"] == "2025-01-03"
    assert ("2025-01-04", "2025-01-04") in [(request.params["from_date"], request.params["to_date"]) for request in sim.settled()]


def test_all_days_bad_is_an_error(con, sim):
    """An empty table would be a lie."""
    sim.add_fault("cut", times=None)
    assert "[TRUNCATED]" in error_of(con, f"CREATE TABLE events AS FROM {SKIP}")
    assert error_of(con, "FROM events").startswith("Catalog Error")


@pytest.mark.parametrize("status, code", [
    (401, "AUTHENTICATION_FAILED"), (402, "PAYMENT_REQUIRED"), (403, "PERMISSION_DENIED"), (404, "NOT_FOUND"),
])  # fmt: skip
def test_what_is_wrong_with_every_day_is_never_skipped(con, sim, status, code):
    sim.add_fault("status", times=None, status=status, match={"from_date": BAD})
    assert f"[{code}]" in error_of(con, f"FROM {SKIP}")


def test_days_for_which_the_hour_has_no_request_are_skipped(con, sim):
    """What came is kept; where nothing came it is an error."""
    sim.add_fault("status", times=None, status=429, headers={"Retry-After": "1800"}, match={"from_date": BAD})
    assert rows(con, f"SELECT count(*) FROM {SKIP}") == [(1200,)]
    assert "[RATE_LIMITED]" in json.loads(last_fetch(con)["failed_ranges"])[0]["error"]
    sim.add_fault("status", times=None, status=429, headers={"Retry-After": "1800"})
    assert "[RATE_LIMITED]" in error_of(con, f"FROM {SKIP}")


def test_nothing_is_skipped_where_nothing_fails(con, sim):
    sim.add_fault("cut", times=2, match={"from_date": BAD})
    assert fetched_rows(con, SKIP) == export_rows(sim, FIRST, LAST)
    assert last_fetch(con)["failed_ranges"] == "[]" and last_fetch(con)["retries"] == 2


def test_without_it_the_days_are_an_error(con, sim):
    sim.add_fault("cut", times=None, match={"from_date": BAD})
    call = export("on_failure := 'error'")
    assert BAD in error_of(con, f"FROM {call}")
