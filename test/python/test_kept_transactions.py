"""Tests that a fetch is all or nothing: rollback, errors in the middle, several connections, read-only databases, a killed process."""
from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from functools import partial

import duckdb
import pytest
from conftest import FIRST, HOST, LAST, ROOT, Project, Simulator, connect, rows
from expected import fetched_rows
from kept import adopt, append, asked, days, each_once, error, event, fetch, history, run, sync, tables, users

TASKS = {
    "fetch": {"task": "fetch_events"}, "replace": {"task": "fetch_events", "replace": True},
    "append": {"task": "fetch_events", "append": True}, "sync": {"task": "sync_events"},
}  # fmt: skip


def inside(con, name: str, table: str = "events", **more) -> dict:
    """One of the tasks within a transaction that is there already."""
    if name == "adopt":
        return adopt(con, table, transaction=True, from_date=FIRST, to_date=FIRST)
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

    @pytest.mark.parametrize("committed", [False, True])
    @pytest.mark.parametrize("name", ["events", "s.events", "other.main.events"])
    @pytest.mark.parametrize("first, second", [("append", "append"), ("append", "replace"), ("replace", "append"), ("adopt", "append"), ("append", "adopt"), ("adopt", "adopt")])
    def test_a_table_without_history(self, con, sim, first, second, committed, name):
        """Its history has no row that both would change, and still the second fails before its first request."""
        con.execute("CREATE SCHEMA s; ATTACH ':memory:' AS other")
        fetch(con, name.replace("events", "seed"), last=FIRST)
        con.execute(f"CREATE TABLE {name} AS FROM mixpanel_export(from_date := '{FIRST}', to_date := '{FIRST}')")
        before = fetched_rows(con, name)
        self.race(con, sim, partial(inside, con, first, name), partial(inside, con.cursor(), second, name), committed, name)
        (noted,) = [entry for entry in history(con, "events", name.replace("events", "_metadata"))]
        expected = {"append": set(each_once(sim)), "replace": set(each_once(sim)), "adopt": set(before)}[first]
        assert set(fetched_rows(con, name)) == expected and noted["row_count"] == len(fetched_rows(con, name))

    @pytest.mark.parametrize("committed", [False, True])
    def test_profiles_without_history(self, con, sim, committed):
        fetch(con, "seed", last=FIRST)
        con.execute("CREATE TABLE people AS FROM mixpanel_profiles() LIMIT 0")
        both = [partial(run, each, "fetch_profiles", "people", transaction=True, append=True) for each in (con, con.cursor())]
        self.race(con, sim, *both, committed)
        assert rows(con, "SELECT count(*) = count(DISTINCT distinct_id), count(*) > 0 FROM people") == [(True, True)]

    @pytest.mark.skipif(HOST == "v1", reason="needs a pragma")
    @pytest.mark.parametrize("committed", [False, True])
    @pytest.mark.parametrize("first, second", [("append", "drop"), ("drop", "append"), ("drop", "sync"), ("drop", "drop")])
    def test_a_drop(self, con, sim, first, second, committed):
        fetch(con, last=FIRST)
        other = con.cursor()
        tasks = {name: partial(inside, name=name) for name in ("append", "sync")} | {"drop": lambda each: each.execute("PRAGMA mixpanel_drop('events')").fetchall()}
        self.race(con, sim, partial(tasks[first], con), partial(tasks[second], other), committed)
        assert ("memory", "main", "events") not in tables(con) if first == "drop" else fetched_rows(con, "events") == each_once(sim)

    @staticmethod
    def race(con, sim, first, second, committed: bool, table: str = "_metadata") -> None:
        """Both begin before either has done anything."""
        other = second.args[0]
        for each in (con, other):
            each.execute("BEGIN")
            each.execute(f"FROM {table} LIMIT 1").fetchall()
        first()
        if committed:
            con.execute("COMMIT")
        sim.clear()
        with pytest.raises(duckdb.Error, match="onflict"):
            second()
        assert not sim.settled()
        other.execute("ROLLBACK")
        if not committed:
            con.execute("COMMIT")

    @pytest.mark.parametrize("committed", [False, True])
    @pytest.mark.parametrize("first, second", [("sync", "adopt"), ("adopt", "sync"), ("append", "adopt"), ("replace", "adopt")])
    def test_an_adoption_does_not_take_the_history_of_another_table(self, con, sim, first, second, committed):
        """It makes the history anew, out of what it sees: where that is not all, it fails, and not the fetch that has come far."""
        fetch(con, last=FIRST)
        con.execute(f"CREATE TABLE mine AS FROM mixpanel_export(from_date := '{FIRST}', to_date := '{FIRST}')")
        other = con.cursor()
        names = {"adopt": "mine"}
        self.race(con, sim, partial(inside, con, first, names.get(first, "events")), partial(inside, other, second, names.get(second, "events")), committed)
        assert len(history(con)) == (2 if first in ("append", "sync") else 1) and len(history(con, "mine")) == (first == "adopt")
        assert fetched_rows(con, "events") == each_once(sim, last=LAST if first != "adopt" else FIRST)

    @pytest.mark.parametrize("adopted_first", [False, True])
    @pytest.mark.parametrize("commits_first", ["adopt", "fetch"])
    @pytest.mark.parametrize("task", ["fetch", "append", "sync"])
    def test_an_adoption_beside_a_fetch_into_another_table(self, con, sim, adopted_first, commits_first, task):
        """Whichever of them fails: what was committed is in the history, and nothing else is."""
        fetch(con, "seed", last=FIRST)
        for name in ("mine", "events"):
            con.execute(f"CREATE TABLE {name} AS FROM mixpanel_export(from_date := '{FIRST}', to_date := '{FIRST}')")
        if task == "sync":
            con.execute("DROP TABLE events")
            fetch(con, last=FIRST)
        elif task == "fetch":
            con.execute("DROP TABLE events")
        noted = {"seed": 1, "mine": 0, "events": len(history(con))}
        before = rows(con, "FROM events ORDER BY ALL") if task != "fetch" else None
        connections = {"adopt": con.cursor(), "fetch": con.cursor()}
        for each in connections.values():
            each.execute("BEGIN")
            each.execute("FROM _metadata").fetchall()
        work = {"adopt": lambda each: inside(each, "adopt", "mine"), "fetch": lambda each: inside(each, task)}
        failed = set()
        for name in ("adopt", "fetch") if adopted_first else ("fetch", "adopt"):
            self.attempt(failed, name, work[name], connections[name])
        for name in sorted(connections, key=lambda name: name != commits_first):
            if name not in failed:
                self.attempt(failed, name, lambda each: each.execute("COMMIT"), connections[name])
        assert len(failed) < 2
        noted["mine"] += "adopt" not in failed
        noted["events"] += "fetch" not in failed
        assert {name: len(history(con, name)) for name in noted} == noted
        if "fetch" not in failed:
            assert set(fetched_rows(con, "events")) == set(each_once(sim))
        elif before is not None:
            assert rows(con, "FROM events ORDER BY ALL") == before

    @staticmethod
    def attempt(failed: set, name: str, work, connection) -> None:
        try:
            work(connection)
        except duckdb.Error as problem:
            assert "onflict" in str(problem) or "another transaction" in str(problem), problem
            failed.add(name)
            try:
                connection.execute("ROLLBACK")
            except duckdb.Error:
                pass  # it was the COMMIT that failed

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
