"""Tests that an interrupt ends the wait for the answer to a live question, which is remembered all the same."""
from __future__ import annotations

import duckdb
import pytest
from conftest import only_v2, rows
from test_live_questions import DAYS, LIVE
from test_lifecycle import until
from test_progress import begin


def interrupted(con, sim, statement: str, requests: int = 1) -> None:
    """Runs a statement and interrupts it once it waits for its answer, when so many requests were made."""
    thread, failed = begin(con, statement)
    assert until(lambda: len(sim.requests) == requests, seconds=30), failed
    con.interrupt()
    thread.join(30)
    assert not thread.is_alive() and [type(problem) for problem in failed] == [duckdb.InterruptException], failed


@only_v2
@pytest.mark.parametrize("call", LIVE)
def test_what_was_asked_when_it_was_interrupted_serves_the_next_one(con, sim, call):
    sim.add_fault("latency", seconds=2, times=1)
    interrupted(con, sim, f"FROM {call}")
    assert rows(con, f"FROM {call}") is not None
    assert len(sim.settled()) == 1


@only_v2
@pytest.mark.parametrize("threads", [1, 2, 4])
def test_it_ends_however_many_threads_there_are(con, sim, threads):
    con.execute(f"SET threads = {threads}")
    sim.add_fault("hang", times=None)
    for number, event in enumerate(["Purchase", "Login", "Sign Up"], 1):
        interrupted(con, sim, f"SELECT count(*) FROM mixpanel_segmentation('{event}', {DAYS})", number)


LISTS = [f"mixpanel_funnel([8101, 8103], {DAYS})", "mixpanel_saved_report([8001, 8002])", "mixpanel_cohort_members(cohort_ids := [1001, 1005])"]


@only_v2
@pytest.mark.parametrize("call", LISTS)
def test_of_a_list_the_others_are_not_asked_for(con, sim, call):
    sim.add_fault("latency", seconds=2, times=1)
    interrupted(con, sim, f"FROM {call}")
    sim.settled()
    assert rows(con, "SELECT count(*) FROM duckdb_tables()") == [(0,)]
    assert len(sim.settled()) == 1
