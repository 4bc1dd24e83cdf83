"""Tests appending to a managed table: each event is there once, however often and in whichever order it was fetched."""
from __future__ import annotations

from functools import partial

import pytest
from conftest import FIRST, LAST, Project, Simulator, rows
from expected import fetched_rows
from kept import adopt, append, asked, days, each_once, error, event, fetch, history, run, sync, users


def test_the_same_range_twice_changes_nothing(con, sim):
    fetch(con)
    before = rows(con, "SELECT rowid, * FROM events ORDER BY rowid")
    answer = append(con)
    assert rows(con, "SELECT rowid, * FROM events ORDER BY rowid") == before, "not one row was written anew"
    assert (answer["rows_added"], answer["rows_removed"], answer["row_count"]) == (0, 0, len(before))
    assert asked(sim) == sorted(days(FIRST, LAST) * 2), "an append asks for what it is told to"
    assert [row["rows_added"] for row in history(con)] == [len(before), 0]


@pytest.mark.parametrize("parts", [
    [("2025-01-01", "2025-01-03"), ("2025-01-03", "2025-01-05")],
    [("2025-01-04", "2025-01-05"), ("2025-01-01", "2025-01-04")],
    [("2025-01-05", "2025-01-05"), ("2025-01-01", "2025-01-02"), ("2025-01-03", "2025-01-03"), ("2025-01-01", "2025-01-05")],
], ids=str)  # fmt: skip
def test_ranges_add_up_to_one(con, monkeypatch, parts):
    """With every fifth row odd, late or double."""
    with Simulator(Project(days=5, events_per_day=300, weird_rate=0.2, seed=3, equal_rows=True)) as odd:
        monkeypatch.setenv("MP_API_BASE_URL", odd.url)
        fetch(con, "events", *parts[0])
        total = 0
        for part in parts[1:]:
            total += append(con, "events", *part)["rows_added"]
        assert fetched_rows(con, "events") == each_once(odd)
        assert history(con)[0]["rows_added"] + total == history(con)[-1]["row_count"] == len(each_once(odd))


@pytest.mark.parametrize("order", [(1, 2), (2, 1), (None, 1), (1, None), ("x", 0)], ids=str)
def test_the_newer_row_stays_whichever_came_first(con, sim, order):
    """Where the answer does not take the place of its days."""

    def lines(processed):
        more = {} if processed is None else {"mp_processing_time_ms": processed}
        return [event("u", "i", mark=str(processed), **more), event("v", "j")]

    sim.set_day(FIRST, lines(order[0]))
    fetch(con, last=FIRST)
    sim.set_day(FIRST, lines(order[1]))
    answer = append(con, last=FIRST, filter="true")
    newest = str(max(order, key=lambda processed: processed if isinstance(processed, int) else -1))
    assert rows(con, "SELECT properties->>'mark' FROM events WHERE distinct_id = 'u'") == [(newest,)]
    changed = int(newest == str(order[1]))
    assert (answer["rows_added"], answer["rows_removed"], answer["row_count"]) == (changed, changed, 2)


def test_of_two_equally_new_rows_the_one_that_is_there_stays(con, sim):
    sim.set_day(FIRST, [event("u", "i", mark="first")])
    fetch(con, last=FIRST)
    sim.set_day(FIRST, [event("u", "i", mark="second")])
    append(con, last=FIRST, filter="true")
    assert rows(con, "SELECT properties->>'mark' FROM events") == [("first",)]


def test_with_the_same_filter_the_answer_takes_the_place_of_its_days(con, sim):
    """What Mixpanel says now counts, whatever the times of processing say."""
    for day in days(FIRST, "2025-01-03"):
        sim.set_day(day, [event("u", "i", days(FIRST, LAST).index(day), mark="first", mp_processing_time_ms=2), event("gone", None, days(FIRST, LAST).index(day))])
    fetch(con, last="2025-01-03")
    sim.set_day("2025-01-02", [event("u", "i", 1, mark="second", mp_processing_time_ms=1)])
    answer = append(con, first="2025-01-02", last="2025-01-02")
    assert rows(con, "SELECT properties->>'mark' FROM events WHERE distinct_id = 'u' ORDER BY event_time") == [("first",), ("second",), ("first",)]
    assert users(con).count("gone") == 2 and (answer["rows_added"], answer["rows_removed"]) == (1, 2)


def test_users_who_were_merged_since_are_not_there_twice(con, sim):
    """Simplified ID merge gives the events of the past to another user."""
    sim.set_day(FIRST, [event("$device:D1", "i0", **{"$device_id": "D1"}), event("$device:D1", None), event("U1", "i1")])
    fetch(con, last=FIRST)
    sim.merge_users("$device:D1", "U1")
    answer = append(con, last=FIRST)
    assert users(con) == ["U1", "U1", "U1"] and (answer["rows_added"], answer["rows_removed"]) == (2, 2)
    assert rows(con, "SELECT count(*) FROM events WHERE mixpanel_property(properties, '$distinct_id_before_identity') = '$device:D1'") == [(2,)]


def test_events_without_a_name_are_not_added_again(con, sim):
    sim.set_day(FIRST, ['{"event":null,"properties":{"time":1735689600000,"distinct_id":"u","$insert_id":"i"}}', event("v", "j")])
    fetch(con, last=FIRST)
    for arguments in ({}, {"filter": "true"}, {}):
        append(con, last=FIRST, **arguments)
        assert users(con) == ["u", "v"]
    sync(con, "synced", last=FIRST)
    sync(con, "synced", last=FIRST, lookback_days=100_000)
    assert users(con, "synced") == ["u", "v"]


def test_of_equal_rows_without_an_insert_id_the_larger_count_stays(con, sim):
    """Another filter brought them: nothing says which of them are the same."""
    clicks = [event("55", None, name="Click", mp_lib="x")] * 3
    sim.set_day(FIRST, [*clicks[:2], event("55", "", name="Click")])
    fetch(con, last=FIRST)
    for brought, expected in ((clicks[:1], 2), (clicks[:2], 2), (clicks, 3), (clicks[:2], 3), (clicks * 2, 6)):
        sim.set_day(FIRST, brought)
        answer = append(con, last=FIRST, filter="true")
        assert rows(con, "SELECT count(*) FROM events WHERE insert_id IS NULL") == [(expected,)]
        assert answer["rows_removed"] == 0
    assert rows(con, "SELECT count(*) FROM events") == [(7,)]


def test_a_filter_of_its_own_removes_nothing(con, sim):
    sim.set_day(FIRST, [event("u", "i"), event("v", None), event("w", "k")])
    fetch(con, last=FIRST)
    sim.set_day(FIRST, [event("u", "i"), event("x", "l")])
    append(con, last=FIRST, filter="true")
    assert users(con) == ["u", "v", "w", "x"]
    # From then on nobody knows which of a day's rows which filter brought.
    sim.set_day(FIRST, [event("y", "m")])
    append(con, last=FIRST)
    append(con, last=FIRST, filter="true")
    assert users(con) == ["u", "v", "w", "x", "y"]


def test_other_events_take_the_place_of_their_own(con, sim):
    sim.set_day(FIRST, [event("u", "1", name="A"), event("u", "2", name="B"), event("u", None, name="B")])
    fetch(con, last=FIRST)
    sim.set_day(FIRST, [event("v", "3", name="A"), event("v", "4", name="B")])
    append(con, last=FIRST, events=["A"])
    assert rows(con, "SELECT event_name, distinct_id FROM events ORDER BY ALL") == [("A", "v"), ("B", "u"), ("B", "u")]


def test_events_that_bring_other_names_take_the_place_of_their_days(con, sim):
    """A custom event brings the events that it is made of: where the table holds nothing else, all of the day is theirs."""
    custom = ["$custom_event:5"]
    sim.add_fault("body", times=2, body="\n".join([event("u", "1", name="A"), event("u", None, name="B")]))
    fetch(con, last=FIRST, events=custom)
    append(con, last=FIRST, events=custom)
    assert users(con) == ["u", "u"]
    sim.add_fault("body", body=event("v", "2", name="A"))
    append(con, last=FIRST, events=custom)
    assert users(con) == ["v"]


@pytest.mark.parametrize("before", [None, ["Purchase"], ["$custom_event:6"]])
@pytest.mark.parametrize("task", [append, sync])
def test_a_custom_event_has_a_table_of_its_own(con, sim, before, task):
    """Which of the table's rows its answer stands for can't be told: those of a merged user would be there twice."""
    sim.add_fault("body", body=event("old", "1", name="Purchase"))
    fetch(con, last=FIRST, **({"events": before} if before else {}))
    sim.settled()
    sim.clear()
    message = error(con, task, last=FIRST, events=["$custom_event:5", "A"])
    assert "[WRONG_TABLE] table events holds other events" in message and "$custom_event:5" in message and "a table of its own" in message
    assert not sim.settled() and users(con) == ["old"]
    # Into the table of the same ones, and over it with all events.
    for _ in range(2):
        sim.add_fault("body", body=event("new", "1", name="Purchase"))
        sync(con, "custom", last=FIRST, events=["A", "$custom_event:5"], lookback_days=100_000)
        assert users(con, "custom") == ["new"]


def test_days_that_could_not_be_fetched_keep_their_rows(con, sim):
    fetch(con)
    before = rows(con, "SELECT count(*) FROM events WHERE event_time::DATE = DATE '2025-01-03'")
    sim.set_day("2025-01-03", [event("new", "n", 2)])
    sim.set_day("2025-01-04", [event("new", "n", 3)])
    sim.add_fault("status", status=400, match={"from_date": "2025-01-03"})
    append(con, on_failure="skip")
    assert rows(con, "SELECT count(*) FROM events WHERE event_time::DATE = DATE '2025-01-03'") == before
    assert rows(con, "SELECT distinct_id FROM events WHERE event_time::DATE = DATE '2025-01-04'") == [("new",)]


def test_rows_outside_the_days_that_came_stay(con, sim):
    """An answer may hold some rows of other days: they don't make these days its own."""
    sim.set_day(FIRST, [event("u", "i"), event("early", "j", hour=-3), event("nowhere", "k", time="never")])
    sim.set_day("2025-01-02", [event("v", "l", 1)])
    fetch(con, last="2025-01-02")
    before = fetched_rows(con, "events")
    append(con, last="2025-01-02")
    assert fetched_rows(con, "events") == before
    append(con, first="2025-01-02", last="2025-01-02")
    assert fetched_rows(con, "events") == before


def test_each_part_of_the_key_counts(con, sim):
    same = [event("u", "i"), event("v", "i"), event("u", "j"), event("u", "i", hour=13), event("u", "i", name="B"), event("u", "")]
    sim.set_day(FIRST, same[:3])
    fetch(con, last=FIRST)
    sim.set_day(FIRST, same)
    assert append(con, last=FIRST)["rows_added"] == 3
    assert append(con, last=FIRST)["rows_added"] == 0 and len(users(con)) == 6


def test_rows_without_an_insert_id(con, sim):
    sim.set_day(FIRST, [event("u", None, x=1), event("u", None, x=2)])
    fetch(con, last=FIRST)
    sim.set_day(FIRST, [event("u", None, x=2), event("u", None, x=3), event("u", None, x=3)])
    answer = append(con, last=FIRST)
    assert (answer["rows_added"], answer["rows_removed"]) == (2, 1)
    assert rows(con, "SELECT properties->>'x' FROM events ORDER BY ALL") == [("2",), ("3",), ("3",)]


def test_rows_without_a_time_or_a_user(con, sim):
    lines = [
        '{"event":"A","properties":{"distinct_id":"u","$insert_id":"i"}}',
        '{"event":"A","properties":{"time":"never","distinct_id":"u","$insert_id":"j"}}',
        '{"event":"A","properties":{"$insert_id":"k"}}',
        '{"event":"A","properties":{}}',
        event("w", "w"),
    ]
    sim.set_day(FIRST, lines)
    fetch(con, last=FIRST)
    assert append(con, last=FIRST)["rows_added"] == 0
    assert sync(con, last=FIRST)["row_count"] == 5
    assert rows(con, "SELECT count(*), count(event_time), count(distinct_id) FROM events") == [(5, 1, 3)]
    # With nothing but them in the second answer there is no range of times to look in.
    sim.set_day("2025-01-02", lines[:4])
    assert append(con, first="2025-01-02", last="2025-01-02")["rows_added"] == 0


def test_an_empty_answer(con, sim):
    sim.set_day(FIRST, [])
    assert fetch(con, last=FIRST)["row_count"] == 0
    assert append(con, last=FIRST)["row_count"] == 0 and len(history(con)) == 2


def test_to_a_table_of_the_users_own(con, sim):
    """Made before there was a history, with all that Mixpanel hands out twice."""
    con.execute(f"CREATE TABLE events AS FROM mixpanel_export(from_date := '{FIRST}', to_date := '2025-01-02')")
    before = rows(con, "SELECT count(*) FROM events")[0][0]
    answer = append(con)
    assert answer["rows_added"] == len(each_once(sim, "2025-01-03")) and answer["row_count"] == before + answer["rows_added"] - answer["rows_removed"]
    assert set(fetched_rows(con, "events")) == set(each_once(sim)), "what Mixpanel processed again took the place of the older"


OWN = f"FROM mixpanel_export(from_date := '{FIRST}', to_date := '2025-01-03')"


@pytest.mark.parametrize("more", [{}, {"events": ["Purchase"]}, {"filter": 'properties["plan"] == "pro"'}], ids=str)
def test_what_the_history_does_not_explain_is_not_removed(con, sim, more):
    """An append to a table of the user's own says what it brought, and not what was there, however often."""
    con.execute(f"CREATE TABLE events AS {OWN}")
    con.execute("INSERT INTO events VALUES ('mine', '2025-01-01 12:00:00', 'me', 'x', '{}')")
    for _ in range(3):
        append(con, last="2025-01-03", **more)
        assert rows(con, "SELECT count(*) FROM events WHERE event_name = 'mine'") == [(1,)]
        assert set(each_once(sim, last="2025-01-03")) <= set(fetched_rows(con, "events"))


@pytest.mark.parametrize("more", [{}, {"events": ["Purchase"]}], ids=str)
def test_a_sync_needs_to_know_where_all_rows_come_from(con, sim, more):
    con.execute(f"CREATE TABLE events AS {OWN}")
    append(con, first="2025-01-04", last="2025-01-04", **more)
    before = fetched_rows(con, "events")
    sim.clear()
    message = error(con, sync, last="2025-01-04", **more)
    assert "[WRONG_TABLE] table events was not created by" in message and "Adopt it" in message
    assert not sim.settled() and fetched_rows(con, "events") == before
    # The adoption keeps what is known of the appended days.
    adopt(con, from_date=FIRST, to_date="2025-01-03", asked="2025-01-20 00:00:00")
    assert [str(row["from_date"]) for row in history(con)] == [FIRST, "2025-01-04"]
    assert "[TABLE_EXISTS]" in error(con, adopt, from_date=FIRST, to_date="2025-01-03")
    sync(con, last="2025-01-04", lookback_days=100_000)
    assert fetched_rows(con, "events") == each_once(sim, last="2025-01-04")


def test_an_adoption_fits_what_was_appended(con, sim):
    con.execute(f"CREATE TABLE events AS {OWN}")
    append(con, first="2025-01-04", last="2025-01-04", time_zone="America/New_York")
    given = {"from_date": FIRST, "to_date": "2025-01-03"}
    assert "fetched with another time_zone" in error(con, adopt, **given)
    assert "holds rows of another project" in error(con, adopt, **given, time_zone="America/New_York", project_id=777)
    assert "does not hold profiles, according to its history" in error(con, adopt_profiles, "people")


def adopt_profiles(con, table: str) -> None:
    con.execute("CREATE TABLE people AS FROM mixpanel_profiles() LIMIT 0")
    con.execute("UPDATE _metadata SET table_name = 'people'")
    adopt(con, table, type="profiles")


def test_profiles_of_the_users_own_are_not_deleted(con, sim):
    con.execute("CREATE TABLE people AS FROM mixpanel_profiles()")
    con.execute("INSERT INTO people (distinct_id) VALUES ('mine')")
    run(con, "fetch_profiles", "people", append=True)
    sim.clear()
    assert "[WRONG_TABLE] table people was not created by" in error(con, run, "sync_profiles", "people", delete_missing=True)
    assert not sim.settled() and rows(con, "SELECT count(*) FROM people WHERE distinct_id = 'mine'") == [(1,)]
    adopt(con, "people", type="profiles")
    run(con, "sync_profiles", "people", delete_missing=True)
    assert rows(con, "SELECT count(*) FROM people WHERE distinct_id = 'mine'") == [(0,)]


@pytest.mark.parametrize("made", ["fetch", "sync", "replace", "append", "adopt"])
def test_what_the_history_explains_is_replaced(con, sim, made):
    """Whoever made the table, and if there was no row before."""
    sim.set_day(FIRST, [event("old", "1"), event("old", "2")])
    if made in ("append", "adopt"):
        con.execute(f"CREATE TABLE events AS {OWN} LIMIT {0 if made == 'append' else 1000}")
    ways = {"fetch": fetch, "sync": sync, "append": append, "replace": partial(fetch, replace=True)}
    adopt(con, from_date=FIRST, to_date="2025-01-03") if made == "adopt" else ways[made](con, last="2025-01-03")
    append(con, first="2025-01-04", last="2025-01-04")
    sim.set_day(FIRST, [event("new", "1")])
    append(con, last=FIRST)
    assert fetched_rows(con, "events") == each_once(sim, last="2025-01-04")
    sync(con)
    assert fetched_rows(con, "events") == each_once(sim)


def test_other_columns_stay_what_they_are(con, sim):
    """Rows that were changed by hand are not made double."""
    fetch(con, last=FIRST)
    con.execute("UPDATE events SET properties = '{}' WHERE insert_id IS NOT NULL")
    count = rows(con, "SELECT count(*) FROM events")
    append(con, last=FIRST)
    assert rows(con, "SELECT count(*) FROM events") == count


@pytest.mark.parametrize("task", [append, sync])
def test_rows_of_another_project(con, monkeypatch, task):
    with Simulator(Project(days=5, events_per_day=10, other_project_ids=(777,))) as two:
        monkeypatch.setenv("MP_API_BASE_URL", two.url)
        fetch(con)
        two.clear()
        message = error(con, task, project_id=777)
        assert "[WRONG_TABLE] table events holds rows of another project" in message
        assert not two.settled() and len(history(con)) == 1
        task(con, "others", project_id=777) if task is sync else fetch(con, "others", project_id=777)
        assert history(con, "others")[0]["project_id"] == "777"


@pytest.mark.parametrize("zones", [(None, "America/Los_Angeles"), ("America/Los_Angeles", None), ("Europe/Berlin", "Europe/Paris")], ids=str)
def test_rows_of_another_time_zone(con, sim, zones):
    """The same event would have another time, and be there twice."""
    first, second = ({"time_zone": zone} if zone else {} for zone in zones)
    fetch(con, **first)
    sim.clear()
    message = error(con, append, **second)
    assert "[WRONG_TABLE] table events holds events fetched with another time_zone" in message
    assert not sim.settled()
    assert append(con, **first)["rows_added"] == 0


def test_appends_with_events_and_filters_add_up(con, sim):
    fetch(con, events=["Purchase"])
    append(con, events=["Purchase", "Search"])
    append(con)
    assert fetched_rows(con, "events") == each_once(sim)
    assert [row["filter_events"] for row in history(con)] == ['["Purchase"]', '["Purchase","Search"]', None]
