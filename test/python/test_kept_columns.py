"""Tests `columns` in every fetch, and fetches with `max_rows`, after which no day counts as fetched."""
from __future__ import annotations

import pytest
from conftest import FIRST, LAST, export, rows
from expected import fetched_rows
from kept import append, asked, days, each_once, error, event, fetch, history, plain_sync, run, sync

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
