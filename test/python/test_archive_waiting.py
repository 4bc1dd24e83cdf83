"""Tests who waits for another's claim: not for an error that is not theirs, not for a reader, and not for long after a process ended."""
from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from threading import Thread

from archived import answer, archive, at_rest, files, month, open_shop, python, shop  # noqa: F401  fixtures
from conftest import days_asked, error_of, export, last_fetch, line, rows
from kept import DAY, MIDNIGHT
from test_lifecycle import until

COUNT = f'print(con.execute("SELECT count(*) FROM {month()}").fetchone()[0])'


def paused(con, call: str):
    """A result of which one row was looked at."""
    con.execute("SET threads = 1")
    con.execute("SET streaming_buffer_size = '1KB'")
    reading = con.execute(f"SELECT * FROM {call}")
    reading.fetchone()
    return reading


def test_the_error_of_another_secret_is_not_ours(monkeypatch, archive):  # noqa: F811
    """A service account whose secret was rotated is the same asker, and one process still has the old one."""
    with open_shop(monkeypatch, latency=2) as slow:
        old = python(COUNT, MP_SECRET="old")
        assert until(lambda: slow.requests, seconds=30)
        ours = python(COUNT)
        assert int(answer(ours)) > 0
        assert "AUTHENTICATION_FAILED" in old.communicate(timeout=60)[1]


def test_after_a_process_ended_with_requests_under_way_the_next_one_waits_seconds(monkeypatch, archive):  # noqa: F811
    """What `duckdb -c "... LIMIT 5"` leaves: an orderly end, and claims whose thread is gone."""
    with open_shop(monkeypatch, latency=1) as slow:
        answer(python(f'print(con.execute("SELECT event_name FROM {month()} LIMIT 1").fetchone()); con.close()'))
        slow.settled()
        begun = time.monotonic()
        assert int(answer(python(COUNT))) > 0
        assert time.monotonic() - begun < 40


def test_what_is_here_is_kept_while_all_workers_are_busy(con, shop, archive):  # noqa: F811
    shop.add_fault("hang", times=None, match={"from_date": "2025-01-03"})
    reading = paused(con, export("max_workers := 1, window_days := 1"))
    other = python(f"print(con.execute(\"SELECT count(*) FROM {export(first='2025-01-02', last='2025-01-02')}\").fetchone()[0])")
    assert int(answer(other)) > 0
    shop.reset()
    reading.close()


def test_what_is_never_kept_holds_nobody_up(con, monkeypatch, archive, clock):  # noqa: F811
    """The refusal of a day that has not begun in the project is no answer that anybody else can take."""
    clock.move_by(datetime(2025, 1, 6, 5, tzinfo=UTC) - datetime.now(UTC))
    with open_shop(monkeypatch, latency=2, project={"days": 5, "events_per_day": 400}) as slow:
        slow.add_fault("status", status=400, body='{"request": "x", "error": "to_date cannot be later than today"}', match={"from_date": "2025-01-06"})
        call = export(last="2025-01-06")
        others = []

        def ask_too():
            assert until(lambda: slow.requests, seconds=30)
            others.append(python(f'print(con.execute("SELECT count(*) FROM {call}").fetchone()[0])'))

        thread = Thread(target=ask_too)
        thread.start()
        reading = paused(con, call)
        thread.join()
        assert answer(others[0]) == str(1 + len(reading.fetchall()))


def test_a_warning_does_not_hang_on_how_soon_the_rows_are_read(con, shop, archive):  # noqa: F811
    """A row that lies days off, in each of eleven windows."""
    for day in range(20, 31):
        moment = MIDNIGHT + (day - 1) * DAY
        shop.set_day(f"2025-01-{day:02}", [*(line(time=moment + number, p="x" * 50) for number in range(3000)), line(time=moment + 3 * DAY)])
    reading = paused(con, month())
    assert until(lambda: len(files(archive)) >= 19, seconds=30)
    reading.fetchall()
    outside = [warning for warning in json.loads(last_fetch(con)["warnings"]) if warning["code"] == "ROWS_OUTSIDE_DAYS"]
    windows = {(first, last) for first, last in days_asked(shop) if last >= "2025-01-20" and first <= "2025-01-30"}
    assert len(outside) == len(windows)
    assert rows(con, "SELECT 1") == [(1,)]


def test_what_the_hour_still_had_is_kept_before_it_fails(monkeypatch, archive):  # noqa: F811
    """In a process that ends with its statement, as a nightly job does: what is under way would end with it."""
    monkeypatch.setenv("MP_HOURLY_LIMIT", "3")
    with open_shop(monkeypatch, latency=1) as slow:
        failed = python(f'con.execute("SELECT count(*) FROM {month("window_days := 1")}").fetchone()').communicate(timeout=60)[1]
        assert "[RATE_LIMITED]" in failed and "The archive has 3 of 31 days" in failed and "No request was made" not in failed
        assert len(slow.settled()) == len(files(archive)) == 3


def test_a_spent_hour_of_another_is_waited_for_as_we_have_it(monkeypatch, archive):  # noqa: F811
    """The other does not wait, and fails; this one does."""
    with open_shop(monkeypatch, latency=1) as slow:
        spent = {"status": 429, "body": '{"error": "61/60 queries running in the last hour."}', "headers": {"Retry-After": "8"}}
        slow.add_fault("status", times=1, **spent)
        other = python(f'con.execute("SELECT count(*) FROM {export("max_workers := 1")}").fetchone()')
        assert until(lambda: slow.requests, seconds=30)
        ours = python(f'print(con.execute("SELECT count(*) FROM {export("max_wait := INTERVAL 1 HOUR")}").fetchone()[0])')
        assert int(answer(ours)) > 0
        other.communicate(timeout=60)


def test_who_does_not_take_what_is_kept_is_not_told_of_it(con, shop):  # noqa: F811
    shop.add_fault("status", status=400, match={"from_date": "2025-01-05"})
    call = export("max_age := INTERVAL 0 SECONDS, window_days := 1, max_workers := 1")
    assert "The archive has" not in error_of(con, f"SELECT count(*) FROM {call}")
