"""Tests that the answer to a live report is remembered for a minute: all who make the same call share one request."""
from __future__ import annotations

import time
from datetime import timedelta
from threading import Barrier, Thread

import pytest
from conftest import connect, error_of, rows

DAYS = "from_date := '2025-01-01', to_date := '2025-01-05'"
SEGMENTATION = f"mixpanel_segmentation('Purchase', {DAYS})"
WITH_RAW = [
    SEGMENTATION,
    f"mixpanel_segmentation_numeric('Purchase', {DAYS}, segment_by := 'Amount')",
    f"mixpanel_segmentation_sum('Purchase', {DAYS}, segment_by := 'Amount')",
    f"mixpanel_segmentation_average('Purchase', {DAYS}, segment_by := 'Amount')",
    f"mixpanel_funnel(8101, {DAYS})",
    f"mixpanel_retention(born_event := 'Sign Up', return_event := 'Purchase', {DAYS})",
    f"mixpanel_frequency({DAYS})",
    f"mixpanel_event_counts(['Purchase', 'Login'], {DAYS})",
    f"mixpanel_property_counts('Purchase', 'plan', {DAYS})",
    f"mixpanel_activity_feed(['user-1'], {DAYS}, workspace_id := 3001)",
    "mixpanel_saved_report(8001)",
    "mixpanel_flows(8301)",
    "mixpanel_jql('function main() { return Events(params).groupBy([\"name\"], mixpanel.reducer.count()) }', "
    "params := {'from_date': '2025-01-01', 'to_date': '2025-01-05'})",
]
LIVE = [*WITH_RAW, "mixpanel_top_events()"]


def also(call: str, argument: str) -> str:
    """The same call with one more argument."""
    return f"{call[:-1]}{'' if call.endswith('()') else ', '}{argument})"


@pytest.mark.parametrize("call", LIVE)
def test_the_same_question_within_a_minute_makes_no_request(con, sim, clock, call):
    clock.move_by(timedelta())
    first = rows(con, f"FROM {call}")
    assert rows(con, f"FROM {call} ORDER BY ALL") == rows(con, f"FROM {call} ORDER BY ALL")
    other = connect()
    assert rows(other, f"FROM {call}") == first
    other.close()
    if call in WITH_RAW:
        assert rows(con, f"FROM {also(call, 'raw := true')}"), "out of the same answer"
    assert len(sim.settled()) == 1
    clock.move_by(timedelta(seconds=61))
    assert rows(con, f"FROM {call}") == first
    assert len(sim.settled()) == 2


@pytest.mark.parametrize("call", WITH_RAW)
def test_rows_come_out_of_the_whole_answer_that_was_shown(con, sim, call):
    assert len(rows(con, f"FROM {also(call, 'raw := true')}")) == 1
    rows(con, f"FROM {call}")
    assert len(sim.settled()) == 1


@pytest.mark.parametrize("call", LIVE)
def test_who_wants_a_new_answer_gets_one(con, sim, call):
    first = rows(con, f"FROM {call}")
    assert rows(con, f"FROM {also(call, 'max_age := INTERVAL 0 SECONDS')}") == first
    assert rows(con, f"FROM {also(call, 'max_age := INTERVAL 1 HOUR')}") == first
    assert len(sim.settled()) == 2
    assert rows(con, "CALL mixpanel_clear_cache()") == [(1,)]
    rows(con, f"FROM {call}")
    assert len(sim.settled()) == 3
    error = error_of(con, f"FROM {also(call, 'max_age := -INTERVAL 1 SECOND')}")
    assert "[INVALID_ARGUMENT] max_age" in error, error


@pytest.mark.parametrize("call", ["mixpanel_account_test()", "mixpanel_api('/api/query/events/names', params := {'type': 'general'})"])
def test_what_tries_is_never_remembered(con, sim, call):
    rows(con, f"FROM {call}")
    before = len(sim.settled())
    rows(con, f"FROM {call}")
    assert before and len(sim.settled()) == 2 * before
    assert rows(con, "CALL mixpanel_clear_cache()") == [(0,)]


def test_the_quota_is_never_remembered(con, sim, monkeypatch):
    monkeypatch.delenv("MP_RATE_LIMITS")
    used = "SELECT used_last_hour FROM mixpanel_quota() WHERE api = 'query'"
    rows(con, f"FROM {SEGMENTATION}")
    assert rows(con, used) == [(1,)]
    rows(con, f"FROM {also(SEGMENTATION, 'max_age := INTERVAL 0 SECONDS')}")
    assert rows(con, used) == [(2,)]


@pytest.mark.parametrize("kind, options", [
    ("status", {"status": 400}), ("status", {"status": 404}), ("error_in_200", {"error": "no"}), ("body", {"body": "3"}),
])  # fmt: skip
@pytest.mark.parametrize("call", LIVE)
def test_an_error_is_not_remembered(con, sim, call, kind, options):
    sim.add_fault(kind, path=None, times=2 if call.startswith("mixpanel_saved") and options.get("status") == 404 else 1, **options)
    error_of(con, f"FROM {call}")
    before = len(sim.settled())
    rows(con, f"FROM {call}")
    assert len(sim.settled()) == before + 1


def test_an_answer_that_cannot_be_read_is_not_remembered(con, sim):
    """Also where it was found only when the rows were made."""
    sim.add_fault("body", path=None, body='{"events": [{"event": "A", "amount": "many"}]}')
    assert "[UNEXPECTED_RESPONSE]" in error_of(con, "FROM mixpanel_top_events()")
    assert rows(con, "FROM mixpanel_top_events()")
    assert len(sim.settled()) == 2


def at_once(connections, statement):
    """What came of a statement on each connection, all of them at the same time."""
    barrier, outcomes = Barrier(len(connections)), []

    def ask(connection):
        barrier.wait()
        try:
            outcomes.append(rows(connection, statement))
        except Exception as error:
            outcomes.append(str(error))

    threads = [Thread(target=ask, args=(connection,)) for connection in connections]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return outcomes


def test_who_asks_the_same_at_once_makes_one_request(con, sim):
    others = [connect() for _ in range(3)]
    sim.add_fault("latency", path=None, times=None, seconds=0.5)
    outcomes = at_once([con, *others], f"FROM {SEGMENTATION}")
    assert len(outcomes) == 4 and all(outcome == outcomes[0] for outcome in outcomes) and isinstance(outcomes[0], list)
    assert len(sim.settled()) == 1
    for other in others:
        other.close()


def test_who_waits_for_a_request_gets_its_error(con, sim, monkeypatch):
    """One try, which is silent for two seconds: all four are there by then. The next call asks anew."""
    monkeypatch.setenv("MP_TIMEOUT_MS", "2000")
    monkeypatch.setenv("MP_RETRY_BASE_MS", "30000")
    others = [connect() for _ in range(3)]
    sim.add_fault("hang", path=None)
    outcomes = at_once([con, *others], f"FROM {SEGMENTATION}")
    assert len(outcomes) == 4 and all("[NETWORK_ERROR]" in outcome for outcome in outcomes), outcomes
    assert len(sim.settled()) == 1
    assert rows(con, f"FROM {SEGMENTATION}")
    assert len(sim.settled()) == 2
    for other in others:
        other.close()


def test_one_statement_asks_once(con, sim):
    assert rows(con, f"SELECT count(*) > 0 FROM {SEGMENTATION} a JOIN {SEGMENTATION} b USING (date)") == [(True,)]
    assert rows(con, f"SELECT (SELECT count(*) FROM {SEGMENTATION}) = (SELECT count(*) FROM {SEGMENTATION})") == [(True,)]
    assert len(sim.settled()) == 1


def test_an_interrupt_ends_nobody_elses_request(con, sim):
    """Whose statement made the request is interrupted: those who wait for it get their rows, out of the same one."""
    other = connect()
    sim.add_fault("latency", path=None, seconds=1)
    outcomes = {}

    def ask(name, connection):
        try:
            outcomes[name] = rows(connection, f"FROM {SEGMENTATION}")
        except Exception as error:
            outcomes[name] = type(error).__name__

    first = Thread(target=ask, args=("first", con))
    first.start()
    while not sim.requests:
        time.sleep(0.005)
    second = Thread(target=ask, args=("second", other))
    second.start()
    con.interrupt()
    first.join(30)
    second.join(30)
    assert isinstance(outcomes["second"], list) and outcomes["second"]
    assert len(sim.settled()) == 1
    other.close()


def test_other_askers_and_other_questions_ask_for_themselves(con, sim, monkeypatch):
    calls = [SEGMENTATION, also(SEGMENTATION, "unit := 'week'"), also(SEGMENTATION, "workspace_id := 3001"), also(SEGMENTATION, "type := 'unique'")]
    for call in calls * 2:
        rows(con, f"FROM {call}")
    assert len(sim.settled()) == len(calls)
    monkeypatch.setenv("MP_SECRET", "wrong")
    assert "[AUTHENTICATION_FAILED]" in error_of(con, f"FROM {SEGMENTATION}")
