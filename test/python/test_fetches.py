"""Tests `mixpanel_fetches()`: every export of the process, while it runs and after it ended."""
from __future__ import annotations

import json
import threading

from conftest import FIRST, LAST, error_of, export, last_fetch, rows


def test_a_finished_export(con, sim):
    call = export("events := ['Purchase', 'Search'], max_workers := 2, project_id := 12345")
    con.execute(f"FROM {call}").fetchall()
    record = last_fetch(con)
    assert record["function"] == "mixpanel_export"
    assert json.loads(record["arguments"]) == {
        "from_date": FIRST, "to_date": LAST, "events": ["Purchase", "Search"], "max_workers": 2, "project_id": 12345,
    }  # fmt: skip
    assert (record["windows"], record["windows_done"], record["windows_failed"], record["failed_ranges"]) == (5, 5, 0, "[]")
    assert (record["requests"], record["retries"], record["error"]) == (5, 0, None)
    assert record["started"] <= record["finished"]
    requests = sim.settled()
    # Heads of answers and the frames of chunks are not counted.
    assert 0 < record["bytes"] < sum(request.bytes_sent for request in requests)
    assert record["rows"] == rows(con, f"SELECT count(*) FROM {export()} WHERE event_name IN ('Purchase', 'Search')")[0][0]


def test_bytes_are_those_of_the_bodies(con, sim):
    sim.add_fault("body", body="\n" * 1234, times=None)
    rows(con, f"FROM {export()}")
    assert last_fetch(con)["bytes"] == 5 * 1234


def test_a_failed_export_keeps_its_error(con, sim):
    sim.add_fault("status", status=403, times=None)
    error = error_of(con, f"FROM {export()}")
    record = last_fetch(con)
    assert record["error"] in error and record["error"].startswith("[PERMISSION_DENIED] 2025-01-0")
    assert record["finished"] is not None and record["rows"] == 0


def test_retries_are_counted(con, sim):
    sim.add_fault("status", status=500, times=2, match={"from_date": FIRST})
    sim.add_fault("terminated_early", times=1, match={"from_date": LAST})
    rows(con, f"SELECT count(*) FROM {export()}")
    record = last_fetch(con)
    assert (record["requests"], record["retries"], record["windows_done"]) == (8, 3, 5)
    assert len(sim.settled()) == 8


def test_a_running_export_is_seen_by_another_connection(con, sim):
    sim.add_fault("hang", times=None, match={"from_date": LAST})
    other = con.cursor()
    before = len(rows(other, "FROM mixpanel_fetches()"))
    thread = threading.Thread(target=lambda: con.execute(f"SELECT count(*) FROM {export()}").fetchall())
    thread.start()
    while not len(sim.requests) == 5:
        thread.join(0.002)
    record = last_fetch(other)
    assert (record["windows"], record["finished"], record["error"]) == (5, None, None)
    assert record["windows_done"] < 5
    sim.reset()
    thread.join(30)
    record = last_fetch(other)
    assert (record["windows_done"], record["rows"]) == (5, 1500) and record["finished"] is not None
    assert len(rows(other, "FROM mixpanel_fetches()")) == before + 1


def test_each_run_is_a_record_of_its_own(con, sim):
    con.execute(f"CREATE VIEW events AS FROM {export(last=FIRST)}")
    con.execute("EXPLAIN FROM events")
    before = len(rows(con, "FROM mixpanel_fetches()"))
    for _ in range(3):
        rows(con, "SELECT count(*) FROM events")
    rows(con, "SELECT count(*) FROM events a JOIN events b USING (insert_id)")
    records = rows(con, "SELECT id, rows FROM mixpanel_fetches() ORDER BY id")[before:]
    assert [count for _, count in records] == [300] * 5
    assert len({number for number, _ in records}) == 5


def test_plans_and_bad_calls_leave_no_record(con, sim):
    before = rows(con, "SELECT count(*) FROM mixpanel_fetches()")
    rows(con, "FROM mixpanel_export_plan(from_date := '2025-01-01', to_date := '2025-01-02')")
    error_of(con, f"FROM {export('max_rows := 0')}")
    assert rows(con, "SELECT count(*) FROM mixpanel_fetches()") == before


def test_the_columns(con):
    described = con.execute("DESCRIBE FROM mixpanel_fetches()").fetchall()
    assert [row[:2] for row in described] == [
        ("id", "BIGINT"), ("function", "VARCHAR"), ("arguments", "JSON"), ("windows", "BIGINT"), ("windows_done", "BIGINT"),
        ("windows_failed", "BIGINT"), ("failed_ranges", "JSON"), ("requests", "BIGINT"), ("retries", "BIGINT"),
        ("rows", "BIGINT"), ("bytes", "BIGINT"), ("started", "TIMESTAMP"), ("finished", "TIMESTAMP"), ("error", "VARCHAR"),
        ("warnings", "JSON"), ("windows_kept", "BIGINT"), ("oldest_asked", "TIMESTAMP"), ("waiting_until", "TIMESTAMP"), ("asked", "JSON"),
    ]  # fmt: skip
