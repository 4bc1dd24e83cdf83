"""Tests the progress of a query, as DuckDB's progress bar shows it."""
from __future__ import annotations

import signal
import subprocess
import sys
import threading
from datetime import timedelta

import duckdb
import pytest
from conftest import EXTENSION, connect, export, only_v2, rows
from test_lifecycle import until

DAYS = [f"2025-01-{day:02}" for day in range(1, 11)]


@only_v2
def test_an_export_under_way_says_how_far_it_is(sim, monkeypatch):
    """DuckDB asks after each 50 chunks that its thread has taken: nine days are more than that, and for the tenth it has to wait."""
    monkeypatch.setenv("MP_TIMEOUT_MS", "3000")
    for number, day in enumerate(DAYS):
        sim.set_day(day, ['{"event":"A","properties":{"time":%d}}' % (1735689600 + number * 86_400)] * 30_000)
    sim.add_fault("hang", match={"from_date": DAYS[-1]})
    con = connect()
    con.execute("SET threads = 1; SET enable_progress_bar = true; SET enable_progress_bar_print = false; SET progress_bar_time = 0")
    found = []
    query = threading.Thread(target=lambda: found.extend(rows(con, f"SELECT count(event_name) FROM {export(last=DAYS[-1])}")))
    query.start()
    seen = []
    assert until(lambda: seen.append(con.query_progress()) or 0 < seen[-1] < 100 or not query.is_alive(), seconds=60)
    query.join()
    assert 0 < seen[-1] <= 90, seen[-1]
    assert found == [(300_000,)]


WAITS = ["an answer", "the hour", "another's answer"]
SHOWN = 25.0 if duckdb.__version__ == "2.0.0" else 37.5
"""What DuckDB makes of three days of four: the download is one part of the statement, and how it weighs the parts depends on its version."""
FOUR_DAYS = "PRAGMA mixpanel_sync_events('events', from_date = '2025-01-01', to_date = '2025-01-04', window_days = 3{})"


@pytest.fixture(params=WAITS)
def waiting(request, sim, monkeypatch, clock, tmp_path):
    """A sync of four days of which three come at once, and what makes it wait for the fourth, on a connection with two threads; and how the wait ends."""
    monkeypatch.setenv("MP_ARCHIVE", str(tmp_path / "archive"))
    con = connect()
    con.execute("SET threads = 2; SET enable_progress_bar = true; SET enable_progress_bar_print = false; SET progress_bar_time = 0")
    # A database of its own has threads of its own.
    other = connect()
    last_day = "SELECT count(*) FROM " + export(first="2025-01-04", last="2025-01-04")
    if request.param == "the hour":
        monkeypatch.delenv("MP_RATE_LIMITS")
        con.execute("SET mixpanel_hourly_limit = 2")
        rows(con, f"SELECT count(*) FROM {export(first='2025-01-05', last='2025-01-05')}")
        yield con, FOUR_DAYS.format(", max_wait = INTERVAL 1 HOUR"), lambda: clock.move_by(timedelta(minutes=61))
        con.execute("RESET mixpanel_hourly_limit")
    else:
        sim.add_fault("hang", times=None, match={"from_date": "2025-01-04"})
        elsewhere = threading.Thread(target=lambda: rows(other, last_day))
        if request.param == "another's answer":
            elsewhere.start()
            assert until(lambda: len(sim.requests) == 1)
        yield con, FOUR_DAYS.format(""), sim.reset
        sim.reset()
        if elsewhere.ident:
            elsewhere.join()
    other.close()
    con.close()


def begin(con, statement: str) -> tuple[threading.Thread, list[Exception]]:
    """Runs it beside this thread."""
    failed = []

    def run():
        try:
            con.execute(statement).fetchall()
        except Exception as problem:  # noqa: BLE001  for whoever looks
            failed.append(problem)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread, failed


def waits_at(con, thread: threading.Thread, failed: list[Exception]) -> None:
    """Until the first window is read and the statement shows so."""
    seen = []
    with connect() as look:
        read = lambda: rows(look, "SELECT windows_done FROM mixpanel_fetches() ORDER BY id DESC LIMIT 1") == [(1,)]  # noqa: E731
        shows = lambda: seen.append(con.query_progress()) or seen[-1] == SHOWN and read()  # noqa: E731
        assert until(lambda: shows() or not thread.is_alive(), seconds=30), set(seen)
    assert thread.is_alive(), (failed, set(seen))


@only_v2
def test_a_sync_that_waits_shows_the_share_of_its_days_that_is_there(waiting):
    con, sync, end = waiting
    thread, failed = begin(con, sync)
    waits_at(con, thread, failed)
    end()
    thread.join(30)
    assert not thread.is_alive() and not failed
    assert rows(con, "SELECT count(DISTINCT event_time::DATE) FROM events") == [(4,)]


@only_v2
def test_a_wait_is_interrupted_at_once(waiting):
    """Twenty times on the same connection; the table is made by the run that is left alone."""
    con, sync, end = waiting
    for _ in range(20):
        thread, failed = begin(con, sync)
        waits_at(con, thread, failed)
        con.interrupt()
        thread.join(30)
        assert not thread.is_alive(), "it hangs"
        assert [type(problem) for problem in failed] == [duckdb.InterruptException], failed
        assert rows(con, "SELECT count(*) FROM duckdb_tables()") == [(0,)]
    end()
    con.execute(sync)
    assert rows(con, "SELECT count(DISTINCT event_time::DATE) FROM events") == [(4,)]


@only_v2
def test_a_wait_without_a_thread_to_spare_is_interrupted_too(sim):
    """Nothing shows how far it is then."""
    con = connect(threads="1")
    sim.add_fault("hang", times=None, match={"from_date": "2025-01-04"})
    thread, failed = begin(con, FOUR_DAYS.format(""))
    assert until(lambda: len(sim.requests) == 2)
    con.interrupt()
    thread.join(30)
    assert not thread.is_alive() and [type(problem) for problem in failed] == [duckdb.InterruptException], failed
    con.close()


CTRL_C = """
import signal, sys, duckdb
con = duckdb.connect(config={"allow_unsigned_extensions": "true", "threads": "2"})
con.execute(f"LOAD '{sys.argv[1]}'")
signal.signal(signal.SIGINT, lambda *_: con.interrupt())
print("ready", flush=True)
try:
    con.execute(sys.argv[2])
except duckdb.InterruptException:
    print("interrupted", flush=True)
"""


@only_v2
def test_ctrl_c_ends_a_wait_where_the_client_passes_it_on(sim):
    """Python's own handler would end the statement, and DuckDB then waits for its threads: nobody tells those. This is what docs/clients.md shows."""
    sim.add_fault("hang", times=None, match={"from_date": "2025-01-04"})
    with subprocess.Popen([sys.executable, "-c", CTRL_C, str(EXTENSION), FOUR_DAYS.format("")], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "ready\n"
        assert until(lambda: len(sim.requests) == 2, seconds=30)
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=30)[0] == "interrupted\n"
