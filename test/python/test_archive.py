"""Tests what the archive serves and what it does not, with limits on: no archived answer is requested twice."""
from __future__ import annotations

import gzip
import os
import re
import signal
import threading
import time
from collections import Counter
from datetime import timedelta

import pytest
from archived import FIRST, LAST, answer, archive, at_rest, files, month, open_shop, python, shop  # noqa: F401  fixtures
from conftest import connect, days_asked, error_of, export, last_fetch, line, only_v2, rows

ALL = f"SELECT * FROM {month()}"


def test_a_month_is_asked_for_once(con, shop):
    """The same again, half of it, one event, a pivot, joins, unions, two passes of one relation."""
    (total,) = rows(con, f"SELECT count(*) FROM {month()}")
    asked = len(shop.settled())
    assert asked == 20
    assert rows(con, f"SELECT count(*) FROM {month()}") == [total]
    everything = rows(con, ALL + " ORDER BY ALL")
    half = rows(con, f"SELECT count(*) FROM {export(first='2025-01-10', last='2025-01-20')}")
    ours = [row for row in everything if "2025-01-10" <= str(row[1])[:10] <= "2025-01-20"]
    assert half == [(len(ours),)]
    (name, times) = Counter(row[0] for row in everything).most_common(1)[0]
    escaped = name.replace("'", "''")
    one_event = f"events := ['{escaped}']"
    assert rows(con, f"SELECT count(*) FROM {month(one_event)}") == [(times,)]
    rows(con, f"PIVOT (SELECT event_name, event_time::DATE AS day FROM {month()}) ON event_name USING count(*)")
    joined = f"SELECT count(*) FROM {month()} a JOIN {month()} b USING (insert_id)"
    assert rows(con, joined)[0][0] >= total[0] / 2
    assert rows(con, f"SELECT count(*) FROM {month()} a POSITIONAL JOIN {month()} b") == [total]
    assert rows(con, f"SELECT count(*) FROM (SELECT * FROM {month()} UNION ALL SELECT * FROM {month()} LIMIT 7)") == [(7,)]
    relation = con.sql(f"SELECT event_name FROM {month()}")
    assert len(relation.fetchall()) == len(con.sql(f"SELECT event_name FROM {month()}").fetchall()) == total[0]
    assert len(shop.settled()) == asked
    assert last_fetch(con)["requests"] == 0


def test_a_new_process_asks_nothing_either(con, shop):
    (total,) = rows(con, f"SELECT count(*) FROM {month()}")
    asked = len(shop.settled())
    script = f'print(con.execute("SELECT count(*) FROM {month()}").fetchone()[0])'
    assert answer(python(script)) == str(total[0])
    assert len(shop.settled()) == asked


@pytest.mark.parametrize("statement", [
    "SELECT count(*) FROM {0} a POSITIONAL JOIN {0} b", "SELECT count(*) FROM {0} a JOIN {0} b USING (insert_id)",
    "SELECT count(*) FROM (FROM {0} UNION ALL FROM {0})", "PIVOT {0} ON event_name USING count(*) GROUP BY distinct_id",
])  # fmt: skip
def test_a_statement_with_two_passes_costs_one_export(con, shop, statement):
    rows(con, statement.format(month()))
    windows = days_asked(shop)
    assert len(windows) == len(set(windows)) == 20


def test_two_months_are_compared_within_an_hour(con, monkeypatch, archive):
    shop = open_shop(monkeypatch, project={"days": 61}, limits=True)
    november, december = export(first="2025-01-01", last="2025-01-30"), export(first="2025-01-31", last="2025-03-02")
    for _ in range(2):
        assert len(rows(con, f"SELECT count(*) FROM {november} UNION ALL SELECT count(*) FROM {december}")) == 2
    assert len(shop.settled()) <= 60 and len({asked for asked in days_asked(shop)}) <= 40
    shop.close()


@pytest.mark.parametrize("kind", ["error", "killed", "interrupt", "spent"])
def test_what_arrived_before_a_failure_is_not_asked_for_again(con, monkeypatch, archive, kind):
    shop = open_shop(monkeypatch, latency=0.05)
    broken = "2025-01-22"
    call = month("window_days := 1, max_workers := 2")
    if kind == "error":
        shop.add_fault("status", status=400, match={"from_date": broken})
        assert ". The next run requests only the others" in error_of(con, f"SELECT count(*) FROM {call}")
    elif kind == "spent":
        monkeypatch.setenv("MP_HOURLY_LIMIT", "21")
        error = error_of(con, f"SELECT count(*) FROM {call}")
        assert "[RATE_LIMITED]" in error and re.search(r"(19|20|21) of 31 days\. The next run", error), error
    elif kind == "killed":
        process = python(f'print("go", flush=True); con.execute("SELECT count(*) FROM {call}").fetchall()')
        assert process.stdout.readline() == "go\n"
        while len(files(archive)) < 5:
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait()
    elif kind == "interrupt":
        timer = threading.Timer(0.5, con.interrupt)
        timer.start()
        error_of(con, f"SELECT count(*) FROM {call}")
        timer.join()
    monkeypatch.delenv("MP_HOURLY_LIMIT", raising=False)
    if kind != "killed":
        at_rest(shop, archive)
    kept = {path.name[:10] for path in files(archive)}
    assert kept
    if kind == "killed":
        # Its claims end a minute after nobody renewed them; a clock that is moved spares us the minute.
        clock = archive.parent / "clock"
        clock.write_text("61")
        monkeypatch.setenv("MP_TEST_CLOCK", str(clock))
    before = len(shop.settled())
    (whole,) = rows(con, f"SELECT count(*) FROM {call}")
    again = [request.params["from_date"] for request in shop.settled()[before:]]
    assert not kept & set(again) and len(again) == len(set(again)) == 31 - len(kept)
    fresh = connect()
    monkeypatch.setenv("MP_ARCHIVE", "off")
    monkeypatch.setenv("MP_RATE_LIMITS", "off")
    assert rows(fresh, f"SELECT count(*) FROM {call}") == [whole]
    shop.close()


def test_an_answer_serves_only_who_asked_for_it(con, shop, monkeypatch):
    def asked(statement: str = f"SELECT count(*) FROM {export(first=FIRST, last=FIRST)}") -> int:
        before = len(shop.settled())
        try:
            rows(con, statement)
        except Exception as error:
            assert "AUTHENTICATION" in str(error), error
        return len(shop.settled()) - before

    assert [asked(), asked()] == [1, 0]
    # A service account's secret changes, and it is the same account.
    monkeypatch.setenv("MP_SECRET", "rotated")
    assert asked() == 0
    monkeypatch.setenv("MP_USERNAME", "another.sa")
    assert asked() == 1


def test_a_limited_answer_is_not_kept(con, shop, archive):
    assert len(rows(con, f"FROM {export('max_rows := 3', first=FIRST, last=FIRST)}")) == 3
    assert not files(archive)
    assert rows(con, f"SELECT count(*) > 3 FROM {export(first=FIRST, last=FIRST)}") == [(True,)]
    before = len(shop.settled())
    assert len(rows(con, f"FROM {export('max_rows := 3', first=FIRST, last=FIRST)}")) == 3
    assert len(shop.settled()) == before, "what is there serves it"


def test_an_answer_that_was_cut_is_not_kept(con, shop, archive):
    shop.set_day(FIRST, [line(time=1735689600000), "export terminated early"])
    assert "[TRUNCATED]" in error_of(con, f"FROM {export(first=FIRST, last=FIRST)}")
    assert not files(archive)


@pytest.mark.parametrize("damage", ["cut", "flip", "foreign", "gone", "link"])
def test_damage_is_asked_for_again(con, shop, archive, damage, tmp_path):
    call = f"FROM {export(first=FIRST, last='2025-01-03')}"
    expected = rows(con, f"SELECT * {call} ORDER BY ALL")
    file = files(archive)[1]
    data = file.read_bytes()
    if damage == "cut":
        file.write_bytes(data[:-9])
    elif damage == "flip":
        file.write_bytes(data[:50] + bytes([data[50] ^ 1]) + data[51:])
    elif damage == "foreign":
        file.write_bytes(gzip.compress(b'{"event":"forged","properties":{"time":1735689600000}}\n'))
    elif damage == "gone":
        file.unlink()
    else:
        (tmp_path / "elsewhere").write_bytes(data)
        file.unlink()
        file.symlink_to(tmp_path / "elsewhere")
    before = len(shop.settled())
    assert rows(con, f"SELECT * {call} ORDER BY ALL") == expected
    assert len(shop.settled()) == before + 1
    if damage == "link":
        assert (tmp_path / "elsewhere").read_bytes() == data


def test_a_folder_that_is_not_ours_is_an_error_before_any_request(con, shop, archive):
    archive.mkdir()
    (archive / "thesis.txt").write_text("mine")
    error = error_of(con, f"FROM {export(first=FIRST, last=FIRST)}")
    assert "[INVALID_CONFIG]" in error and str(archive) in error and "is not empty" in error
    assert not shop.settled() and [path.name for path in archive.iterdir()] == ["thesis.txt"]


def test_age(con, shop, clock, monkeypatch):
    """A finished day for 20 hours; in an archive for good a settled one always; `max_age` in the call comes before."""
    def asked(arguments: str = "") -> int:
        before = len(shop.settled())
        rows(con, f"SELECT count(*) FROM {export(arguments, first=FIRST, last=FIRST)}")
        return len(shop.settled()) - before

    assert asked() == 1
    clock.move_by(timedelta(days=400))
    assert asked() == 0, "settled, in a named archive"
    assert asked("max_age := INTERVAL 1 DAY") == 1
    assert asked("max_age := INTERVAL 1 DAY") == 0
    assert asked("max_age := INTERVAL 0 DAYS") == 1
    monkeypatch.setenv("MP_ARCHIVE", "default")
    assert asked() == 1
    clock.move_by(timedelta(days=400, hours=19))
    assert asked() == 0
    clock.move_by(timedelta(days=400, hours=21))
    assert asked() == 1
    monkeypatch.setenv("MP_MAX_AGE", "10 minutes")
    clock.move_by(timedelta(days=400, hours=22))
    assert asked() == 1


def test_off_keeps_nothing(con, shop, archive, monkeypatch):
    monkeypatch.setenv("MP_ARCHIVE", "off")
    for asked in (1, 2):
        rows(con, f"SELECT count(*) FROM {export(first=FIRST, last=FIRST)}")
        assert len(shop.settled()) == asked
    assert not archive.exists()


@only_v2
def test_the_setting_comes_before_the_variable(con, shop, archive, tmp_path):
    con.execute(f"SET mixpanel_archive = '{tmp_path / 'other'}'")
    rows(con, f"SELECT count(*) FROM {export(first=FIRST, last=FIRST)}")
    assert not archive.exists() and files(tmp_path / "other")
    con.execute("SET mixpanel_archive = 'off'")
    rows(con, f"SELECT count(*) FROM {export(first=FIRST, last=FIRST)}")
    assert len(shop.settled()) == 2


def test_an_empty_answer_takes_no_rows_place(con, shop, clock, archive):
    call = f"SELECT count(*) FROM {export('max_age := INTERVAL 1 HOUR', first=FIRST, last=FIRST)}"
    (there,) = rows(con, call)
    shop.set_day(FIRST, [])
    clock.move_by(timedelta(hours=2))
    assert rows(con, call) == [(0,)], "it is what Mixpanel says now"
    assert rows(con, f"SELECT count(*) FROM {export(first=FIRST, last=FIRST)}") == [there]
    assert len(files(archive)) == 2


@pytest.mark.parametrize("kept", ["kept", "limited"])
def test_days_that_turn_out_not_to_be_utcs_are_not_cut(con, shop, kept):
    """A project whose days begin at 15:00 UTC: nothing of the first answer shows it, and the second does, before a row of the first goes out."""
    day = lambda number: 1_735_657_200_000 + number * 86_400_000  # noqa: E731
    noon, evening = 13 * 3_600_000, 22 * 3_600_000
    shop.set_day("2025-01-01", [line("A", time=day(0) + noon)])
    shop.set_day("2025-01-02", [line("B", time=day(1) + 1), line("C", time=day(1) + noon)])
    shop.set_day("2025-01-03", [line("D", time=day(2) + noon)])
    for number in range(4, 9):
        shop.set_day(f"2025-01-{number:02}", [line("E", time=day(number - 1) + 1), line("F", time=day(number - 1) + evening)])
    names = lambda call: "".join(name for (name,) in rows(con, f"SELECT event_name FROM {call} ORDER BY event_time"))  # noqa: E731
    assert names(export("window_days := 3", first="2025-01-01", last="2025-01-03")) == "ABCD"
    if kept == "limited":
        assert names(export("max_rows := 10", first="2025-01-07", last="2025-01-07")) == "EF"
    assert names(export(first="2025-01-02", last="2025-01-06")) == "BCDEFEFEF"
    assert names(export(first="2025-01-02", last="2025-01-02")) == "BC"
    assert names(export(first="2025-01-01", last="2025-01-01")) == "A"
    assert names(export(first="2025-01-01", last="2025-01-08")) == "ABCD" + 5 * "EF"


def test_twenty_processes_ask_once(shop):
    script = f'print(con.execute("SELECT count(*) FROM {month()}").fetchone()[0])'
    processes = [python(script) for _ in range(20)]
    answers = {answer(process) for process in processes}
    windows = days_asked(shop)
    assert len(answers) == 1 and len(windows) == len(set(windows)) == 20


def test_two_exports_of_forty_days_fit_into_one_hour(monkeypatch, archive):
    shop = open_shop(monkeypatch, project={"days": 80}, limits=True)
    calls = [export(first="2025-01-01", last="2025-02-09"), export(first="2025-02-10", last="2025-03-21")]
    processes = [python(f'print(con.execute("SELECT count(*) FROM {call}").fetchone()[0])') for call in calls]
    assert all(int(answer(process)) > 0 for process in processes)
    assert len(shop.settled()) <= 60
    shop.close()


@pytest.mark.parametrize("workers", [1, 8])
def test_a_result_that_nobody_reads_on_holds_nobody_up(con, shop, workers):
    """The first row is looked at, as in a notebook, and another statement asks for the same month."""
    con.execute("SET threads = 1")
    con.execute("SET streaming_buffer_size = '1KB'")
    reading = con.execute(f"SELECT * FROM {month(f'max_workers := {workers}')}")
    first = reading.fetchone()
    other = python(f'print(con.execute("SELECT count(*) FROM {month()}").fetchone()[0])')
    assert answer(other) == str(len([first, *reading.fetchall()]))
    assert len(days_asked(shop)) == len(set(days_asked(shop))) == 20


def test_what_was_served_is_said(con, shop):
    rows(con, f"SELECT count(*) FROM {month()}")
    first = last_fetch(con)
    assert (first["requests"], first["windows_kept"]) == (20, 20)
    rows(con, f"SELECT count(*) FROM {month()}")
    second = last_fetch(con)
    assert (second["requests"], second["windows_kept"]) == (0, 0)
    assert second["oldest_asked"] == first["oldest_asked"]
    plan = rows(con, f"SELECT DISTINCT source, asked_at IS NULL, url IS NULL FROM mixpanel_export_plan({month()[16:]}")
    assert plan == [("archive", False, True)]


def test_secrets_and_names_stand_in_no_path(con, shop, archive):
    rows(con, f"SELECT count(*) FROM {month()}")
    text = " ".join(str(path) for path in archive.rglob("*")) + " ".join(
        path.read_text() for path in archive.rglob("*.json")
    )
    for secret in (os.environ["MP_SECRET"], os.environ["MP_USERNAME"]):
        assert secret not in text
    assert {oct(path.stat().st_mode & 0o777) for path in files(archive)} == {"0o600"}
    assert {oct(path.stat().st_mode & 0o777) for path in archive.rglob("*") if path.is_dir()} == {"0o700"}


def test_what_the_hour_has_comes_and_the_next_run_asks_the_rest(con, shop, monkeypatch, clock):
    """`on_failure := 'skip'` with a limit of the user's own, which ends in the middle of a month."""
    monkeypatch.setenv("MP_HOURLY_LIMIT", "9")
    call = month("window_days := 1, on_failure := 'skip'")
    days = f"SELECT count(DISTINCT event_time::DATE) FROM {call}"
    assert rows(con, days) == [(9,)]
    record = last_fetch(con)
    assert (record["requests"], record["windows_kept"], record["windows_failed"]) == (9, 9, 22)
    first = [day for day, _ in days_asked(shop)]
    assert sorted(first) == [f"2025-01-{number:02}" for number in range(1, 10)], "oldest first"
    clock.move_by(timedelta(hours=2))
    monkeypatch.setenv("MP_HOURLY_LIMIT", "60")
    monkeypatch.setenv("MP_RATE_LIMITS", "off")
    assert rows(con, days) == [(31,)]
    assert sorted(day for day, _ in days_asked(shop)) == [f"2025-01-{number:02}" for number in range(1, 32)]
