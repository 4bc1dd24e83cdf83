"""Tests the five exact reports over the archive, and calls whose first answer was incomplete."""
from __future__ import annotations

from datetime import UTC, datetime, timedelta

import macros
import pytest
from archived import FIRST, LAST, answer, archive, at_rest, files, open_shop, python, shop  # noqa: F401  fixtures
from conftest import days_asked, error_of, export, last_fetch, line, only_v2, rows

EVENTS = "'Purchase'"
REPORTS = {
    "mixpanel_daily_counts": f"'{FIRST}', '{LAST}', events := [{EVENTS}]",
    "mixpanel_engagement_distribution": f"'{FIRST}', '{LAST}'",
    "mixpanel_numeric_summary": f"{EVENTS}, 'amount', '{FIRST}', '{LAST}'",
    "mixpanel_property_coverage": f"{EVENTS}, ['amount', 'plan'], '{FIRST}', '{LAST}'",
    "mixpanel_property_distribution": f"{EVENTS}, 'plan', '{FIRST}', '{LAST}'",
}


def report(name: str) -> str:
    return f"SELECT * FROM {name}({REPORTS[name]}) ORDER BY ALL"


def test_after_one_export_none_of_them_asks(con, shop):
    macros.load(con)
    rows(con, f"SELECT count(*) FROM {export(first=FIRST, last=LAST)}")
    asked = len(shop.settled())
    here = {name: rows(con, report(name)) for name in REPORTS}
    assert all(here.values()) and len(shop.settled()) == asked == 20
    script = "\n".join([
        "import sys; sys.path.insert(0, 'test/python'); import macros; macros.load(con)",
        f"for name, statement in {[(name, report(name)) for name in REPORTS]}: print(name, con.execute(statement).fetchall())",
    ])  # fmt: skip
    there = answer(python(script, PYTHONPATH="test/python"))
    assert there.splitlines() == [f"{name} {found}" for name, found in here.items()]
    assert len(shop.settled()) == asked


@pytest.mark.parametrize("name", REPORTS)
def test_each_of_them_costs_one_export(con, shop, name):
    macros.load(con)
    first = rows(con, report(name))
    windows = days_asked(shop)
    assert len(windows) == len(set(windows)) == 20
    assert rows(con, report(name)) == first and len(shop.settled()) == 20


def test_after_what_was_limited_the_full_question_is_asked_once(con, shop, archive):
    limited, full = (f"SELECT count(*) FROM {export(more, first=FIRST, last='2025-01-02')}" for more in ("max_rows := 5", ""))
    assert rows(con, limited) == [(5,)] and not files(archive)
    [(whole,)] = rows(con, full)
    assert whole > 5 and sorted(days_asked(shop)[1:]) == [("2025-01-01", "2025-01-01"), ("2025-01-02", "2025-01-02")]
    # More than any limit that Mixpanel takes is counted here: such an answer is whole, and is kept.
    assert rows(con, f"SELECT count(*) FROM {export('max_rows := 100001', first=FIRST, last='2025-01-02')}") == [(whole,)]
    assert len(shop.settled()) == 3


def test_a_day_that_has_not_begun_is_not_what_the_next_day_gets(con, monkeypatch, archive, clock):
    """`to_date` a day too late: the refusal costs one request, and when the day has come it is asked for."""
    today = datetime.now(UTC).date()
    shop = open_shop(monkeypatch, project={"from_date": today - timedelta(days=2), "days": 5, "today": today})
    call = f"SELECT count(*) FROM {export(first=str(today - timedelta(days=2)), last=str(today + timedelta(days=30)))}"
    clock.move_to(datetime.combine(today, datetime.min.time()) + timedelta(hours=12))
    [(three,)] = rows(con, call)
    refused = [request for request in shop.settled() if request.status == 400]
    assert [request.params["from_date"] for request in refused] == [str(today + timedelta(days=1))] and three == 3 * 40
    before = len(shop.settled())
    assert rows(con, call) == [(three,)] and len(shop.settled()) == before, "within a minute, and the refusal is remembered"
    shop.close()
    later = open_shop(monkeypatch, project={
        "from_date": today - timedelta(days=2), "days": 5, "today": today + timedelta(days=1), "project_id": shop.project.project_id,
    })  # fmt: skip
    clock.move_to(datetime.combine(today, datetime.min.time()) + timedelta(hours=36))
    assert rows(con, call) == [(three + 40,)]
    later.close()


@pytest.fixture
def until_tomorrow(monkeypatch, archive, clock):
    """A week of a project, after noon of its last day; the day after, and an export until then. At 13:00 UTC that one may have begun somewhere."""
    today = datetime.now(UTC).date()
    first = today - timedelta(days=5)
    shop = open_shop(monkeypatch, project={"from_date": first, "days": 9, "today": today})
    clock.move_to(datetime.combine(today, datetime.min.time()) + timedelta(hours=13))
    tomorrow = str(today + timedelta(days=1))
    yield shop, tomorrow, lambda more="": export(more, first=str(first), last=tomorrow)
    shop.close()


def test_a_day_that_has_not_begun_is_asked_for_apart_whatever_the_windows_are(con, until_tomorrow):
    """Its refusal costs one request; the days before it are kept, and not paid for again."""
    shop, tomorrow, call = until_tomorrow
    week = call("window_days := 7")
    assert rows(con, f"SELECT count(*) FROM {week} a POSITIONAL JOIN {week} b") == [(6 * 40,)]
    assert [request.params["from_date"] for request in shop.settled() if request.status == 400] == [tomorrow]
    assert len(shop.settled()) == 2
    assert rows(con, f"SELECT count(*) FROM {week}") == [(6 * 40,)] and len(shop.settled()) == 2


@pytest.mark.parametrize("hour", [11, 13])
@pytest.mark.parametrize("left", [2, 3, 5, 6])
def test_an_export_until_today_takes_no_more_than_its_share(con, until_tomorrow, monkeypatch, clock, left, hour):
    """With few requests left, days that may not have begun share a window (at 11:00 UTC today is one too); what was answered without them is kept."""
    shop, tomorrow, call = until_tomorrow
    clock.move_to(datetime.combine(datetime.now(UTC), datetime.min.time()) + timedelta(hours=hour))
    monkeypatch.setenv("MP_HOURLY_LIMIT", str(left))
    [(planned,)] = rows(con, f"SELECT count(*) FROM mixpanel_export_plan{call().removeprefix('mixpanel_export')}")
    assert planned == max(left // 3, 1)
    assert rows(con, f"SELECT count(*) FROM {call()}") == [(6 * 40,)]
    assert [request.params["to_date"] for request in shop.settled() if request.status == 400] == [tomorrow]
    asked = planned if (left, hour) == (6, 13) else planned + 1
    assert len(shop.settled()) == asked
    assert rows(con, f"SELECT count(*) FROM {call()}") == [(6 * 40,)] and len(shop.settled()) == asked, "it is here now"


def test_the_last_request_is_not_spent_on_a_day_that_may_be_refused(con, until_tomorrow, monkeypatch, archive):
    shop, tomorrow, call = until_tomorrow
    monkeypatch.setenv("MP_HOURLY_LIMIT", "1")
    assert f"[RATE_LIMITED] {tomorrow}" in error_of(con, f"SELECT count(*) FROM {call()}")
    at_rest(shop, archive)
    [request], [kept] = shop.settled(), files(archive)
    assert request.status == 200 and request.params["to_date"] == kept.name[11:21] < tomorrow


def test_an_empty_answer_serves_until_it_is_old(con, shop, clock):
    shop.set_day(FIRST, [])
    call = f"SELECT count(*) FROM {export(first=FIRST, last=FIRST)}"
    assert rows(con, call) == rows(con, call) == [(0,)] and len(shop.settled()) == 1
    shop.set_day(FIRST, [line(time=1735689600000)])
    clock.move_by(timedelta(hours=21))
    assert rows(con, call) == [(1,)], "empty is never settled"
    assert rows(con, call) == [(1,)] and len(shop.settled()) == 2


def test_a_day_without_rows_serves_beside_answers_of_more_days_and_events(con, shop, clock):
    """They are older than they may be, and hold rows, none of them of that day or that event."""
    shop.set_day("2025-01-02", [])
    rows(con, f"SELECT count(*) FROM {export('window_days := 2', first=FIRST, last='2025-01-02')}")
    clock.move_by(timedelta(hours=2))
    for more, first in (("", "2025-01-02"), (", events := ['No Such Event']", FIRST)):
        asked = len(shop.settled())
        call = export(f"max_age := INTERVAL 1 HOUR{more}", first=first, last="2025-01-02")
        for statement in (f"{call} a POSITIONAL JOIN {call} b", call, call):
            assert rows(con, f"SELECT count(*) FROM {statement}") == [(0,)]
            assert "NO_ROWS" not in last_fetch(con)["warnings"]
        assert days_asked(shop)[asked:] == [(first, first)], "an empty answer to all events serves too"


@pytest.mark.parametrize("kept, asked", [(2, 1), (1, 2)])
def test_an_outage_takes_no_rows_place_whatever_the_windows_were(con, shop, clock, kept, asked):
    """Rows were kept in windows of other days than those that come back empty."""
    call = lambda days: export(f"window_days := {days}, max_age := INTERVAL 1 HOUR", last="2025-01-02")  # noqa: E731
    [(whole,)] = rows(con, f"SELECT count(*) FROM {call(kept)}")
    clock.move_by(timedelta(hours=2))
    shop.add_fault("body", times=None, body="")
    assert rows(con, f"SELECT count(*) FROM {call(asked)}") == [(0,)] and "NO_ROWS" in last_fetch(con)["warnings"]
    events = export("events := ['View Item'], max_age := INTERVAL 1 HOUR", last="2025-01-02")
    assert rows(con, f"SELECT count(*) FROM {events}") == [(0,)] and "NO_ROWS" in last_fetch(con)["warnings"]
    shop.reset()
    assert rows(con, f"SELECT count(*) FROM {call(asked)}") == [(whole,)]
    assert rows(con, f"SELECT count(*) > 0 FROM {events}") == [(True,)]


def test_what_was_cut_short_is_asked_for_whole(con, shop, archive):
    call = f"SELECT count(*) FROM {export(first=FIRST, last='2025-01-03')}"
    shop.add_fault("terminated_early", times=None, match={"from_date": "2025-01-02"})
    assert "[TRUNCATED]" in error_of(con, call)
    assert "2025-01-02" not in {file.name[:10] for file in files(archive)}
    asked = len(shop.settled())
    shop.reset()
    assert rows(con, call) == [(120,)]
    assert [day for day, _ in days_asked(shop)].count("2025-01-02") == 1 and asked + len(shop.settled()) <= 12


def test_an_outage_that_says_nothing_loses_no_rows(con, shop, archive, clock):
    """All days come back as 200 and nothing: what was kept stays, serves, and the fetch says that it was strange."""
    call = export("max_age := INTERVAL 1 HOUR", first=FIRST, last="2025-01-05")
    [(whole,)] = rows(con, f"SELECT count(*) FROM {call}")
    kept = files(archive)
    clock.move_by(timedelta(hours=2))
    shop.add_fault("body", times=None, body="")
    assert rows(con, f"SELECT count(*) FROM {call}") == [(0,)]
    assert last_fetch(con)["warnings"].count('"NO_ROWS"') == 5
    # A sweep takes nothing away, now or later.
    for hours in (4, 400):
        clock.move_by(timedelta(hours=hours))
        assert rows(con, f"SELECT count(*) FROM {export(first=FIRST, last='2025-01-05')}") == [(whole,)]
    assert set(kept) <= set(files(archive))
    shop.reset()
    assert rows(con, f"SELECT count(*) FROM {call}") == [(whole,)]
    assert last_fetch(con)["warnings"] == "[]"


@only_v2
def test_a_narrowed_question_is_served_by_the_wide_answer(con, shop):
    [(whole,)] = rows(con, f"SELECT count(*) FROM {export(first=FIRST, last=LAST)}")
    where = "event_time >= TIMESTAMP '2025-01-05' AND event_time < TIMESTAMP '2025-01-09' AND event_name = 'Purchase'"
    [(few,)] = rows(con, f"SELECT count(*) FROM {export(first=FIRST, last=LAST)} WHERE {where}")
    assert 0 < few < whole and len(shop.settled()) == 20
