"""Tests that a fetch is all or nothing, whatever ends it: a kill after any statement or at any moment, or a full disk.
The next run is right."""
from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from datetime import datetime

import duckdb
import pytest
from conftest import FIRST, LAST, ROOT, Project, Simulator, connect, export
from expected import fetched_rows
from kept import append, each_once, fetch, literal, plain_sync, sync
from test_lifecycle import until

SCRIPTS = {
    "fetch": {"from_date": FIRST, "to_date": LAST}, "replace": {"from_date": FIRST, "to_date": LAST, "replace": True},
    "append": {"from_date": FIRST, "to_date": LAST, "append": True}, "sync": {"sync": True, "from_date": FIRST, "to_date": LAST},
    "adopt": {"adopt": True, "from_date": FIRST, "to_date": "2025-01-02", "asked": "2025-01-05 10:00:00"},
    "profiles": {"type": "profiles"}, "sync profiles": {"type": "profiles", "sync": True, "delete_missing": True},
}  # fmt: skip


def state(path, scratch) -> dict[str, list]:
    """What another process finds: every table, row by row. The files are copied as a crash leaves them."""
    for suffix in ("", ".wal"):
        copy = scratch / f"crashed.duckdb{suffix}"
        copy.unlink(missing_ok=True)
        if (path.parent / (path.name + suffix)).exists():
            shutil.copyfile(path.parent / (path.name + suffix), copy)
    other = duckdb.connect(str(scratch / "crashed.duckdb"))
    names = [name for (name,) in other.execute("SELECT table_name FROM duckdb_tables() WHERE NOT temporary ORDER BY ALL").fetchall()]
    found = {name: other.execute(f'FROM "{name}" ORDER BY ALL').fetchall() for name in names}
    other.close()
    return found


def prepare(con, name: str) -> None:
    """What the script finds."""
    if name == "adopt":
        con.execute(f"CREATE TABLE events AS FROM {export(first=FIRST, last='2025-01-02')}")
    elif name in ("append", "replace", "sync"):
        fetch(con, last="2025-01-02")
    elif name == "sync profiles":
        con.execute(con.execute("SELECT sql FROM mixpanel_fetch_sql('people', type := 'profiles')").fetchall()[0][0])
        con.execute("DELETE FROM people WHERE distinct_id IN (SELECT min(distinct_id) FROM people); UPDATE people SET last_seen = NULL WHERE distinct_id = (SELECT max(distinct_id) FROM people)")


@pytest.mark.parametrize("name", SCRIPTS)
def test_after_each_statement_the_disk_has_the_old_or_the_new(tmp_path, sim, clock, name):
    clock.move_to(datetime(2025, 1, 5, 14, 30))
    path = tmp_path / "kept.duckdb"
    con = connect(str(path))
    table = "people" if "profiles" in name else "events"
    con.execute("CREATE TABLE mine AS SELECT 42 AS x")
    prepare(con, name)
    before = state(path, tmp_path)
    words = "".join(f", {argument} := {literal(value)}" for argument, value in SCRIPTS[name].items())
    ((text,),) = con.execute(f"SELECT sql FROM mixpanel_fetch_sql('{table}'{words})").fetchall()
    statements = con.extract_statements(text)
    assert len(statements) > 15
    committed = False
    for statement in statements:
        con.execute(statement)
        committed |= statement.query.strip().endswith("COMMIT;") or statement.query.strip() == "COMMIT"
        now = state(path, tmp_path)
        assert (now == before) != committed, statement.query
    assert now[table] and len(now["_metadata"]) == len(before.get("_metadata", [])) + 1 - (name == "replace")
    assert set(now) == {"mine", table, "_metadata"}, "nothing else is left"
    con.close()


CHILD = """
import sys
sys.path.insert(0, {folder!r})
from conftest import connect
import kept
con = connect({path!r})
print("begun", flush=True)
kept.{task}(con, "events", {first!r}, {last!r})
print("done", flush=True)
"""


def child(path, task: str, before: str = "") -> subprocess.Popen:
    code = before + CHILD.format(folder=str(ROOT / "test" / "python"), path=str(path), task=task, first=FIRST, last="2025-01-20")
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.fixture
def long(monkeypatch):
    with Simulator(Project(days=20, events_per_day=300)) as simulator:
        simulator.warm()
        monkeypatch.setenv("MP_API_BASE_URL", simulator.url)
        yield simulator


@pytest.mark.parametrize("moment", ["asking", "all answered", "writing"])
@pytest.mark.parametrize("task", ["append", "sync"])
def test_killed(tmp_path, long, clock, moment, task):
    """How far it has come by then is left to chance: whatever it is, the disk has the old or the new."""
    clock.move_to(datetime(2025, 1, 30))
    path = tmp_path / "kept.duckdb"
    con = connect(str(path))
    fetch(con, last="2025-01-10")
    con.close()
    before = state(path, tmp_path)
    long.clear()
    size = path.stat().st_size
    wal = path.with_name(path.name + ".wal")
    is_there = {
        "asking": lambda: len(long.requests) >= 1,
        "all answered": lambda: sum(request.answered is not None for request in long.requests) >= 10,
        "writing": lambda: path.stat().st_size > size or wal.exists() and wal.stat().st_size > 0,
    }[moment]
    process = child(path, task)
    assert process.stdout.readline() == "begun\n"
    assert until(lambda: is_there() or process.poll() is not None, seconds=60)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    found = state(path, tmp_path)
    con = connect(str(path))
    if len(found["_metadata"]) == len(before["_metadata"]):
        assert found == before
    else:
        assert fetched_rows(con, "events") == each_once(long, last="2025-01-20")
    append(con, last="2025-01-20") if task == "append" else sync(con, last="2025-01-20")
    assert fetched_rows(con, "events") == each_once(long, last="2025-01-20")
    con.close()


FULL = """
import resource
import duckdb
# No file gets larger than this, as on a disk that is full. Python has no signal of it.
resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, resource.RLIM_INFINITY))
"""


@pytest.mark.parametrize("task", ["fetch", "append", "sync"])
def test_a_disk_that_fills(tmp_path, long, clock, task):
    clock.move_to(datetime(2025, 1, 30))
    path = tmp_path / "kept.duckdb"
    con = connect(str(path))
    if task != "fetch":
        fetch(con, last="2025-01-02")
    con.close()
    before = state(path, tmp_path)
    process = child(path, task, FULL.format(size=path.stat().st_size + 300_000))
    output, problem = process.communicate(timeout=120)
    assert "done" not in output and "File too large" in problem, problem
    assert state(path, tmp_path) == before
    con = connect(str(path))
    again = {"fetch": fetch, "append": append, "sync": plain_sync}[task]
    again(con, last="2025-01-20")
    assert fetched_rows(con, "events") == each_once(long, last="2025-01-20")
    con.close()
