"""Tests `columns` in every fetch, and fetches with `max_rows`, after which no day counts as fetched."""
from __future__ import annotations

import json

import pytest
from conftest import FIRST, LAST, export, rows
from expected import fetched_rows
from kept import adopt, append, asked, days, each_once, error, event, fetch, history, plain_sync, run, sync

CITY = {"columns": {"$city": "VARCHAR", "Quantity \"x\"": "DECIMAL(9,2)", "n": "BIGINT"}}

FIVE = "event_name, event_time, distinct_id, insert_id, properties"


def expected(first: str = FIRST, last: str = LAST) -> str:
    words = "columns := {'$city': 'VARCHAR', 'Quantity \"x\"': 'DECIMAL(9,2)', 'n': 'BIGINT'}"
    return export(words, first=first, last=last)


def test_fetch_append_sync_and_replace(con, sim, clock):
    fetch(con, last="2025-01-02", **CITY)
    append(con, first="2025-01-02", last="2025-01-03", **CITY)
    described = [("$city", "VARCHAR"), ('Quantity "x"', "DECIMAL(9,2)"), ("n", "BIGINT")]
    assert [row[:2] for row in rows(con, "DESCRIBE events")][5:] == described
    sync(con, **CITY)
    assert fetched_rows(con, f"(SELECT {FIVE} FROM events)") == each_once(sim)
    assert rows(con, f"FROM events EXCEPT FROM {expected()}") == []
    assert rows(con, 'SELECT count("$city") > 0 FROM events') == [(True,)]
    fetch(con, last=FIRST, replace=True)
    assert len(rows(con, "DESCRIBE events")) == 5
    sync(con, "made", last=FIRST, **CITY)
    assert rows(con, f"FROM made EXCEPT FROM {expected(last=FIRST)}") == [] and len(rows(con, "FROM made")) == len(each_once(sim, last=FIRST))


def test_a_property_that_changes_changes_its_column(con, sim):
    sim.set_day(FIRST, [event("u", "i", n=1), event("v", "j", n=2)])
    fetch(con, last=FIRST, **CITY)
    sim.set_day(FIRST, [event("u", "i", n=1), event("v", "j", n="3")])
    assert append(con, last=FIRST, **CITY)["rows_added"] == 1
    assert rows(con, "SELECT n FROM events ORDER BY ALL") == [(1,), (3,)]


@pytest.mark.parametrize("made, wanted", [(CITY, {}), ({}, CITY), (CITY, {"columns": {"$city": "VARCHAR"}}), (CITY, {"columns": {**CITY["columns"], "n": "DOUBLE"}})])
@pytest.mark.parametrize("task", [append, sync])
def test_a_table_has_the_same_ones_each_time(con, sim, made, wanted, task):
    fetch(con, last=FIRST, **made)
    sim.clear()
    message = error(con, task, **wanted)
    assert "[WRONG_TABLE] table events does not have the columns of events" in message
    assert 'event_name VARCHAR' in message and "Use the same columns as when the table was created" in message
    assert not sim.settled()


def test_a_name_twice_is_refused(con, sim):
    assert "[INVALID_ARGUMENT] columns: 'Insert_ID' is already a column" in error(con, fetch, columns={"Insert_ID": "VARCHAR"})
    assert not sim.settled()


# What the scripts call things.
NAMES = """
    begins ends events answer day days kept kept_row staged staged_row row_id nth content same is_newer first last range error entry
    asked asked_at pairs later known came rows twice rank failed moments from to empty number label name type table_name code warnings
    row_count arguments filter_events filter_where types history this
""".split()  # fmt: skip


def lines(users: list[tuple], number: int) -> list[str]:
    """Of events that have a property of each name."""
    read = [json.loads(event(user, insert_id)) for user, insert_id in users]
    return [json.dumps({**line, "properties": {**dict.fromkeys(NAMES, number), **line["properties"]}}) for line in read]


def test_a_property_may_have_any_name(con, sim, clock):
    """Each of them in a fetch, an append, a sync and an adoption, and no row is lost or doubled."""
    wanted = {"columns": dict.fromkeys(NAMES, "BIGINT")}
    sim.set_day(FIRST, lines([("u", "1"), ("v", "2"), ("v", "2"), ("w", None), ("x", "4")], 1))
    sim.set_day("2025-01-02", [event("y", "5", 1)])
    fetch(con, last="2025-01-02", **wanted)
    everybody = 'SELECT distinct_id, "rank", "begins" FROM {} ORDER BY ALL'
    assert rows(con, everybody.format("events")) == [("u", 1, 1), ("v", 1, 1), ("w", 1, 1), ("x", 1, 1), ("y", None, None)]
    con.execute("CREATE TABLE mine AS FROM events")
    # A user is merged, an event changes, one is gone; of a part of the events as well, which others were asked for later than.
    sim.set_day(FIRST, lines([("u", "1"), ("z", "2"), ("w", None)], 2))
    changed = [("u", 2, 2), ("w", 2, 2), ("z", 2, 2), ("y", None, None)]
    answer = append(con, last=FIRST, **wanted)
    assert (answer["rows_added"], answer["rows_removed"], answer["row_count"]) == (3, 4, 4)
    assert append(con, last=FIRST, events=["A"], **wanted)["rows_added"] == 0
    assert sync(con, last="2025-01-02", lookback_days=100_000, **wanted)["rows_added"] == 0
    adopt(con, "mine", from_date=FIRST, to_date="2025-01-02", **wanted)
    sync(con, "mine", last="2025-01-02", lookback_days=100_000, **wanted)
    for table in ("events", "mine"):
        assert sorted(rows(con, everybody.format(table))) == sorted(changed, key=lambda row: row[0])


def test_a_property_of_a_profile_may_have_any_name(con, sim):
    wanted = {"columns": dict.fromkeys(NAMES, "BIGINT")}

    def profiles(number: int, ids: str) -> None:
        sim.set_profiles([json.dumps({"$distinct_id": key, "$properties": dict.fromkeys(NAMES, number) if key != "c" else {}}) for key in ids])

    profiles(1, "abc")
    everybody = 'SELECT distinct_id, nth, "row_id" FROM {} ORDER BY ALL'
    for task, more in (("fetch_profiles", {}), ("fetch_profiles", {"append": True}), ("sync_profiles", {"delete_missing": True})):
        answer = run(con, task, "people", **more, **wanted)
        assert (answer["rows_added"], answer["rows_removed"]) == ((3, 0) if not more else (0, 0))
    con.execute("CREATE TABLE mine AS FROM people")
    adopt(con, "mine", type="profiles", **wanted)
    profiles(2, "bcd")
    for table in ("people", "mine"):
        answer = run(con, "sync_profiles", table, delete_missing=True, **wanted)
        assert (answer["rows_added"], answer["rows_removed"]) == (2, 2)
        assert rows(con, everybody.format(table)) == [("b", 2, 2), ("c", None, None), ("d", 2, 2)]


@pytest.mark.parametrize("name", ["rowid", "RowId"])
@pytest.mark.parametrize("task, arguments", [
    ("fetch_events", {"from_date": FIRST, "to_date": LAST}), ("fetch_events", {"from_date": FIRST, "to_date": LAST, "append": True}),
    ("sync_events", {"from_date": FIRST, "to_date": LAST}), ("fetch_profiles", {}), ("sync_profiles", {}),
    ("adopt", {"from_date": FIRST, "to_date": LAST}), ("adopt", {"type": "profiles"}),
])  # fmt: skip
def test_what_duckdb_calls_its_rows_is_refused(con, sim, name, task, arguments):
    """Rows would be told apart by what it holds, and lost."""
    wanted = {"columns": {name: "BIGINT"}, **arguments}
    problem = error(con, adopt, **wanted) if task == "adopt" else error(con, run, task, "events", **wanted)
    assert f"[INVALID_ARGUMENT] columns: '{name}' cannot be a column of a managed table" in problem
    assert "Read it from properties instead" in problem and not sim.settled()


def test_profiles(con, sim):
    city = {"columns": {"$city": "VARCHAR"}}
    run(con, "fetch_profiles", "people", **city)
    assert rows(con, 'SELECT "$city" IS NOT DISTINCT FROM (properties->>\'$."$city"\'), count(*) > 0 FROM people GROUP BY ALL') == [(True, True)]
    answer = run(con, "sync_profiles", "people", delete_missing=True, **city)
    assert (answer["rows_added"], answer["rows_removed"]) == (0, 0)
    run(con, "fetch_profiles", "people", append=True, **city)
    assert "does not have the columns of profiles" in error(con, run, "sync_profiles", "people")


class TestMaxRows:
    def test_a_few_rows_make_no_day_known(self, con, sim):
        answer = fetch(con, last="2025-01-02", max_rows=7)
        assert answer["row_count"] <= 7 and [str(day) for day in answer["missing_days"]] == days(FIRST, "2025-01-02")
        assert [request.params["limit"] for request in sim.settled()] == ["7"] and history(con)[0]["asked"] == "{}"
        sim.clear()
        plain_sync(con, last="2025-01-02")
        assert asked(sim) == days(FIRST, "2025-01-02")
        assert rows(con, "SELECT count(*) FROM events") == [(len(each_once(sim, last="2025-01-02")),)]

    def test_to_replace_a_table(self, con, sim):
        fetch(con)
        assert fetch(con, replace=True, max_rows=3)["row_count"] <= 3

    def test_not_to_append(self, con, sim):
        fetch(con, last=FIRST)
        sim.clear()
        assert "[INVALID_ARGUMENT] max_rows: cannot be combined with append" in error(con, append, max_rows=3)
        assert "max_rows" in error(con, sync, max_rows=3) and not sim.settled()
