"""Tests the routes under `/events`: the defaults, the refusals, and the numbers, which are those of the export."""

import json
from datetime import timedelta

import pytest

from simulator import Project, Simulator

from .by_hand import HOUR, count, exported, flat, keyed
from .client import query
from .conftest import PERIOD


class TestEvents:
    @pytest.mark.parametrize("type", ["general", "unique", "average"])
    @pytest.mark.parametrize(
        ("unit", "bucket"),
        [
            ("day", lambda at: f"{at:%Y-%m-%d}"),
            ("week", lambda at: f"{at - timedelta(days=at.weekday()):%Y-%m-%d}"),
            ("month", lambda at: f"{at:%Y-%m-01}"),
        ],
    )
    def test_counts(self, shop, type, unit, bucket):
        names = ["Purchase", "$session_start", "購入 🛒"]
        answer = query(shop, "events", event=names, type=type, unit=unit, **PERIOD).json
        events = [event for event in exported(shop, *PERIOD.values()) if event[0] in names]
        assert flat(answer["data"]["values"]) == count(
            [((name, bucket(at)), user) for name, user, at, _ in events], type
        )
        assert answer["legend_size"] == 3

    @pytest.mark.parametrize(("unit", "label"), [("hour", HOUR), ("minute", "%Y-%m-%d %H:%M:00")])
    def test_hours_and_minutes(self, shop, unit, label):
        answer = query(shop, "events", event=["Purchase"], type="general", unit=unit, **PERIOD).json
        events = exported(shop, *PERIOD.values(), name="Purchase")
        assert flat(answer["data"]["values"]) == count(keyed(events, lambda event: event[0], label))

    def test_series_are_unsorted_and_say_what_there_is(self, shop):
        data = query(shop, "events", event=["Purchase"], type="general", unit="hour", **PERIOD).json["data"]
        assert sorted(data["series"]) == list(data["values"]["Purchase"]) != data["series"]
        nothing = query(shop, "events", event=["Nothing"], type="general", unit="day", **PERIOD).json
        assert nothing == {"data": {"series": [], "values": {}}, "legend_size": 0}

    @pytest.mark.parametrize(
        ("unit", "first"), [("day", "2025-01-18"), ("week", "2025-01-06"), ("hour", "2025-01-20 21")]
    )
    def test_an_interval_ends_with_the_newest_day(self, shop, unit, first):
        names = ["View Item", "Search", "$session_start"]
        data = query(shop, "events", event=names, type="general", unit=unit, interval=3).json["data"]
        in_time = [event for event in exported(shop) if event[0] in names and str(event[2]) >= first]
        assert sum(flat(data["values"]).values()) == len(in_time) > 0

    @pytest.mark.parametrize(
        "change",
        [
            {"event": "Purchase"}, {"event": []}, {"event": None}, {"type": None}, {"type": "total"}, {"unit": "year"},
            {"unit": None}, {"interval": 3}, {"from_date": None}, {"from_date": "2025-01-19"}, {"format": "csv"},
            {"type": "unique", "unit": "hour"}, {"where": "true"}, {"workspace_id": "x"},
        ],
    )  # fmt: skip
    def test_refusals(self, shop, change):
        fine = {"event": ["Purchase"], "type": "general", "unit": "day", "format": "json", **PERIOD}
        assert query(shop, "events", **fine).status == 200
        assert query(shop, "events", **fine | change).status == 400


class TestTop:
    @pytest.mark.parametrize("type", ["general", "unique"])
    def test_today_and_how_it_compares(self, shop, type):
        answer = query(shop, "events/top", type=type).json
        by_day = [
            count([(event[0], event[1]) for event in exported(shop, day, day)], type)
            for day in ("2025-01-20", "2025-01-19")
        ]
        assert answer["type"] == type
        assert {event["event"]: event["amount"] for event in answer["events"]} == by_day[0]
        for event in answer["events"]:
            now, before = (counts.get(event["event"], 0) for counts in by_day)
            assert event["percent_change"] == (now - before) / max(now, before)
        names = [event["event"] for event in answer["events"]]
        assert names == sorted(names)

    def test_limit(self, shop):
        answer = query(shop, "events/top", type="general", limit=2).json
        assert {event["event"] for event in answer["events"]} == {"View Item", "Search"}
        assert [query(shop, "events/top", **params).status for params in ({}, {"type": "general", "limit": 0})] == [
            400
        ] * 2


class TestProperties:
    @pytest.mark.parametrize("type", ["general", "unique", "average"])
    def test_counts(self, shop, type):
        answer = query(
            shop, "events/properties", event="View Item", name="is_subscribed", type=type, unit="day", **PERIOD
        ).json
        events = [event for event in exported(shop, *PERIOD.values(), name="View Item") if "is_subscribed" in event[3]]
        assert flat(answer["data"]["values"]) == count(
            keyed(events, lambda event: as_text(event[3]["is_subscribed"])), type
        )
        assert {"true", "false", "yes", "1"} == set(answer["data"]["values"])

    def test_nulls_are_no_values(self, shop):
        params = {"event": "Purchase", "name": "Coupon", "type": "general", "unit": "day"}
        assert set(query(shop, "events/properties", **params, **PERIOD).json["data"]["values"]) <= {
            "SPRING10",
            "WELCOME",
            "",
        }

    def test_values_and_limit(self, shop):
        params = {"event": "View Item", "name": "Item Id", "type": "general", "unit": "month", **PERIOD}

        def values(**more):
            return query(shop, "events/properties", **params, **more).json["data"]["values"]

        assert list(values(limit=2)) == list(values())[:2] and len(values()) == 255
        assert set(values(values=["1003", "nothing"])) == {"1003"}
        for wrong in ({"values": "1003"}, {"event": ["View Item"]}, {"name": None}):
            assert query(shop, "events/properties", **params | wrong).status == 400

    def test_top_has_ten_unless_asked_for_more(self, shop):
        assert len(query(shop, "events/properties/top", event="Purchase").json) == 10
        every = query(shop, "events/properties/top", event="Purchase", limit=5000).json
        events = exported(shop, name="Purchase")
        keys = [key for event in events for key in event[3] if key not in ("time", "distinct_id", "$insert_id")]
        assert every == {key: {"count": keys.count(key)} for key in keys} | {"Gift Message": {}}
        assert len(query(shop, "events/properties/top", limit=5000).json) > len(every)
        assert query(shop, "events/properties/top", event="Nothing").json == {}
        assert query(shop, "events/properties/top", event=["Purchase"]).status == 400

    def test_values_are_text(self, shop):
        assert set(query(shop, "events/properties/values", event="Purchase", name="Shipping").json) == {
            json.dumps({"express": express, "fee": fee}) for express in (True, False) for fee in (0, 4.9)
        }
        items = query(shop, "events/properties/values", event="View Item", name="Item Id").json
        assert len(items) == 255 and all(isinstance(item, str) for item in items)
        assert query(shop, "events/properties/values", name="plan", limit=1).json == ["free"]
        assert query(shop, "events/properties/values", event="Purchase").status == 400


def as_text(value):
    return value if isinstance(value, str) else json.dumps(value)


class TestNames:
    def test_history_may_be_limited(self):
        with Simulator(Project(days=3, events_per_day=50, today="2025-01-31", max_data_history_days=29)) as sim:

            def ask(from_date):
                return query(sim, "events/names", type="general", from_date=from_date, to_date="2025-01-31")

            assert ask("2025-01-02").status == 200
            refused = ask("2025-01-01")
            assert (refused.status, refused.error) == (403, "Date range exceeds 29 days into the past")
