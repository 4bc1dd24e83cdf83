"""Tests the macros over `mixpanel_export`, which replace what JQL returned and count each event once."""
from __future__ import annotations

import math
import statistics
from collections import Counter
from datetime import date, timedelta

import pytest
from conftest import FIRST, LAST, error_of, line, rows
from macros import dicts, literal, load

from simulator import Project, Simulator
from simulator.events import reported
from simulator.raw_json import members
from simulator.tests.client import post, query

SHOP = Project(days=5, events_per_day=600, weird_rate=0.2)
PERIOD = {"from_date": FIRST, "to_date": LAST}
DAYS = f"'{FIRST}', '{LAST}'"
NOON = 1735819200000
DAY = "'2025-01-02', '2025-01-02'"


@pytest.fixture(scope="module")
def shop_simulator():
    with Simulator(SHOP) as simulator:
        yield simulator


@pytest.fixture
def shop(shop_simulator, monkeypatch):
    """Five days of which a fifth of the rows is odd, and a fifth comes twice."""
    shop_simulator.reset()
    monkeypatch.setenv("MP_API_BASE_URL", shop_simulator.url)
    return shop_simulator


@pytest.fixture
def db(con):
    load(con)
    return con


def events(shop, *names: str) -> list:
    return list(reported(shop.archive, date.fromisoformat(FIRST), date.fromisoformat(LAST), names or None))


def jql(shop, keys: list[str], name: str | None = None) -> dict:
    """Counted by the service."""
    chosen = f'.filter(event => event.name == "{name}")' if name else ""
    quoted = ", ".join(f'"{key}"' for key in keys)
    script = f"function main() {{ return Events(params){chosen}.groupBy([{quoted}], mixpanel.reducer.count()) }}"
    return {tuple(row["key"]): row["value"] for row in post(shop, "jql", script=script, params=PERIOD).json}


def exports(shop) -> list[tuple]:
    asked = [request.params for request in shop.settled() if request.path.endswith("/export")]
    return sorted((params["from_date"], params["to_date"], params.get("event")) for params in asked)


def each_day(event: str | None) -> list[tuple]:
    days = [str(date(2025, 1, number)) for number in range(1, 6)]
    return [(day, day, event) for day in days]


def written(event, name: str) -> str | None:
    """A property as it stands in the row: texts decoded, all else as it was written."""
    value = event.properties.get(name)
    if value is None or isinstance(value, str):
        return value if value is None else value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return members(members(event.line)["properties"])[name]


def test_the_shop_has_what_is_to_be_told_apart(shop, db):
    found = rows(db, f"SELECT count(*), count(*) FILTER (event_name = 'View Item') FROM mixpanel_export(from_date := '{FIRST}', to_date := '{LAST}')")
    assert found[0][0] > len(events(shop)) + 100 and found[0][1] > len(events(shop, "View Item")) + 50


class TestPropertyDistribution:
    @pytest.mark.parametrize(("event", "name"), [("View Item", "plan"), ("View Item", "Item Price"), ("Purchase", "Note"), ("Purchase", "$city")])
    def test_of_the_shop(self, shop, db, event, name):
        values = Counter(written(own, name) for own in events(shop, event))
        values.pop(None, None)
        found = dicts(db, f"FROM mixpanel_property_distribution({literal(event)}, {literal(name)}, {DAYS}, max_rows := 100000)")
        assert {row["value"]: row["count"] for row in found} == values and values
        assert [row["count"] for row in found] == sorted(values.values(), reverse=True)
        assert all(row["percentage"] == pytest.approx(100 * row["count"] / values.total()) for row in found)
        assert exports(shop) == each_day(f'["{event}"]')

    def test_agrees_with_jql(self, shop, db):
        expected = {plan: count for (plan,), count in jql(shop, ["properties.plan"], "View Item").items() if plan is not None}
        assert dict(rows(db, f"SELECT value, count FROM mixpanel_property_distribution('View Item', 'plan', {DAYS})")) == expected

    def test_the_percentage_is_of_all_values(self, shop, db):
        found = rows(db, f"SELECT percentage FROM mixpanel_property_distribution('View Item', 'Item Price', {DAYS}, max_rows := 3)")
        assert len(found) == 3 and sum(percentage for (percentage,) in found) < 50
        assert len(rows(db, f"FROM mixpanel_property_distribution('View Item', 'Item Id', {DAYS})")) == 20

    def test_by_hand(self, sim, db):
        own = {"time": NOON, "distinct_id": "u"}
        name = "it's /~ \"odd\".x"
        sim.set_day("2025-01-02", [
            line("it's", **own, **{name: 1, "$insert_id": "a", "mp_processing_time_ms": 2}),
            line("it's", **own, **{name: "old", "$insert_id": "a", "mp_processing_time_ms": 1}),
            line("it's", **own, **{name: "old", "$insert_id": "a"}),
            line("it's", **own, **{name: 1}), line("it's", **own, **{name: 1}), line("it's", **own, **{name: "1"}),
            line("it's", **own, **{name: None}), line("it's", **own), line("it's", distinct_id="u", **{name: "no time"}),
            line("it's", time=NOON, **{name: ""}), line("it's", time=NOON, **{name: [1, "x"]}),
        ])  # fmt: skip
        found = rows(db, f"FROM mixpanel_property_distribution('it''s', {literal(name)}, {DAY})")
        assert found == [("1", 4, pytest.approx(400 / 6)), ("", 1, pytest.approx(100 / 6)), ('[1,"x"]', 1, pytest.approx(100 / 6))]

    def test_nothing(self, sim, db):
        assert rows(db, f"FROM mixpanel_property_distribution('no such event', 'plan', {DAYS})") == []


class TestNumericSummary:
    @pytest.mark.parametrize(("event", "name"), [("Purchase", "Amount"), ("View Item", "Item Price"), ("View Item", "Big"), ("Search", "Results")])
    def test_of_the_shop(self, shop, db, event, name):
        numbers = [own.properties.get(name) for own in events(shop, event)]
        numbers = [float(number) for number in numbers if isinstance(number, (int, float)) and not isinstance(number, bool)]
        numbers = [number for number in numbers if math.isfinite(number)]
        (found,) = dicts(db, f"FROM mixpanel_numeric_summary({literal(event)}, {literal(name)}, {DAYS})")
        assert found.pop("count") == len(numbers) > 3
        cuts = statistics.quantiles(numbers, n=100, method="inclusive")
        expected = {"min": min(numbers), "max": max(numbers), "sum": math.fsum(numbers), "avg": statistics.fmean(numbers),
                    "stddev": statistics.pstdev(numbers)} | {f"p{n}": cuts[n - 1] for n in (25, 50, 75, 90, 95, 99)}  # fmt: skip
        assert found.pop("percentiles") is None
        assert found == pytest.approx(expected, rel=1e-9) and list(found) == list(expected)
        assert exports(shop) == each_day(f'["{event}"]')

    def test_agrees_with_the_services_sums(self, shop, db):
        (total,) = rows(db, f"SELECT sum FROM mixpanel_numeric_summary('Purchase', 'Amount', {DAYS})")[0]
        answer = query(shop, "segmentation/sum", event="Purchase", on='properties["Amount"]', unit="day", **PERIOD).json
        assert total == pytest.approx(sum(answer["results"].values()))

    def test_numbers_alone(self, sim, db):
        name = "it's /~1 \"odd\""
        values = [1, 2.5, -3, "4", True, None, [5], {"six": 6}]
        lines = [line("A", time=NOON, **{"$insert_id": str(number), name: value}) for number, value in enumerate(values)]
        sim.set_day("2025-01-02", [*lines, lines[0], line("A", time=NOON, other=9)])
        found = rows(db, f"SELECT count, min, max, sum, p50 FROM mixpanel_numeric_summary('A', {literal(name)}, {DAY})")
        assert found == [(3, -3.0, 2.5, 0.5, 1.0)]

    def test_the_copy_that_was_processed_last_counts(self, sim, db):
        own = {"time": NOON, "distinct_id": "u", "$insert_id": "a"}
        copies = [{"x": 1, "mp_processing_time_ms": 9}, {"x": 2, "mp_processing_time_ms": 10}, {"x": 3, "mp_processing_time_ms": 8}, {"x": 4}]
        sim.set_day("2025-01-02", [line("A", **own, **copy) for copy in copies])
        assert rows(db, f"SELECT count, min, max FROM mixpanel_numeric_summary('A', 'x', {DAY})") == [(1, 2.0, 2.0)]

    def test_nothing(self, sim, db):
        assert rows(db, f"FROM mixpanel_numeric_summary('Purchase', 'plan', {DAYS})") == [(0, *[None] * 12)]


class TestDailyCounts:
    def test_of_the_shop(self, shop, db):
        expected = Counter((date(1970, 1, 1) + timedelta(days=own.time_ms // 86_400_000), own.event) for own in events(shop))
        found = rows(db, f"FROM mixpanel_daily_counts({DAYS})")
        assert {(day, name): count for day, name, count in found} == expected
        assert found == sorted(found, key=lambda row: (row[0], row[1].encode()))
        assert exports(shop) == each_day(None)

    def test_agrees_with_the_service(self, shop, db):
        names = ["View Item", "Purchase", "Search"]
        answer = query(shop, "events", event=names, type="general", unit="day", **PERIOD).json["data"]["values"]
        found = rows(db, f"FROM mixpanel_daily_counts({DAYS}, events := {names})")
        assert {(str(day), name): count for day, name, count in found} == {
            (day, name): count for name, days in answer.items() for day, count in days.items() if count
        }
        assert exports(shop) == each_day('["View Item","Purchase","Search"]')

    def test_what_is_no_duplicate(self, sim, db):
        own = {"time": NOON, "distinct_id": "u", "$insert_id": "a"}
        variants = [own, own | {"time": NOON + 1}, own | {"distinct_id": "v"}, own | {"distinct_id": None}, own | {"$insert_id": ""},
                    own | {"$insert_id": None}, own | {"$insert_id": None}]  # fmt: skip
        sim.set_day("2025-01-02", [line("A", **variant) for variant in [*variants, *variants]] + [line("B", **own), line("A")])
        # Without an id, or with an empty one, all of them count.
        assert rows(db, f"SELECT event_name, count FROM mixpanel_daily_counts({DAY})") == [("A", 10), ("B", 1)]

    def test_an_empty_list_is_a_mistake(self, sim, db):
        assert "events" in error_of(db, f"FROM mixpanel_daily_counts({DAYS}, events := [])")

    def test_days_in_any_form(self, sim, db):
        calls = ("DATE '2025-01-02', DATE '2025-01-02'", "'2025-01-02', '2025-01-01'::DATE + 1", "TIMESTAMP '2025-01-02', '2025-01-02'")
        found = [rows(db, f"FROM mixpanel_daily_counts({days}, events := ['Search'])") for days in calls]
        assert found[0] and found[0] == found[1] == found[2]


class TestEngagementDistribution:
    def expected(self, counts: Counter, bounds: list[int]) -> list[tuple]:
        found = []
        for low, high in zip(bounds, [*bounds[1:], None]):
            users = sum(count >= low and (high is None or count < high) for count in counts.values())
            label = f"{low}+" if high is None else f"{low}" if high == low + 1 else f"{low}-{high - 1}"
            if users:
                found.append((low, label, users, pytest.approx(100 * users / len(counts))))
        return found

    @pytest.mark.parametrize("names", [(), ("View Item",), ("Purchase", "Search")])
    def test_of_the_shop(self, shop, db, names):
        counts = Counter(own.distinct_id for own in events(shop, *names) if own.distinct_id is not None)
        for given, bounds in (("", [1, 2, 5, 10, 25, 50, 100]), (", buckets := [1, 3, 4]", [1, 3, 4])):
            chosen = f", events := {list(names)}" if names else ""
            found = rows(db, f"FROM mixpanel_engagement_distribution({DAYS}{chosen}{given})")
            assert found == self.expected(counts, bounds)

    def test_agrees_with_jql(self, shop, db):
        users = Counter({user: count for (user,), count in jql(shop, ["distinct_id"], "View Item").items() if user})
        found = rows(db, f"FROM mixpanel_engagement_distribution({DAYS}, events := ['View Item'])")
        assert found == self.expected(users, [1, 2, 5, 10, 25, 50, 100])

    def test_one_export(self, shop, db):
        rows(db, f"FROM mixpanel_engagement_distribution({DAYS})")
        assert exports(shop) == each_day(None)

    def test_what_is_no_duplicate(self, sim, db):
        own = {"time": NOON, "distinct_id": "u", "$insert_id": "a"}
        lines = [line("A", **own), line("B", **own), line("A", **own | {"time": NOON + 1}), line("A", **own | {"$insert_id": "b"})]
        sim.set_day("2025-01-02", [*lines, *lines, *[line("A", time=NOON, distinct_id="u")] * 2])
        assert rows(db, f"FROM mixpanel_engagement_distribution({DAY}, buckets := [6, 7])") == [(6, "6", 1, 100.0)]

    def test_nobody_is_lost_below_the_first_bucket(self, sim, db):
        users = ["a", "b", "b", "c", "c", "c", "c", "c", None, ""]
        sim.set_day("2025-01-02", [line("A", time=NOON, distinct_id=user) for user in users])
        found = rows(db, f"SELECT bucket_label, user_count FROM mixpanel_engagement_distribution({DAY}, buckets := [5, 3, 3])")
        assert found == [("1-2", 2), ("5+", 1)]


class TestPropertyCoverage:
    def test_of_the_shop(self, shop, db):
        names = ["plan", "Coupon", "Note", "no such property", "$city", "Coupon"]
        own = events(shop, "Purchase")
        found = dicts(db, f"FROM mixpanel_property_coverage('Purchase', {names}, {DAYS})")
        assert [row["property"] for row in found] == names
        for row in found:
            defined = sum(event.properties.get(row["property"]) is not None for event in own)
            assert (row["defined_count"], row["null_count"]) == (defined, len(own) - defined)
            assert row["coverage_percentage"] == pytest.approx(100 * defined / len(own))
        assert {0} < {row["defined_count"] for row in found} and exports(shop) == each_day('["Purchase"]')

    def test_the_copy_that_was_processed_last_counts(self, sim, db):
        own = {"time": NOON, "distinct_id": "u", "$insert_id": "a"}
        copies = [{"x": 1, "mp_processing_time_ms": 9}, {"y": 2, "mp_processing_time_ms": 10}, {"x": 3}, {"x": 4, "mp_processing_time_ms": 8}]
        sim.set_day("2025-01-02", [line("A", **own, **copy) for copy in copies])
        found = rows(db, f"SELECT property, defined_count, null_count FROM mixpanel_property_coverage('A', ['x', 'y'], {DAY})")
        assert found == [("x", 0, 1), ("y", 1, 0)]

    def test_nothing(self, sim, db):
        found = rows(db, f"FROM mixpanel_property_coverage('no such event', ['it''s', 'plan'], {DAYS})")
        assert found == [("it's", 0, 0, 0.0), ("plan", 0, 0, 0.0)]


def test_an_account_is_needed(db, monkeypatch):
    for name in ("MP_USERNAME", "MP_SECRET"):
        monkeypatch.delenv(name)
    assert "MP_SECRET" in error_of(db, f"FROM mixpanel_daily_counts({DAYS})")
