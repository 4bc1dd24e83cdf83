"""Tests the `duckdb` shell of PyPI."""
from __future__ import annotations

import csv
import io
import subprocess

import duckdb
import pytest
from conftest import EXTENSION, HOST, ROOT, SECRET, export

SHELL = ROOT / "build" / "venv" / "duckdb-1.5.6" / "bin" / "duckdb"

# The shell is the same beside every module; once will do.
pytestmark = [
    pytest.mark.skipif(duckdb.__version__ != "1.5.6" or HOST != "v1", reason="runs with DuckDB 1.5.6"),
    pytest.mark.skipif(not SHELL.exists(), reason="there is no shell"),
]


def shell(*statements: str, options: tuple[str, ...] = ("-csv",), database: str = ":memory:", input: str | None = None):
    commands = [part for statement in (f"LOAD '{EXTENSION}'", *statements) for part in ("-c", statement)]
    command = [SHELL, "-unsigned", "-init", "/dev/null", *options, database, *(commands if input is None else [])]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, input=input)


def table(*statements: str) -> list[list[str]]:
    ended = shell(*statements)
    assert ended.returncode == 0, ended.stderr
    return list(csv.reader(io.StringIO(ended.stdout)))


def test_an_export(sim):
    query = f"SELECT count(*) AS events, count(DISTINCT event_name) > 5 AS several FROM {export()}"
    assert table(query)[-2:] == [["events", "several"], ["1500", "true"]]
    assert len(sim.settled()) == 5


def test_a_table_in_a_file_that_the_next_shell_opens(sim, tmp_path):
    path = str(tmp_path / "events.duckdb")
    assert shell(f"CREATE TABLE events AS FROM {export()}", database=path).returncode == 0
    assert shell("SELECT count(*) FROM events", database=path).stdout.splitlines()[-1] == "1500"


def test_statements_from_a_script(sim):
    """As in `duckdb < script.sql`: the first result is printed although the second statement fails."""
    script = f"LOAD '{EXTENSION}';\nSELECT 'before' AS word;\nFROM {export('max_rows := 0')};\n"
    ended = shell(input=script)
    assert "before" in ended.stdout and "max_rows: must be at least 1" in ended.stderr
    assert ended.returncode != 0 and not sim.settled()


def test_output_of_every_mode(sim):
    """Odd rows must not break a line of any of them."""
    for mode in ("-csv", "-json", "-line", "-box", "-markdown", "-jsonlines"):
        ended = shell(f"FROM {export()}", options=(mode,))
        assert ended.returncode == 0 and len(ended.stdout) > 1000, (mode, ended.stderr)


def test_an_error_is_readable_and_fails_the_shell(sim, monkeypatch):
    monkeypatch.setenv("MP_SECRET", "not-the-secret")
    ended = shell(f"FROM {export()}")
    assert ended.returncode != 0
    assert "[AUTHENTICATION_FAILED]" in ended.stderr and "2025-01-0" in ended.stderr
    assert "not-the-secret" not in ended.stderr + ended.stdout and SECRET not in ended.stderr


def test_accounts(sim, monkeypatch):
    for name in ("MP_USERNAME", "MP_SECRET", "MP_PROJECT_ID"):
        monkeypatch.delenv(name)
    ended = shell(f"FROM {export()}")
    assert "[MISSING_CREDENTIALS]" in ended.stderr and "export MP_USERNAME=" in ended.stderr
    added = table(
        f"CALL mixpanel_account_add('main', username := 'demo.sa.mp-service-account', secret := '{SECRET}', project_id := 12345)",
        f"SELECT count(*) AS events FROM {export()}",
    )
    assert added[-1] == ["1500"]
