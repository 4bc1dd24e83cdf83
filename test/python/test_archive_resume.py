"""Tests a year that breaks off on its two hundredth day: the second run requests only what was not archived."""
from __future__ import annotations

import os
import re
import signal
import threading
import time
from collections import Counter
from datetime import date, timedelta

import pytest
from archived import archive, at_rest, files, open_shop, python  # noqa: F401  fixtures
from conftest import connect, error_of, export, last_fetch, line, rows

YEAR = [str(date(2025, 1, 1) + timedelta(days=number)) for number in range(365)]
BROKEN = YEAR[200]
CALL = export("window_days := 1", first=YEAR[0], last=YEAR[-1])
SLOW = pytest.mark.slow
WHOLE = f"SELECT count(*), sum(hash(answer::VARCHAR)::HUGEINT) FROM {CALL} answer"


@pytest.fixture(scope="module")
def year():
    """The whole year's rows, by one fetch."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        shop = open_shop(monkeypatch, project={"days": 365, "events_per_day": 10})
        shop.warm()
        yield shop
        shop.close()


@pytest.fixture
def shop(year, monkeypatch):
    """The year again, without Mixpanel's pace of three starts a second, which would take two minutes."""
    year.reset()
    monkeypatch.setenv("MP_API_BASE_URL", year.url)
    monkeypatch.setenv("MP_PROJECT_ID", str(year.project.project_id))
    monkeypatch.setenv("MP_RATE_LIMITS", "off")
    return year


def run_until_it_breaks(con, kind: str, shop, monkeypatch, archive) -> None:
    if kind == "error":
        shop.add_fault("status", status=400, times=None, match={"from_date": BROKEN})
        assert BROKEN in error_of(con, WHOLE)
    elif kind == "interrupt":
        shop.add_fault("latency", seconds=30, times=None, match={"from_date": BROKEN})
        stopped = threading.Event()

        def interrupt():
            while len(files(archive)) < 200:
                time.sleep(0.01)
            while not stopped.wait(0.1):
                con.interrupt()

        timer = threading.Thread(target=interrupt)
        timer.start()
        error_of(con, WHOLE)
        stopped.set()
        timer.join()
    elif kind == "killed":
        shop.add_fault("latency", seconds=30, times=None, match={"from_date": BROKEN})
        process = python(f'con.execute("""{WHOLE}""").fetchall()')
        while len(files(archive)) < 200:
            time.sleep(0.01)
            assert process.poll() is None, process.stderr.read()
        process.send_signal(signal.SIGKILL)
        process.communicate()
        # Its claims end a minute after nobody renewed them.
        (archive.parent / "clock").write_text("61")
        monkeypatch.setenv("MP_TEST_CLOCK", str(archive.parent / "clock"))
    elif kind == "full disk":
        # A day that is larger than any file may be, and than the memory that is there for one.
        process = python(
            f'con.execute("""{WHOLE}""").fetchall()',
            head="import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))",
        )
        out, err = process.communicate(timeout=300)
        assert process.returncode == 1 and "[IO_ERROR]" in err, (process.returncode, err)


@pytest.mark.parametrize("kind", ["error", "killed", pytest.param("interrupt", marks=SLOW), pytest.param("full disk", marks=SLOW)])
def test_what_was_kept_of_a_year_is_not_asked_for_again(con, shop, monkeypatch, archive, kind):
    # Of the large one nine megabytes arrive, more than memory is spared for.
    moment, text = 1_735_689_600_000 + 200 * 86_400_000, os.urandom(9_000_000).hex() if kind == "full disk" else ""
    day = [line("Odd", time=moment, text=text)]
    shop.set_day(BROKEN, day)
    run_until_it_breaks(con, kind, shop, monkeypatch, archive)
    before = Counter(request.params["from_date"] for request in shop.settled())
    kept = {file.name[:10] for file in files(archive)}
    assert 150 < len(kept) < 365
    shop.reset()
    shop.set_day(BROKEN, day)
    second = rows(con, WHOLE)
    again = Counter(request.params["from_date"] for request in shop.settled())
    assert not kept & set(again) and set(again.values()) == {1}
    # The first run may still have been about to ask for some, which the second one then waits for.
    assert 0 <= len(again) - last_fetch(con)["requests"] <= 8
    # What was under way when an error or an interrupt came is kept too, a moment later.
    lost = set(before) - kept if kind in ("killed", "full disk") else {BROKEN}
    assert set(before) & set(again) <= lost and set(before) | set(again) == set(YEAR)
    monkeypatch.setenv("MP_ARCHIVE", "off")
    assert rows(connect(), WHOLE) == second


def test_a_spent_hour_on_the_way_through_a_year(con, shop, monkeypatch, archive):
    """As Mixpanel says it, on the two hundredth day. With 'skip' what came is rows too."""
    spent = {"status": 429, "times": None, "body": '{"error": "61/60 queries running in the last hour."}', "headers": {"Retry-After": "1800"}}
    for day in YEAR[200:]:
        shop.add_fault("status", match={"from_date": day}, **spent)
    error = error_of(con, WHOLE)
    assert "[RATE_LIMITED]" in error
    here, missing = map(int, re.search(r"(\d+) of 365 days, and the next run makes about (\d+) requests", error).groups())
    kept = {file.name[:10] for file in files(archive)}
    assert here + missing == 365 and here <= len(kept) <= 200
    skipping = f"SELECT count(DISTINCT event_time::DATE) FROM {CALL.replace(')', ', on_failure := ' + repr('skip') + ')')}"
    [(days,)] = rows(con, skipping)
    assert days >= 195 and last_fetch(con)["windows_failed"] == 165
    kept = {file.name[:10] for file in files(archive)}
    assert kept == set(YEAR[:200])
    shop.reset()
    second = rows(con, WHOLE)
    assert sorted(request.params["from_date"] for request in shop.settled()) == YEAR[200:]
    monkeypatch.setenv("MP_ARCHIVE", "off")
    assert rows(connect(), WHOLE) == second
