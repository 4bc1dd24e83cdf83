"""Tests that a fetch is all or nothing: rollback, errors in the middle, several connections, read-only databases, a killed process."""
from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time

import duckdb
import pytest
from conftest import FIRST, HOST, LAST, ROOT, Project, Simulator, connect, rows
from expected import fetched_rows
from kept import append, asked, days, each_once, error, event, fetch, history, run, sync, tables, users

TASKS = {
    "fetch": {"task": "fetch_events"}, "replace": {"task": "fetch_events", "replace": True},
    "append": {"task": "fetch_events", "append": True}, "sync": {"task": "sync_events"},
}  # fmt: skip


def inside(con, name: str, table: str = "events", **more) -> dict:
    """One of the tasks within a transaction that is there already."""
    arguments = {"from_date": FIRST, "to_date": LAST, **TASKS[name], **more}
    return run(con, arguments.pop("task"), table, transaction=True, **arguments)


@pytest.mark.parametrize("name", ["fetch", "sync", "replace"])
def test_rollback_leaves_nothing(con, sim, name):
    con.execute("BEGIN")
    inside(con, name)
    assert fetched_rows(con, "events") == each_once(sim)
    con.execute("ROLLBACK")
    assert tables(con) == set() and rows(con, "FROM _metadata") == []
    sim.clear()
    fetch(con)
    assert fetched_rows(con, "events") == each_once(sim) and len(asked(sim)) == 5


@pytest.mark.parametrize("name", ["append", "sync", "replace"])
def test_rollback_leaves_what_was_there(con, sim, name):
    fetch(con, last="2025-01-02")
    before, noted = fetched_rows(con, "events"), history(con)
    con.execute("BEGIN")
    inside(con, name)
    con.execute("ROLLBACK")
    assert fetched_rows(con, "events") == before and history(con) == noted
    assert tables(con) == {("memory", "main", "events"), ("memory", "main", "_metadata")}


def test_a_longer_transaction(con, sim):
    """It sees what was done before within it, and what follows sees what it did."""
    con.execute("BEGIN")
    inside(con, "fetch", to_date="2025-01-02")
    con.execute("DELETE FROM events WHERE event_name = 'Purchase'")
    inside(con, "append", to_date="2025-01-03")
    inside(con, "sync", lookback_days=1)
    con.execute("CREATE TABLE counted AS SELECT count(*) AS n FROM events")
    con.execute("COMMIT")
    assert fetched_rows(con, "events") == each_once(sim) and len(history(con)) == 3
    assert rows(con, "FROM counted") == [(len(each_once(sim)),)]


def test_rows_that_are_not_committed_yet_are_not_doubled(con, sim):
    con.execute("BEGIN")
    inside(con, "fetch")
    assert inside(con, "append")["rows_added"] == 0
    assert inside(con, "sync")["row_count"] == len(each_once(sim))
    con.execute("COMMIT")
    assert fetched_rows(con, "events") == each_once(sim)


@pytest.mark.parametrize("name", TASKS)
def test_an_error_in_the_middle_leaves_nothing(con, sim, name):
    if name == "append":
        fetch(con, last=FIRST)
    before = tables(con), rows(con, "FROM _metadata")
    sim.add_fault("status", status=400, match={"from_date": "2025-01-04"})
    arguments = {"from_date": FIRST, "to_date": LAST, **TASKS[name]}
    assert "2025-01-04" in error(con, run, arguments.pop("task"), "events", **arguments)
    assert (tables(con), rows(con, "FROM _metadata")) == before
    assert rows(con, "SELECT 1") == [(1,)], "no transaction is left open"


def test_an_error_after_the_fetch_leaves_nothing(con, sim):
    """Whatever stands in the way of the table: here a constraint of the user's."""
    con.execute("CREATE TABLE events (event_name VARCHAR, event_time TIMESTAMP, distinct_id VARCHAR, insert_id VARCHAR, properties JSON, CHECK (event_name <> 'Purchase'))")
    assert "CHECK" in error(con, append)
    assert rows(con, "SELECT count(*) FROM events") == [(0,)] and rows(con, "FROM _metadata") == []
    assert tables(con) == {("memory", "main", "events")}


def test_what_a_failed_run_leaves_behind_hurts_no_other(con, sim):
    sim.add_fault("status", status=400, match={"from_date": "2025-01-03"})
    error(con, sync)
    fetch(con, "other", last="2025-01-02")
    sync(con)
    assert fetched_rows(con, "events") == each_once(sim) and fetched_rows(con, "other") == each_once(sim, last="2025-01-02")
    for name in ("staged", "matched", "superseded", "replaced"):
        con.execute(f"CREATE TABLE mixpanel_{name} AS SELECT 1 AS mine")
    sync(con)
    append(con)
    assert fetched_rows(con, "events") == each_once(sim)
    assert all(rows(con, f"FROM mixpanel_{name}") == [(1,)] for name in ("staged", "matched", "superseded", "replaced"))


def test_names_of_the_scripts_that_the_user_has_too(con, sim):
    """Variables and temporary tables of other names stay what they are."""
    con.execute("SET VARIABLE label = 'mine'; CREATE TEMP TABLE staged AS SELECT 1 AS mine; CREATE TEMP TABLE kept AS SELECT 2 AS mine")
    fetch(con, last="2025-01-02")
    append(con)
    sync(con)
    assert fetched_rows(con, "events") == each_once(sim)
    assert rows(con, "SELECT getvariable('label'), s.mine, k.mine FROM staged s, kept k") == [("mine", 1, 2)]


class TestTwoConnections:
    def test_different_tables_at_once(self, con, long):
        """Both while the other one runs, again and again, with a history that both write to."""
        fetch(con, "seed", last=FIRST)
        failures = []

        def work(name):
            own = con.cursor()
            try:
                sync(own, name, FIRST, "2025-01-20")
                sync(own, name, FIRST, "2025-01-25")
                append(own, name, "2025-01-24", "2025-01-30")
            except Exception as problem:  # noqa: BLE001  shown by the test
                failures.append(problem)

        threads = [threading.Thread(target=work, args=(name,)) for name in ("one", "two")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not failures
        assert fetched_rows(con, "one") == fetched_rows(con, "two") == each_once(long, FIRST, "2025-01-30")
        assert len(history(con, "one")) == len(history(con, "two")) == 3

    def test_from_scratch_the_second_fails_before_a_request(self, con, sim):
        """Both would make the history; DuckDB lets only one."""
        other = con.cursor()
        con.execute("BEGIN")
        other.execute("BEGIN")
        inside(con, "fetch", "one")
        sim.clear()
        assert "onflict" in error(other, inside, "fetch", "two")
        assert not sim.settled()
        con.execute("COMMIT")
        other.execute("ROLLBACK")
        fetch(other, "two")
        assert fetched_rows(con, "one") == fetched_rows(con, "two") == each_once(sim)

    @pytest.mark.parametrize("first", ["append", "sync", "replace"])
    @pytest.mark.parametrize("second", ["append", "sync", "replace"])
    @pytest.mark.parametrize("committed", [False, True])
    def test_one_table_at_once(self, con, sim, first, second, committed):
        """Neither sees the other's rows, so that both would add the same ones: the second fails before its first request."""
        fetch(con, last="2025-01-02")
        other = con.cursor()
        con.execute("BEGIN")
        other.execute("BEGIN")
        other.execute("FROM events LIMIT 1").fetchall()
        inside(con, first)
        if committed:
            con.execute("COMMIT")
        sim.clear()
        assert "onflict" in error(other, inside, second)
        assert not sim.settled()
        other.execute("ROLLBACK")
        if not committed:
            con.execute("COMMIT")
        assert fetched_rows(con, "events") == each_once(sim)
        sync(other)
        assert fetched_rows(con, "events") == each_once(sim)

    def test_a_reader_sees_the_table_as_it_was(self, con, sim):
        sim.set_day(FIRST, [event("u", "i")])
        fetch(con, last=FIRST)
        other = con.cursor()
        other.execute("BEGIN")
        assert users(other) == ["u"]
        sim.set_day(FIRST, [event("v", "j")])
        sync(con, last=FIRST, lookback_days=100_000)
        assert users(other) == ["u"] and users(con) == ["v"]
        other.execute("COMMIT")
        assert users(other) == ["v"]


@pytest.mark.parametrize("name", TASKS)
def test_a_read_only_database_is_noticed_before_a_request(tmp_path, sim, name):
    path = str(tmp_path / "kept.duckdb")
    con = connect(path)
    fetch(con, last=FIRST)
    con.close()
    con = connect(path, access_mode="READ_ONLY")
    sim.clear()
    arguments = {"from_date": FIRST, "to_date": LAST, **TASKS[name]}
    assert "read-only" in error(con, run, arguments.pop("task"), "events", **arguments)
    assert not sim.settled() and fetched_rows(con, "events") == each_once(sim, last=FIRST)
    con.close()


def test_a_transaction_that_writes_to_another_database(con, sim):
    """DuckDB writes to one database a transaction; the history, made first, notices before a request."""
    con.execute("ATTACH ':memory:' AS other; BEGIN; CREATE TABLE mine AS SELECT 1")
    assert "single attached database" in error(con, inside, "fetch", "other.events")
    assert not sim.settled()
    con.execute("ROLLBACK")


KILLED = """
import sys
sys.path.insert(0, {folder!r})
from conftest import connect
import kept
con = connect({path!r})
kept.{task}(con, "events", {first!r}, {last!r}{more})
"""


@pytest.mark.parametrize("task", ["fetch", "append", "sync"])
def test_killed_in_the_middle(tmp_path, sim, task):
    """Four days have arrived and the fifth is on its way when the process is killed: nothing of it is there afterwards."""
    path = str(tmp_path / "kept.duckdb")
    con = connect(path)
    fetch(con, "before", last="2025-01-02")
    if task != "fetch":
        fetch(con, last="2025-01-02")
    before = {name: fetched_rows(con, name) for _, _, name in tables(con) if name != "_metadata"}
    noted = rows(con, "FROM _metadata")
    con.close()
    sim.clear()
    sim.add_fault("hang_mid_body", match={"from_date": LAST})
    code = KILLED.format(folder=str(ROOT / "test" / "python"), path=path, task=task, first=FIRST, last=LAST, more=", lookback_days=100_000" * (task == "sync"))
    process = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 40
    while time.monotonic() < deadline and process.poll() is None:
        if len(sim.requests) == 5 and sum(request.bytes_sent is not None and request.bytes_sent > 0 for request in sim.requests) >= 4:
            break
        time.sleep(0.02)
    assert process.poll() is None, process.stderr.read()
    assert len(sim.requests) == 5
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stderr.close()
    sim.reset()
    con = connect(path)
    assert {name: fetched_rows(con, name) for _, _, name in tables(con) if name != "_metadata"} == before
    assert rows(con, "FROM _metadata") == noted
    sync(con) if task == "sync" else fetch(con, append=task == "append")
    assert fetched_rows(con, "events") == each_once(sim)
    con.close()


def test_a_file_that_is_closed_and_opened_remembers(tmp_path, sim):
    path = str(tmp_path / "kept.duckdb")
    con = connect(path)
    sync(con, last="2025-01-03")
    con.close()
    assert not os.path.exists(path + ".wal")
    con = connect(path)
    sim.clear()
    sync(con, first=None, lookback_days=0)
    assert asked(sim) == ["2025-01-04", "2025-01-05"] and fetched_rows(con, "events") == each_once(sim)
    con.close()
    # Whoever has no extension reads the table all the same.
    plain = duckdb.connect(path, read_only=True)
    assert plain.execute("SELECT count(*) FROM events").fetchone() == (len(each_once(sim)),)
    plain.close()


@pytest.mark.skipif(HOST == "v2", reason="pragmas need no transaction of their own")
def test_a_script_within_a_transaction_is_refused_at_once(con, sim):
    con.execute("BEGIN")
    assert "transaction" in error(con, fetch)
    assert not sim.settled()
