"""Tests funnels: by hand on a few events, and by an independent count on many."""

from collections import defaultdict
from datetime import date, timedelta

import pytest

from .by_hand import exported
from .client import query
from .conftest import PERIOD

NOON = 1735819200000
HOUR = 3_600_000


def rows(*events):
    return [
        f'{{"event":"{name}","properties":{{"time":{NOON + minutes * 60_000},"distinct_id":"{user}",'
        f'"$insert_id":"{number}","plan":"{plan}"}}}}'
        for number, (user, minutes, name, plan) in enumerate(events)
    ]


def counts(steps):
    return [step["count"] for step in steps]


class TestByHand:
    @pytest.fixture
    def checkout(self, empty):
        """Funnel 8102: Add To Cart, Checkout Started, Purchase, within an hour of the first."""
        empty.set_day("2025-01-02", rows(
            ("all", 0, "Add To Cart", "pro"), ("all", 10, "Checkout Started", "pro"), ("all", 60, "Purchase", "pro"),
            ("late", 0, "Add To Cart", "free"), ("late", 20, "Checkout Started", "free"),
            ("late", 61, "Purchase", "free"),
            # The first entry counts, and not the second one, from which the funnel was completed in time.
            ("again", 0, "Add To Cart", "free"), ("again", 90, "Add To Cart", "free"),
            ("again", 95, "Checkout Started", "free"), ("again", 99, "Purchase", "free"),
            ("order", 0, "Purchase", "pro"), ("order", 1, "Checkout Started", "pro"),
            ("order", 2, "Add To Cart", "pro"),
            ("", 0, "Add To Cart", "pro"), ("", 1, "Checkout Started", "pro"),
            # One moment is not after another.
            ("same", 5, "Add To Cart", "pro"), ("same", 5, "Checkout Started", "pro"),
            # Entered in the last minutes of the day, completed on the next.
            ("over", 710, "Add To Cart", "plus"),
        ))  # fmt: skip
        empty.set_day("2025-01-03", rows(("over", 725, "Checkout Started", "pro"), ("over", 740, "Purchase", "pro")))
        return empty

    def test_steps(self, checkout):
        answer = query(checkout, "funnels", funnel_id=8102, from_date="2025-01-02", to_date="2025-01-03").json
        assert answer["meta"] == {"dates": ["2025-01-02", "2025-01-03"]}
        bucket = answer["data"]["2025-01-02"]
        assert counts(bucket["steps"]) == [6, 3, 2]
        first, second, third = bucket["steps"]
        assert first == {
            "count": 6, "avg_time": None, "avg_time_from_start": None, "step_conv_ratio": 1, "overall_conv_ratio": 1,
            "goal": "Add To Cart", "event": "Add To Cart", "step_label": "Add To Cart",
        }  # fmt: skip
        # (10 + 20 + 15) / 3 minutes; then (50 + 15) / 2, from the start (60 + 30) / 2.
        assert (second["avg_time"], second["avg_time_from_start"], second["step_conv_ratio"]) == (900, 900, 0.5)
        assert (third["avg_time"], third["avg_time_from_start"], third["overall_conv_ratio"]) == (1950, 2700, 1 / 3)
        assert bucket["analysis"] == {"completion": 2, "starting_amount": 6, "steps": 3, "worst": 1}
        nobody = answer["data"]["2025-01-03"]["steps"]
        assert counts(nobody) == [0, 0, 0] and nobody[1]["avg_time"] is None and nobody[1]["step_conv_ratio"] == 0

    def test_the_last_day_ends_entries_not_completions(self, checkout):
        answer = query(checkout, "funnels", funnel_id=8102, from_date="2025-01-02", to_date="2025-01-02").json
        assert counts(answer["data"]["2025-01-02"]["steps"]) == [6, 3, 2]

    def test_length(self, checkout):
        def taken(**length):
            answer = query(checkout, "funnels", funnel_id=8102, from_date="2025-01-02", to_date="2025-01-02", **length)
            return counts(answer.json["data"]["2025-01-02"]["steps"])

        assert taken(length=10, length_unit="minute") == [6, 1, 0]
        assert taken(length=599, length_unit="second") == [6, 0, 0]
        assert taken(length=90, length_unit="day") == [6, 4, 4]
        assert taken(length=2) == [6, 4, 4]

    def test_segments_are_those_of_the_entry_and_bare_lists(self, checkout):
        params = {"funnel_id": 8102, "from_date": "2025-01-02", "to_date": "2025-01-02", "on": 'properties["plan"]'}
        data = query(checkout, "funnels", **params).json["data"]["2025-01-02"]
        assert {name: counts(steps) for name, steps in data.items()} == {
            "$overall": [6, 3, 2], "pro": [3, 1, 1], "free": [2, 1, 0], "plus": [1, 1, 1],
        }  # fmt: skip
        limited = query(checkout, "funnels", **params, limit=1).json["data"]["2025-01-02"]
        assert list(limited) == ["$overall", "pro"] and limited["$overall"] == data["$overall"]

    def test_where_holds_for_every_step(self, checkout):
        params = {"funnel_id": 8102, "from_date": "2025-01-02", "to_date": "2025-01-02"}
        answer = query(checkout, "funnels", where='properties["plan"] == "pro"', **params).json
        assert counts(answer["data"]["2025-01-02"]["steps"]) == [3, 1, 1]


FUNNELS = {
    8101: ([["Sign Up"], ["View Item"], ["Purchase"]], timedelta(days=7)),
    8102: ([["Add To Cart"], ["Checkout Started"], ["Purchase"]], timedelta(hours=1)),
    8103: ([["View Item"], ["Add To Cart", "Add To Wishlist"], ["Purchase"]], timedelta(days=7)),
    8104: ([["Purchase"], ["Time Travel"]], timedelta(days=30)),
}


def anew(events, steps, length, entered_in):
    """Users at each step, who entered on those days: SQL would say it in the same way, step by step."""
    by_user = defaultdict(list)
    for name, user, at, _ in events:
        if user is not None:
            by_user[user].append((at, name))
    reached = [0] * len(steps)
    for theirs in by_user.values():
        start = min((at for at, name in theirs if name in steps[0] and at.date() in entered_in), default=None)
        at = start
        for number, names in enumerate(steps):
            if number and at is not None:
                following = [when for when, name in theirs if name in names and at < when <= start + length]
                at = min(following, default=None)
            reached[number] += at is not None
    return reached


@pytest.mark.parametrize("funnel_id", FUNNELS)
@pytest.mark.parametrize(
    ("params", "days"), [({}, 1), ({"interval": 4}, 4), ({"unit": "week"}, None), ({"unit": "month"}, None)]
)
def test_anew(shop, funnel_id, params, days):
    steps, length = FUNNELS[funnel_id]
    data = query(shop, "funnels", funnel_id=funnel_id, **PERIOD, **params).json["data"]
    every = [date(2025, 1, day) for day in range(3, 19)]
    if days:
        buckets = {str(every[n]): every[n : n + days] for n in range(0, len(every), days)}
    else:
        start = {"week": lambda day: day - timedelta(days=day.weekday()), "month": lambda day: day.replace(day=1)}
        buckets = defaultdict(list)
        for day in every:
            buckets[str(start[params["unit"]](day))].append(day)
    assert list(data) == list(buckets)
    events = exported(shop, "2025-01-03", "2025-01-20")
    for label, entered_in in buckets.items():
        assert counts(data[label]["steps"]) == anew(events, steps, length, entered_in)


def test_custom_events_have_a_name_of_their_own(shop):
    data = query(shop, "funnels", funnel_id=8103, unit="month", **PERIOD).json["data"]["2025-01-01"]
    step = data["steps"][1]
    assert step["event"] == step["goal"] == "$custom_event:20001" and step["step_label"] == "Wants It"
    assert step["custom_event"] is True and step["custom_event_id"] == 20001
    assert "custom_event" not in data["steps"][0]


def test_the_list_names_the_funnels_among_the_bookmarks(shop):
    listed = query(shop, "funnels/list").json
    assert [funnel["funnel_id"] for funnel in listed] == list(FUNNELS) and listed[0]["name"] == "Sign Up to Purchase"


@pytest.mark.parametrize(
    "change",
    [
        {"funnel_id": 8001}, {"funnel_id": None}, {"funnel_id": "x"}, {"interval": 2, "unit": "day"}, {"unit": "hour"},
        {"on": "plan"}, {"length": 91}, {"length": 200, "length_unit": "week"}, {"limit": 10_001}, {"event": "A"},
    ],
)  # fmt: skip
def test_refusals(shop, change):
    assert query(shop, "funnels", **{"funnel_id": 8101, **PERIOD} | change).status == 400
