"""Tests managed tables of profiles: each profile once, those without an id as often as they came, and none removed without reason."""
from __future__ import annotations

import json

import pytest
from conftest import rows
from expected_profiles import ENGAGE
from kept import error, history, run, tables


def fetch(con, table="profiles", **arguments):
    return run(con, "fetch_profiles", table, **arguments)


def sync(con, table="profiles", **arguments):
    return run(con, "sync_profiles", table, **arguments)


def profile(user: str, seen: str | None = "2025-01-01T00:00:00", **more) -> str:
    properties = {**more} if seen is None else {"$last_seen": seen, **more}
    return json.dumps({"$distinct_id": user, "$properties": properties})


def people(con, table="profiles") -> list:
    return rows(con, f"SELECT distinct_id, properties->>'plan' FROM {table} ORDER BY ALL")


def test_everybody_once(con, sim):
    answer = fetch(con)
    expected = rows(con, "SELECT * FROM mixpanel_profiles() ORDER BY ALL")
    assert rows(con, "SELECT * FROM profiles ORDER BY ALL") == expected
    assert answer["row_count"] == answer["rows_added"] == len(expected)
    (found,) = history(con, "profiles")
    assert (found["type"], found["from_date"], found["row_count"]) == ("profiles", None, len(expected))


def test_changed_new_and_gone(con, sim):
    sim.set_profiles([profile("a", plan="free"), profile("b", plan="free"), profile("c", None, plan="free")])
    sync(con)
    physical = dict(rows(con, "SELECT distinct_id, rowid FROM profiles"))
    sim.set_profiles([profile("a", plan="pro"), profile("c", None, plan="free"), profile("d", plan="new")])
    answer = sync(con)
    assert people(con) == [("a", "pro"), ("b", "free"), ("c", "free"), ("d", "new")]
    assert (answer["rows_added"], answer["rows_removed"], answer["row_count"]) == (2, 1, 4)
    after = dict(rows(con, "SELECT distinct_id, rowid FROM profiles"))
    assert (after["b"], after["c"]) == (physical["b"], physical["c"]), "who did not change was not written anew"
    assert sync(con)["rows_added"] == 0


def test_gone_ones_go_if_asked(con, sim):
    sim.set_profiles([profile("a", plan="free"), profile("b", plan="free")])
    sync(con)
    sim.set_profiles([profile("a", plan="free")])
    answer = sync(con, delete_missing=True)
    assert people(con) == [("a", "free")] and answer["rows_removed"] == 1


def test_append_and_replace(con, sim):
    sim.set_profiles([profile("a", plan="free")])
    fetch(con)
    assert "[TABLE_EXISTS]" in error(con, fetch)
    sim.set_profiles([profile("a", plan="pro"), profile("b", plan="free")])
    fetch(con, append=True)
    assert people(con) == [("a", "pro"), ("b", "free")]
    sim.set_profiles([profile("z", plan="free")])
    fetch(con, replace=True)
    assert people(con) == [("z", "free")] and len(history(con, "profiles")) == 1


def test_profiles_into_events(con, sim):
    run(con, "fetch_events", "events", from_date="2025-01-01", to_date="2025-01-01")
    sim.clear()
    for task in (lambda con: fetch(con, "events", append=True), lambda con: sync(con, "events")):
        assert "[WRONG_TABLE] table events does not have the columns of profiles" in error(con, task)
    assert not sim.settled()


def test_rollback_leaves_nothing(con, sim):
    con.execute("BEGIN")
    run(con, "fetch_profiles", "profiles", transaction=True)
    con.execute("ROLLBACK")
    assert tables(con) == set()


GROUP = "-1405123841946871899"


def group(key: str | None, name: str, **more) -> str:
    identity = {} if key is None else {key: name.lower()}
    return json.dumps(identity | {"$properties": {"$name": name, **more}})


def names(con) -> list:
    return rows(con, "SELECT distinct_id, properties->>'$.\"$name\"', properties->>'plan' FROM g ORDER BY ALL")


@pytest.mark.parametrize("key", ["$distinct_id", "$group_id", "group_id"])
def test_groups_whatever_their_id_is_called(con, sim, key):
    sim.set_profiles([group(key, "Acme"), group(key, "Beta")], of_companies=True)
    fetch(con, "g", group_id=GROUP)
    sim.set_profiles([group(key, "Acme", plan="pro"), group(key, "Beta"), group(key, "Gamma")], of_companies=True)
    answer = sync(con, "g", group_id=GROUP)
    assert names(con) == [("acme", "Acme", "pro"), ("beta", "Beta", None), ("gamma", "Gamma", None)]
    assert (answer["rows_added"], answer["rows_removed"]) == (2, 1)
    sim.set_profiles([group(key, "Beta")], of_companies=True)
    sync(con, "g", group_id=GROUP, delete_missing=True)
    assert names(con) == [("beta", "Beta", None)]


def test_profiles_without_an_id_are_never_the_same(con, sim):
    """Neither within an answer nor with those that are there; equal ones are as many as there ever were at once."""
    sim.set_profiles([group(None, "Acme"), group(None, "Acme"), group(None, "Beta")], of_companies=True)
    fetch(con, "g", group_id=GROUP)
    three = [(None, "Acme", None), (None, "Acme", None), (None, "Beta", None)]
    assert names(con) == three
    for _ in range(2):
        answer = sync(con, "g", group_id=GROUP)
        assert names(con) == three and (answer["rows_added"], answer["rows_removed"]) == (0, 0)
    sim.set_profiles([group(None, "Acme", plan="pro"), group(None, "Acme")], of_companies=True)
    sync(con, "g", group_id=GROUP)
    assert names(con) == [(None, "Acme", "pro"), *three]
    # What Mixpanel has now, one for one.
    sync(con, "g", group_id=GROUP, delete_missing=True)
    assert names(con) == [(None, "Acme", "pro"), (None, "Acme", None)]


def test_nobody_is_deleted_where_fewer_came_than_announced(con, sim):
    sim.set_profiles([profile("a"), profile("b"), profile("c")])
    sync(con)
    sim.set_profiles([profile("a", plan="pro"), profile("b")])
    sim.add_fault("other_total", path=ENGAGE, difference=1)
    answer = sync(con, delete_missing=True)
    assert people(con) == [("a", "pro"), ("b", None), ("c", None)] and answer["rows_removed"] == 1
    assert "FEWER_PROFILES" in rows(con, "SELECT warnings::VARCHAR FROM mixpanel_fetches() ORDER BY id DESC LIMIT 1")[0][0]
    sync(con, delete_missing=True)
    assert people(con) == [("a", "pro"), ("b", None)]
