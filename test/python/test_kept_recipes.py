"""Runs the recipes of `docs/tables.md` for DuckDB 1.x as they stand there."""
from __future__ import annotations

import re
import subprocess

import duckdb
import pytest
from conftest import EXTENSION, HOST, ROOT, connect, error_of, rows
from documented import days_of_last_week, last_week
from expected import fetched_rows
from kept import each_once, history
from test_shell import SHELL

PAGE = (ROOT / "docs" / "tables.md").read_text(encoding="utf-8")


def recipes(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture
def week(sim) -> tuple[str, str]:
    """The first and the last day that the recipes fetch."""
    last_week(sim)
    first, *_, last = days_of_last_week()
    return str(first), str(last)


def test_python(con, sim, week):
    names = {"con": con}
    (recipe,) = recipes("python")
    exec(recipe, names)
    assert fetched_rows(con, "events") == each_once(sim, *week) and len(history(con)) == 2
    sim.add_fault("status", status=400)
    with pytest.raises(duckdb.Error, match="INVALID_REQUEST"):
        names["fetch"](con, "'other', from_date := '2025-01-01', to_date := '2025-01-01'")
    assert rows(con, "SELECT 1") == [(1,)] and "other" in error_of(con, "FROM other")


@pytest.mark.skipif(duckdb.__version__ != "1.5.6" or HOST != "v1" or not SHELL.exists(), reason="runs with DuckDB 1.5.6's shell")
@pytest.mark.parametrize("recipe", recipes("sh"), ids=["sync", "fetch"])
def test_shell(sim, week, tmp_path, recipe):
    script = recipe.replace("LOAD mixpanel", f"LOAD '{EXTENSION}'").replace("duckdb -unsigned", f"'{SHELL}' -init /dev/null -unsigned")
    ended = subprocess.run(["sh", "-e", "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert ended.returncode == 0, ended.stderr
    assert "rows_added" in ended.stdout
    con = connect(str(tmp_path / "events.duckdb"))
    assert fetched_rows(con, "events") == each_once(sim, *week)
    con.close()
