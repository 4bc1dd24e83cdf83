"""Tests the macros over tables, each against an independent computation, and the form of all macros' files."""
from __future__ import annotations

import re
import statistics
from collections import Counter
from datetime import date, datetime, timedelta
from fractions import Fraction

import duckdb
import pytest
from conftest import FIRST, HOST, LAST, ROOT, connect, error_of, export, rows
from documented import as_documented, blocks, january  # noqa: F401  fixtures are known by their names
from macros import FILES, MACROS, METADATA, dicts, literal, load, read, table

NAMES = ["plain", "my table", '"my table"', "order", '"a.b"', "main.plain", "my schema.my table", '"my schema"."my table"', "it's"]

STEPS = [(name, datetime(2025, 1, 1), "u1") for name in ("View Item", "Add To Cart", "Purchase")]

over_tables = pytest.mark.parametrize("name", [name for name, macro in MACROS.items() if "t" in macro.parameters])


@pytest.fixture
def db(con):
    load(con)
    return con


@pytest.fixture
def events(db, sim):
    """The simulator's days as a table; its rows as the simulator knows them."""
    db.execute(f"CREATE TABLE events AS FROM {export()}")
    sim.clear()
    return list(sim.archive.rows(date.fromisoformat(FIRST), date.fromisoformat(LAST)))


def text(value) -> str | None:
    return None if value is None else str(value)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_file_has_the_form_that_the_host_reads(path):
    macro = read(path)
    assert macro.name == path.stem
    assert macro.description.endswith(".") and len(re.findall(r"[.!?](?: |$)", macro.description)) <= 2
    assert f"{macro.name}(" in macro.example
    defaults = [default for default in macro.parameters.values()]
    for default in filter(None, defaults):
        assert re.fullmatch(r"NULL|\d+|'\w+'|\[\d+(, \d+)*\]", default), default
    assert defaults == sorted(defaults, key=lambda default: default is not None), "what must be given comes first"
    assert all(re.fullmatch("[a-z][a-z_]*", name) for name in macro.parameters)


def test_all_macros_are_there(db):
    assert len(MACROS) == 21 and set(MACROS) == registered(db)


def test_only_the_second_host_brings_them_along(con):
    assert registered(con) == (set(MACROS) if HOST == "v2" else set())


def test_the_statements_are_those_of_the_files(con):
    assert dict(rows(con, "FROM mixpanel_macro_sql()")) == {name: macro.text for name, macro in MACROS.items()}


def registered(connection) -> set[str]:
    names = "SELECT function_name FROM duckdb_functions() WHERE function_type = 'table_macro' AND function_name LIKE 'mixpanel%'"
    return {name for (name,) in rows(connection, names)}


class TestAFile:
    """Macros, and the history that is not there yet, in a database that is kept."""

    @pytest.fixture
    def path(self, tmp_path):
        return str(tmp_path / "kept.db")

    def made(self, connection) -> None:
        """As the page tells; also where the macros are there already."""
        [python] = blocks(ROOT / "docs" / "macros.md", "python")
        exec(python.text, {"con": connection})

    def test_nothing_is_written(self, path):
        with connect(path) as connection:
            self.made(connection)
            assert registered(connection) == set(MACROS)
            assert rows(connection, "FROM mixpanel_tables()") == []
            made = "SELECT count(*) FROM duckdb_functions() WHERE function_name LIKE 'mixpanel%' AND database_name = 'kept'"
            assert rows(connection, made) == [(0,)]
        with duckdb.connect(path) as connection:
            assert rows(connection, "SELECT function_name FROM duckdb_functions() WHERE NOT internal") == []
            assert rows(connection, "SELECT table_name FROM duckdb_tables()") == []

    def test_the_next_connection_makes_its_own(self, path):
        with connect(path) as connection, connection.cursor() as other:
            self.made(connection)
            assert registered(other) == (set(MACROS) if HOST == "v2" else set())
            self.made(other)
            assert rows(other, "FROM mixpanel_tables()") == []

    def test_a_file_may_be_read_only(self, path):
        with duckdb.connect(path) as connection:
            table(connection, "events", [("A", datetime(2025, 1, 1), "u1")])
        with connect(path, access_mode="read_only") as connection:
            self.made(connection)
            assert rows(connection, "FROM mixpanel_tables()") == []
            assert rows(connection, "SELECT path, tables FROM mixpanel_info()") == [(path, [])]
            assert rows(connection, "SELECT event_name, count FROM mixpanel_event_breakdown('events')") == [("A", 1)]


@pytest.mark.parametrize("name", MACROS)
def test_the_example_runs(db, events, name):
    assert db.execute(MACROS[name].example).description


def test_the_page_runs_where_the_macros_were_loaded(db, as_documented):  # noqa: F811
    """All of it, also what `test_docs.py` runs on DuckDB 2.0 only."""
    statements = [block.text for block in blocks(ROOT / "docs" / "macros.md")]
    for statement in statements:
        db.execute(statement).fetchall()
    called = " ".join(statements)
    assert not [name for name in MACROS if f"{name}(" not in called]


@pytest.mark.parametrize("name", MACROS)
def test_to_explain_asks_nothing(db, events, sim, name):
    db.execute("EXPLAIN " + MACROS[name].example).fetchall()
    assert not sim.settled()


@over_tables
def test_a_missing_table_is_named(db, name):
    call = MACROS[name].example.replace("'events'", "'no such table'")
    assert "no such table" in error_of(db, call)


@over_tables
def test_a_name_may_need_quotes(db, name):
    db.execute('CREATE SCHEMA "my schema"')
    for created in ("plain", '"my table"', '"order"', '"a.b"', '"my schema"."my table"', '"it\'s"'):
        table(db, created, STEPS)
    for given in NAMES:
        db.execute(MACROS[name].example.replace("'events'", literal(given))).fetchall()


@pytest.mark.skipif(duckdb.__version__ < "2", reason="DuckDB 1.x loses the quote in the name that it is given")
@over_tables
def test_a_name_may_hold_a_double_quote(db, name):
    table(db, '"say ""hi"""', [])
    db.execute(MACROS[name].example.replace("'events'", literal('"say ""hi"""'))).fetchall()


@over_tables
def test_a_name_may_be_bound(db, name):
    table(db, "events", STEPS)
    example = MACROS[name].example
    expected = sorted(db.execute(example).fetchall(), key=repr)
    assert sorted(db.execute(example.replace("'events'", "?"), ["events"]).fetchall(), key=repr) == expected


@over_tables
def test_an_empty_table(db, name):
    table(db, "events", [])
    found = rows(db, MACROS[name].example)
    expected = {"mixpanel_summarize": 5, "mixpanel_table_schema": 5, "mixpanel_column_stats": 1, "mixpanel_table_funnel": 3}
    expected |= {"mixpanel_table_numeric_summary": 1, "mixpanel_table_property_coverage": 2}
    assert len(found) == expected.get(name, 0)


def test_a_view_and_a_temporary_table(db):
    db.execute("CREATE VIEW seen AS SELECT 'A' AS event_name, TIMESTAMP '2025-01-01' AS event_time, 'u' AS distinct_id")
    db.execute("CREATE TEMP TABLE mine AS FROM seen")
    for name in ("seen", "mine"):
        assert [row[:3] for row in rows(db, f"FROM mixpanel_event_breakdown('{name}')")] == [("A", 1, 1)]


class TestTables:
    def fetch(self, db, name, fetched_at, days, row_count, type="events", project_id="12345"):
        first, last = days or (None, None)
        db.execute(METADATA)
        db.execute(
            "INSERT INTO _metadata (table_name, type, fetched_at, from_date, to_date, row_count, project_id) VALUES (?,?,?,?,?,?,?)",
            [name, type, fetched_at, first, last, row_count, project_id],
        )
        # A table that is not there is not listed.
        db.execute(f'CREATE TABLE IF NOT EXISTS "{name}" AS SELECT 1')

    def test_a_table_that_was_dropped_is_not_listed(self, db):
        self.fetch(db, "Events", datetime(2025, 2, 2), None, 90)
        self.fetch(db, "people", datetime(2025, 2, 2), None, 5, type="profiles")
        assert rows(db, "SELECT name FROM mixpanel_tables()") == [("Events",), ("people",)]
        db.execute("DROP TABLE events")
        assert rows(db, "SELECT name FROM mixpanel_tables()") == [("people",)]
        assert rows(db, "SELECT tables, row_count FROM mixpanel_info()") == [(["people"], 5)]
        # Neither a view nor another schema's table of that name is it.
        db.execute("CREATE VIEW events AS SELECT 1; CREATE SCHEMA other; CREATE TABLE other.events AS SELECT 1")
        assert rows(db, "SELECT name FROM mixpanel_tables()") == [("people",)]

    def test_before_the_first_fetch(self, db):
        """There is no history, and yet both can tell that."""
        assert rows(db, "SELECT table_name FROM duckdb_tables()") == []
        assert rows(db, "FROM mixpanel_tables()") == []
        assert rows(db, "SELECT database, tables, row_count FROM mixpanel_info()") == [("memory", [], 0)]
        assert rows(db, "SELECT table_name FROM duckdb_tables()") == []

    def test_the_history_looks_the_same_before_and_after(self, db):
        empty = rows(db, "DESCRIBE FROM _metadata")
        tables = rows(db, "DESCRIBE FROM mixpanel_tables()")
        db.execute(METADATA)
        assert empty == rows(db, "DESCRIBE FROM _metadata") and len(empty) > 10
        assert tables == rows(db, "DESCRIBE FROM mixpanel_tables()")

    def test_whose_history_it_is(self, db):
        """The current schema's; where it has none, that of `main`, in which DuckDB looks next."""
        self.fetch(db, "events", datetime(2025, 2, 2), None, 90)
        db.execute("CREATE SCHEMA mart; USE mart")
        assert rows(db, "SELECT name FROM mixpanel_tables()") == [("events",)]
        self.fetch(db, "sales", datetime(2025, 2, 2), None, 70)
        assert rows(db, "SELECT name FROM mixpanel_tables()") == [("sales",)]
        assert rows(db, "SELECT tables, row_count FROM mixpanel_info()") == [(["sales"], 70)]

    def test_the_history_of_another_database_is_not_this_ones(self, db):
        self.fetch(db, "events", datetime(2025, 2, 2), None, 90)
        db.execute("ATTACH ':memory:' AS other; USE other")
        assert rows(db, "FROM mixpanel_tables()") == []
        assert rows(db, "SELECT database, tables FROM mixpanel_info()") == [("other", [])]

    def test_one_row_for_each_table(self, db):
        self.fetch(db, "events", datetime(2025, 2, 2), (date(2025, 1, 3), date(2025, 1, 9)), 90)
        self.fetch(db, "events", datetime(2025, 2, 3), (date(2025, 1, 2), date(2025, 1, 2)), 20)
        # The last one, of answers that were kept before the one above.
        self.fetch(db, "events", datetime(2025, 2, 1), (date(2025, 1, 1), date(2025, 1, 5)), 70, project_id="6")
        self.fetch(db, "a table", datetime(2025, 1, 1), None, 4_000_000_000, type="profiles")
        assert dicts(db, "FROM mixpanel_tables()") == [
            {"name": "a table", "type": "profiles", "row_count": 4_000_000_000, "fetched_at": datetime(2025, 1, 1),
             "from_date": None, "to_date": None, "fetches": 1, "project_id": "12345", "missing_days": None},
            {"name": "events", "type": "events", "row_count": 70, "fetched_at": datetime(2025, 2, 3),
             "from_date": date(2025, 1, 1), "to_date": date(2025, 1, 9), "fetches": 3, "project_id": "6", "missing_days": []},
        ]  # fmt: skip

    def test_info(self, db):
        self.fetch(db, "events", datetime(2025, 2, 2), None, 90)
        self.fetch(db, "events", datetime(2025, 2, 3), None, 70)
        self.fetch(db, "people", datetime(2025, 2, 3), None, 5, type="profiles")
        (found,) = dicts(db, "FROM mixpanel_info()")
        assert re.fullmatch(r"\d+\.\d+\.\d+.*", found.pop("extension_version"))
        assert found == {
            "database": "memory", "path": None, "size_mb": 0.0, "duckdb_version": "v" + duckdb.__version__,
            "account": "(environment)", "project_id": "12345", "region": "us", "tables": ["events", "people"], "row_count": 75,
        }  # fmt: skip

    def test_info_of_a_file_without_an_account(self, db, tmp_path, monkeypatch):
        for name in ("MP_USERNAME", "MP_SECRET", "MP_PROJECT_ID"):
            monkeypatch.delenv(name)
        path = tmp_path / "kept.db"
        db.execute(f"ATTACH '{path}' AS kept; USE kept")
        db.execute("CREATE TABLE numbers AS FROM range(200000); CHECKPOINT kept")
        (found,) = dicts(db, "FROM mixpanel_info()")
        assert (found["database"], found["path"], found["account"]) == ("kept", str(path), None)
        assert (found["tables"], found["row_count"]) == ([], 0)
        # Without the file's headers, three blocks of 4096 bytes.
        assert found["size_mb"] == (path.stat().st_size - 3 * 4096) / 1e6 > 0


def test_table_schema(db):
    db.execute('CREATE TABLE "people of" (distinct_id VARCHAR PRIMARY KEY, properties JSON, last_seen TIMESTAMP NOT NULL)')
    assert dicts(db, "FROM mixpanel_table_schema('people of')") == [
        {"column_name": "distinct_id", "column_type": "VARCHAR", "nullable": False, "primary_key": True},
        {"column_name": "properties", "column_type": "JSON", "nullable": True, "primary_key": False},
        {"column_name": "last_seen", "column_type": "TIMESTAMP", "nullable": False, "primary_key": False},
    ]


class TestSample:
    def test_rows_of_the_table(self, db, events):
        known = set(rows(db, "FROM events"))
        assert len(rows(db, "FROM mixpanel_sample('events')")) == 10
        found = rows(db, "FROM mixpanel_sample('events', n := 700)")
        assert len(found) == 700 and set(found) <= known

    def test_as_many_as_there_are(self, db):
        db.execute("CREATE TABLE few AS FROM range(3)")
        assert sorted(rows(db, "FROM mixpanel_sample('few')")) == [(0,), (1,), (2,)]
        assert rows(db, "FROM mixpanel_sample('few', n := 0)") == []

    def test_at_random(self, db):
        """All ten of the first rows would come by chance once in 10^49 tries."""
        db.execute("CREATE TABLE many AS FROM range(1000000)")
        assert max(rows(db, "FROM mixpanel_sample('many', n := 10)"))[0] > 9


def test_summarize(db, events):
    columns = "column_name, column_type, min, max, count, null_percentage"
    found = rows(db, f"SELECT {columns} FROM mixpanel_summarize('events')")
    assert found == rows(db, f"SELECT {columns} FROM (SUMMARIZE events)")
    assert [row[0] for row in found] == ["event_name", "event_time", "distinct_id", "insert_id", "properties"]
    assert found[0][2] == min(row.event for row in events) and {row[4] for row in found} == {len(events)}


class TestEventBreakdown:
    def test_of_the_shop(self, db, events):
        counts = Counter(row.event for row in events)
        found = dicts(db, "FROM mixpanel_event_breakdown('events')")
        assert [row["event_name"] for row in found] == sorted(counts, key=lambda name: (-counts[name], name.encode()))
        for row in found:
            own = [event for event in events if event.event == row["event_name"]]
            times = [datetime(1970, 1, 1) + timedelta(milliseconds=event.time_ms) for event in own]
            users = {text(event.distinct_id) for event in own} - {None, ""}
            assert (row["count"], row["unique_users"]) == (len(own), len(users))
            assert (row["first_seen"], row["last_seen"]) == (min(times), max(times))
            assert row["pct_of_total"] == round(100 * len(own) / len(events), 2)

    def test_nobody_is_no_user(self, db):
        table(db, "t", [("it's \"so\"", datetime(2025, 1, 1), user) for user in (None, "", "u", "u")])
        assert rows(db, "SELECT event_name, count, unique_users FROM mixpanel_event_breakdown('t')") == [('it\'s "so"', 4, 1)]


class TestPropertyKeys:
    def test_of_the_shop(self, db, events):
        own = ("time", "distinct_id", "$insert_id")
        for call, chosen in (
            ("'events'", events),
            ("'events', event := 'Purchase'", [row for row in events if row.event == "Purchase"]),
            ("'events', event := 'no such event'", []),
        ):
            counts = Counter(key for row in chosen for key in row.properties if key not in own)
            assert dict(rows(db, f"FROM mixpanel_property_keys({call})")) == counts

    def test_in_order_with_quotes(self, db):
        made = [("it's", datetime(2025, 1, 1), "u", None, '{"b":1,"a":null,"":2,"it\'s":{"deep":1},"b":3}'),
                ("other", datetime(2025, 1, 1), "u", None, '{"c":1}'), ("it's", None, None, None, None)]  # fmt: skip
        table(db, "t", made)
        found = rows(db, "FROM mixpanel_property_keys('t', event := 'it''s')")
        assert found == [("", 1), ("a", 1), ("b", 1), ("it's", 1)]
        assert len(rows(db, "FROM mixpanel_property_keys('t')")) == 5

    def test_of_profiles(self, db):
        db.execute("""CREATE TABLE people AS SELECT 'u' AS distinct_id, '{"plan":"pro"}'::JSON AS properties""")
        assert rows(db, "FROM mixpanel_property_keys('people')") == [("plan", 1)]
        assert "event_name" in error_of(db, "FROM mixpanel_property_keys('people', event := 'A')")


class TestColumnStats:
    def stats(self, db, *arguments):
        (found,) = dicts(db, f"FROM mixpanel_column_stats({', '.join(map(literal, arguments))}, top_n := 2)")
        return found

    def test_numbers(self, db):
        values = [5, 1, 1, 1, 5, 9_007_199_254_740_993, None, None]
        db.execute("CREATE TABLE t (v BIGINT)")
        db.executemany("INSERT INTO t VALUES (?)", [(value,) for value in values])
        known = [value for value in values if value is not None]
        assert self.stats(db, "t", "v") == {
            "count": 6, "null_count": 2, "null_pct": 25.0, "unique_count": 3, "unique_pct": 50.0, "min": 1,
            "max": 9_007_199_254_740_993, "mean": pytest.approx(statistics.mean(known)),
            "std": pytest.approx(statistics.stdev(known)), "dtype": "BIGINT",
            "top_values": [{"value": 1, "count": 3}, {"value": 5, "count": 2}],
        }  # fmt: skip

    @pytest.mark.parametrize(
        ("dtype", "number"),
        [("UTINYINT", True), ("HUGEINT", True), ("UHUGEINT", True), ("INTEGER", True), ("FLOAT", True), ("DECIMAL(18,3)", True),
         ("VARCHAR", False), ("DATE", False), ("TIMESTAMP", False), ("BOOLEAN", False), ("JSON", False), ("INTEGER[]", False)],
    )  # fmt: skip
    def test_only_numbers_have_a_mean(self, db, dtype, number):
        value = {"DATE": "2025-01-01", "TIMESTAMP": "2025-01-01", "BOOLEAN": "true", "INTEGER[]": "[1]"}.get(dtype, "7")
        db.execute(f"CREATE TABLE t AS SELECT '{value}'::{dtype} AS v FROM range(2)")
        found = self.stats(db, "t", "v")
        assert (found["mean"], found["std"]) == ((7.0, 0.0) if number else (None, None))
        assert (found["dtype"], found["unique_count"], found["min"] == found["max"]) == (dtype, 1, True)

    def test_an_expression(self, db, events):
        plans = Counter(text(row.properties.get("plan")) for row in events)
        missing = plans.pop(None, 0)
        found = self.stats(db, "events", "properties->>'$.plan'")
        assert (found["count"], found["null_count"], found["unique_count"]) == (plans.total(), missing, len(plans))
        top = sorted(plans.items(), key=lambda pair: (-pair[1], pair[0]))[:2]
        assert found["top_values"] == [{"value": value, "count": count} for value, count in top]

    def test_what_is_not_finite(self, db):
        db.execute("CREATE TABLE t AS SELECT unnest(['1', '3', 'inf', 'nan']::DOUBLE[]) AS v")
        found = self.stats(db, "t", "v")
        assert (found["count"], found["mean"], found["std"]) == (4, 2.0, pytest.approx(2**0.5))

    @pytest.mark.parametrize("values", [[1e200, 1, 2], [-1.7e308, 1.7e308], [1.7e308, 1.7e308, 1.7e308], [1e141], [5e-324, 1e-300], [1e200, -1e200, None]])
    def test_near_the_end_of_double(self, db, values):
        db.execute("CREATE TABLE t AS SELECT unnest(?::DOUBLE[]) AS v", [values])
        found = self.stats(db, "t", "v")
        known = [Fraction(value) for value in values if value is not None]
        assert found["count"] == len(known) and found["mean"] == pytest.approx(float(statistics.mean(known)))
        # 2.4e308 is no DOUBLE.
        expected = None if values[0] == -1.7e308 or len(known) < 2 else pytest.approx(float(statistics.stdev(known)))
        assert found["std"] == expected

    def test_of_nothing(self, db):
        db.execute("CREATE TABLE t (v INTEGER)")
        nothing = {"count": 0, "null_count": 0, "null_pct": None, "unique_count": 0, "unique_pct": None, "min": None, "max": None,
                   "mean": None, "std": None, "top_values": [], "dtype": "INTEGER"}  # fmt: skip
        assert self.stats(db, "t", "v") == nothing
        db.execute("INSERT INTO t VALUES (NULL), (NULL)")
        assert self.stats(db, "t", "v") == nothing | {"null_count": 2, "null_pct": 100.0}

    def test_a_column_that_is_not_there(self, db):
        table(db, "t", [])
        assert "no_such_column" in error_of(db, "FROM mixpanel_column_stats('t', 'no_such_column')")
