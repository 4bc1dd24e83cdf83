"""Tests profiles under network and server faults: every one exactly once, or an error, and never part of a table."""
from __future__ import annotations

import json
import random
import subprocess
import sys
import threading

import duckdb
import pytest
from conftest import EXTENSION, Project, Simulator, error_of, last_fetch, only_v2, rows
from expected_profiles import ENGAGE, asked_pages, engage_requests, fetched_profiles, held_profiles
from test_lifecycle import our_sockets, our_threads, until

CALL = "mixpanel_profiles()"
UNCACHED = "request for page in uncached query for params"


@pytest.fixture(scope="module")
def paged_simulator():
    """250 profiles in 10 pages."""
    with Simulator(Project(days=2, events_per_day=50, profiles=250, page_size=25)) as simulator:
        yield simulator


@pytest.fixture
def paged(paged_simulator, monkeypatch):
    paged_simulator.reset()
    monkeypatch.setenv("MP_API_BASE_URL", paged_simulator.url)
    return paged_simulator


@pytest.fixture(scope="module")
def everyone(paged_simulator):
    return held_profiles(paged_simulator)


PASSING = [
    ("status", {"status": 500}),
    ("status", {"status": 502}),
    ("status", {"status": 429}),
    ("status", {"status": 400, "body": '{"request": "", "error": "Timeout Error."}'}),
    ("cut", {"fraction": 0.0}),
    ("cut", {"fraction": 0.5}),
    ("cut", {"fraction": 0.999, "reset": True}),
    ("cut_clean_gzip", {}),
    ("corrupt_gzip", {}),
    ("wrong_content_length", {"difference": 100}),
    ("html_200", {}),
    ("body", {"body": '{"results": [{"$distinct_id": "a", "$prop'}),
    ("body", {"body": "terminated early"}),
]


def name_of(value) -> str | None:
    return "-".join(str(part) for part in value.values())[:30] if isinstance(value, dict) else None


@pytest.mark.parametrize("page", [0, 4, 9])
@pytest.mark.parametrize("kind, options", PASSING, ids=name_of)
def test_what_passes_is_mended(con, paged, everyone, kind, options, page):
    """One bad answer for one page: that page alone is asked for again."""
    paged.add_fault(kind, path=ENGAGE, match={"page": page}, **options)
    con.execute(f"CREATE TABLE profiles AS FROM {CALL}")
    assert fetched_profiles(con, "profiles") == everyone
    asked = asked_pages(engage_requests(paged))
    assert sorted(asked) == sorted([*range(10), page])
    record = last_fetch(con)
    assert (record["requests"], record["retries"], record["rows"], record["error"]) == (11, 1, 250, None)


@pytest.mark.parametrize("page", [0, 4])
@pytest.mark.parametrize("kind, options", PASSING, ids=name_of)
def test_what_stays_is_an_error_and_no_table(con, paged, kind, options, page):
    paged.add_fault(kind, path=ENGAGE, times=None, match={"page": page}, **options)
    error = error_of(con, f"CREATE TABLE profiles AS FROM {CALL}")
    assert f"page {page}" in error and "attempts" in error
    assert error_of(con, "FROM profiles").startswith("Catalog Error")
    assert asked_pages(engage_requests(paged)).count(page) <= 6
    assert last_fetch(con)["error"] in error
    assert until(lambda: not our_threads())


@pytest.mark.parametrize("kind", ["slow", "latency", "no_gzip", "multi_member"])
def test_what_is_only_unusual_does_no_harm(con, paged, everyone, kind):
    options = {"slow": {"bytes_per_second": 200_000}, "latency": {"seconds": 0.03}}.get(kind, {})
    paged.add_fault(kind, path=ENGAGE, times=None, **options)
    assert fetched_profiles(con, CALL) == everyone
    assert len(engage_requests(paged)) == 10, "nothing was asked for twice"


@pytest.mark.parametrize("status, body, code", [
    (400, '{"error": "Invalid parameter: where"}', "[INVALID_REQUEST]"),
    (401, '{"error": "Invalid credentials"}', "[AUTHENTICATION_FAILED]"),
    (402, "", "[PAYMENT_REQUIRED]"),
    (403, '{"error": "Permission denied"}', "[PERMISSION_DENIED]"),
    (404, "", "[NOT_FOUND]"),
])  # fmt: skip
def test_a_refusal_is_final(con, paged, status, body, code):
    paged.add_fault("status", path=ENGAGE, times=None, status=status, body=body)
    assert code in error_of(con, f"FROM {CALL}")
    assert len(engage_requests(paged)) == 1


def test_an_error_with_status_200(con, paged):
    for page in (0, 3):
        paged.reset()
        paged.add_fault("error_in_200", path=ENGAGE, times=None, match={"page": page})
        error = error_of(con, f"FROM {CALL}")
        assert "[SERVER_ERROR]" in error and "Internal database error" in error and f"page {page}" in error
        assert len(engage_requests(paged)) >= 6


def test_silence_ends(con, paged, everyone, monkeypatch):
    monkeypatch.setenv("MP_TIMEOUT_MS", "300")
    for kind, page in (("hang", 0), ("hang_mid_body", 5)):
        paged.add_fault(kind, path=ENGAGE, match={"page": page})
    assert fetched_profiles(con, CALL) == everyone


def test_an_answer_that_repeats_the_credentials_does_not_spread_them(con, paged):
    paged.add_fault("body", path=ENGAGE, times=None, body='{"results": "demo-secret"}')
    error = error_of(con, f"FROM {CALL}")
    assert "[UNEXPECTED_RESPONSE]" in error and "demo-secret" not in error and "demo-secret" not in last_fetch(con)["error"]


@pytest.mark.parametrize("page", [0, 3])
@pytest.mark.parametrize("body", ['{"results": {}}', "[]", '{"results": [1]}', '{"status": "ok"}',
                                  '{"results": [{"$distinct_id": "a", "$properties": []}]}'])  # fmt: skip
def test_another_shape_is_not_asked_for_again(con, paged, page, body):
    """What is JSON from end to end was not damaged on its way."""
    paged.add_fault("body", path=ENGAGE, times=None, match={"page": page}, body=body)
    error = error_of(con, f"FROM {CALL}")
    assert "[UNEXPECTED_RESPONSE]" in error and f"page {page}" in error and "attempts" not in error
    assert asked_pages(engage_requests(paged)).count(page) == 1


@pytest.mark.parametrize("body, code, attempts", [('{"results": [}', "UNEXPECTED_RESPONSE", 4), ('{"results": [', "TRUNCATED", 6)])
def test_what_is_no_whole_json_is_asked_for_again(con, paged, body, code, attempts):
    paged.add_fault("body", path=ENGAGE, times=None, match={"page": 3}, body=body)
    error = error_of(con, f"FROM {CALL}")
    assert f"[{code}]" in error and f"after {attempts} attempts" in error
    assert asked_pages(engage_requests(paged)).count(3) == attempts


def test_tries_are_counted_whatever_went_wrong_with_them(con, paged):
    """Answers that had to be thrown away, and then none: six requests for the page in all, and not six more."""
    paged.add_fault("body", path=ENGAGE, times=3, match={"page": 3}, body='{"results": [}')
    paged.add_fault("status", path=ENGAGE, times=None, match={"page": 3}, status=500)
    error = error_of(con, f"FROM {CALL}")
    assert "[SERVER_ERROR] page 3: after 6 attempts" in error
    assert asked_pages(engage_requests(paged)).count(3) == 6


# Sessions that the server forgets


@pytest.mark.parametrize("workers", [1, 4])
@pytest.mark.parametrize("page", [1, 5, 9])
def test_a_forgotten_session_is_begun_anew(con, paged, everyone, page, workers):
    """Also where rows of the first session were handed out already: each profile once."""
    paged.add_fault("expired_session", path=ENGAGE, match={"page": page})
    con.execute(f"CREATE TABLE profiles AS FROM mixpanel_profiles(max_workers := {workers})")
    assert fetched_profiles(con, "profiles") == everyone
    requests = engage_requests(paged)
    assert asked_pages(requests).count(0) == 2
    assert len({request.form["session_id"] for request in requests if request.form["page"] != "0"}) == 2
    record = last_fetch(con)
    assert (record["rows"], record["retries"], record["error"]) == (250, 1, None)
    assert record["windows_done"] == record["windows"]


@pytest.mark.parametrize("fraction", [0, 0.3, 0.7])
def test_half_of_the_answer_that_it_is_forgotten_is_asked_for_again(con, paged, everyone, fraction):
    """Only its words tell it from a mistake of the caller's."""
    paged.add_fault("expired_session", path=ENGAGE, match={"page": 5}, fraction=fraction)
    assert fetched_profiles(con, "mixpanel_profiles(max_workers := 1)") == everyone
    asked = asked_pages(engage_requests(paged))
    assert (asked.count(0), asked.count(5)) == (2, 3)


def test_several_sessions_forgotten(con, paged, everyone):
    for page in (2, 8, 5):
        paged.add_fault("expired_session", path=ENGAGE, match={"page": page})
    # One page at a time, so that no two of them meet in one session.
    assert fetched_profiles(con, "mixpanel_profiles(max_workers := 1)") == everyone
    assert asked_pages(engage_requests(paged)).count(0) == 4


def test_who_comes_between_two_sessions_comes_once(con, sim):
    """The second session knows more profiles, in another order."""

    def serve(page: int, ids: str, **more) -> None:
        match = {"page": page} | ({} if page == 0 else {"session_id": session})
        results = [{"$distinct_id": name, "$properties": {}} for name in ids]
        body = json.dumps({"results": results, "session_id": session} | more)
        sim.add_fault("body", path=ENGAGE, match=match, body=body)

    session = "first"
    serve(0, "ab", total=6)
    serve(1, "cd")
    forgotten = json.dumps({"error": UNCACHED})
    sim.add_fault("status", path=ENGAGE, match={"page": 2, "session_id": session}, status=400, body=forgotten)
    session = "second"
    serve(0, "nd", total=7)
    serve(1, "cba")
    serve(2, "ef")
    found = rows(con, "SELECT distinct_id FROM mixpanel_profiles(max_workers := 1)")
    assert sorted(name for (name,) in found) == list("abcdefn")
    asked = [(request.form.get("session_id"), request.form["page"]) for request in engage_requests(sim)]
    assert asked == [(None, "0"), ("first", "1"), ("first", "2"), (None, "0"), ("second", "1"), ("second", "2")]


def test_a_session_that_is_always_forgotten_is_an_error(con, paged):
    paged.add_fault("expired_session", path=ENGAGE, times=None, match={"page": 3})
    error = error_of(con, f"CREATE TABLE profiles AS FROM {CALL}")
    assert "[SERVER_ERROR]" in error and UNCACHED in error and "Run it again" in error
    assert "Mixpanel forgot the session 4 times before all pages were read" in error
    assert asked_pages(engage_requests(paged)).count(0) == 4
    assert error_of(con, "FROM profiles").startswith("Catalog Error")


def test_each_question_has_sessions_of_its_own(con, monkeypatch):
    with Simulator(Project(days=2, events_per_day=50, profiles=4500)) as simulator:
        monkeypatch.setenv("MP_API_BASE_URL", simulator.url)
        ids = [name for (name,) in rows(con, "SELECT distinct_id FROM mixpanel_profiles()")]
        simulator.clear()
        simulator.add_fault("expired_session", path=ENGAGE, match={"page": 1})
        con.execute("CREATE TABLE found AS FROM mixpanel_profiles(distinct_ids := ?)", [ids])
        assert fetched_profiles(con, "found") == held_profiles(simulator)
        assert asked_pages(engage_requests(simulator)).count(0) == 4


# Ends that come early


def test_limit_ends_the_pages(con, paged):
    """A page, and those that were on their way."""
    paged.add_fault("latency", path=ENGAGE, times=None, seconds=0.02)
    assert len(rows(con, f"SELECT distinct_id FROM {CALL} LIMIT 10")) == 10
    assert until(lambda: not our_threads())
    assert until(lambda: our_sockets(paged) == 0)
    assert last_fetch(con)["finished"] is not None


def test_limit_of_a_large_project_costs_a_handful_of_pages(con, monkeypatch):
    with Simulator(Project(profiles=60_000, page_size=1000), latency=0.02) as simulator:
        monkeypatch.setenv("MP_API_BASE_URL", simulator.url)
        assert len(rows(con, f"SELECT distinct_id FROM {CALL} LIMIT 10")) == 10
        assert until(lambda: not our_threads())
        # DuckDB 1.x fills a chunk of 2048 rows first; 4 pages are under way and 2 wait meanwhile.
        assert len(engage_requests(simulator)) <= 12


def interrupted(con, paged, call: str, requests: int) -> None:
    """Reads until it is interrupted after so many requests, which ends all of our threads."""

    def interrupt():
        assert until(lambda: len(paged.requests) >= requests)
        con.interrupt()

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(duckdb.InterruptException):
        con.execute(f"SELECT count(*) FROM {call}").fetchall()
    thread.join()
    assert until(lambda: not our_threads())


def test_interrupt_ends_it(con, paged):
    paged.add_fault("latency", path=ENGAGE, times=None, seconds=0.1)
    interrupted(con, paged, "mixpanel_profiles(max_workers := 1)", requests=3)
    assert len(engage_requests(paged)) < 10


@only_v2
def test_interrupt_ends_a_wait_for_a_page(con, paged):
    """Nothing comes, so DuckDB never looks by itself."""
    paged.add_fault("hang", path=ENGAGE, times=None)
    interrupted(con, paged, "mixpanel_profiles()", requests=1)
    assert last_fetch(con)["finished"] is not None


def test_statements_at_the_same_time(con, paged, everyone):
    outcomes = {}

    def run(number: int) -> None:
        outcomes[number] = fetched_profiles(con.cursor(), CALL)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert all(outcomes[number] == everyone for number in range(4))


# Many of them

MEASURE = f"""
import duckdb, json, resource
con = duckdb.connect(config={{"allow_unsigned_extensions": "true", "threads": "2"}})
con.execute("LOAD '{EXTENSION}'; SET enable_progress_bar = false")
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
# What DuckDB itself needs for such a query, and the client for its first pages, so that the rest is what many pages add.
con.execute("SELECT count(*), count(DISTINCT x::VARCHAR), sum(strlen(x::VARCHAR)) FROM range(300_000) t(x)").fetchall()
con.execute("SELECT sum(strlen(properties)), count(last_seen) FROM (FROM mixpanel_profiles() LIMIT 3000)").fetchall()
before = peak()
query = "SELECT count(*), count(DISTINCT distinct_id), sum(strlen(properties))::BIGINT, count(last_seen) FROM mixpanel_profiles(max_workers := 5)"
rows = con.execute(query).fetchall()[0]
print(json.dumps({{"rows": rows, "megabytes": peak() - before}}))
"""


def test_a_hundred_thousand_with_faults_in_little_memory(monkeypatch):
    """100 pages of 1000, 36 MB of text: every profile once, in memory for a handful of pages and the hashes of their ids."""
    draw = random.Random(5)
    with Simulator(Project(days=2, events_per_day=50, profiles=100_000), latency=0.005) as simulator:
        monkeypatch.setenv("MP_API_BASE_URL", simulator.url)
        for page in draw.sample(range(100), 24):
            kind, options = draw.choice([
                ("status", {"status": 500}), ("cut", {"fraction": draw.random()}), ("corrupt_gzip", {}), ("html_200", {}),
                ("latency", {"seconds": 0.2}), ("status", {"status": 429}), ("slow", {"bytes_per_second": 300_000}),
            ])  # fmt: skip
            simulator.add_fault(kind, path=ENGAGE, match={"page": page}, **options)
        # Once, behind many of the pages.
        simulator.add_fault("expired_session", path=ENGAGE, match={"page": 30})
        ended = subprocess.run([sys.executable, "-c", MEASURE], capture_output=True, timeout=120)
        assert ended.returncode == 0, ended.stderr
        measured = json.loads(ended.stdout)
        count, distinct, text, seen = measured["rows"]
        assert (count, distinct) == (100_000, 100_000)
        assert text > 25_000_000 and 90_000 < seen < 100_000
        # All of them would take more than that.
        assert measured["megabytes"] < 30, measured
