"""Tests what analysts have saved: reports, cohorts, the data dictionary, annotations, data views."""

import json
from urllib.parse import quote

import pytest

from simulator import Project, Simulator

from .by_hand import exported
from .client import app, ask, post, query
from .conftest import PROJECT


class TestBookmarks:
    def listed(self, sim, path="projects/12345", **params):
        answer = app(sim, f"{path}/bookmarks", v=2, **params).json
        assert answer["status"] == "ok"
        return answer["results"]["results"]

    def test_all_types(self, shop):
        bookmarks = self.listed(shop)
        assert {bookmark["type"] for bookmark in bookmarks} == {
            "insights", "funnels", "retention", "flows", "launch-analysis",
        }  # fmt: skip
        assert len({bookmark["id"] for bookmark in bookmarks}) == len(bookmarks) > len({b["name"] for b in bookmarks})
        for bookmark in bookmarks:
            assert {"id", "name", "type", "project_id", "created", "modified", "creator_id", "creator_name",
                    "description", "workspace_id", "dashboard_id", "params"} <= set(bookmark)  # fmt: skip
        for key in ("description", "dashboard_id", "creator_name", "workspace_id"):
            assert None in {bookmark[key] for bookmark in bookmarks}
        flows = self.listed(shop, type="flows")
        assert flows == [bookmark for bookmark in bookmarks if bookmark["type"] == "flows"] != []

    def test_of_a_data_view(self, shop):
        every, own = self.listed(shop, "workspaces/3001"), self.listed(shop, "workspaces/3002")
        assert every == self.listed(shop) == self.listed(shop, project_id=12345, query_origin="x") and [bookmark["id"] for bookmark in own] == [8102, 8302]

    @pytest.mark.parametrize(
        ("path", "params", "status"),
        [
            ("projects/12345", {}, 400), ("projects/12345", {"v": 1}, 400),
            ("projects/12345", {"v": 2, "type": "x"}, 400), ("projects/12345", {"v": 2, "limit": 1}, 400),
            ("projects/999", {"v": 2}, 403), ("workspaces/1", {"v": 2}, 404),
        ],
    )  # fmt: skip
    def test_refusals(self, shop, path, params, status):
        answer = app(shop, f"{path}/bookmarks", **params)
        assert answer.status == status and answer.json["status"] == "error"


class TestInsights:
    def report(self, sim, bookmark_id):
        return query(sim, "insights", bookmark_id=bookmark_id).json

    def test_by_day(self, shop):
        report = self.report(shop, 8001)
        assert report["headers"] == ["$event"] and report["computed_at"].startswith("2025-01-20T")
        assert report["date_range"] == {
            "from_date": "2025-01-14T00:00:00+00:00", "to_date": "2025-01-20T23:59:59.999000+00:00",
        }  # fmt: skip
        orders, signups = report["series"].values()
        for day in range(14, 21):
            label, date = f"2025-01-{day}T00:00:00+00:00", f"2025-01-{day}"
            assert orders[label] == len(exported(shop, date, date, "Purchase"))
            assert signups[label] == len({event[1] for event in exported(shop, date, date, "Sign Up")} - {None})
        assert report["meta"]["report_sections"]["show"][0] == {"metric_key": "Purchase [Total Events]"}

    def test_each_breakdown_is_a_level_with_an_overall(self, shop):
        one = self.report(shop, 8002)
        assert one["headers"] == ["$event", "mp_country_code"]
        (countries,) = one["series"].values()
        assert {"$overall", "US", "DE"} <= set(countries) and all(len(days) == 3 for days in countries.values())
        two = self.report(shop, 8003)
        assert two["headers"] == ["$event", "plan", "Payment Method"]
        (plans,) = two["series"].values()
        amounts = [event[3]["Amount"] for event in exported(shop, name="Purchase")]
        assert plans["$overall"] == {"all": pytest.approx(sum(amounts))}
        assert plans["pro"]["$overall"]["all"] == pytest.approx(
            sum(payment["all"] for name, payment in plans["pro"].items() if name != "$overall")
        )

    def test_leaves_of_all_kinds(self, shop):
        (revenue,) = self.report(shop, 8005)["series"].values()
        assert isinstance(revenue, float)
        launches, never = self.report(shop, 8006)["series"].values()
        assert all(value > 0 for value in launches.values()) and set(never.values()) == {None}
        nothing = self.report(shop, 8007)
        assert nothing["series"] == {} and nothing["headers"] == ["$metric"]
        hours = list(self.report(shop, 8008)["series"]["Purchase [Total Events]"])
        assert len(hours) == 24 and hours[5] == "2025-01-20T05:00:00+00:00"

    def test_offsets_change_with_summer_time(self):
        with Simulator(Project("2025-03-01", days=20, events_per_day=40, time_zone="US/Pacific")) as sim:
            weeks = list(self.report(sim, 8004)["series"]["$session_start [Total Events]"])
            assert weeks[-2:] == ["2025-03-10T00:00:00-07:00", "2025-03-17T00:00:00-07:00"]
            assert weeks[-3] == "2025-03-03T00:00:00-08:00" and len(weeks) == 14

    def test_funnels_turned_around(self, shop):
        report = self.report(shop, 8101)
        steps = report["series"]["Sign Up to Purchase"]
        assert report["headers"] == ["$funnel"]
        assert set(steps) == {"count", "step_conv_ratio", "overall_conv_ratio", "avg_time", "avg_time_from_start"}
        assert list(steps["count"]) == ["1. Sign Up", "2. View Item", "3. Purchase"]
        signed_up = {event[1] for event in exported(shop, name="Sign Up")} - {None}
        assert steps["count"]["1. Sign Up"] == {"all": len(signed_up)} and steps["avg_time"]["1. Sign Up"] == {
            "all": None
        }

    def test_retention_with_rates(self, shop):
        report = self.report(shop, 8201)
        cohorts = report["series"]["Sign Up and then Any event"]
        native = query(shop, "retention", born_event="Sign Up", interval_count=6, from_date="2025-01-07",
                       to_date="2025-01-20").json  # fmt: skip
        assert {key[:10]: (cohort["counts"], cohort["first"]) for key, cohort in cohorts.items()} == {
            key: (cohort["counts"], cohort["first"]) for key, cohort in native.items()
        }
        assert all(cohort["rates"] == [n / cohort["first"] for n in cohort["counts"]] for cohort in cohorts.values())
        segmented = self.report(shop, 8202)
        assert segmented["headers"] == ["$retention", "plan"]
        for cohort in segmented["series"]["Purchase and then Purchase"].values():
            assert set(cohort) <= {"$overall", "free", "plus", "pro", "null"} and "$overall" in cohort

    @pytest.mark.parametrize("bookmark_id", [8301, 8401, 9, "x", None])
    def test_refusals(self, shop, bookmark_id):
        assert query(shop, "insights", bookmark_id=bookmark_id).status == 400


class TestPostedDefinitions:
    """A saved report's definition with days of its own is answered; anything else needs a body."""

    def posted(self, sim, path, bookmark, project_id=12345, **more):
        body = json.dumps({"bookmark": bookmark, "project_id": project_id} | more).encode()
        return ask(sim, "POST", f"/api/query/{path}", {"project_id": 12345}, body, {"Content-Type": "application/json"})

    def definition(self, sim, bookmark_id):
        return app(sim, f"projects/12345/bookmarks/{bookmark_id}", v=2).json["results"]["params"]

    def test_the_whole_period_is_the_same_report(self, shop):
        saved = self.definition(shop, 8101)
        days = [str(PROJECT.from_date), str(PROJECT.last_day)]
        saved["sections"]["time"] = [{"dateRangeType": "between", "unit": "day", "value": days}]
        answer = self.posted(shop, "insights", saved, queryLimits={"limit": 3000}).json
        assert answer["series"] == query(shop, "insights", bookmark_id=8101).json["series"]

    def test_refusals(self, shop):
        saved = self.definition(shop, 8101)
        saved["sections"]["time"] = [{"dateRangeType": "between", "unit": "day", "value": ["2025-01-01", "2025-01-02"]}]
        assert self.posted(shop, "insights", saved).status == 200
        assert self.posted(shop, "insights", saved, project_id=1).status == 400
        assert self.posted(shop, "insights", saved | {"displayOptions": {}}).status == 400
        assert self.posted(shop, "arb_funnels", saved, query_type="flows").status == 400
        assert app(shop, "projects/12345/bookmarks/8101").status == 400
        assert app(shop, "projects/12345/bookmarks/1", v=2).status == 404


class TestFlows:
    def report(self, sim, bookmark_id, query_type="flows_sankey"):
        return query(sim, "arb_funnels", bookmark_id=bookmark_id, query_type=query_type)

    def test_everyone_is_at_every_step(self, shop):
        report = self.report(shop, 8302).json
        users = {event[1] for event in exported(shop, name="Add To Cart")} - {None}
        for number, step in enumerate(report["steps"]):
            assert sum(int(node["totalCount"]) for node in step["nodes"]) == len(users)
            for node in step["nodes"]:
                assert node["type"] in (("ANCHOR",) if number == 0 else ("FORWARD", "DROPOFF", "PRUNED"))
                if number < 4:
                    assert sum(int(edge["totalCount"]) for edge in node["edges"]) == int(node["totalCount"])
                    assert {edge["step"] for edge in node["edges"]} == {str(number + 1)}
                else:
                    assert node["edges"] == []
        assert len(report["steps"]) == 5 and [len(step["nodes"]) for step in report["steps"]] == [1, 4, 4, 4, 4]

    def test_counts(self, shop):
        first_after = {}
        for name, user, at, _ in sorted(exported(shop), key=lambda event: (event[2], event[0])):
            path = first_after.setdefault(user, [])
            if user and (path or name == "Sign Up"):
                path.append((at, name))
        second = [path[1][1] for path in first_after.values() if len(path) > 1]
        node = self.report(shop, 8301).json["steps"][1]["nodes"][0]
        assert node["event"] == "View Item" and node["totalCount"] == str(second.count("View Item"))

    def test_conversion(self, shop):
        assert "overallConversionRate" not in self.report(shop, 8301).json
        assert 0 < self.report(shop, 8302).json["overallConversionRate"] < 1
        nothing = self.report(shop, 8303).json
        assert nothing["overallConversionRate"] == "NaN" and nothing["steps"] == [{"nodes": []}] * 4

    def test_paths_and_trees_count_the_same_users(self, shop):
        """A node of a tree has the users of the paths that begin like it; those of a path's step have come this way."""
        nodes = self.report(shop, 8302).json["steps"][1]["nodes"]
        found = self.report(shop, 8302, "flows_top_paths").json
        (tree,) = self.report(shop, 8302, "flows").json["trees"]
        (anchor,) = tree["root"]["children"]
        second = {child["step"]["event"]: child["totalCount"] for child in anchor["children"]}
        for node in nodes:
            if node["event"]:
                assert second[node["event"]] == node["totalCount"]
        assert found["returnedCount"] == str(len(found["flows"]))
        for path in found["flows"]:
            assert [step["type"] for step in path["flowSteps"]] == ["ANCHOR"] + ["FORWARD"] * (len(path["flowSteps"]) - 1)
            node = tree["root"]
            for step in path["flowSteps"]:
                (node,) = [child for child in node["children"] if child["step"]["event"] == step["event"]]
                assert node["totalCount"] == step["totalCount"]
        ended = sum(int(child["totalCount"]) for child in anchor["children"]) + int(anchor["dropOffTotalCount"])
        assert ended == int(anchor["totalCount"]) > int(anchor["convertedTotalCount"]) > 0

    def test_refusals(self, shop):
        assert self.report(shop, 8301, "sankey").status == 400
        assert (self.report(shop, 8001).status, self.report(shop, 8001).error) == (404, "Bookmark not found")


class TestCohorts:
    def test_they_are_listed_by_either_method(self, shop):
        cohorts = query(shop, "cohorts/list").json
        assert cohorts == post(shop, "cohorts/list").json
        by_id = {cohort["id"]: cohort for cohort in cohorts}
        assert by_id[1003]["count"] == 0 and by_id[1004]["count"] == 17 and by_id[1005]["is_visible"] == 0
        assert by_id[1007]["data_group_id"] == -1405123841946871899 and by_id[1001]["data_group_id"] is None
        buyers = {event[1] for event in exported(shop, name="Purchase")} - {None}
        assert by_id[1002]["count"] == len(buyers) + 25
        total = post(shop, "engage", filter_by_cohort={"id": 1001}).json["total"]
        assert by_id[1001]["count"] == total

    def test_refusals(self, shop):
        assert query(shop, "cohorts/list", limit=1).status == post(shop, "cohorts/list", limit=1).status == 400


class TestLexicon:
    def test_lists(self, shop):
        every = app(shop, "projects/12345/schemas").json
        assert every["status"] == "ok" and {entry["entityType"] for entry in every["results"]} == {
            "event",
            "profile",
            "group",
        }
        profiles = app(shop, "projects/12345/schemas/profile").json["results"]
        assert profiles == [entry for entry in every["results"] if entry["entityType"] == "profile"] != []

    @pytest.mark.parametrize("name", ["Purchase", 'A/B: 100% "new" checkout?', "購入 🛒"])
    def test_one(self, shop, name):
        entry = next(e for e in app(shop, "projects/12345/schemas/event").json["results"] if e["name"] == name)
        assert app(shop, f"projects/12345/schemas/event/{quote(name, safe='')}").json == entry["schemaJson"]
        asked = app(shop, "projects/12345/schemas/event", entity_name=name).json
        assert asked == {"status": "ok", "results": entry["schemaJson"]}

    @pytest.mark.parametrize(
        ("path", "status"),
        [
            ("schemas/event/Nothing", 404),
            ("schemas/profile/Purchase", 404),
            ("schemas/group", 400),
            ("schemas?x=1", 400),
        ],
    )
    def test_refusals(self, shop, path, status):
        assert app(shop, f"projects/12345/{path}").status == status


class TestAnnotations:
    def listed(self, sim, **params):
        return [annotation["id"] for annotation in app(sim, "projects/12345/annotations", **params).json["results"]]

    def test_both_days_are_inclusive_and_optional(self, shop):
        assert self.listed(shop) == [901, 902, 903, 904]
        assert self.listed(shop, fromDate="2025-01-01") == [902, 903, 904]
        assert self.listed(shop, fromDate="2025-01-01", toDate="2025-01-10") == [902, 903]
        assert self.listed(shop, toDate="2024-12-31") == [901]

    def test_shapes(self, shop):
        every = app(shop, "projects/12345/annotations").json["results"]
        assert [annotation["date"] for annotation in every[1:]] == [
            "2025-01-01 12:00:00", "2025-01-10T12:00:00+00:00", "2025-01-20T12:00:00+00:00",
        ]  # fmt: skip
        assert "user" not in every[0] and every[1]["user"] == {"id": 42, "first_name": "Ada", "last_name": "Achebe"}
        assert [tag["name"] for tag in every[2]["tags"]] == ["releases", "campaigns, “paid”"]
        assert app(shop, "projects/12345/annotations/903").json == {"status": "ok", "results": every[2]}
        tags = app(shop, "projects/12345/annotations/tags").json["results"]
        assert [tag["has_annotations"] for tag in tags] == [True, True, False]

    def test_refusals(self, shop):
        assert app(shop, "projects/12345/annotations/1").status == 404
        assert app(shop, "projects/12345/annotations", from_date="2025-01-01").status == 400
        assert app(shop, "projects/12345/annotations", fromDate="today").status == 400


def test_data_views(shop):
    views = app(shop, "projects/12345/workspaces/public").json["results"]
    assert [view["is_global"] for view in views] == [True, False] and views[0]["id"] == 3001


def test_the_project_secret_is_nothing_to_the_app_api(shop):
    headers = {"Authorization": "Basic ZGVtby1wcm9qZWN0LXNlY3JldDo="}
    assert ask(shop, "GET", "/api/app/projects/12345/schemas", headers=headers).status == 401
    assert ask(shop, "GET", "/api/query/cohorts/list", headers=headers).status == 200


def test_other_projects_hold_the_same():
    with Simulator(Project(days=PROJECT.days, other_project_ids=(7,), profiles=5)) as sim:
        cohorts = query(sim, "cohorts/list", project_id=7).json
        assert {cohort["project_id"] for cohort in cohorts} == {7}
        assert app(sim, "projects/7/annotations").json["results"][0]["project_id"] == 7
