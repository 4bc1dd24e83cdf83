"""Tests which events a report counts, and the activity feed, which shows them."""

import pytest

from simulator import Project, Simulator

from .by_hand import exported
from .client import query
from .conftest import PERIOD


class TestWhatCounts:
    def test_duplicates_count_once_and_nobody_is_no_user(self, empty):
        def row(time, user, insert_id, more=""):
            ids = f'"distinct_id":{user},' if user else ""
            ids += f'"$insert_id":{insert_id},' if insert_id else ""
            return f'{{"event":"A","properties":{{"time":{time},{ids}{more}"mp_processing_time_ms":1}}}}'

        noon = 1735819200000
        rows = [
            row(noon, '"u"', '"x"', '"v":"old",'), row(noon, '"u"', '"x"', '"v":"new",'),  # one event, the later row
            row(noon, '"u"', '"y"'), row(noon + 1, '"u"', '"x"'), row(noon, '"w"', '"x"'),  # three others
            row(noon, "7", "1"), row(noon, '"7"', '"1"'),  # one: numbers are their digits
            row(noon, '"u"', None), row(noon, '"u"', None),  # two: nothing says that they are one
            row(noon, '"u"', '""'), row(noon, '"u"', '""'),  # nor does an empty id
            row(noon, '""', '"x"'), row(noon, None, '"x"'), row(noon, "null", '"z"'),  # nobody's
            '{"event":"A","properties":{"distinct_id":"u"}}', "not an event",  # not counted
        ]  # fmt: skip
        empty.set_day("2025-01-02", rows)
        params = {"event": "A", "from_date": "2025-01-01", "to_date": "2025-01-31"}
        counts = {
            type: query(empty, "segmentation", type=type, **params).json["data"]["values"]["A"]["2025-01-02"]
            for type in ("general", "unique", "average")
        }
        assert counts == {"general": 12, "unique": 3, "average": 4}
        segments = query(empty, "segmentation", on='properties["v"]', **params).json["data"]["values"]
        assert segments == {"undefined": {"2025-01-02": 11}, "new": {"2025-01-02": 1}}

    def test_repeated_blocks_repeat_no_event(self):
        params = {
            "event": ["View Item"],
            "type": "general",
            "unit": "day",
            "from_date": "2025-01-01",
            "to_date": "2025-01-02",
        }
        answers = []
        for repeats in (1, 3):
            with Simulator(Project(days=2, events_per_day=100, repeat_blocks=repeats)) as sim:
                answers.append(query(sim, "events", **params).json)
        assert answers[0] == answers[1] and answers[0]["legend_size"] == 1


class TestStream:
    def test_everything_that_users_did(self, shop):
        user = next(event[1] for event in exported(shop) if event[1] and event[1].startswith("u"))
        answer = query(shop, "stream/query", distinct_ids=[user, "4711"], **PERIOD)
        assert answer.headers["deprecation"] == "true" and answer.json["status"] == "ok"
        events = answer.json["results"]["events"]
        theirs = [event for event in exported(shop, *PERIOD.values()) if event[1] in (user, "4711")]
        assert [event["event"] for event in events] == [event[0] for event in theirs]
        for sent, (_, who, _, properties) in zip(events, theirs, strict=True):
            found = dict(sent["properties"])
            assert str(found.pop("distinct_id", None) or found.pop("$distinct_id")) == who
            assert found.pop("time") == properties["time"] // 1000
            assert found == {key: value for key, value in properties.items() if key not in ("time", "distinct_id")}
        assert {"distinct_id", "$distinct_id"} <= {key for event in events for key in event["properties"]}

    @pytest.mark.parametrize("ids", [None, [], "u", '["u"', "[1]"])
    def test_refusals(self, shop, ids):
        assert query(shop, "stream/query", distinct_ids=ids, **PERIOD).status == 400

    def test_values_are_sent_as_they_are(self, empty):
        line = r'{"event":"A","properties":{"time":1735776000123,"distinct_id":7,"big":1e400,"s":"\ud83d","n":0.10}}'
        empty.set_day("2025-01-02", [line])
        body = query(empty, "stream/query", distinct_ids=["7"], from_date="2025-01-02", to_date="2025-01-02").body
        assert rb'"time": 1735776000, "$distinct_id": 7, "big": 1e400, "s": "\ud83d", "n": 0.10}' in body
