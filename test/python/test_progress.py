"""Tests the progress of a query, as DuckDB's progress bar shows it."""
from __future__ import annotations

import threading

from conftest import connect, export, only_v2, rows
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
