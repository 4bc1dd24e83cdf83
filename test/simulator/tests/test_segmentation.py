"""Tests segmentation: counts by the values of an expression, by ranges of numbers, and sums."""

import math
from datetime import datetime

import pytest

from .by_hand import DAY, HOUR, count, exported, flat, keyed
from .client import query
from .conftest import PERIOD


class TestSegmentation:
    @pytest.mark.parametrize("type", ["general", "unique", "average"])
    def test_counts_by_segment(self, shop, type):
        on = 'properties["$search_engine"]'
        answer = query(shop, "segmentation", event="View Item", on=on, type=type, **PERIOD).json
        events = exported(shop, *PERIOD.values(), name="View Item")
        pairs = keyed(events, lambda event: event[3].get("$search_engine", "undefined"))
        assert flat(answer["data"]["values"]) == count(pairs, type)
        assert answer["legend_size"] == len(answer["data"]["values"]) == 3

    def test_null_and_missing_are_segments(self, shop):
        answer = query(
            shop, "segmentation", event="Checkout Started", on='properties["Coupon"]', unit="month", **PERIOD
        ).json
        events = exported(shop, *PERIOD.values(), name="Checkout Started")
        nulls = sum("Coupon" in event[3] and event[3]["Coupon"] is None for event in events)
        assert answer["data"]["values"]["null"] == {"2025-01-01": nulls}

    def test_without_a_segment_the_event_is_one(self, shop):
        answer = query(shop, "segmentation", event="Search", unit="hour", **PERIOD).json
        assert flat(answer["data"]["values"]) == count(
            keyed(exported(shop, *PERIOD.values(), "Search"), lambda e: e[0], HOUR)
        )

    def test_where_and_interval(self, shop):
        where = 'properties["plan"] == "free" and "on" in properties["$city"]'
        answer = query(shop, "segmentation", event="View Item", type="unique", interval=8, where=where, **PERIOD).json
        users = [
            ("first" if at < datetime(2025, 1, 11) else "second", user)
            for _, user, at, properties in exported(shop, *PERIOD.values(), "View Item")
            if properties["plan"] == "free" and "on" in properties["$city"]
        ]
        expected = count(users, "unique")
        assert answer["data"]["values"] == {
            "View Item": {"2025-01-03": expected["first"], "2025-01-11": expected["second"]}
        }

    def test_limits(self, shop):
        def segments(limit=None):
            answer = query(
                shop, "segmentation", event="View Item", on='properties["Item Id"]', limit=limit, **PERIOD
            ).json
            return list(answer["data"]["values"])

        assert len(segments()) == 60 and segments(3) == segments()[:3] and len(segments(10_000)) > 250

    def test_what_never_happened_is_not_an_error(self, shop):
        assert query(shop, "segmentation", event="Nothing", **PERIOD).json["data"]["values"] == {}

    @pytest.mark.parametrize(
        "change",
        [
            {"on": "plan"}, {"on": "properties.plan"}, {"on": 'properties["plan"'}, {"event": ["A"]}, {"event": ""},
            {"unit": "day", "interval": 2, "type": "unique"}, {"interval": 2}, {"unit": "year"}, {"limit": 10_001},
            {"type": "sum"}, {"where": '1 and properties["plan"]'}, {"where": 'behaviors["plan"] > 1'}, {"name": "x"},
        ],
    )  # fmt: skip
    def test_refusals(self, shop, change):
        answer = query(shop, "segmentation", **{"event": "Search", **PERIOD} | change)
        assert answer.status == 400 and answer.json["request"].startswith("/api/query/segmentation?")


class TestNumbers:
    def test_ranges(self, shop):
        on = 'properties["Amount"]'
        answer = query(shop, "segmentation/numeric", event="Purchase", on=on, unit="hour", **PERIOD).json
        amounts = [event[3]["Amount"] for event in exported(shop, *PERIOD.values(), "Purchase")]
        found: dict[str, int] = {}
        for (name, _), number in flat(answer["data"]["values"]).items():
            found[name] = found.get(name, 0) + number
        assert any("," in name for name in found) and sum(found.values()) == len(amounts)
        for name, number in found.items():
            low, high = (int(part.replace(",", "")) for part in name.split(" - "))
            assert number == sum(low <= amount < high for amount in amounts) > 0

    @pytest.mark.parametrize(("unit", "label"), [("day", DAY), ("hour", HOUR)])
    def test_sum_and_average(self, shop, unit, label):
        params = {"event": "View Item", "on": 'properties["Item Price"]', "unit": unit, **PERIOD}
        prices: dict[str, list] = {}
        for _, _, at, properties in exported(shop, *PERIOD.values(), "View Item"):
            price = properties.get("Item Price")
            prices.setdefault(at.strftime(label), []).append(price if isinstance(price, (int, float)) else 0)
        sums = query(shop, "segmentation/sum", **params).json
        assert sums["results"] == pytest.approx({at: math.fsum(found) for at, found in prices.items()})
        assert sums["status"] == "ok" and sums["computed_at"].startswith("2025-01-20T23:59:59.")
        assert list(sums["results"]) == sorted(prices, reverse=True)
        averages = query(shop, "segmentation/average", **params).json
        assert averages["results"] == pytest.approx({at: math.fsum(found) / len(found) for at, found in prices.items()})

    def test_a_misspelt_property_gives_zeros(self, shop):
        for path in ("sum", "average"):
            results = query(shop, f"segmentation/{path}", event="Purchase", on='properties["amuont"]', **PERIOD).json[
                "results"
            ]
            assert len(results) > 10 and set(results.values()) == {0}

    def test_infinity_is_no_number(self, empty):
        empty.set_day("2025-01-02", [f'{{"event":"A","properties":{{"time":{1735776000 + n},"x":{x}}}}}' for n, x in
                                     enumerate(("1e400", "5", '"7"', "true", "null"))])  # fmt: skip
        params = {"event": "A", "on": 'properties["x"]', "from_date": "2025-01-01", "to_date": "2025-01-31"}
        assert query(empty, "segmentation/sum", **params).json["results"] == {"2025-01-02": 5}
        assert query(empty, "segmentation/average", **params).json["results"] == {"2025-01-02": 1}
        assert query(empty, "segmentation/numeric", **params).json["data"]["values"] == {"5 - 6": {"2025-01-02": 1}}
        assert query(empty, "segmentation/sum", **params | {"on": 'number(properties["x"])'}).json["results"] == {
            "2025-01-02": 13
        }

    @pytest.mark.parametrize("path", ["numeric", "sum", "average"])
    @pytest.mark.parametrize("change", [{"on": None}, {"on": "Amount"}, {"unit": "week"}, {"limit": 5}])
    def test_refusals(self, shop, path, change):
        params = {"event": "Purchase", "on": 'properties["Amount"]', **PERIOD} | change
        assert query(shop, f"segmentation/{path}", **params).status == 400
