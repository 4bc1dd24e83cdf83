"""Tests profiles: their pages, their parameters, and their contents."""

import json
import time

import pytest

from simulator import Allowance, Limits, Project, Simulator
from simulator.directory import Directory
from simulator.raw_json import members
from simulator.shop.profile_oddities import SETS

from .by_hand import exported
from .client import FORM, ask, post, query

GROUP = "-1405123841946871899"
UNCACHED = "request for page in uncached query for params"
VIEWED = [{"window": "30d", "name": "viewed", "event_selectors": [{"event": "View Item"}]}]


def engage(sim, **fields):
    return post(sim, "engage", **fields)


def everyone(sim, **fields):
    """All pages, by the documentation's loop: until a page is not full."""
    first = engage(sim, **fields).json
    results = page = first["results"]
    while len(page) >= first["page_size"]:
        number = len(results) // first["page_size"]
        page = engage(sim, session_id=first["session_id"], page=number, **fields).json["results"]
        results = results + page
    assert len(results) == first["total"]
    return results


def ids(results):
    return [profile["$distinct_id"] for profile in results]


class TestPages:
    def test_all_of_them(self, shop):
        first = engage(shop).json
        assert {key: first[key] for key in ("page", "page_size", "total", "status")} == {
            "page": 0, "page_size": 100, "total": 250, "status": "ok",
        }  # fmt: skip
        assert len(first["results"]) == 100
        results = everyone(shop)
        assert len({str(profile_id) for profile_id in ids(results)}) == 250 and results == everyone(shop)

    def test_later_pages_say_less_unless_told_otherwise(self, shop):
        first = engage(shop).json
        assert set(engage(shop, session_id=first["session_id"], page=1).json) == {
            "page",
            "results",
            "session_id",
            "status",
        }
        with Simulator(Project(days=1, profiles=30, page_size=10, terse_pages=False)) as sim:
            later = engage(sim, session_id=engage(sim).json["session_id"], page=2).json
            assert (later["total"], later["page_size"], later["page"], len(later["results"])) == (30, 10, 2, 10)

    def test_short_pages(self):
        with Simulator(Project(days=1, profiles=30, page_size=20, short_pages=True)) as sim:
            first = engage(sim).json
            later = [engage(sim, session_id=first["session_id"], page=page).json["results"] for page in (1, 2)]
            assert [len(page) for page in (first["results"], *later)] == [15, 15, 0] and first["page_size"] == 20

    def test_a_page_needs_its_session_and_all_that_the_first_was_asked_with(self, shop):
        asked = {"where": 'properties["plan"] == "free"', "output_properties": ["plan"]}
        session = engage(shop, **asked).json["session_id"]
        assert engage(shop, session_id=session, page=1, **asked).status == 200
        assert "session_id" in engage(shop, page=1, **asked).error
        for change in ({"where": None}, {"where": "true"}, {"output_properties": None}, {"distinct_id": "u"}):
            answer = engage(shop, session_id=session, page=1, **asked | change)
            assert answer.status == 400 and next(iter(change)) in answer.error
        assert engage(shop, session_id="unknown", page=1, **asked).error == UNCACHED

    def test_sessions_expire(self, shop):
        with Simulator(Project(days=1, profiles=30, page_size=10)) as sim:
            session = engage(sim).json["session_id"]
            sim.add_fault("expired_session", path="/api/query/engage", match={"page": 2})
            assert engage(sim, session_id=session, page=1).status == 200
            for page in (2, 1, 0):
                answer = engage(sim, session_id=session, page=page)
                assert (answer.status, answer.error) == (400, UNCACHED)
            assert [request.fault for request in sim.settled()] == [None, None, "expired_session", None, None]
            assert sim.requests[2].form == {"session_id": session, "page": "2"}
            renewed = engage(sim).json["session_id"]
            assert engage(sim, session_id=renewed, page=2).status == 200
            sim.reset()
            assert engage(sim, session_id=renewed, page=2).error == UNCACHED

    def test_later_pages_count_for_nothing_in_the_hour(self):
        limits = Limits({"query": Allowance(per_hour=2, concurrent=5)})
        with Simulator(Project(days=1, profiles=30, page_size=10), limits=limits) as sim:
            first = engage(sim).json
            assert {engage(sim, session_id=first["session_id"], page=page % 3).status for page in range(9)} == {200}
            assert [engage(sim).status for _ in range(2)] == [200, 429]
            assert engage(sim, session_id=first["session_id"], page=1).status == 200

    def test_a_hundred_thousand(self):
        with Simulator(Project(profiles=100_000)) as sim:
            first = engage(sim).json
            assert (first["total"], len(first["results"])) == (100_000, 1000)
            started = time.monotonic()
            last = engage(sim, session_id=first["session_id"], page=99).json
            assert len(last["results"]) == 1000 and time.monotonic() - started < 1


class TestFilters:
    def test_ids(self, shop):
        known = ids(everyone(shop))
        assert ids(everyone(shop, distinct_id=known[7])) == [known[7]]
        assert ids(everyone(shop, distinct_ids=[known[120], "nobody", known[7], known[7]])) == [known[7], known[120]]
        assert everyone(shop, distinct_id="nobody") == []
        assert ids(everyone(shop, distinct_id="4711")) == [4711]

    def test_where(self, shop):
        found = everyone(shop, where='properties["plan"] == "pro" and not "o" in user["$city"]')
        assert found == [
            profile for profile in everyone(shop)
            if profile["$properties"]["plan"] == "pro" and "o" not in profile["$properties"]["$city"]
        ] != []  # fmt: skip
        assert engage(shop, where='properties["plan"').status == 400
        assert engage(shop, where='behaviors["viewed"] > 1').status == 400

    def test_output_properties(self, shop):
        for profile in everyone(shop, output_properties=["plan", "$city", "nothing"]):
            assert set(profile) == {"$distinct_id", "$properties"} and set(profile["$properties"]) == {"plan", "$city"}
        assert everyone(shop, output_properties=[])[0]["$properties"] == {}

    def test_behaviors(self, shop):
        params = {"behaviors": VIEWED, "where": 'behaviors["viewed"] > 4', "as_of_timestamp": int(time.time())}
        views = [event[1] for event in exported(shop, name="View Item")]
        profiles = [str(profile_id) for profile_id in ids(everyone(shop))]
        assert ids(everyone(shop, **params)) == [who for who in profiles if views.count(who) > 4] != []
        short = [VIEWED[0] | {"window": "2d", "event_selectors": [{"event": "View Item", "selector": "true"}]}]
        views = [event[1] for event in exported(shop, "2025-01-19", name="View Item")]
        found = everyone(shop, **params | {"behaviors": short, "where": 'behaviors["viewed"] > 0'})
        assert list(map(str, ids(found))) == [who for who in profiles if who in views]
        # 11 January, 0:00: nothing after it is looked at.
        params["as_of_timestamp"] = 1736553600
        views = [event[1] for event in exported(shop, to_date="2025-01-10", name="View Item")]
        assert ids(everyone(shop, **params)) == [who for who in profiles if views.count(who) > 4]

    def test_behaviors_without_a_moment_have_one_page(self, shop):
        params = {"behaviors": VIEWED, "where": 'behaviors["viewed"] >= 0'}
        first = engage(shop, **params).json
        assert first["total"] == 250
        assert engage(shop, session_id=first["session_id"], page=1, **params).error == UNCACHED

    def test_cohorts(self, shop):
        pros = everyone(shop, filter_by_cohort={"id": 1001})
        assert pros == everyone(shop, where='properties["plan"] == "pro"') != []
        assert everyone(shop, filter_by_cohort={"id": 1003}) == []
        both = everyone(shop, filter_by_cohort={"id": 1001}, where='properties["orders"] > 3')
        assert 0 < len(both) < len(pros)

    def test_cohorts_have_users_without_a_profile(self, shop):
        buyers = {event[1] for event in exported(shop, name="Purchase")} - {None}
        every = everyone(shop, filter_by_cohort={"id": 1002})
        assert {str(who) for who in ids(every)} == buyers and every == everyone(
            shop, filter_by_cohort={"id": 1002}, include_all_users=True
        )
        known = everyone(shop, filter_by_cohort={"id": 1002}, include_all_users=False)
        assert known == [profile for profile in every if profile["$properties"]] and 0 < len(known) < len(every)
        stranger = next(profile for profile in every if not profile["$properties"])
        asked = {"filter_by_cohort": {"id": 1002}, "distinct_id": stranger["$distinct_id"]}
        assert everyone(shop, **asked) == [stranger] and everyone(shop, **asked, include_all_users=False) == []

    def test_groups(self, shop):
        companies = everyone(shop, data_group_id=GROUP)
        assert len(companies) == 40 and companies[7]["$distinct_id"] == 7
        assert {"$name", "employees"} <= set(companies[0]["$properties"])
        large = everyone(shop, data_group_id=GROUP, where='properties["employees"] > 10000')
        assert large == everyone(shop, filter_by_cohort={"id": 1007}) and 0 < len(large) < 40
        assert everyone(shop, data_group_id=str(int(float(GROUP)))) == []

    @pytest.mark.parametrize(
        ("fields", "says"),
        [
            ({"filter_by_cohort": "1001"}, "Invalid parameter: filter_by_cohort"),
            ({"filter_by_cohort": {"id": "one"}}, "Invalid parameter: filter_by_cohort"),
            ({"filter_by_cohort": {"id": 1001, "x": 1}}, "Invalid parameter: filter_by_cohort"),
            ({"filter_by_cohort": {"id": 9}}, "9"),
            ({"filter_by_cohort": {"id": 1001}, "behaviors": VIEWED}, "mutually exclusive"),
            ({"include_all_users": False}, "include_all_users"),
            ({"filter_by_cohort": {"id": 1001}, "include_all_users": "1"}, "include_all_users"),
            ({"distinct_id": "a", "distinct_ids": ["a"]}, "mutually exclusive"),
            ({"distinct_ids": []}, "distinct_ids"),
            ({"distinct_ids": ["u"] * 2001}, "2000"),
            ({"distinct_ids": "u"}, "distinct_ids"),
            ({"output_properties": "plan"}, "output_properties"),
            ({"data_group_id": "companies"}, "data_group_id"),
            ({"data_group_id": "-1.4051238419468719e+18"}, "data_group_id"),
            ({"behaviors": "30d"}, "behaviors"),
            ({"behaviors": [{"window": "30", "name": "b", "event_selectors": [{"event": "A"}]}]}, "behaviors"),
            ({"behaviors": VIEWED, "as_of_timestamp": int(time.time()) + 100}, "future"),
            ({"page": -1}, "page"),
            ({"page_size": 500}, "page_size"),
            ({"project_id": 12345}, "project_id"),
        ],
    )
    def test_refusals(self, shop, fields, says):
        answer = engage(shop, **fields)
        assert answer.status == 400 and says in answer.error

    def test_forms_are_read_and_json_as_mixpanels_own_client_sends_it(self, shop):
        asked = {"project_id": 12345}
        json_body = {"Content-Type": "application/json"}

        def posted(body, headers=json_body):
            return ask(shop, "POST", "/api/query/engage/", asked | {"query_origin": "x"}, body, headers)

        of_cohort = b'{"project_id": "12345", "page": 0, "filter_by_cohort": "{\\"id\\": \\"1001\\"}"}'
        assert posted(of_cohort).json["results"] == engage(shop, filter_by_cohort={"id": 1001}).json["results"]
        assert posted(b'{"page": 0}').status == 200
        for body in (b'{"page": "x"}', b'{"colour": 1}', b"[1]", b'"page"', b"{"):
            assert posted(body).status == 400
        assert posted(b'{"page": 0}', {"Content-Type": "text/plain"}).status == 400
        assert ask(shop, "POST", "/api/query/engage", asked | {"where": "true"}, b"", FORM).status == 400
        assert ask(shop, "POST", "/api/query/engage", {}, b"page=0", FORM).status == 400
        assert query(shop, "engage").status == 404


class TestWhatTheyAreLike:
    def test_they_are_those_of_the_events(self, shop):
        profiles = {profile["$distinct_id"]: profile["$properties"] for profile in everyone(shop)}
        with_profile = [event for event in exported(shop, "2025-01-20") if event[1] in profiles]
        assert len(with_profile) > 50
        for _, user, at, properties in with_profile:
            profile = profiles[user]
            assert profile["$city"] == properties["$city"] or properties["$city"] is None
            assert profile["plan"] == properties["plan"] or properties["plan"] is None
            assert profile["$created"][:10] <= f"{at:%Y-%m-%d}"

    def test_some_lack_last_seen_and_none_is_later_than_the_newest_day(self, shop):
        seen = [profile["$properties"].get("$last_seen") for profile in everyone(shop)]
        assert 5 < seen.count(None) < 50
        assert all(str(moment) < "2025-01-21" for moment in seen if moment not in (None, "yesterday"))

    def test_every_oddity_occurs(self):
        directory = Directory(Project(profiles=400, weird_rate=0.05))
        kept = list(directory.members)
        for oddity in SETS:
            assert any(oddity.items() <= profile.properties.items() for profile in kept)
        numbers = [profile.distinct_id for profile in kept if not profile.distinct_id.startswith('"')]
        assert numbers[:2] == ["4711", GROUP] and len(set(numbers)) == len(numbers) > 2
        assert any("Łukasz" in profile.properties["$name"] for profile in kept)
        clean = Directory(Project(profiles=400, weird_rate=0)).members
        assert {len(profile.properties) for profile in clean} == {12, 13}

    def test_values_are_sent_as_they_are(self, empty):
        properties = r'{"big":123456789012345678901234567890,"n":1.0,"inf":1e400,"s":"\ud83d é","$last_seen":null}'
        empty.set_profiles(
            [f'{{"$distinct_id":-1405123841946871899,"$properties":{properties}}}', b'{"$distinct_id":"b"}']
        )
        body = engage(empty).body
        assert members(members(body[body.index(b"[") + 1 :].split(b"}, ")[0] + b"}")["$properties"]) == members(
            properties
        )
        assert json.loads(body)["results"][1] == {"$distinct_id": "b", "$properties": {}}
        assert ids(everyone(empty, where='properties["n"] == 1')) == [-1405123841946871899]
        empty.reset()
        assert everyone(empty) == []

    def test_they_can_be_set_from_another_process(self, empty):
        line = b'{"$distinct_id":"a","$properties":{"x":1}}\n'
        assert ask(empty, "PUT", "/_simulator/profiles", body=line).status == 200
        assert everyone(empty) == [{"$distinct_id": "a", "$properties": {"x": 1}}]
        assert ask(empty, "PUT", "/_simulator/profiles", body=b"no profile").status == 400
