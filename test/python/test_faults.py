"""Tests exports under network and server faults: every row exactly once, or an error that names the days, and never part of a table."""
from __future__ import annotations

import gzip
import socket
from threading import Thread

import pytest
from conftest import FIRST, LAST, days_asked, error_of, export, last_fetch, rows
from expected import export_rows, fetched_rows

DAY = "2025-01-03"
HOUR_SPENT = (
    "Query rate limit exceeded for project_id: 12345. 1/5 queries running concurrently and "
    "61/60 queries running in the last hour."
)


@pytest.fixture(scope="module")
def all_rows(shared_simulator):
    shared_simulator.reset()
    return export_rows(shared_simulator, FIRST, LAST)


def assert_error_and_no_table(con, sim, *parts: str) -> str:
    """The error holds all parts, and there is no table."""
    error = error_of(con, f"CREATE TABLE events AS FROM {export()}")
    for part in parts:
        assert part in error, error
    assert error_of(con, "FROM events").startswith("Catalog Error")
    return error


def test_a_table_that_was_there_is_as_it_was(con, sim):
    """Good days that came before the bad one leave nothing behind."""
    con.execute("CREATE TABLE kept AS SELECT 'old' AS event_name")
    sim.add_fault("cut", times=None, match={"from_date": LAST})
    assert LAST in error_of(con, f"INSERT INTO kept SELECT event_name FROM {export('max_workers := 1')}")
    assert LAST in error_of(con, f"CREATE OR REPLACE TABLE kept AS FROM {export('max_workers := 1')}")
    assert rows(con, "FROM kept") == [("old",)]
    con.execute("BEGIN")
    con.execute("INSERT INTO kept VALUES ('mine')")
    error_of(con, f"INSERT INTO kept SELECT event_name FROM {export()}")
    con.execute("ROLLBACK")
    assert rows(con, "FROM kept") == [("old",)]


PASSING = [
    ("status", {"status": 500}),
    ("status", {"status": 502}),
    ("status", {"status": 503}),
    ("status", {"status": 408}),
    ("status", {"status": 400, "body": '{"request": "", "error": "Timeout Error."}'}),
    ("status", {"status": 429}),
    ("status", {"status": 429, "body": '{"error": "too many export requests in progress for this project"}'}),
    ("cut", {"fraction": 0.0}),
    ("cut", {"fraction": 0.5}),
    ("cut", {"fraction": 0.999}),
    ("cut", {"fraction": 0.5, "reset": True}),
    ("terminated_early", {"fraction": 0.0}),
    ("terminated_early", {"fraction": 0.5}),
    ("terminated_early", {"fraction": 1.0}),
    ("truncated_line", {}),
    ("damaged_line", {"fraction": 0.0}),
    ("damaged_line", {"fraction": 0.5}),
    ("damaged_line", {"text": '"just a text"'}),
    ("damaged_line", {"text": "[]"}),
    ("damaged_line", {"text": '{"error": "Internal error"}'}),
    ("damaged_line", {"text": '{"event":"A","properties":{"time":1735900000000}} {"event":"B","properties":{}}'}),
    ("damaged_line", {"text": '{"event":"A","properties":{"time":1735900000000,"cut":"he{"event":"B","properties":{}}'}),
    ("damaged_line", {"text": '{"event":"A","properties":{"time":1735900000000,"x":}}'}),
    ("bom", {}),
    ("cut_clean_gzip", {}),
    ("cut_clean_gzip", {"fraction": 0.5}),
    ("corrupt_gzip", {}),
    ("corrupt_gzip", {"fraction": 0.9, "count": 1}),
    ("wrong_content_length", {"difference": 100}),
    ("wrong_content_length", {"difference": -100}),
    ("html_200", {}),
    ("error_in_200", {}),
    ("other_status", {"status": 202}),
    ("other_status", {"status": 205}),
    ("other_status", {"status": 206}),
    ("other_status", {"status": 200, "headers": {"Content-Range": "bytes 0-99/200"}}),
    ("without_end", {}),
    ("bytes_behind_gzip", {"hex": "00"}),
    ("bytes_behind_gzip", {"hex": "1f8b08"}),
    ("bytes_behind_gzip", {"trailers": 1}),
    ("bytes_behind_gzip", {"hex": "7b7d0a", "trailers": 2}),
]


def name_of(value) -> str | None:
    return "-".join(str(part) for part in value.values())[:30] if isinstance(value, dict) else None


@pytest.mark.parametrize("kind, options", PASSING, ids=name_of)
def test_what_passes_is_mended(con, sim, all_rows, kind, options):
    """One bad answer for one day: that day alone is asked for again, and no row is lost or doubled."""
    sim.add_fault(kind, match={"from_date": DAY}, **options)
    con.execute(f"CREATE TABLE events AS FROM {export()}")
    assert fetched_rows(con, "events") == all_rows
    asked = [day for day, _ in days_asked(sim)]
    assert asked.count(DAY) == 2 and len(asked) == 6
    record = last_fetch(con)
    assert (record["requests"], record["retries"], record["rows"], record["error"]) == (6, 1, 1500, None)


@pytest.mark.parametrize("columns", ["count(*)", "event_name", "event_time", "distinct_id, insert_id", "properties"])
@pytest.mark.parametrize("kind, options", [fault for fault in PASSING if fault[0] == "damaged_line"], ids=name_of)
def test_a_damaged_line_is_seen_by_every_projection(con, sim, kind, options, columns):
    """What a query doesn't ask for is damaged all the same: two lines in one would be a row too few, in silence."""
    sim.add_fault(kind, times=None, match={"from_date": DAY}, **options)
    assert DAY in error_of(con, f"SELECT {columns} FROM {export()}")


@pytest.mark.parametrize("kind, options", PASSING, ids=name_of)
def test_what_stays_is_an_error_that_names_the_days(con, sim, kind, options):
    sim.add_fault(kind, times=None, match={"from_date": DAY}, **options)
    assert_error_and_no_table(con, sim, DAY, "attempts")
    assert len([day for day, _ in days_asked(sim) if day == DAY]) <= 6


HARMLESS = ["crlf", "blank_lines", "no_final_newline", "no_gzip", "multi_member", "slow", "latency"]


@pytest.mark.parametrize("kind", HARMLESS)
def test_what_is_only_unusual_does_no_harm(con, sim, all_rows, kind):
    options = {"slow": {"bytes_per_second": 200_000}, "latency": {"seconds": 0.05}}.get(kind, {})
    sim.add_fault(kind, times=None, **options)
    assert fetched_rows(con, export()) == all_rows
    assert len(sim.settled()) == 5, "nothing was asked for twice"


REFUSED = [
    (400, "to_date cannot be later than today", "[INVALID_REQUEST]", "to_date cannot be later than today"),
    (401, '{"error": "Invalid credentials"}', "[AUTHENTICATION_FAILED]", "username and secret"),
    (402, "", "[PAYMENT_REQUIRED]", "plan"),
    (403, '{"error": "Permission denied"}', "[PERMISSION_DENIED]", "a role that may read this"),
    (404, "", "[NOT_FOUND]", "region"),
    (501, '{"error": "NOT IMPLEMENTED"}', "[SERVER_ERROR]", "region"),
]


@pytest.mark.parametrize("status, body, code, fix", REFUSED)
def test_a_refusal_is_final(con, sim, status, body, code, fix):
    """No retry can help: each day is asked for once at most, and the error says what to do."""
    sim.add_fault("status", times=None, status=status, body=body)
    # A mark, because a request that an earlier test gave up may arrive only now.
    mark = f'"{status}" == "{len(body)}"'
    call = export(f"filter := '{mark}'")
    error = error_of(con, f"FROM {call}")
    assert code in error and fix in error and "2025-01-0" in error and f"HTTP {status}" in error, error
    days = [request.params["from_date"] for request in sim.settled() if request.params.get("where") == mark]
    assert days and len(set(days)) == len(days)


def test_a_wrong_password(con, sim, monkeypatch):
    monkeypatch.setenv("MP_SECRET", "not-the-secret")
    error = error_of(con, f"FROM {export()}")
    assert "[AUTHENTICATION_FAILED]" in error and "the environment" in error and "12345" in error
    assert "not-the-secret" not in error


def test_a_short_wait_that_the_server_asks_for_is_kept(con, sim, all_rows):
    sim.add_fault("status", status=429, headers={"Retry-After": "1"}, match={"from_date": DAY})
    assert fetched_rows(con, export()) == all_rows
    first, second = (request for request in sim.settled() if request.params["from_date"] == DAY)
    # The simulator notes an end a moment after the client has it, so the beginning is what counts.
    assert 1 <= second.started - first.started < 10


def test_a_long_wait_is_an_error_at_once(con, sim):
    """Nothing can interrupt a statement that waits, so it says when to come back."""
    sim.add_fault("status", times=None, status=429, headers={"Retry-After": "1800"}, match={"from_date": DAY})
    error = assert_error_and_no_table(con, sim, "[RATE_LIMITED]", DAY)
    assert "in 30 minutes" in error and "UTC" in error, error
    assert len([day for day, _ in days_asked(sim) if day == DAY]) == 1, "no retry"


@pytest.mark.parametrize("headers", [{}, {"Retry-After": "900"}])
def test_the_spent_hour_is_an_error_at_once(con, sim, headers):
    sim.add_fault("status", times=None, status=429, body=f'{{"error": "{HOUR_SPENT}"}}', headers=headers)
    error = error_of(con, f"FROM {export()}")
    assert "[RATE_LIMITED]" in error and "run it again" in error.lower() and "2025-01-0" in error, error
    assert ("in 15 minutes" in error) == bool(headers), error
    assert len(set(days_asked(sim))) == len(days_asked(sim)), "no retry"


@pytest.mark.parametrize("kind", ["hang", "hang_mid_body"])
def test_silence_ends(con, sim, all_rows, monkeypatch, kind):
    """A server that accepts and says nothing, and one that stops in the middle: tried again, then an error."""
    monkeypatch.setenv("MP_TIMEOUT_MS", "300")
    sim.add_fault(kind, match={"from_date": DAY})
    assert fetched_rows(con, export()) == all_rows
    monkeypatch.setenv("MP_TIMEOUT_MS", "100")
    sim.add_fault(kind, times=None, match={"from_date": DAY})
    error = assert_error_and_no_table(con, sim, "[NETWORK_ERROR]", DAY)
    assert "sent nothing for 0.1 seconds" in error


def test_nobody_listens(con, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    monkeypatch.setenv("MP_API_BASE_URL", f"http://127.0.0.1:{port}")
    # One at a time: an attempt that is given up because another one failed counts, as nobody knows how far it came.
    error = error_of(con, f"FROM {export('max_workers := 1')}")
    assert "[NETWORK_ERROR]" in error and "2025-01-0" in error and "Check the network" in error
    assert last_fetch(con)["requests"] == 0, "what never arrived is no request"


@pytest.fixture
def answering(monkeypatch):
    """A server that sends exactly these bytes to everybody, and hangs up."""
    listeners = []

    def start(answer: bytes) -> None:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)

        def serve():
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                connection.recv(10_000)
                connection.sendall(answer)
                connection.close()

        Thread(target=serve, daemon=True).start()
        monkeypatch.setenv("MP_API_BASE_URL", "http://127.0.0.1:{}".format(listener.getsockname()[1]))

    yield start
    for listener in listeners:
        # A blocked accept() is woken by shutdown(), not by close().
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


@pytest.mark.parametrize("words", [b"", b"\0\0\0\0", b"SSH-2.0-OpenSSH_9.2\r\n", b"HTTP/1.1 200 OK\r\nContent-"])
def test_what_is_no_http_server(con, answering, words):
    """Something else answers at the address, or hangs up."""
    answering(words)
    error = error_of(con, f"FROM {export(last=FIRST)}")
    assert "[NETWORK_ERROR]" in error and FIRST in error


LINES = b'{"event":"A","properties":{"x":1}}\n{"event":"B","properties":{"x":2}}\n'
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"


@pytest.mark.parametrize("answer, expected", [
    (HEAD + b"Content-Length: 70\r\n\r\n" + LINES, 2),
    (HEAD + b"Transfer-Encoding: chunked\r\n\r\n46\r\n" + LINES + b"\r\n0\r\n\r\n", 2),
    (HEAD + b"Transfer-Encoding: chunked\r\n\r\n46\r\n" + LINES + b"\r\n", None),
    (HEAD + b"Content-Length: 71\r\n\r\n" + LINES, None),
    (HEAD + b"\r\n" + LINES, None),
    (HEAD + b"\r\n", None),
    (HEAD + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(LINES), None),
    (HEAD + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(LINES)[:-1], None),
    (HEAD + b"Content-Encoding: gzip\r\n\r\n", None),
    (HEAD + b"Content-Length: 70\r\nContent-Encoding: br\r\n\r\n" + LINES, None),
], ids=["length", "chunks", "no-last-chunk", "short", "no-end", "no-end-empty", "gzip", "gzip-cut", "gzip-empty", "brotli"])
def test_an_answer_is_whole_only_where_its_end_can_be_told(con, answering, answer, expected):
    """Where nothing says how long it is, a broken connection looks like its end: rows could be missing in silence."""
    assert len(LINES) == 70
    answering(answer)
    if expected:
        assert rows(con, f"SELECT count(*) FROM {export(last=FIRST)}") == [(expected,)]
    else:
        assert FIRST in error_of(con, f"FROM {export(last=FIRST)}")


def test_a_redirect_is_not_followed(con, sim):
    """The credentials would go with it: here to a route of the same server, which would record them."""
    sim.add_fault("redirect", times=None, location=f"{sim.url}/elsewhere?next=1")
    error = error_of(con, f"FROM {export()}")
    assert "[UNEXPECTED_RESPONSE]" in error and "127.0.0.1" in error and "next=1" not in error
    assert {request.path for request in sim.settled()} == {"/api/2.0/export"}


def test_every_day_bad_in_its_own_way(con, sim, all_rows):
    faults = ["cut", "terminated_early", "cut_clean_gzip", "html_200", "corrupt_gzip"]
    for day, kind in enumerate(faults, 1):
        sim.add_fault(kind, match={"from_date": f"2025-01-0{day}"})
    assert fetched_rows(con, export()) == all_rows
    assert sorted(day for day, _ in days_asked(sim)) == sorted([f"2025-01-0{day}" for day in range(1, 6)] * 2)


def test_tries_are_counted_whatever_went_wrong_with_them(con, sim):
    """Answers that had to be thrown away, and then none: six requests in all, and not six more."""
    sim.add_fault("terminated_early", times=3, match={"from_date": DAY})
    sim.add_fault("status", status=500, times=None, match={"from_date": DAY})
    assert_error_and_no_table(con, sim, DAY, "[SERVER_ERROR]")
    assert [day for day, _ in days_asked(sim)].count(DAY) == 6
    # The other way round: an answer that is damaged each time is given up after four.
    sim.reset()
    sim.add_fault("terminated_early", times=None, match={"from_date": DAY})
    assert_error_and_no_table(con, sim, DAY, "[TRUNCATED]", "after 4 attempts")
    assert [day for day, _ in days_asked(sim)].count(DAY) == 4


def test_the_last_try_succeeds(con, sim, all_rows):
    """Three damaged answers, then a good one."""
    sim.add_fault("terminated_early", times=3, match={"from_date": DAY})
    assert fetched_rows(con, export()) == all_rows
    assert last_fetch(con)["retries"] == 3


def test_a_filter_that_the_server_can_not_read(con, sim):
    """Its words reach the user."""
    call = export("filter := 'properties['")
    error = error_of(con, f"FROM {call}")
    assert "[INVALID_REQUEST]" in error and "syntax error" in error
