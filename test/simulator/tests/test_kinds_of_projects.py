"""Tests projects in another region, with a zone of their own since 2023, and on the free plan, and routes with a slash at the end."""

import json
from collections import Counter
from datetime import UTC, datetime
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import pytest

from simulator import Allowance, Limits, Project, Simulator

from .client import app, ask, query

FEW = {"days": 5, "events_per_day": 200, "today": "2025-02-01"}
EXPORT = "/api/2.0/export"
DAYS = {"project_id": 12345, "from_date": "2025-01-01", "to_date": "2025-01-05", "time_in_ms": "true"}
ANNOTATIONS = "projects/12345/annotations"


class TestRegions:
    @pytest.fixture(scope="class")
    def european(self):
        with Simulator(Project(region="eu", **FEW)) as sim:
            yield sim

    @pytest.mark.parametrize("path, params", [
        (EXPORT, DAYS), ("/api/query/events/names", {"project_id": 12345, "type": "general"}), ("/api/app/projects/12345/annotations", {}),
    ])  # fmt: skip
    def test_another_region_knows_no_such_project(self, european, path, params):
        assert ask(european, "GET", f"/eu{path}", params).status == 200
        assert ask(european, "GET", path, params).status == 200, "a base URL without a region"
        for region in ("us", "in"):
            answer = ask(european, "GET", f"/{region}{path}", params)
            assert (answer.status, answer.error) == (400, "request failed with error: invalid project id for cluster.")
            assert answer.json["request"].startswith(f"/{region}{path}")

    def test_another_region_knows_nobody(self, european):
        assert [ask(european, "GET", f"/{region}/api/app/me").status for region in ("us", "eu", "in")] == [401, 200, 401]

    def test_the_log_has_the_region_apart(self, european):
        european.clear()
        ask(european, "GET", "/eu/api/app/me")
        ask(european, "GET", "/api/app/me")
        assert [(one.region, one.path) for one in european.settled(2)] == [("eu", "/api/app/me"), (None, "/api/app/me")]


class TestZones:
    ZONE = "America/New_York"

    @pytest.fixture(scope="class")
    def newer(self):
        with Simulator(Project(time_zone=self.ZONE, since_2023=True, weird_rate=0, **FEW)) as sim:
            yield sim

    def rows(self, sim) -> list[dict]:
        return [json.loads(line) for line in ask(sim, "GET", EXPORT, DAYS).body.splitlines()]

    def test_exports_are_in_utc(self, newer):
        with Simulator(Project(weird_rate=0, **FEW)) as of_utc:
            assert self.rows(newer) == self.rows(of_utc)

    def test_reports_go_by_the_zone(self, newer):
        zone = ZoneInfo(self.ZONE)
        purchases = [row for row in self.rows(newer) if row["event"] == "Search"]
        local = [datetime.fromtimestamp(row["properties"]["time"] / 1000, UTC).astimezone(zone) for row in purchases]
        in_the_zone, in_utc = (Counter(str(at.astimezone(of).date()) for at in local) for of in (zone, UTC))
        period = {"event": "Search", "from_date": "2024-12-31", "to_date": "2025-01-05"}
        assert query(newer, "segmentation", **period).json["data"]["values"]["Search"] == in_the_zone != in_utc
        hours = query(newer, "segmentation", unit="hour", **period).json["data"]["values"]["Search"]
        assert hours == Counter(at.strftime("%Y-%m-%d %H:00:00") for at in local)

    def test_a_single_day_takes_from_two_exports(self, newer):
        """Event at 03:00 UTC: the evening before in New York."""
        newer.reset()
        line = {"event": "Late", "properties": {"time": 1735786800000, "distinct_id": "a", "$insert_id": "1"}}
        newer.set_day("2025-01-02", [json.dumps(line)])
        for day, count in (("2025-01-01", {"Late": {"2025-01-01": 1}}), ("2025-01-02", {})):
            found = query(newer, "segmentation", event="Late", from_date=day, to_date=day)
            assert found.json["data"]["values"] == count
            names = query(newer, "events/names", type="general", from_date=day, to_date=day).json
            assert ("Late" in names) is bool(count)
        feed = query(newer, "stream/query", distinct_ids=["a"], from_date="2025-01-01", to_date="2025-01-01")
        [event] = feed.json["results"]["events"]
        assert event["properties"]["time"] == 1735786800
        newer.reset()


class TestPlans:
    def test_the_free_one_has_exports_only(self):
        with Simulator(Project(is_free=True, **FEW)) as sim:
            assert ask(sim, "GET", EXPORT, DAYS).status == 200
            assert app(sim, "me").status == 200
            for answer in (
                query(sim, "events/names", type="general"),
                ask(sim, "POST", "/api/query/engage", {"project_id": 12345}),
            ):
                assert (answer.status, answer.body) == (402, b"")


class TestSlashes:
    def test_either_way_unless_told_otherwise(self):
        with Simulator(Project(**FEW)) as sim:
            for path in (ANNOTATIONS, f"{ANNOTATIONS}/tags", f"{ANNOTATIONS}/901"):
                assert app(sim, path).json == app(sim, f"{path}/").json
            assert app(sim, f"{ANNOTATIONS}//").status == app(sim, "projects/12345/schemas/").status == 404

    def test_a_redirect_to_the_same_with_a_slash(self):
        with Simulator(Project(redirects_slashes=True, **FEW)) as sim:
            params = {"fromDate": "2025-01-01", "toDate": "2025-01-05"}
            answer = app(sim, ANNOTATIONS, **params)
            assert answer.status == 301
            assert answer.headers["location"] == f"/api/app/{ANNOTATIONS}/?{urlencode(params)}"
            assert app(sim, f"{ANNOTATIONS}/", **params).status == 200
            assert app(sim, f"{ANNOTATIONS}/tags").headers["location"] == f"/api/app/{ANNOTATIONS}/tags/"
            assert app(sim, "projects/12345/schemas").status == 200


class TestLimits:
    def test_headers_say_the_limit_and_what_is_left(self):
        with Simulator(Project(**FEW), limits=Limits({"query": Allowance(400, concurrent=5)})) as sim:
            answers = [query(sim, "events/names", type="general") for _ in range(3)]
            for number, answer in enumerate(answers, 1):
                assert '"project";q=400;w=3600' in answer.headers["ratelimit-policy"]
                assert f'"project";r={400 - number}' in answer.headers["ratelimit"]
            assert "ratelimit" not in ask(sim, "GET", EXPORT, DAYS).headers


class TestUsersOfEvents:
    @pytest.fixture(scope="class")
    def sim(self):
        with Simulator(Project(**FEW)) as sim:
            yield sim

    def of_pro_users(self, sim) -> int:
        found = ask(sim, "GET", EXPORT, DAYS | {"where": 'user["plan"] == "pro"'})
        assert found.status == 200
        return len(found.body.splitlines())

    def test_a_filter_may_speak_of_their_profiles(self, sim):
        sim.reset()
        lines = [{"event": "A", "properties": {"time": 1735786800000, "distinct_id": who, "$insert_id": who}} for who in "abc"]
        sim.set_day("2025-01-02", map(json.dumps, lines))
        sim.set_profiles(
            json.dumps({"$distinct_id": who, "$properties": {"plan": plan}}) for who, plan in (("a", "pro"), ("b", "free"))
        )
        assert self.of_pro_users(sim) == 1
        counted = query(sim, "segmentation", event="A", from_date="2025-01-02", to_date="2025-01-02", on='user["plan"]')
        assert {name: sum(days.values()) for name, days in counted.json["data"]["values"].items()} == {
            "pro": 1, "free": 1, "undefined": 1,
        }  # fmt: skip
        sim.set_profiles([json.dumps({"$distinct_id": "c", "$properties": {"plan": "pro"}})] * 1)
        assert self.of_pro_users(sim) == 1
        sim.set_profiles([])
        assert self.of_pro_users(sim) == 0
        sim.reset()

    def test_of_the_shops_own_too(self, sim):
        assert 0 < self.of_pro_users(sim) < 1000
