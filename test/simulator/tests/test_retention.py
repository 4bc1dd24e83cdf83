"""Tests retention and frequency: by hand on a few events, and by an independent count on many."""

from collections import defaultdict
from datetime import date, datetime, timedelta

import pytest

from simulator import Project, Simulator

from .by_hand import exported
from .client import query
from .conftest import PERIOD

END = datetime(2025, 1, 21)
"""The end of the project's newest day."""
UNITS = {"day": timedelta(days=1), "week": timedelta(days=7)}


def row(number, user, day, hour, name, plan="free"):
    time = int((datetime(2025, 1, day, hour) - datetime(1970, 1, 1)).total_seconds()) * 1000
    properties = f'"time":{time},"distinct_id":"{user}","$insert_id":"{number}","plan":"{plan}"'
    return f'{{"event":"{name}","properties":{{{properties}}}}}'


class TestByHand:
    @pytest.fixture
    def births(self, empty):
        """The project ends on 31 January."""
        days = defaultdict(list)
        for number, (user, day, hour, name, plan) in enumerate((
            ("a", 2, 10, "Born", "free"), ("a", 2, 10, "Back", "free"),
            ("a", 3, 9, "Back", "free"), ("a", 3, 10, "Back", "pro"),
            ("b", 2, 23, "Born", "free"), ("b", 3, 22, "Back", "free"),
            ("b", 3, 23, "Born", "free"), ("b", 5, 1, "Back", "pro"),
            ("c", 2, 12, "Back", "free"), ("c", 29, 12, "Born", "free"), ("c", 31, 13, "Back", "free"),
            ("", 2, 1, "Born", "free"), ("", 2, 2, "Back", "free"),
        )):  # fmt: skip
            days[day].append(row(number, user, day, hour, name, plan))
        for day, lines in days.items():
            empty.set_day(date(2025, 1, day), lines)
        return empty

    def ask(self, sim, **params):
        return query(sim, "retention", **{"from_date": "2025-01-01", "to_date": "2025-01-31"} | params).json

    def test_birth(self, births):
        answer = self.ask(births, born_event="Born", event="Back", interval_count=3)
        # Intervals are of the user's own: 23 hours after 23 o'clock are within the first day, 24 hours are the second.
        assert answer == {
            "2025-01-02": {"counts": [2, 1, 1, 0], "first": 2},
            "2025-01-29": {"counts": [0, 0, 1], "first": 1},
        }

    def test_the_default_is_two_intervals_of_a_day(self, births):
        assert self.ask(births, born_event="Born", event="Back")["2025-01-02"] == {"counts": [2, 1], "first": 2}

    def test_unbounded(self, births):
        answer = self.ask(births, born_event="Born", event="Back", interval_count=3, unbounded_retention=True)
        assert answer["2025-01-02"]["counts"] == [2, 2, 1, 0]
        assert answer["2025-01-29"]["counts"] == [1, 1, 1]

    def test_any_event_may_be_a_return_but_not_the_birth(self, births):
        answer = self.ask(births, born_event="Born", interval_count=1)
        assert answer["2025-01-02"] == {"counts": [2, 2], "first": 2} and answer["2025-01-29"]["counts"] == [0, 0]
        assert self.ask(births, born_event="Born", event="Born")["2025-01-02"]["counts"] == [0, 1]

    def test_filters(self, births):
        params = {"born_event": "Born", "event": "Back", "interval_count": 2}
        assert self.ask(births, where='properties["plan"] == "pro"', **params)["2025-01-02"]["counts"] == [0, 1, 1]
        assert list(self.ask(births, born_where='properties["$time"] > datetime("2025-01-10T00:00:00")', **params)) == [
            "2025-01-29"
        ]

    def test_segments_are_those_of_the_return(self, births):
        answer = self.ask(births, born_event="Born", event="Back", interval_count=2, on='properties["plan"]')
        assert answer["2025-01-02"] == {
            "free": {"counts": [2, 0, 0], "first": 2}, "pro": {"counts": [0, 1, 1], "first": 2},
        }  # fmt: skip
        assert list(self.ask(births, born_event="Born", on='properties["plan"]', limit=1)["2025-01-02"]) == ["free"]

    def test_compounded(self, births):
        answer = self.ask(births, retention_type="compounded", event="Back", interval_count=2)
        assert answer["2025-01-02"] == {"counts": [1, 1, 0], "first": 2}
        assert answer["2025-01-03"] == {"counts": [1, 1, 0], "first": 2}
        assert answer["2025-01-31"] == {"counts": [0], "first": 1}

    def test_weeks_and_intervals_of_days(self, births):
        weeks = self.ask(births, born_event="Born", event="Back", unit="week", interval_count=9)
        assert {key: len(cohort["counts"]) for key, cohort in weeks.items()} == {"2024-12-30": 4, "2025-01-27": 0}
        tens = self.ask(births, born_event="Born", event="Back", interval=10, interval_count=9)
        assert {key: len(cohort["counts"]) for key, cohort in tens.items()} == {"2025-01-01": 3, "2025-01-21": 1}

    def test_months(self, empty):
        empty.set_day("2024-11-30", [row(0, "a", 1, 0, "Born").replace("1735689600", "1732924800")])
        empty.set_day("2025-01-01", [row(1, "a", 1, 0, "Back")])
        params = {"unit": "month", "from_date": "2024-11-15", "to_date": "2024-12-01", "interval_count": 5}
        answer = query(empty, "retention", born_event="Born", **params).json
        assert answer == {"2024-11-01": {"counts": [0, 1, 0], "first": 1}}

    def test_keys_may_be_midnights(self):
        with Simulator(Project(days=3, events_per_day=60, retention_timestamps=True)) as sim:
            answer = query(sim, "retention", born_event="Sign Up", from_date="2025-01-01", to_date="2025-01-01").json
        assert list(answer) == ["2025-01-01T00:00:00"]


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("event", ["Purchase", None])
@pytest.mark.parametrize("compounded", [False, True])
def test_retention_anew(shop, unit, event, compounded):
    kind = {"retention_type": "compounded"} if compounded else {"born_event": "Sign Up"}
    answer = query(shop, "retention", event=event, unit=unit, interval_count=4, **kind, **PERIOD).json
    births, returns = defaultdict(dict), defaultdict(list)
    born = set()
    for name, user, at, _ in exported(shop, "2025-01-03", "2025-01-20"):
        if user is None:
            continue
        begins = event in (None, name) if compounded else name == "Sign Up" and user not in born
        if begins and at < datetime(2025, 1, 19):
            born.add(user)
            bucket = at.date() - timedelta(days=at.weekday() if unit == "week" else 0)
            births[bucket].setdefault(user, at)
        if event in (None, name):
            returns[user].append(at)
    expected = {}
    for day, users in births.items():
        ended = [n for n in range(5) if datetime(day.year, day.month, day.day) + (n + 1) * UNITS[unit] <= END]
        counts = [
            sum(
                any(birth < at and (at - birth) // UNITS[unit] == n for at in returns[user])
                for user, birth in users.items()
            )
            for n in ended
        ]
        expected[str(day)] = {"counts": counts, "first": len(users)}
    assert answer == expected and len(answer) >= 3


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({}, 200), ({"interval": 7, "unit": "week"}, 500), ({"born_event": None}, 400), ({"interval": 91}, 400),
        ({"unit": "hour"}, 400), ({"retention_type": "x"}, 400), ({"on": "plan"}, 400), ({"interval_count": 0}, 400),
        ({"unbounded_retention": "yes"}, 400), ({"born_event": ["Sign Up"]}, 400), ({"bookmark_id": 8201}, 400),
    ],
)  # fmt: skip
def test_refusals(shop, change, status):
    assert query(shop, "retention", **{"born_event": "Sign Up", **PERIOD} | change).status == status


class TestFrequency:
    def ask(self, sim, **params):
        return query(sim, "retention/addiction", **{"unit": "day", "addiction_unit": "hour", **PERIOD} | params)

    @pytest.mark.parametrize(
        ("unit", "part", "length"),
        [("day", "hour", 24), ("week", "day", 7), ("week", "hour", 168), ("month", "day", 31)],
    )
    @pytest.mark.parametrize("event", ["View Item", None])
    def test_anew(self, shop, unit, part, length, event):
        data = self.ask(shop, unit=unit, addiction_unit=part, event=event).json["data"]
        start = {
            "day": lambda at: at.date(),
            "week": lambda at: at.date() - timedelta(days=at.weekday()),
            "month": lambda at: at.date().replace(day=1),
        }[unit]
        active = defaultdict(lambda: defaultdict(set))
        for _, user, at, _ in exported(shop, *PERIOD.values(), event):
            if user is not None:
                active[str(start(at))][user].add((at.date(), at.hour if part == "hour" else 0))
        assert data == {
            day: [sum(len(parts) > number for parts in users.values()) for number in range(length)]
            for day, users in active.items()
        }
        assert all(counts == sorted(counts, reverse=True) for counts in data.values())

    def test_segments_and_filters(self, shop):
        plain = self.ask(shop, unit="month", addiction_unit="day", where='properties["plan"] == "pro"').json["data"]
        by_plan = self.ask(shop, unit="month", addiction_unit="day", on='properties["plan"]').json["data"]
        assert by_plan["2025-01-01"]["pro"] == plain["2025-01-01"]
        assert {"free", "plus", "pro"} <= set(by_plan["2025-01-01"])
        limited = self.ask(shop, unit="month", addiction_unit="day", on='properties["plan"]', limit=1).json["data"]
        assert list(limited["2025-01-01"]) == ["free"]

    def test_days_without_anybody_are_absent(self, shop):
        assert self.ask(shop, event="Nothing").json == {"data": {}}

    @pytest.mark.parametrize("change", [{"unit": "hour"}, {"addiction_unit": "week"}, {"unit": None}, {"on": "plan"}])
    def test_refusals(self, shop, change):
        assert self.ask(shop, **change).status == 400
