"""Tests the funnel and the retention of a table: the numbers of Mixpanel's reports, without a request."""
from __future__ import annotations

import random
from collections import defaultdict
from datetime import date, datetime, timedelta
from itertools import product
from statistics import median

import pytest
from conftest import error_of, rows
from macros import dicts, literal, load, table

from simulator import Project, Simulator
from simulator.events import Event
from simulator.reports import funnel as funnels
from simulator.reports import retention
from simulator.reports.time_buckets import EPOCH, Buckets
from simulator.tests.client import query

SHOP = Project(days=70, events_per_day=50, weird_rate=0.1)
PERIOD = {"from_date": str(SHOP.from_date), "to_date": str(SHOP.last_day)}
NOON = datetime(2025, 1, 2, 12)


@pytest.fixture
def db(con):
    load(con)
    return con


@pytest.fixture(scope="module")
def shop_simulator():
    with Simulator(SHOP) as simulator:
        yield simulator


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """A file for the events, so that they are exported once."""
    return tmp_path_factory.mktemp("shop") / "events.parquet"


@pytest.fixture
def shop(shop_simulator, exported, db, monkeypatch):
    """Ten weeks of the shop, with many odd rows, as the table `events`."""
    monkeypatch.setenv("MP_API_BASE_URL", shop_simulator.url)
    if not exported.exists():
        days = f"from_date := '{SHOP.from_date}', to_date := '{SHOP.last_day}', window_days := 35"
        db.execute(f"COPY (FROM mixpanel_export({days})) TO '{exported}'")
    db.execute(f"CREATE TABLE events AS FROM '{exported}'")
    shop_simulator.clear()
    return shop_simulator


def names(*steps: str) -> str:
    return "[" + ", ".join(map(literal, steps)) + "]"


def funnel(db, steps, within: str, name: str = "events") -> list[dict]:
    return dicts(db, f"FROM mixpanel_table_funnel({literal(name)}, {names(*steps)}, INTERVAL '{within}')")


def cohorts(db, name: str, born: str, event: str | None, unit: str = "day", periods: int = 10) -> dict:
    """As the service answers: by cohort `first` and `counts`."""
    event_name = "NULL" if event is None else literal(event)
    call = f"{literal(name)}, {literal(born)}, {event_name}, unit := '{unit}', periods := {periods}"
    found = defaultdict(lambda: {"counts": []})
    for row in dicts(db, f"FROM mixpanel_table_retention({call})"):
        cohort = found[str(row["cohort_date"])]
        assert row["period"] == len(cohort["counts"]) and cohort.setdefault("first", row["cohort_size"]) == row["cohort_size"]
        assert row["retention_rate"] == row["retained"] / row["cohort_size"]
        cohort["counts"].append(row["retained"])
    return dict(found)


def answered(cohorts: dict) -> dict:
    """Without the cohorts of which nothing is known yet."""
    return {day: cohort for day, cohort in cohorts.items() if cohort["counts"]}


def random_events(seed: int) -> list[tuple]:
    """Few users and few moments, so that much of it coincides; the days are those on which months differ."""
    dice = random.Random(seed)
    moments = [datetime(2024, 1, 29) + timedelta(hours=dice.randrange(24 * 110)) for _ in range(150)]
    users = ["u1", "u2", "u3", "u4", "u5", "", None, *(f"v{number}" for number in range(20))]
    made = [(dice.choice("ABC"), dice.choice(moments), dice.choice(users)) for _ in range(400)]
    return [*made, *made[:20], ("A", None, "u1"), (None, moments[0], "u1"), ("X", moments[0], None)]


def as_reported(events: list[tuple]) -> list[Event]:
    return [
        Event(name, user or None, (moment - EPOCH) // timedelta(milliseconds=1), {}, b"")
        for name, moment, user in events
        if moment is not None
    ]


class TestFunnel:
    @pytest.mark.parametrize(
        ("funnel_id", "steps", "within"),
        [(8101, ("Sign Up", "View Item", "Purchase"), "7 days"), (8102, ("Add To Cart", "Checkout Started", "Purchase"), "1 hour"),
         (8104, ("Purchase", "Time Travel"), "30 days")],
    )  # fmt: skip
    def test_agrees_with_the_service(self, shop, db, funnel_id, steps, within):
        answer = query(shop, "funnels", funnel_id=funnel_id, interval=SHOP.days, **PERIOD).json
        (bucket,) = answer["data"].values()
        # What nobody did is no step that does not exist.
        db.execute("INSERT INTO events (event_name, event_time) VALUES ('Time Travel', '2025-01-01')")
        found = funnel(db, steps, within)
        assert found[0]["count"] > 10
        for row, step in zip(found, bucket["steps"], strict=True):
            assert (row["event_name"], row["count"]) == (step["event"], step["count"])
            assert row["step_conversion"] == pytest.approx(step["step_conv_ratio"])
            assert row["overall_conversion"] == pytest.approx(step["overall_conv_ratio"])
        assert not [request for request in shop.settled() if "export" in request.path]

    def test_segments_agree_with_the_service(self, shop, db):
        answer = query(shop, "funnels", funnel_id=8101, interval=SHOP.days, on='properties["plan"]', **PERIOD).json
        ((bucket),) = answer["data"].values()
        told = {(segment, number): (step["count"], pytest.approx(step["overall_conv_ratio"]))
                for segment, steps in bucket.items() for number, step in enumerate(steps, 1)}  # fmt: skip
        call = "mixpanel_table_funnel('events', ['Sign Up', 'View Item', 'Purchase'], INTERVAL 7 DAYS, segment_by := 'plan')"
        found = {(row["segment"], row["step"]): (row["count"], row["overall_conversion"]) for row in dicts(db, f"FROM {call}")}
        assert found == told and len({segment for segment, _ in found}) > 2

    @pytest.mark.parametrize("seed", range(4))
    def test_agrees_with_the_definition(self, db, seed):
        events = random_events(seed)
        table(db, "events", events)
        for steps, hours in product(["AB", "ABC", "AAAA", "CBAB", "BX", "XA", "A"], [0, 30, 24 * 20]):
            asked = funnels.Funnel(tuple(funnels.Step(step, step, (step,)) for step in steps), hours * 3_600_000)
            buckets = Buckets(date(2024, 1, 1), date(2024, 12, 31), days=366)
            times = [attempt.times_ms for attempt in funnels.attempts(asked, as_reported(events), buckets)]
            found = funnel(db, steps, f"{hours} hours")
            for number, row in enumerate(found):
                took = [taken[number] - taken[number - 1] for taken in times if len(taken) > number > 0]
                assert (row["step"], row["event_name"]) == (number + 1, steps[number])
                assert row["count"] == sum(len(taken) > number for taken in times)
                assert row["median_seconds"] == (pytest.approx(median(took) / 1000) if took else None)
            assert len(found) == len(steps)

    def test_by_hand(self, db):
        def at(minutes):
            return NOON + timedelta(minutes=minutes)

        table(db, "events", [
            ("it's \"in\"", at(0), "all"), ("B", at(10), "all"), ("C", at(60), "all"),
            ("it's \"in\"", at(0), "late"), ("B", at(30), "late"), ("C", at(61), "late"),
            # The first entry counts, not the one from which it would be in time.
            ("it's \"in\"", at(0), "again"), ("it's \"in\"", at(90), "again"), ("B", at(95), "again"),
            # One moment is not after another.
            ("it's \"in\"", at(5), "same"), ("B", at(5), "same"),
            ("it's \"in\"", at(0), ""), ("B", at(1), ""), ("it's \"in\"", at(0), None), ("B", at(1), None),
        ])  # fmt: skip
        assert funnel(db, ["it's \"in\"", "B", "C"], "1 hour") == [
            {"step": 1, "event_name": "it's \"in\"", "count": 4, "step_conversion": 1, "overall_conversion": 1,
             "median_seconds": None, "segment": None},
            {"step": 2, "event_name": "B", "count": 2, "step_conversion": 0.5, "overall_conversion": 0.5, "median_seconds": 1200,
             "segment": None},
            {"step": 3, "event_name": "C", "count": 1, "step_conversion": 0.5, "overall_conversion": 0.25, "median_seconds": 3000,
             "segment": None},
        ]  # fmt: skip

    def test_a_step_that_the_table_does_not_have(self, shop, db):
        for steps, wrong, closest in [(["sign up", "Purchase"], "sign up", "Sign Up"), (["Sign Up", "Purchas"], "Purchas", "Purchase")]:
            message = error_of(db, f"FROM mixpanel_table_funnel('events', {steps}, '1 day')")
            assert f"[NOT_FOUND] steps: events has no event '{wrong}', the closest is '{closest}'" in message
        assert "has no event" in error_of(db, "FROM mixpanel_table_funnel('events', ['Nothing of the kind'], '1 day')")

    def test_of_nobody(self, db):
        table(db, "events", [])
        rates = [(row["count"], row["step_conversion"], row["overall_conversion"]) for row in funnel(db, "AB", "1 day")]
        assert rates == [(0, 1.0, 1.0), (0, 0.0, 0.0)]

    def test_the_time_may_be_a_text(self, db):
        table(db, "events", [("A", NOON, "u"), ("B", NOON + timedelta(days=2), "u")])
        found = rows(db, "SELECT count FROM mixpanel_table_funnel('events', ['A', 'B'], '2 days')")
        assert found == [(1,), (1,)]


class TestRetention:
    @pytest.mark.parametrize(
        ("unit", "periods"), [("day", 1), ("day", 10), ("week", 3), ("week", 12), ("month", 2)]
    )  # fmt: skip
    @pytest.mark.parametrize(("born", "event"), [("Sign Up", "View Item"), ("Purchase", "Purchase"), ("App Open", None)])
    def test_agrees_with_the_service(self, shop, db, unit, periods, born, event):
        answer = query(shop, "retention", born_event=born, event=event, unit=unit, interval_count=periods, **PERIOD).json
        expected = answered(answer)
        assert sum(map(sum, (cohort["counts"] for cohort in expected.values()))) > 2
        assert cohorts(db, "events", born, event, unit, periods) == expected

    @pytest.mark.parametrize("seed", range(3))
    @pytest.mark.parametrize("unit", ["day", "week", "month"])
    def test_agrees_with_the_definition(self, db, seed, unit):
        events = random_events(seed)
        table(db, "events", events)
        reported = as_reported(events)
        buckets = Buckets(date(2024, 1, 1), date(2024, 12, 31), unit)
        newest = max(moment for _, moment, _ in events if moment is not None)
        known_until = newest.replace(hour=0) + timedelta(days=1)
        for born, event in (("A", "B"), ("A", "A"), ("B", None)):
            births = retention.births([own for own in reported if own.event == born], buckets, compounded=False)
            returns = [own for own in reported if event in (None, own.event)]
            answer = retention.retained(retention.Cohorts(buckets, 5, known_until), births, returns)
            expected = {buckets.label(start): segments[""] for start, segments in answer.items()}
            assert cohorts(db, "events", born, event, unit, 5) == answered(expected)

    def test_a_month_after_the_31st(self, db):
        table(db, "events", [
            ("in", datetime(2024, 1, 31, 12), "u"), ("in", datetime(2024, 1, 31, 12), "v"),
            ("back", datetime(2024, 2, 29, 11, 59), "u"), ("back", datetime(2024, 2, 29, 12), "v"),
            ("back", datetime(2024, 3, 31, 12), "v"), ("any", datetime(2024, 4, 30), None),
        ])  # fmt: skip
        # A month after the 31st of January is the 29th of February. January's cohort began on the 1st: April is known.
        assert cohorts(db, "events", "in", "back", "month") == {"2024-01-01": {"first": 2, "counts": [1, 1, 1, 0]}}

    def test_by_hand(self, db):
        day = timedelta(days=1)
        table(db, "events", [
            ("it's", NOON, "u"), ("it's", NOON + 3 * day, "u"), ("b\"ack", NOON, "u"), ("b\"ack", NOON + day, "u"),
            ("b\"ack", NOON + day + timedelta(microseconds=-1), "v"), ("it's", NOON, "v"),
            ("it's", NOON, ""), ("b\"ack", NOON + day, ""), ("it's", NOON, None), ("b\"ack", NOON + day, None),
        ])  # fmt: skip
        # The newest day is the 5th: what the users of the 2nd do on their fourth day is known, on their fifth is not.
        assert cohorts(db, "events", "it's", 'b"ack') == {"2025-01-02": {"first": 2, "counts": [1, 1, 0, 0]}}
        assert cohorts(db, "events", "it's", 'b"ack', periods=0) == {"2025-01-02": {"first": 2, "counts": [1]}}

    def test_a_cohort_is_a_date(self, db):
        table(db, "events", [("A", NOON, "u"), ("A", datetime(2025, 3, 1), "u")])
        for unit, first in (("day", date(2025, 1, 2)), ("week", date(2024, 12, 30)), ("month", date(2025, 1, 1))):
            call = f"mixpanel_table_retention('events', 'A', 'A', unit := '{unit}', periods := 0)"
            assert rows(db, f"SELECT cohort_date, typeof(cohort_date) FROM {call}") == [(first, "DATE")]

    @pytest.mark.parametrize("unit", ["'hour'", "'year'", "'Day '", "NULL"])
    def test_another_unit(self, db, unit):
        table(db, "events", [("A", NOON, "u")])
        assert "unit: must be 'day', 'week' or 'month'" in error_of(db, f"FROM mixpanel_table_retention('events', 'A', 'A', unit := {unit})")
