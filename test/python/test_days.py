"""Tests which rows belong to the requested days: units of times, midnight, and rows of other days."""
from __future__ import annotations

import json
from datetime import datetime

import pytest
from conftest import FIRST, error_of, export, last_fetch, line, only_v2, rows

DAY = 86_400_000
MIDNIGHT = 1_735_689_600_000
"""2025-01-01 in milliseconds."""
HOUR = 3_600_000


def at(moment: str) -> int:
    return int(datetime.fromisoformat(f"{moment}+00:00").timestamp() * 1000)


def times(con, call: str) -> list[str]:
    return [str(time) for (time,) in rows(con, f"SELECT event_time FROM {call} ORDER BY ALL")]


def test_milliseconds_before_march_1973(con, sim):
    """The request asks for milliseconds; the size of such a number would make seconds of it."""
    sim.set_day("1971-07-01", [line(time=at("1971-07-01T12:00:00")), line(time=at("1971-07-01T12:00:00.123"))])
    sim.set_day("1970-01-01", [line(time=0), line(time=1), line(time=-HOUR)])
    assert times(con, export(first="1971-07-01", last="1971-07-01")) == ["1971-07-01 12:00:00", "1971-07-01 12:00:00.123000"]
    assert times(con, export(first="1970-01-01", last="1970-01-01")) == [
        "1969-12-31 23:00:00", "1970-01-01 00:00:00", "1970-01-01 00:00:00.001000",
    ]  # fmt: skip
    assert all(request.params["time_in_ms"] == "true" for request in sim.settled())


def test_a_server_that_answers_in_seconds(con, sim):
    sim.set_day(FIRST, [line(time=MIDNIGHT // 1000 + 60), line(time=str(MIDNIGHT // 1000 + 60)), line(time=MIDNIGHT + 60_000)])
    assert times(con, export(last=FIRST)) == ["2025-01-01 00:01:00"] * 3
    assert last_fetch(con)["warnings"] == "[]"


def test_times_of_a_feed_go_by_size(con, sim):
    """Nothing was asked for in milliseconds there."""
    ((seconds,),) = rows(con, "SELECT mixpanel_timestamp(47260800)")
    assert str(seconds) == "1971-07-02 00:00:00"


@pytest.mark.parametrize("columns", ["count(*)", "count(event_name)", "count(event_time)", "count(properties)", "count(event)"])
def test_rows_of_other_days_are_counted_as_a_warning(con, sim, columns):
    """Whatever columns are asked for. Fourteen hours is as far as a zone may be from UTC."""
    inside = [line(time=MIDNIGHT + hour * HOUR) for hour in (-14, 0, 12, 37)]
    outside = [line(time=MIDNIGHT - 14 * HOUR - 1), line(time=MIDNIGHT + 38 * HOUR)]
    sim.set_day(FIRST, [*inside, *outside, line(), line(time="noon")])
    call = export("raw := true" if columns == "count(event)" else "", last="2025-01-02")
    assert rows(con, f"SELECT {columns} FROM {call}")[0][0] in (8 + 300, 6 + 300)
    (warning,) = json.loads(last_fetch(con)["warnings"])
    assert warning == {
        "code": "ROWS_OUTSIDE_DAYS",
        "message": "2025-01-01: 2 of 8 rows are more than 14 hours outside the requested days",
    }


@pytest.mark.parametrize("streamed", [False, True])
def test_a_window_of_other_days_is_an_error(con, sim, monkeypatch, streamed):
    """The answer to another question, out of a cache for one. It is not asked for again."""
    size = 400_000 if streamed else 3
    padding = "x" * (500 if streamed else 1)
    sim.set_day(FIRST, [line(time=MIDNIGHT, p=padding)] * size + [line(time=MIDNIGHT + 2 * DAY, p=padding)] * (size + 1))
    for columns in ("count(*)", "*"):
        sim.clear()
        error = error_of(con, f"SELECT {columns} FROM {export(last=FIRST)}")
        assert f"[UNEXPECTED_RESPONSE] 2025-01-01: {size + 1} of {2 * size + 1} rows are more than 14 hours outside" in error
        assert len(sim.settled()) == 1 and last_fetch(con)["rows"] == 0


def test_such_a_window_can_be_left_out(con, sim):
    sim.set_day(FIRST, [line(time=MIDNIGHT + 5 * DAY)])
    assert rows(con, "SELECT count(*) FROM " + export("on_failure := 'skip'")) == [(1200,)]
    record = last_fetch(con)
    assert record["windows_failed"] == 1 and json.loads(record["failed_ranges"])[0]["range"] == FIRST


@only_v2
@pytest.mark.parametrize("condition, expected", [
    ("event_time BETWEEN '2025-01-02' AND '2025-01-04'", 3),
    ("event_time >= '2025-01-02' AND event_time <= '2025-01-04'", 3),
    ("event_time >= '2025-01-02' AND event_time < '2025-01-04'", 2),
    ("event_time > '2025-01-02' AND event_time <= '2025-01-04'", 2),
    ("event_time = '2025-01-04'", 1),
    ("event_time BETWEEN '2025-01-04' AND '2025-01-04'", 1),
    ("event_time IN ('2025-01-02', '2025-01-04')", 2),
    ("event_time <= '2025-01-04' AND event_time >= '2025-01-02'", 3),
])  # fmt: skip
def test_an_event_at_midnight(con, sim, condition, expected):
    """It is of the day that begins then: an upper end that is inclusive needs that day too."""
    for number in range(5):
        sim.set_day(f"2025-01-0{number + 1}", [line(time=MIDNIGHT + number * DAY)])
    for call in (export(), "mixpanel_export()"):
        assert rows(con, f"SELECT count(*) FROM {call} WHERE {condition}") == [(expected,)], call
