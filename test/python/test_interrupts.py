"""Tests that an interrupt ends the wait for the answer to a live question, which is remembered all the same."""
from __future__ import annotations

import os

import duckdb
import pytest
from archived import files
from conftest import export, only_v2, rows
from simulator import Project, Simulator
from test_lifecycle import our_threads, until
from test_live_questions import DAYS, LIVE, SEGMENTATION
from test_progress import begin


def asks() -> bool:
    """Whether a thread waits for an answer. Downloads of tests before may still be under way."""
    return "mixpanel-answer" in our_threads()


def interrupted(con, sim, statement: str) -> None:
    """Runs a statement and interrupts it once it waits for its answer."""
    thread, failed = begin(con, statement)
    assert until(lambda: len(sim.requests) == 1, seconds=30), failed
    con.interrupt()
    thread.join(30)
    assert not thread.is_alive() and [type(problem) for problem in failed] == [duckdb.InterruptException], failed


@only_v2
@pytest.mark.parametrize("call", LIVE)
def test_what_was_asked_when_it_was_interrupted_serves_the_next_one(con, sim, call):
    sim.add_fault("latency", path=None, seconds=2)
    interrupted(con, sim, f"FROM {call}")
    assert rows(con, f"FROM {call}") is not None
    assert len(sim.settled()) == 1


@only_v2
@pytest.mark.parametrize("threads", [1, 2, 4])
def test_it_ends_however_many_threads_there_are(con, monkeypatch, threads):
    """The requests stay under way, at a server that nobody else asks."""
    con.execute(f"SET threads = {threads}")
    with Simulator(Project(days=1, events_per_day=1)) as silent:
        monkeypatch.setenv("MP_API_BASE_URL", silent.url)
        silent.add_fault("hang", path=None, times=None)
        for number in range(3):
            silent.clear()
            interrupted(con, silent, f"SELECT count(*) FROM mixpanel_segmentation('{threads} {number}', {DAYS})")


@only_v2
def test_what_nobody_waits_for_is_not_tried_again(con, sim):
    sim.add_fault("latency", path=None, seconds=2)
    sim.add_fault("status", path=None, status=503)
    interrupted(con, sim, f"FROM {SEGMENTATION}")
    assert until(lambda: not asks(), seconds=10) and len(sim.settled()) == 1


@only_v2
def test_a_feed_asks_for_no_further_page(con, sim):
    sim.add_fault("latency", path=None, seconds=2)
    interrupted(con, sim, f"FROM mixpanel_activity_feed(['user-1'], {DAYS})")
    assert until(lambda: not asks(), seconds=10) and len(sim.settled()) == 1


def test_what_changes_something_is_done_when_it_returns(con, sim, monkeypatch, tmp_path):
    """An interrupt ends waits for Mixpanel only: a change goes on where the statement can see it."""
    monkeypatch.setenv("MP_ARCHIVE", str(tmp_path / "archive"))
    rows(con, f"FROM {export(last='2025-01-01')}")
    (kept,) = files(tmp_path / "archive")
    days, asked, rest = kept.name.split(".", 2)
    for number in range(20_000):
        os.link(kept, kept.with_name(f"{days}.{int(asked) - number - 1}.{rest}"))
    thread, failed = begin(con, "CALL mixpanel_archive_clear(older_than := INTERVAL 0 SECONDS)")
    assert until(lambda: len(os.listdir(kept.parent)) < 20_000, seconds=30)
    con.interrupt()
    thread.join(60)
    left = len(os.listdir(kept.parent))
    assert not thread.is_alive() and not asks()
    assert len(os.listdir(kept.parent)) == left


LISTS = [f"mixpanel_funnel([8101, 8103], {DAYS})", "mixpanel_saved_report([8001, 8002])", "mixpanel_cohort_members(cohort_ids := [1001, 1005])"]


@only_v2
@pytest.mark.parametrize("call", LISTS)
def test_of_a_list_the_others_are_not_asked_for(con, sim, call):
    sim.add_fault("latency", path=None, seconds=2)
    interrupted(con, sim, f"FROM {call}")
    sim.settled()
    assert rows(con, "SELECT count(*) FROM duckdb_tables()") == [(0,)]
    assert len(sim.settled()) == 1
