"""Tests the discovery cache. `src/known/cache_tests.rs` tests how long it remembers."""
from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import time
from datetime import timedelta
from threading import Barrier, Thread

import pytest
from conftest import EXTENSION, PROJECT, connect, error_of, rows
from simulator import Project, Simulator
from test_discovery import CALLS

NAMES = "/api/query/events/names"
KEPT = [call for call, *_ in CALLS if "top_events" not in call]


@pytest.mark.parametrize("call", KEPT)
def test_the_second_call_makes_no_request(con, sim, call):
    first = rows(con, f"FROM {call}")
    assert rows(con, f"FROM {call}") == first
    # The answers are the process's, not the connection's or the database's.
    other = connect()
    assert rows(other, f"SELECT * FROM {call}") == first
    other.close()
    assert len(sim.settled()) == 1


def test_todays_events_are_a_live_question(con, sim, clock):
    """Remembered for a minute, and not for a quarter of an hour."""
    clock.move_by(timedelta())
    for _ in range(2):
        rows(con, "FROM mixpanel_top_events()")
    assert len(sim.settled()) == 1
    clock.move_by(timedelta(seconds=61))
    rows(con, "FROM mixpanel_top_events()")
    assert len(sim.settled()) == 2


@pytest.mark.parametrize("call", KEPT)
def test_clearing_makes_the_next_call_ask(con, sim, call):
    first = rows(con, f"FROM {call}")
    assert rows(con, "CALL mixpanel_clear_cache()") == [(1,)]
    assert rows(con, "CALL mixpanel_clear_cache()") == [(0,)]
    assert rows(con, f"FROM {call}") == first
    assert len(sim.settled()) == 2


def test_other_arguments_ask_anew(con, sim):
    calls = ["mixpanel_properties('Purchase')", "mixpanel_properties('Search')", "mixpanel_properties('Search', max_rows := 3)",
             "mixpanel_properties('Search', workspace_id := 3001)", "mixpanel_property_values('plan')",
             "mixpanel_property_values('plan', event := 'Search')", "mixpanel_events(max_rows := 3)",
             "mixpanel_events(to_date := '2025-01-03')", "mixpanel_bookmarks()", "mixpanel_bookmarks(type := 'flows')",
             "mixpanel_bookmarks(workspace_id := 3001)"]  # fmt: skip
    for _ in range(2):
        for call in calls:
            rows(con, f"FROM {call}")
    assert len(sim.settled()) == len(calls)


def test_other_accounts_projects_and_regions_ask_anew(con, monkeypatch, tmp_path):
    project = Project(days=1, events_per_day=10, other_project_ids=(7,))
    with Simulator(project) as sim:
        monkeypatch.setenv("MP_API_BASE_URL", sim.url)
        (tmp_path / "config.toml").write_text(
            '[accounts.token]\ntoken = "demo-token"\nproject_id = "12345"\n'
            '[accounts.same]\nusername = "demo.sa.mp-service-account"\nsecret = "demo-secret"\nproject_id = "12345"\n'
        )
        for arguments in ("", "project_id := 7", "region := 'eu'", "account := 'token'"):
            for _ in range(2):
                assert len(rows(con, f"FROM mixpanel_funnels({arguments})")) == 4
        assert len(sim.settled()) == 4
        # The same credentials under another name.
        rows(con, "FROM mixpanel_funnels(account := 'same')")
        assert len(sim.settled()) == 4
        monkeypatch.setenv("MP_SECRET", "wrong")
        assert "[AUTHENTICATION_FAILED]" in error_of(con, "FROM mixpanel_funnels()")


FAULTS = [
    ("error_in_200", {"error": "no"}, "[INVALID_REQUEST]"),
    ("error_in_200", {}, "[SERVER_ERROR]"),
    ("html_200", {}, "[UNEXPECTED_RESPONSE]"),
    ("status", {"status": 401}, "[AUTHENTICATION_FAILED]"),
    ("status", {"status": 403}, "[PERMISSION_DENIED]"),
    ("status", {"status": 404}, "[NOT_FOUND]"),
    ("status", {"status": 400}, "[INVALID_REQUEST]"),
    ("body", {"body": "3"}, "[UNEXPECTED_RESPONSE]"),
    ("body", {"body": ""}, "[UNEXPECTED_RESPONSE]"),
    ("body", {"body": "[{"}, "[TRUNCATED]"),
    ("body", {"body": "[}"}, "[UNEXPECTED_RESPONSE]"),
]


@pytest.mark.parametrize("kind, options, code", FAULTS)
@pytest.mark.parametrize("call", ["mixpanel_events()", "mixpanel_cohorts()", "mixpanel_properties('Purchase')",
                                  "mixpanel_lexicon_schemas()", "mixpanel_property_values('plan')"])  # fmt: skip
def test_errors_are_not_kept(con, sim, call, kind, options, code):
    # As often as it is tried; then all is well.
    times = 6 if kind == "html_200" or code in ("[SERVER_ERROR]", "[TRUNCATED]") else 1
    path = {"mixpanel_events()": NAMES, "mixpanel_cohorts()": "/api/query/cohorts/list",
            "mixpanel_properties('Purchase')": "/api/query/events/properties/top",
            "mixpanel_lexicon_schemas()": f"/api/app/projects/{PROJECT.project_id}/schemas",
            "mixpanel_property_values('plan')": "/api/query/events/properties/values"}[call]  # fmt: skip
    sim.add_fault(kind, path=path, times=times, **options)
    assert code in error_of(con, f"FROM {call}")
    assert rows(con, f"FROM {call}")
    assert len([request for request in sim.settled() if request.path == path]) == times + 1


def test_an_event_that_comes_into_being_is_seen(con, sim):
    """Someone builds tracking: asks, sends the first event, asks again."""
    sim.add_fault("body", path="/api/query/events/properties/top", body="{}")
    assert "[NOT_FOUND]" in error_of(con, "FROM mixpanel_properties('First')")
    sim.add_fault("body", path="/api/query/events/properties/top", body='{"plan": {"count": 1}}')
    assert rows(con, "FROM mixpanel_properties('First')") == [("plan", 1)]


def test_two_connections_at_once_make_one_request(con, sim):
    sim.add_fault("latency", path=NAMES, times=None, seconds=0.5)
    connections = [con, connect(), con.cursor(), connect()]
    barrier, found = Barrier(len(connections)), []

    def ask(connection):
        barrier.wait()
        found.append(rows(connection, "SELECT count(*) FROM mixpanel_events()"))

    threads = [Thread(target=ask, args=(connection,)) for connection in connections]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(found) == 4 and len({str(rows_) for rows_ in found}) == 1 and found[0] != [(0,)]
    assert len(sim.settled()) == 1
    for connection in connections[1:]:
        connection.close()


def test_a_slow_question_holds_up_no_other(con, sim):
    sim.add_fault("hang", path=NAMES)
    slow = Thread(target=lambda: rows(con.cursor(), "FROM mixpanel_events()"))
    slow.start()
    while not sim.requests:
        time.sleep(0.005)
    assert len(rows(con, "FROM mixpanel_funnels()")) == 4
    assert rows(con, "CALL mixpanel_clear_cache()") == [(1,)]
    # What hangs was asked before the clearing: this is a request of its own.
    assert rows(con, "SELECT count(*) > 0 FROM mixpanel_events()") == [(True,)]
    assert slow.is_alive()
    sim.reset()
    slow.join(30)


def test_one_query_that_asks_twice_makes_one_request(con, sim):
    query = "SELECT count(*) FROM mixpanel_events() a JOIN mixpanel_events() b USING (event_name)"
    assert rows(con, query) == rows(con, "SELECT count(*) FROM mixpanel_events()")
    assert len(sim.settled()) == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_forked_process_does_not_wait_for_its_parents_requests(con, sim):
    """In a process of its own: one with threads is not to be forked lightly."""
    script = f"""
        import os, sys, threading, duckdb
        def connect():
            connection = duckdb.connect(config={{"allow_unsigned_extensions": "true"}})
            connection.execute("LOAD '{EXTENSION}'")
            return connection
        parent, ready = connect(), connect()
        asking = threading.Thread(target=lambda: parent.execute("FROM mixpanel_events()").fetchall())
        asking.start()
        print("asking", flush=True)
        sys.stdin.readline()
        child = os.fork()
        if child == 0:
            found = connect().execute("SELECT count(*) FROM mixpanel_events()").fetchall()
            os._exit(0 if found[0][0] > 0 else 1)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        print("child", status, flush=True)
        sys.stdin.readline()
        asking.join()
    """
    sim.add_fault("hang", path=NAMES)
    process = subprocess.Popen([sys.executable, "-c", textwrap.dedent(script)], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, text=True, env=os.environ.copy())  # fmt: skip
    try:
        assert process.stdout.readline() == "asking\n"
        while not sim.requests:
            time.sleep(0.005)
        process.stdin.write("fork\n")
        process.stdin.flush()
        assert process.stdout.readline() == "child 0\n"
    finally:
        sim.reset()
        process.communicate("end\n", timeout=120)
    assert process.returncode == 0


def test_a_sixth_question_to_lexicon_waits(con, sim, monkeypatch):
    """Five requests leave at once, the sixth only when a minute has passed: the process is gone before."""
    monkeypatch.delenv("MP_RATE_LIMITS")
    script = f"""
        import duckdb
        connection = duckdb.connect(config={{"allow_unsigned_extensions": "true"}})
        connection.execute("LOAD '{EXTENSION}'")
        calls = ["mixpanel_lexicon_schemas()", "mixpanel_lexicon_schemas(entity_type := 'event')",
                 "mixpanel_lexicon_schemas(entity_type := 'profile')", "mixpanel_lexicon_schema('event', 'Purchase')",
                 "mixpanel_lexicon_schema('event', 'Bare')"]
        for call in calls + calls:
            connection.execute("FROM " + call).fetchall()
        print("five", flush=True)
        connection.execute("FROM mixpanel_workspaces()").fetchall()
        connection.execute("FROM mixpanel_lexicon_schema('event', 'Sign Up')").fetchall()
        print("six", flush=True)
    """
    process = subprocess.Popen([sys.executable, "-c", textwrap.dedent(script)], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout.readline() == "five\n"
        assert len(sim.settled(6)) == 6
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(1)
    finally:
        process.kill()
        process.communicate()
    paths = [request.path.rsplit("/", 2)[-2:] for request in sim.settled()]
    assert len(paths) == 6 and paths[-1] == ["workspaces", "public"]
