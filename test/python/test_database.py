"""Tests the database that loads the extension: opened, closed, and opened by others."""
from __future__ import annotations

import pathlib
import subprocess
import sys

import duckdb
from conftest import EXTENSION, FIRST, LAST, LONG_CALL, connect, error_of, export, rows
from expected import export_rows, fetched_rows

OTHER_PROCESS = """
import duckdb, sys
connection = duckdb.connect(sys.argv[1])
print(connection.execute("SELECT count(*) FROM events").fetchone()[0])
connection.execute("CREATE TABLE mine AS SELECT 1")
"""


def opened_by_another_process(path: pathlib.Path) -> str:
    command = [sys.executable, "-c", OTHER_PROCESS, path]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120)
    return ended.stdout.strip() or ended.stderr


def test_closing_frees_the_file_at_once(tmp_path, sim):
    """No connection of the extension's keeps it open: another process can write to it, and no log is left behind."""
    path = tmp_path / "events.duckdb"
    con = connect(str(path))
    con.execute(f"CREATE TABLE events AS FROM {export()}")
    con.close()
    assert not path.with_suffix(".duckdb.wal").exists()
    assert opened_by_another_process(path) == "1500"


def test_closing_midway_frees_the_file_too(tmp_path, long):
    path = tmp_path / "events.duckdb"
    con = connect(str(path))
    con.execute("CREATE TABLE events AS SELECT 1")
    con.execute("SET streaming_buffer_size = '1KB'")
    assert con.execute(f"SELECT event_name, properties FROM {LONG_CALL}").fetchone()
    con.close()
    assert opened_by_another_process(path) == "1"


def test_closing_after_an_error_frees_the_file(tmp_path, sim):
    path = tmp_path / "events.duckdb"
    con = connect(str(path))
    con.execute("CREATE TABLE events AS SELECT 1")
    error_of(con, f"INSERT INTO events SELECT 2 FROM {export('project_id := 999')}")
    con.close()
    assert opened_by_another_process(path) == "1"


def test_loading_twice_is_harmless(con, sim):
    con.execute(f"LOAD '{EXTENSION}'")
    con.cursor().execute(f"LOAD '{EXTENSION}'")
    assert rows(con, f"SELECT count(*) FROM {export()}") == [(1500,)]


def test_a_read_only_database(tmp_path, sim):
    path = str(tmp_path / "read_only.duckdb")
    duckdb.connect(path).close()
    con = connect(path, access_mode="READ_ONLY")
    assert rows(con, f"SELECT count(*) FROM {export()}") == [(1500,)]
    con.execute(f"CREATE TEMP TABLE events AS FROM {export()}")
    assert rows(con, "SELECT count(*) FROM events") == [(1500,)]
    con.close()


def test_two_databases_in_one_process(tmp_path, sim):
    first, second = connect(str(tmp_path / "a.duckdb")), connect(str(tmp_path / "b.duckdb"))
    first.execute(f"CREATE TABLE events AS FROM {export()}")
    first.close()
    second.execute(f"CREATE TABLE events AS FROM {export()}")
    assert fetched_rows(second, "events") == export_rows(sim, FIRST, LAST)
    second.close()
