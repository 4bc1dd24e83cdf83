"""Tests our values in data frames and other clients, and runs the examples of `docs/clients.md` as they stand."""
from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from datetime import date, datetime
from decimal import Decimal

import duckdb
import pandas
import polars
import pyarrow
import pytest
from conftest import HOST, ROOT, days_asked, export, line, newcomers_home, rows
from documented import as_documented, blocks, days_of_last_week, january, last_week  # noqa: F401  fixtures
from test_node import FOLDER as NODE_FOLDER
from test_node import NODE
from test_shell import SHELL

PAGE = ROOT / "docs" / "clients.md"
RESULT = re.compile(r"(?:#|//) → (.*)$", re.MULTILINE)

BIG = 9_007_199_254_740_993
"""The first whole number that a double can't hold."""
TEXT = '{"big":9007199254740993,"tags":["a",null,"é"],"day":"2025-01-01","ok":true,"price":12.10,"ratio":0.1,"n":1e400}'
TYPES = {"big": "BIGINT", "tags": "VARCHAR[]", "day": "DATE", "ok": "BOOLEAN", "price": "DECIMAL(18,2)", "ratio": "DOUBLE"}
FULL = (
    "A", datetime(2025, 1, 1, 0, 0, 0, 123000), "u1", "i1", TEXT, BIG, ["a", None, "é"], date(2025, 1, 1), True, Decimal("12.10"), 0.1,
)  # fmt: skip
EMPTY = ("B", datetime(2025, 1, 1, 0, 0, 1), "", None, "{}", *[None] * 6)


@pytest.fixture
def relation(con, sim):
    """Two events in a table: one that has everything, one that has nothing."""
    full = TEXT.replace("{", '{"event":"A","properties":{"time":1735689600123,"distinct_id":"u1","$insert_id":"i1",', 1) + "}"
    sim.set_day("2025-01-01", [full, line("B", time=1735689601000, distinct_id="")])
    con.execute(f"CREATE TABLE events AS FROM {export(f'columns := {TYPES}', last='2025-01-01')}")
    yield con.sql("FROM events ORDER BY event_name")
    assert len(sim.settled()) == 1


def test_python(relation):
    assert relation.fetchall() == [FULL, EMPTY]


def test_arrow(relation):
    table = relation.to_arrow_table()
    texts = [pyarrow.string()] * 3
    assert [field.type for field in table.schema] == [
        pyarrow.string(), pyarrow.timestamp("us"), *texts, pyarrow.int64(), pyarrow.list_(pyarrow.string()), pyarrow.date32(),
        pyarrow.bool_(), pyarrow.decimal128(18, 2), pyarrow.float64(),
    ]  # fmt: skip
    assert [tuple(row.values()) for row in table.to_pylist()] == [FULL, EMPTY]


def test_polars(relation):
    frame = relation.pl()
    assert list(frame.schema.values()) == [
        polars.String, polars.Datetime("us"), polars.String, polars.String, polars.String, polars.Int64, polars.List(polars.String),
        polars.Date, polars.Boolean, polars.Decimal(18, 2), polars.Float64,
    ]  # fmt: skip
    assert frame.rows() == [FULL, EMPTY]


def test_pandas(relation):
    frame = relation.df()
    kinds = [str(kind) for kind in frame.dtypes]
    assert kinds == ["str", "datetime64[us]", "str", "str", "str", "Int64", "object", "datetime64[us]", "boolean", "float64", "float64"]
    full, empty = frame.to_dict("records")
    assert (full.pop("tags") == ["a", None, "é"]).all()
    # A date becomes its midnight, a decimal the nearest double.
    moment = pandas.Timestamp("2025-01-01")
    expected = [moment if value == date(2025, 1, 1) else value for value in FULL if not isinstance(value, list)]
    assert list(full.values()) == [float(value) if isinstance(value, Decimal) else value for value in expected]
    assert [name for name, value in empty.items() if not pandas.isna(value)] == ["event_name", "event_time", "distinct_id", "properties"]
    assert empty["distinct_id"] == ""


def test_pandas_by_arrow_loses_nothing(relation):
    frame = relation.to_arrow_table().to_pandas(types_mapper=pandas.ArrowDtype)
    full = frame.to_dict("records")[0]
    assert (full["big"], full["price"], full["day"], list(full["tags"])) == (BIG, Decimal("12.10"), date(2025, 1, 1), ["a", None, "é"])


def test_whole_numbers_without_nulls(con, sim):
    counts = "mixpanel_event_counts(['Purchase'], from_date := '2025-01-01', to_date := '2025-01-05')"
    frame = con.sql(f"FROM {counts}").df()
    assert str(frame["count"].dtype) == "int64" and str(frame["date"].dtype) == "datetime64[us]"


def test_sums_of_whole_numbers(con):
    relation = con.sql(f"SELECT sum({BIG}) AS total FROM range(1)")
    assert relation.fetchall() == [(BIG,)] and relation.pl().rows() == [(Decimal(BIG),)]
    assert str(relation.df()["total"].dtype) == "float64" and relation.to_arrow_table().schema.types == [pyarrow.decimal128(38, 0)]


@pytest.mark.skipif(duckdb.__version__ < "2" or not SHELL.exists(), reason="DuckDB 2.0 writes, the shell of 1.5.6 reads")
@pytest.mark.parametrize(("option", "message"), [({}, "newer version"), ({"storage_compatibility_version": "v1.2.0"}, "")])
def test_a_file_for_both(tmp_path, option, message):
    with duckdb.connect(str(tmp_path / "shop.duckdb"), config=option) as connection:
        connection.execute("CREATE TABLE purchases AS SELECT 1")
    ended = subprocess.run([SHELL, tmp_path / "shop.duckdb", "-c", "FROM purchases"], capture_output=True, text=True, timeout=120)
    assert message in ended.stderr and (ended.returncode == 0) == (not message)


def test_a_relation_exports_whenever_it_is_touched(con, sim):
    """The trap that the page warns of: if this changes, the page may say so."""
    relation = con.sql(f"FROM {export(last='2025-01-01')}")
    assert relation.columns and relation.types and relation.explain() and not sim.settled()
    for touches, touch in enumerate([relation.df, relation.pl, relation.to_arrow_table, relation.fetchall, relation.__len__, relation.__str__], 1):
        touch()
        assert len(sim.settled()) == touches
    assert relation.shape[0] > 0 and len(sim.settled()) == 7


def test_fetchone_is_in_the_way_of_relations(con):
    """What the page warns of, on DuckDB 2.0: if this changes, the page may say so. `execute` is not in its way."""
    relation = con.sql("SELECT 1")
    assert con.execute("SELECT 1").fetchone() == (1,)
    one = con.execute("SELECT 1")
    assert one.fetchone() == (1,)
    if duckdb.__version__ >= "2":
        for ask in (relation.fetchall, lambda: con.sql("SELECT 2").fetchall()):
            with pytest.raises(duckdb.Error, match="Resource In Use"):
                ask()
        one.fetchall()
    assert con.sql("SELECT 2").fetchall() == [(2,)]
    # Another statement ends it as well.
    con.execute("SELECT 1").fetchone()
    con.execute("SELECT 1").fetchall()
    assert relation.fetchall() == [(1,)]


def test_frames_join_what_was_exported(con, sim):
    plans = polars.DataFrame({"event_name": ["Purchase"], "weight": [2]})  # noqa: F841  known to SQL by its name
    [(joined,)] = con.execute(f"SELECT sum(weight) FROM {export()} JOIN plans USING (event_name)").fetchall()
    assert joined == 2 * rows(con, f"SELECT count(*) FROM {export()} WHERE event_name = 'Purchase'")[0][0] > 0


@pytest.fixture
def week() -> list[tuple[str, str]]:
    """The requests for the seven days that ended yesterday."""
    return [(str(day),) * 2 for day in days_of_last_week()]


@pytest.fixture
def newcomer(as_documented, monkeypatch, tmp_path):  # noqa: F811
    """A home where a plain `LOAD mixpanel` finds the file, as after `make install`; the folder in which programs run."""
    newcomers_home(tmp_path)
    last_week(as_documented)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(SHELL.parent), prepend=os.pathsep)
    return as_documented


def run(language: str, command: list, file) -> str:
    """The page's blocks of a language as one program, which prints what they say that it does."""
    found = list(blocks(PAGE, language))
    assert found and not any(block.note for block in found)
    program = "\n".join(block.text for block in found)
    file.write_text(program, encoding="utf-8")
    ended = subprocess.run([*command, file.name], cwd=file.parent, capture_output=True, text=True, timeout=120)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    if language != "sh":
        assert ended.stdout.splitlines() == RESULT.findall(program)
    return ended.stdout


def test_the_page_in_python(newcomer, week, tmp_path):
    run("python", [sys.executable, "-W", "error::DeprecationWarning"], tmp_path / "example.py")
    # The week for the table of purchases, two days for the one that a scheduler syncs.
    assert sorted(days_asked(newcomer)) == sorted(week + week[-2:])


def test_the_function_for_schedulers_raises_and_goes_on(newcomer, week, tmp_path):
    """A day that can't be had fails the task; the others are there, and the next run asks for that one alone."""
    [block] = [block for block in blocks(PAGE, "python") if "def sync" in block.text]
    names = {"duckdb": duckdb, "print": lambda rows: None}
    [(first, _), (last, _)] = week[-2:]
    newcomer.add_fault("truncated_line", times=None, match={"from_date": last})
    missing = date.fromisoformat(last)
    with pytest.raises(RuntimeError, match=rf"events: missing .*{missing.year}, {missing.month}, {missing.day}\D.*{last}"):
        exec(block.text, names)
    newcomer.reset()
    last_week(newcomer)
    assert names["sync"](str(tmp_path / "events.duckdb"), "events", first, last) == 198
    assert (last, last) in days_asked(newcomer)


once = pytest.mark.skipif(duckdb.__version__ != "1.5.6" or HOST != "v1", reason="runs with DuckDB 1.5.6")


@once
@pytest.mark.skipif(NODE is None or not (NODE_FOLDER / "node_modules").exists(), reason="Node or its packages are missing")
def test_the_page_in_node(newcomer, week, tmp_path):
    (tmp_path / "node_modules").symlink_to(NODE_FOLDER / "node_modules")
    run("js", [NODE], tmp_path / "example.mjs")
    assert sorted(days_asked(newcomer)) == week


@once
@pytest.mark.skipif(not SHELL.exists(), reason="there is no shell")
def test_the_page_in_the_shell(newcomer, week, con, tmp_path):
    printed = run("sh", [shutil.which("bash"), "-euo", "pipefail"], tmp_path / "example.sh")
    assert sorted(days_asked(newcomer)) == week
    [(count,)] = rows(con, "SELECT count(*) FROM 'purchases.parquet'")
    assert count > 7
    assert rows(con, "SELECT count(*) FROM 'purchases.csv'") == rows(con, "SELECT count(*) FROM 'purchases.json'") == [(count,)]
    assert rows(con, "SELECT count(*), sum(purchases) FROM 'daily.json'") == [(7, count)]
    assert rows(con, "SELECT count(DISTINCT day) FROM 'revenue.csv'") == [(7,)]
    assert f"| {week[0][0]} |" in printed


def test_the_statements_for_r(newcomer, week):
    """R is not there, so the page says that its block is not run; its statements are, in the order in which they stand."""
    [block] = blocks(PAGE, "r")
    assert block.note.startswith("not run: ") and "not run by the tests" in PAGE.read_text(encoding="utf-8")
    statements = re.findall(r'db(?:Execute|GetQuery)\(con, "([^"]*)"', block.text)
    with duckdb.connect("shop.duckdb", config={"allow_unsigned_extensions": "true"}) as con:
        *_, daily = [con.execute(statement).fetchall() for statement in statements]
    assert len(statements) == 3 and [str(day) for day, *_ in daily] == [day for day, _ in week]
    assert sorted(days_asked(newcomer)) == week
