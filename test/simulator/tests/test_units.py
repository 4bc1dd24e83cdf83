"""Tests the small parts of reports."""

from datetime import date, datetime

import pytest

from simulator.expression_values import UNDEFINED
from simulator.raw_json import members, object_text
from simulator.reports.labels import label
from simulator.reports.time_buckets import Buckets, later, milliseconds, moment, start_of
from simulator.routes.segmentation_numeric import range_label, range_width

AT = datetime(2025, 1, 30, 13, 45, 59, 999_000)


@pytest.mark.parametrize(
    ("unit", "start", "after_one"),
    [
        ("minute", datetime(2025, 1, 30, 13, 45), datetime(2025, 1, 30, 13, 46)),
        ("hour", datetime(2025, 1, 30, 13), datetime(2025, 1, 30, 14)),
        ("day", datetime(2025, 1, 30), datetime(2025, 1, 31)),
        ("week", datetime(2025, 1, 27), datetime(2025, 2, 3)),
        ("month", datetime(2025, 1, 1), datetime(2025, 2, 1)),
    ],
)
def test_the_calendars_units(unit, start, after_one):
    assert start_of(unit, AT) == start and later(unit, start, 1) == after_one
    assert moment(milliseconds(AT)) == AT


def test_months_are_of_different_lengths():
    assert [later("month", AT, count).date() for count in (1, 2, 13)] == [
        date(2025, 2, 28),
        date(2025, 3, 30),
        date(2026, 2, 28),
    ]
    assert later("month", AT, 1).time() == AT.time()


def test_buckets_of_a_period():
    period = date(2025, 1, 3), date(2025, 1, 18)
    weeks, fives = Buckets(*period, "week"), Buckets(*period, days=5)
    assert [weeks.label(start) for start in weeks.all()] == ["2024-12-30", "2025-01-06", "2025-01-13"]
    assert [fives.label(start) for start in fives.all()] == ["2025-01-03", "2025-01-08", "2025-01-13", "2025-01-18"]
    assert fives.label(fives.start(milliseconds(datetime(2025, 1, 12, 23, 59)))) == "2025-01-08"
    hours = Buckets(*period, "hour")
    assert hours.label(hours.start(milliseconds(AT))) == "2025-01-30 13:00:00" and len(hours.all()) == 16 * 24


@pytest.mark.parametrize(
    ("value", "text"),
    [("a", "a"), ("", ""), (UNDEFINED, "undefined"), (None, "null"), (True, "true"), (5, "5"), (19.99, "19.99"),
     ([1, "é"], '[1, "é"]'), ({"a": None}, '{"a": null}')],
)  # fmt: skip
def test_labels(value, text):
    assert label(value) == text


def test_ranges_of_numbers():
    assert [range_width(*ends) for ends in ((0, 0), (0, 19), (0, 20), (-50, 50), (0, 2400), (-3, 1e6))] == [
        1, 1, 2, 10, 200, 100_000]  # fmt: skip
    assert [range_label(value, 100) for value in (0, 99.9, 1234, -1, 2**63)] == [
        "0 - 100", "0 - 100", "1,200 - 1,300", "-100 - 0", "9,223,372,036,854,775,800 - 9,223,372,036,854,775,900",
    ]  # fmt: skip


def test_json_taken_apart_and_put_together():
    text = r' { "a" : 1e400 ,"\u0061b":"\ud83d", "c":[1, {"d":0.10}],"":123456789012345678901234567890}'
    parts = {"a": "1e400", "ab": r'"\ud83d"', "c": '[1, {"d":0.10}]', "": "123456789012345678901234567890"}
    assert members(text) == parts and members(object_text(parts)) == parts and members("{}") == {}
    for wrong in ("[]", '{"a" 1}', "{"):
        with pytest.raises((ValueError, IndexError)):
            members(wrong)
