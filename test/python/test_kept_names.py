"""Tests names of managed tables: qualified, hostile, used by the scripts themselves, and names of tables to drop."""
from __future__ import annotations

from datetime import datetime

import pytest
from conftest import FIRST, HOST, rows
from expected import fetched_rows
from kept import append, each_once, error, fetch, history, literal, run, sync, tables
from macros import load

NAMES = {
    "plain": "plain", "two words": "two words", "order": "order", '"a.b"': "a.b", '"say ""hi"""': 'say "hi"', "it's": "it's",
    "x; DROP TABLE precious; --": "x; DROP TABLE precious; --", "イベント 🛒": "イベント 🛒", "{{table}}": "{{table}}",
    "line\nbreak": "line\nbreak", "\nSELECT 1": "SELECT 1", " padded ": "padded",
    # What the scripts call things.
    "staged": "staged", "kept": "kept", "rows": "rows", "twice": "twice", "days": "days", "day": "day", "wanted": "wanted",
    "fetches": "fetches", "mixpanel_staged": "mixpanel_staged", "pairs": "pairs", "staged_row": "staged_row", "asked": "asked",
    "settled": "settled", "covered": "covered", "failed": "failed", "differing": "differing", "mixpanel_events": "mixpanel_events",
}  # fmt: skip


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


@pytest.mark.parametrize("given, name", NAMES.items())
def test_a_table_may_have_any_name(con, sim, given, name):
    con.execute("CREATE TABLE precious AS SELECT 1")
    fetch(con, given, last=FIRST)
    append(con, given, last="2025-01-02")
    sync(con, given)
    assert rows(con, "FROM precious") == [(1,)]
    assert {table for _, _, table in tables(con)} == {"precious", "_metadata", name}
    assert fetched_rows(con, quoted(name)) == each_once(sim)
    assert len(history(con, name)) == 3
    if HOST == "v2":
        assert run(con, "drop", given) == {"dropped": given.strip().replace('"a.b"', "a.b").replace('"say ""hi"""', 'say "hi"')}
        assert {table for _, _, table in tables(con)} == {"precious", "_metadata"} and not history(con, name)


@pytest.mark.parametrize("name", ["", " ", "a.b.c.d", "a..b", ".", '"a', '"a"b', 'a"b', "_metadata", "main._METADATA"])
def test_a_name_that_is_none(con, sim, name):
    for task in (fetch, sync):
        assert "[INVALID_ARGUMENT] table: " in error(con, task, name)
    assert not sim.settled() and tables(con) == set()


@pytest.mark.parametrize("name, place", [
    ("main.events", ("memory", "main")), ("other.events", ("memory", "other")), ('"the other".events', ("memory", "the other")),
    ("memory.other.events", ("memory", "other")), ("second.events", ("second", "main")), ("second.deep.events", ("second", "deep")),
    ("MAIN.events", ("memory", "main")),
])  # fmt: skip
def test_in_a_schema_or_another_database(con, sim, name, place):
    """The history goes where the table goes."""
    con.execute('CREATE SCHEMA other; CREATE SCHEMA "the other"; ATTACH \':memory:\' AS second; CREATE SCHEMA second.deep')
    fetch(con, name, last=FIRST)
    append(con, name, last="2025-01-02")
    sync(con, name)
    assert tables(con) == {(*place, "events"), (*place, "_metadata")}
    where = ".".join(map(quoted, place))
    assert fetched_rows(con, f"{where}.events") == each_once(sim) and len(history(con, metadata=f"{where}._metadata")) == 3
    assert "[TABLE_EXISTS]" in error(con, fetch, name)


def test_one_name_in_two_schemas(con, sim):
    con.execute("CREATE SCHEMA other")
    fetch(con, "events", last=FIRST)
    fetch(con, "other.events")
    assert fetched_rows(con, "events") == each_once(sim, last=FIRST) and fetched_rows(con, "other.events") == each_once(sim)
    con.execute("USE other")
    sim.clear()
    assert "[TABLE_EXISTS]" in error(con, fetch, "events") and len(rows(con, "FROM _metadata")) == 1


def test_a_schema_that_is_missing(con, sim):
    for name in ("nowhere.events", "memory.nowhere.events", "nowhere.main.events"):
        for task in (fetch, sync):
            assert "nowhere" in error(con, task, name)
    assert not sim.settled()


def test_case_says_nothing(con, sim, clock):
    clock.move_to(datetime(2025, 1, 5, 14))
    fetch(con, "Events", last="2025-01-03")
    assert "[TABLE_EXISTS]" in error(con, fetch, "EVENTS")
    append(con, "EVENTS", first="2025-01-03")
    sim.clear()
    sync(con, "eventS", lookback_days=0)
    assert [request.params["from_date"] for request in sim.settled()] == ["2025-01-05"]
    assert len(history(con)) == 3 and fetched_rows(con, "events") == each_once(sim)


def test_only_the_case_of_ascii_says_nothing(con, sim, clock):
    """To DuckDB `Ärger` and `ärger` are two tables, so each has a history of its own."""
    clock.move_to(datetime(2025, 1, 5, 14))
    fetch(con, "Ärger", last="2025-01-02")
    fetch(con, "ärger", last=FIRST)
    fetch(con, "ärger", first="2025-01-03", last="2025-01-03", replace=True)
    assert "[TABLE_EXISTS]" in error(con, fetch, "ÄRGER")
    sim.clear()
    sync(con, "ÄRGER", last="2025-01-03", lookback_days=0)
    assert [request.params["from_date"] for request in sim.settled()] == ["2025-01-03"]
    noted = rows(con, "SELECT table_name, from_date::VARCHAR, to_date::VARCHAR FROM _metadata ORDER BY rowid")
    assert sorted(noted) == [("ÄRGER", "2025-01-03", "2025-01-03"), ("Ärger", FIRST, "2025-01-02"), ("ärger", "2025-01-03", "2025-01-03")]
    assert fetched_rows(con, '"Ärger"') == each_once(sim, last="2025-01-03")
    assert fetched_rows(con, '"ärger"') == each_once(sim, "2025-01-03", "2025-01-03")


class TestDrop:
    """A script has nothing to add to it on 1.x: there a table is dropped with DROP TABLE."""

    pytestmark = pytest.mark.skipif(HOST != "v2", reason="needs pragmas")

    def drop(self, con, tables: str):
        return rows(con, f"PRAGMA mixpanel_drop({tables})")

    def test_one(self, con, sim):
        fetch(con, "a", last=FIRST)
        fetch(con, "b", last=FIRST)
        assert self.drop(con, "'A'") == [("A",)]
        assert {table for _, _, table in tables(con)} == {"b", "_metadata"} and not history(con, "a") and history(con, "b")

    def test_several_or_none(self, con, sim):
        for name in "abc":
            fetch(con, name, last=FIRST)
        assert "[TABLE_NOT_FOUND] nothere is not a managed table" in error(con, self.drop, "['a', 'nothere']")
        assert {"a", "b", "c"} <= {table for _, _, table in tables(con)} and history(con, "a")
        assert self.drop(con, "['a', 'c']") == [("a",), ("c",)]
        assert {table for _, _, table in tables(con)} == {"b", "_metadata"}

    def test_what_is_not_kept(self, con, sim):
        con.execute("CREATE TABLE mine AS SELECT 1")
        for name in ("mine", "nothere"):
            assert f"[TABLE_NOT_FOUND] {name} is not a managed table" in error(con, self.drop, f"'{name}'")
        fetch(con, "events", last=FIRST)
        assert "[TABLE_NOT_FOUND] mine is not a managed table" in error(con, self.drop, "'mine'")
        assert "is reserved for the history" in error(con, self.drop, "'_metadata'")
        assert "is an empty list" in error(con, self.drop, "[]")
        assert rows(con, "FROM mine") == [(1,)]

    def test_a_table_that_was_dropped_by_hand_leaves_its_history(self, con, sim):
        fetch(con, "events", last=FIRST)
        con.execute("DROP TABLE events")
        assert rows(con, "FROM mixpanel_tables()") == [] and history(con, "events")
        assert self.drop(con, "'events'") == [("events",)]
        assert not history(con, "events")
        assert "[TABLE_NOT_FOUND] events is not a managed table" in error(con, self.drop, "'events'")

    def test_a_temporary_table_of_the_same_name_stays(self, con, sim):
        fetch(con, "events", last=FIRST)
        con.execute("CREATE TEMP TABLE events AS SELECT 1 AS mine")
        for name in ("events", "main.events"):
            assert "[WRONG_TABLE]" in error(con, self.drop, f"'{name}'")
        assert rows(con, "FROM events") == [(1,)]
        self.drop(con, "'memory.main.events'")
        assert rows(con, "FROM events") == [(1,)] and {table for _, _, table in tables(con)} == {"events", "_metadata"}

    def test_rolled_back(self, con, sim):
        fetch(con, "events", last=FIRST)
        con.execute("BEGIN")
        self.drop(con, "'events'")
        con.execute("ROLLBACK")
        assert fetched_rows(con, "events") == each_once(sim, last=FIRST) and history(con)

    def test_all_of_them(self, con, sim):
        """In two statements, as the documentation says: names are quoted, so that `a.b` is not the table b of schema a."""
        for name in ("events", '"main.events"', '"a.b"', '"say ""hi"""', "Case", "two words"):
            fetch(con, name, last=FIRST)
        append(con, "CASE", last=FIRST)
        con.execute("CREATE TABLE mine AS SELECT 1")
        con.execute("""SET VARIABLE kept = (SELECT list('"' || replace(name, '"', '""') || '"') FROM mixpanel_tables())""")
        assert len(self.drop(con, "getvariable('kept')")) == 6
        assert {table for _, _, table in tables(con)} == {"mine", "_metadata"} and rows(con, "FROM _metadata") == []

    def test_it_needs_neither_credentials_nor_the_network(self, con, sim, monkeypatch):
        fetch(con, "events", last=FIRST)
        for name in ("MP_USERNAME", "MP_SECRET", "MP_PROJECT_ID"):
            monkeypatch.delenv(name)
        con.execute("SET enable_external_access = false")
        sim.clear()
        assert self.drop(con, literal("events")) == [("events",)] and not sim.settled()


def test_the_list_of_managed_tables_folds_names_alike(con):
    fetch(con, "Ärger", last=FIRST)
    fetch(con, "ärger", last=FIRST)
    fetch(con, "GONE", last=FIRST)
    con.execute("DROP TABLE gone")
    load(con)
    assert rows(con, "SELECT name FROM mixpanel_tables()") == [("Ärger",), ("ärger",)]
    assert rows(con, "SELECT tables FROM mixpanel_info()") == [(["Ärger", "ärger"],)]
