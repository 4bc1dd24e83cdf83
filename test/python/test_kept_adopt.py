"""Tests adopting existing tables: made by CREATE TABLE AS, or by the Python library mixpanel_data."""
from __future__ import annotations

import json
from datetime import datetime

import pytest
from conftest import HOST, Project, Simulator, days_asked, export, rows
from expected import fetched_rows
from kept import adopt, append, days, each_once, error, event, fetch, history, literal, plain_sync, run, tables
from macros import load

FIRST, LAST = "2025-01-01", "2025-01-10"
LIBRARY = {
    6: "CREATE TABLE _metadata (table_name VARCHAR PRIMARY KEY, type VARCHAR NOT NULL, fetched_at TIMESTAMP NOT NULL, from_date DATE, to_date DATE, row_count INTEGER NOT NULL)",
    8: "CREATE TABLE _metadata (table_name VARCHAR PRIMARY KEY, type VARCHAR, fetched_at TIMESTAMP, from_date DATE, to_date DATE, filter_events JSON, filter_where VARCHAR, row_count INTEGER)",
}
TABLE = "CREATE TABLE {name} (event_name VARCHAR NOT NULL, event_time TIMESTAMP NOT NULL, distinct_id VARCHAR NOT NULL, insert_id VARCHAR PRIMARY KEY, properties JSON)"


def asked(sim) -> list[str]:
    found = sorted(day for first, last in days_asked(sim) for day in days(first, last))
    sim.clear()
    return found


@pytest.fixture
def ten_days(monkeypatch, clock):
    clock.move_to(datetime(2025, 1, 10, 14, 30))
    with Simulator(Project(days=10, events_per_day=60, equal_rows=True)) as simulator:
        monkeypatch.setenv("MP_API_BASE_URL", simulator.url)
        yield simulator


def by_hand(con, sim, last: str = LAST, name: str = "events", more: str = "") -> None:
    con.execute(f"CREATE TABLE {name} AS FROM {export(more, first=FIRST, last=last)}")
    sim.settled()
    sim.clear()


class TestMadeByHand:
    def test_it_goes_on_as_if_a_fetch_had_made_it(self, con, ten_days):
        """Each event once, no request, and the next sync asks for what a fetch of that moment would have left open."""
        by_hand(con, ten_days, "2025-01-08")
        count = rows(con, "SELECT count(*) FROM events")[0][0]
        answer = adopt(con, from_date=FIRST, to_date="2025-01-08", asked="2025-01-10 14:00:00")
        assert asked(ten_days) == [] and fetched_rows(con, "events") == each_once(ten_days, last="2025-01-08")
        assert (answer["rows_added"], answer["rows_removed"], answer["requests"]) == (0, count - answer["row_count"], 0)
        assert answer["missing_days"] == []
        (noted,) = history(con)
        assert json.loads(noted["asked"]) == dict.fromkeys(days(FIRST, "2025-01-08"), "2025-01-10T14:00:00.000")
        assert (noted["project_id"], noted["type"], str(noted["fetched_at"])) == ("12345", "events", "2025-01-10 14:00:00")
        plain_sync(con, first=None, last=None)
        assert asked(ten_days) == days("2025-01-09", LAST)
        assert fetched_rows(con, "events") == each_once(ten_days, last=LAST)
        load(con)
        assert rows(con, "SELECT name, fetches, missing_days FROM mixpanel_tables()") == [("events", 2, [])]

    def test_unless_said_it_was_asked_for_when_its_newest_event_happened(self, con, ten_days, clock):
        """Which is never later than it was. A row of another day says nothing."""
        by_hand(con, ten_days)
        con.execute("INSERT INTO events VALUES ('mine', '2025-02-01', 'me', NULL, '{}')")
        ((newest,),) = rows(con, "SELECT max(event_time) FROM events WHERE event_time < '2025-01-11'")
        clock.move_to(datetime(2025, 1, 20))
        adopt(con, from_date=FIRST, to_date=LAST)
        assert history(con)[0]["fetched_at"] == newest
        plain_sync(con, first=FIRST, last=LAST)
        assert asked(ten_days) == days("2025-01-05", LAST)

    @pytest.mark.parametrize("library", [False, True])
    def test_days_that_had_not_begun_are_not_there(self, con, ten_days, clock, library):
        """As a fetch has it, whether the call or the library says that it asked for them."""
        by_hand(con, ten_days)
        if library:
            con.execute(LIBRARY[6])
            con.execute(f"INSERT INTO _metadata VALUES ('events', 'events', '2025-01-10 13:00:00', '{FIRST}', '2025-01-31', 1)")
            con.execute("INSERT INTO events VALUES ('mine', '2025-01-20 12:00:00', 'me', NULL, '{}')")
        answer = adopt(con, **({} if library else {"from_date": FIRST, "to_date": "2025-01-31"}))
        latest = "2025-01-11"  # It has begun somewhere on earth.
        (noted,) = history(con)
        came = days(FIRST, LAST if library else latest)
        assert (str(noted["to_date"]), list(json.loads(noted["asked"]))) == (latest, came)
        assert [str(day) for day in answer["missing_days"]] == ([latest] if library else [])
        clock.move_to(datetime(2025, 2, 5))
        plain_sync(con, first=None, last="2025-01-14", lookback_days=0)
        assert asked(ten_days) == days("2025-01-10", "2025-01-14")

    def test_a_table_of_days_that_have_not_begun(self, con, ten_days):
        by_hand(con, ten_days)
        adopt(con, from_date="2025-01-20", to_date="2025-01-31", asked="2025-01-10 14:00:00")
        assert history(con)[0]["asked"] == "{}"

    @pytest.mark.parametrize("arguments, problem", [
        ({}, "[INVALID_ARGUMENT] from_date: and to_date are missing: no history records which days the table holds. Add both"),
        ({"from_date": FIRST}, "[INVALID_ARGUMENT] from_date: and to_date are missing"),
        ({"from_date": "2024-01-01", "to_date": "2024-01-02"}, "[INVALID_ARGUMENT] asked: is missing: the table has no event on these days"),
        ({"from_date": FIRST, "to_date": LAST, "asked": "2025-01-10 15:00:00"}, "[INVALID_ARGUMENT] asked: must not be in the future"),
        ({"from_date": FIRST, "to_date": LAST, "type": "profiles"}, "[INVALID_ARGUMENT] from_date: does not apply to profiles"),
        ({"type": "profiles"}, "[WRONG_TABLE] table events does not have the columns of profiles"),
        ({"from_date": FIRST, "to_date": LAST, "columns": "x"}, "[INVALID_ARGUMENT] columns: "),
        ({"from_date": LAST, "to_date": FIRST}, "[INVALID_ARGUMENT] "),
    ])  # fmt: skip
    def test_what_is_refused_leaves_everything_as_it_was(self, con, ten_days, arguments, problem):
        by_hand(con, ten_days)
        before = fetched_rows(con, "events")
        assert problem in error(con, adopt, **arguments)
        assert fetched_rows(con, "events") == before and tables(con) == {("memory", "main", "events")}
        assert asked(ten_days) == []

    def test_no_table_a_view_and_one_that_is_kept(self, con, ten_days):
        assert "[TABLE_NOT_FOUND] there is no table events" in error(con, adopt, from_date=FIRST, to_date=LAST)
        con.execute("CREATE VIEW events AS SELECT 1 AS x")
        assert "[WRONG_TABLE] events is a view" in error(con, adopt, from_date=FIRST, to_date=LAST)
        fetch(con, "kept", FIRST, FIRST)
        noted = history(con, "kept")
        assert "[TABLE_EXISTS] table kept is already a managed table" in error(con, adopt, "kept", from_date=FIRST, to_date=LAST)
        assert history(con, "kept") == noted

    def test_its_question_is_said_as_a_fetch_says_it(self, con, ten_days, clock):
        """Events, a time zone, columns: what goes on with it needs the same."""
        more = "events := ['Purchase'], time_zone := 'America/New_York', columns := {'$city': 'VARCHAR'}"
        by_hand(con, ten_days, "2025-01-05", more=more)
        question = {"events": ["Purchase"], "time_zone": "America/New_York", "columns": {"$city": "VARCHAR"}}
        adopt(con, from_date=FIRST, to_date="2025-01-05", asked="2025-01-10 14:00:00", **question)
        clock.move_to(datetime(2025, 1, 10, 14, 10))
        assert "another filter or time zone" in error(con, plain_sync, first=FIRST, last="2025-01-05", events=["Purchase"], columns=question["columns"])
        plain_sync(con, first=FIRST, last="2025-01-06", **question)
        assert asked(ten_days) == ["2025-01-06"]
        expected = export(more, first=FIRST, last="2025-01-06")
        assert rows(con, "FROM events ORDER BY ALL") == rows(con, f"SELECT DISTINCT * FROM {expected} ORDER BY ALL")

    def test_profiles(self, con, sim):
        con.execute("CREATE TABLE people AS FROM mixpanel_profiles()")
        sim.clear()
        answer = adopt(con, "people", type="profiles")
        assert answer["missing_days"] is None and not sim.settled()
        answer = run(con, "sync_profiles", "people")
        assert (answer["rows_added"], answer["rows_removed"]) == (0, 0)
        assert [entry["type"] for entry in history(con, "people")] == ["profiles", "profiles"]

    @pytest.mark.skipif(HOST == "v1", reason="the script is a transaction of its own")
    def test_it_is_undone_with_its_transaction(self, con, ten_days):
        by_hand(con, ten_days)
        before = rows(con, "FROM events ORDER BY ALL")
        con.execute("BEGIN")
        adopt(con, from_date=FIRST, to_date=LAST)
        con.execute("ROLLBACK")
        assert rows(con, "FROM events ORDER BY ALL") == before and tables(con) == {("memory", "main", "events")}


class TestTheLibrarys:
    @staticmethod
    def make(con, sim, columns: int, **noted) -> None:
        """A table as the library makes it of its export, and its line: rows without an $insert_id get an id, double ones are ignored."""
        con.execute(LIBRARY[columns])
        con.execute(TABLE.format(name="events"))
        con.execute(f"INSERT OR IGNORE INTO events SELECT * REPLACE (coalesce(nullif(insert_id, ''), uuid()::VARCHAR) AS insert_id) FROM {export(first=FIRST, last='2025-01-04')}")
        sim.settled()
        sim.clear()
        line = {"table_name": "events", "type": "events", "fetched_at": "2025-01-10 13:30:00", "from_date": FIRST, "to_date": "2025-01-04", "row_count": 1, **noted}
        con.execute(f"INSERT INTO _metadata ({', '.join(line)}) VALUES ({', '.join(map(literal, line.values()))})")

    @pytest.mark.parametrize("columns", LIBRARY)
    def test_it_goes_on_where_the_library_stopped(self, con, ten_days, columns):
        self.make(con, ten_days, columns)
        count = rows(con, "SELECT count(*) FROM events")[0][0]
        assert "adopt its tables with PRAGMA mixpanel_adopt" in error(con, plain_sync, first=FIRST, last=LAST)
        answer = adopt(con)
        assert answer["row_count"] == count and asked(ten_days) == [] and answer["missing_days"] == []
        (noted,) = history(con)
        assert json.loads(noted["asked"]) == dict.fromkeys(days(FIRST, "2025-01-04"), "2025-01-10T13:30:00.000")
        assert len(noted) == 16 and rows(con, "SELECT count(*) FROM duckdb_constraints()") == [(0,)]
        plain_sync(con, first=FIRST, last=LAST, lookback_days=0)
        assert asked(ten_days) == days("2025-01-05", LAST)
        # Where it looks back, ids that the library made up go with the rows that have them.
        append(con, first=FIRST, last="2025-01-04")
        assert fetched_rows(con, "events") == each_once(ten_days, last=LAST)

    def test_days_without_a_row_may_never_have_been_fetched(self, con, ten_days):
        """The library notes the first and the last day of all that was appended."""
        self.make(con, ten_days, 6, to_date="2025-01-08")
        con.execute("INSERT INTO events VALUES ('A', '2025-01-08 12:00:00', 'u', 'i', '{}')")
        answer = adopt(con)
        assert [str(day) for day in answer["missing_days"]] == days("2025-01-05", "2025-01-07")
        plain_sync(con, first=None, last="2025-01-08", lookback_days=0)
        assert asked(ten_days) == days("2025-01-05", "2025-01-07")

    def test_what_the_call_says_comes_before_what_the_library_noted(self, con, ten_days):
        self.make(con, ten_days, 6)
        adopt(con, from_date="2025-01-02", to_date="2025-01-03", asked="2025-01-05 00:00:00")
        assert json.loads(history(con)[0]["asked"]) == dict.fromkeys(["2025-01-02", "2025-01-03"], "2025-01-05T00:00:00.000")

    def test_each_of_its_tables_is_adopted_by_itself(self, con, ten_days):
        self.make(con, ten_days, 6)
        con.execute("CREATE TABLE people (distinct_id VARCHAR PRIMARY KEY, properties JSON, last_seen TIMESTAMP)")
        con.execute("INSERT INTO _metadata VALUES ('people', 'profiles', '2025-01-09', NULL, NULL, 0)")
        adopt(con)
        assert "holds rows of another project" in error(con, run, "sync_profiles", "people")
        assert "[WRONG_TABLE] table people does not have the columns of events" in error(con, adopt, "people")
        adopt(con, "people", type="profiles")
        run(con, "sync_profiles", "people")
        assert [entry["fetched_at"] for entry in history(con, "people")][0] == datetime(2025, 1, 9)
        assert "is already a managed table" in error(con, adopt)

    def test_filters_of_its_documents_are_part_of_the_question(self, con, ten_days):
        self.make(con, ten_days, 8, filter_events='["Search", "Purchase"]')
        con.execute("DELETE FROM events WHERE event_name NOT IN ('Search', 'Purchase')")
        adopt(con)
        assert history(con)[0]["filter_events"] == '["Purchase","Search"]'
        plain_sync(con, first=FIRST, last="2025-01-04", events=["Purchase", "Search"], lookback_days=0)
        assert asked(ten_days) == []

    def test_a_history_of_somebody_else_is_refused(self, con, ten_days):
        by_hand(con, ten_days)
        con.execute("CREATE TABLE _metadata (table_name VARCHAR, version INTEGER)")
        assert "is not a history of this extension" in error(con, adopt, from_date=FIRST, to_date=LAST)
        assert rows(con, "SELECT count(*) FROM (DESCRIBE _metadata)") == [(2,)]


def test_a_row_of_equal_ones_is_not_lost(con, sim, clock):
    """Of rows without an $insert_id Mixpanel counts all."""
    sim.set_day(FIRST, [event("u", None), event("u", None), event("v", "i"), event("v", "i")])
    by_hand(con, sim, FIRST)
    assert adopt(con, from_date=FIRST, to_date=FIRST)["row_count"] == 3
