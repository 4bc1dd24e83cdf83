"""Tests the hourly limit of 60 requests: our own count, and the reaction to Mixpanel's refusals. Limits are on in these tests.

The count is the process's, for each project and server: every test here has a project and a server of its own."""
from __future__ import annotations

import re
from datetime import timedelta
from itertools import count
from threading import Thread

import pytest
from conftest import FIRST, connect, error_of, export, last_fetch, rows, with_limits
from simulator import Allowance, Limits, Project, Simulator
from test_lifecycle import until

HOUR_SPENT = '{"error": "1/5 queries running concurrently and 61/60 queries running in the last hour."}'
NUMBERS = count(1000)


def start(monkeypatch, **options) -> Simulator:
    project = Project(days=5, events_per_day=10, project_id=next(NUMBERS), other_project_ids=(7,))
    simulator = Simulator(project, **options).start()
    monkeypatch.setenv("MP_API_BASE_URL", simulator.url)
    monkeypatch.setenv("MP_PROJECT_ID", str(project.project_id))
    with_limits(monkeypatch)
    return simulator


@pytest.fixture
def limited(monkeypatch):
    simulator = start(monkeypatch)
    yield simulator
    simulator.close()


def quota(con, simulator) -> dict[str, tuple[int, int]]:
    """What is used and allowed, by API, of the simulator's project."""
    query = "SELECT api, used_last_hour, request_limit FROM mixpanel_quota() WHERE project_id = ?"
    found = con.execute(query, [str(simulator.project.project_id)]).fetchall()
    return {api: (used, limit) for api, used, limit in found}


def spend(con, requests: int, arguments: str = "") -> None:
    """Uses up requests of the query API, which may be made as fast as one likes."""
    for _ in range(requests):
        anew = ", ".join(filter(None, [arguments, "max_age := INTERVAL 0 SECONDS"]))
        assert rows(con, f"SELECT count(*) > 0 FROM mixpanel_top_events({anew})") == [(True,)]


def test_three_starts_a_second(con, monkeypatch):
    """The server refuses a fourth, so it is not made."""
    strict = start(monkeypatch, limits=True)
    assert rows(con, f"SELECT count(*) FROM {export()}") == [(50,)]
    requests = strict.settled()
    strict.close()
    assert [request.status for request in requests] == [200] * 5
    starts = sorted(request.started for request in requests)
    assert 1 < starts[3] - starts[0] and starts[4] - starts[0] < 3
    assert last_fetch(con)["retries"] == 0


def test_what_is_used_is_shown(con, limited):
    assert quota(con, limited) == {}
    rows(con, f"SELECT count(*) FROM {export(last='2025-01-02')}")
    spend(con, 3)
    assert quota(con, limited) == {"export": (2, 60), "query": (3, 60)}
    con.execute("SET TimeZone = 'UTC'")
    wait = "resets_at - now()::TIMESTAMP"
    query = f"SELECT bool_and({wait} BETWEEN INTERVAL 59 MINUTE AND INTERVAL 60 MINUTE) FROM mixpanel_quota() WHERE project_id = ?"
    assert con.execute(query, [str(limited.project.project_id)]).fetchall() == [(True,)]


def test_the_spent_hour_is_said_at_once(con, limited):
    spend(con, 60)
    error = error_of(con, "FROM mixpanel_top_events(max_age := INTERVAL 0 SECONDS)")
    assert "[RATE_LIMITED]" in error and str(limited.project.project_id) in error
    assert "60 requests an hour" in error and "mixpanel_quota()" in error
    assert re.search(r"Run it again at \d\d:\d\d:\d\d UTC \(in (59|60) minutes\)", error), error
    assert len(limited.settled()) == 60, "none was made"
    assert quota(con, limited)["query"] == (60, 60)
    # The limit is one project's and one API's.
    spend(con, 1, "project_id := 7")
    assert rows(con, f"SELECT count(*) FROM {export(last=FIRST)}") == [(10,)]


def test_an_export_that_the_hour_can_not_carry_does_not_begin(con, limited):
    """61 requests for 61 days would spend the whole hour and give nothing."""
    error = error_of(con, f"SELECT count(*) FROM {export('window_days := 1', last='2025-03-02')}")
    assert "[RATE_LIMITED]" in error and "61 requests" in error and "window_days" in error, error
    assert not limited.settled()
    assert rows(con, f"SELECT count(*) FROM {export('window_days := 61', last='2025-03-02')}") == [(50,)]


@pytest.mark.parametrize("headers, when", [({}, "in 10 minutes"), ({"Retry-After": "1200"}, "in 20 minutes")])
def test_mixpanels_no_holds_for_the_next_statement_too(con, limited, headers, when):
    """Others use the project as well: once Mixpanel says that the hour is spent, it is not asked again until then."""
    limited.add_fault("status", times=None, status=429, body=HOUR_SPENT, headers=headers)
    first = error_of(con, f"FROM {export(last=FIRST)}")
    assert "[RATE_LIMITED]" in first and when in first, first
    assert "[RATE_LIMITED]" in error_of(con, f"FROM {export(last=FIRST)}")
    assert len(limited.settled()) == 1
    assert quota(con, limited) == {"export": (60, 60)}
    # The other API has its own hour.
    spend(con, 1)


def test_refusals_do_not_count(con, limited):
    limited.add_fault("status", status=429, times=2)
    assert rows(con, f"SELECT count(*) FROM {export(last=FIRST)}") == [(10,)]
    assert len(limited.settled()) == 3
    assert quota(con, limited) == {"export": (1, 60)}


def test_the_servers_count_is_the_one_that_matters(con, monkeypatch):
    """Its refusal in the middle of an export ends it, whole, with the time that it gives."""
    used_by_others = Limits({"export": Allowance(per_hour=2, concurrent=100)})
    strict = start(monkeypatch, limits=used_by_others)
    error = error_of(con, f"CREATE TABLE events AS FROM {export()}")
    assert "[RATE_LIMITED]" in error and "in 60 minutes" in error and "2025-01-0" in error, error
    assert [request.status for request in strict.settled()].count(200) == 2
    strict.close()
    assert error_of(con, "FROM events").startswith("Catalog Error")


def test_five_queries_at_a_time(con, limited):
    """More would be refused; the sixth waits for its turn."""
    limited.add_fault("latency", path="/api/query/events/top", times=None, seconds=0.1)
    outcomes: list[tuple] = []

    def ask():
        outcomes.extend(con.cursor().execute("SELECT count(*) > 0 FROM mixpanel_top_events()").fetchall())

    threads = [Thread(target=ask) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert outcomes == [(True,)] * 12
    # An answer takes a tenth of a second at least, so the sixth can't come earlier than that after the first.
    starts = sorted(request.started for request in limited.settled(12))
    assert all(later - earlier >= 0.1 for earlier, later in zip(starts, starts[5:]))


@pytest.mark.parametrize("max_wait", ["0 MINUTES", "30 MINUTES"])
def test_a_plan_of_more_than_an_hour_has_fails_before_its_first_request(con, limited, monkeypatch, max_wait):
    """Nothing of the hour is used, so the first request comes back an hour after it is made."""
    monkeypatch.setenv("MP_HOURLY_LIMIT", "2")
    error = error_of(con, f"SELECT count(*) FROM {export(f'window_days := 1, max_wait := INTERVAL {max_wait}')}")
    assert "[RATE_LIMITED]" in error and "this needs 5 requests" in error and "more days per request (window_days)" in error, error
    assert limited.settled() == []


def test_who_waits_an_hour_gets_a_plan_of_more_than_an_hour_has(con, limited, monkeypatch, clock):
    """Two requests an hour for five days: it waits twice, each time for the whole hour. Nothing is refused."""
    monkeypatch.setenv("MP_HOURLY_LIMIT", "2")
    found = []
    call = export("window_days := 1, max_wait := INTERVAL 1 HOUR")
    statement = Thread(target=lambda: found.extend(rows(con, f"SELECT count(*) FROM {call}")), daemon=True)
    statement.start()
    with connect() as look:
        waits = "SELECT waiting_until > now()::TIMESTAMP + to_minutes({}) FROM mixpanel_fetches() ORDER BY id DESC LIMIT 1"
        look.execute("SET TimeZone = 'UTC'")
        for minutes, requests in [(0, 2), (61, 4)]:
            assert until(lambda: len(limited.requests) == requests and rows(look, waits.format(minutes)) == [(True,)], seconds=30)
            assert statement.is_alive()
            clock.move_by(timedelta(minutes=minutes + 61))
    statement.join(30)
    assert found == [(50,)]
    assert [request.status for request in limited.settled()] == [200] * 5
