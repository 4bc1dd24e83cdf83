"""`docs/scaling.md`: the example that spreads an export over Ray's workers, and DuckLake, as the page has it.

Takes a minute, most of it Ray's: `make test-slow`. DuckDB 1.5.5, because that is what a package of DuckLake can be had for."""
from __future__ import annotations

import importlib.metadata
import os
import re
import subprocess
import sys
from collections import Counter
from datetime import date
from pathlib import Path

import duckdb
import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "test"))

from simulator import Project, Simulator  # noqa: E402  the path is set above

EXTENSION = Path(os.environ.get("MIXPANEL_EXTENSION", ROOT / "build/release/v1/mixpanel.duckdb_extension"))
EXAMPLE, PAGE = ROOT / "docs" / "examples" / "spread_export.py", ROOT / "docs" / "scaling.md"
DAYS = [f"2025-01-0{day}" for day in range(1, 7)]
STORE = "FROM read_parquet('store/*/*.parquet', hive_partitioning = false)"


@pytest.fixture(scope="module")
def week():
    # With Mixpanel's own limits: what the workers ask together must keep to them.
    with Simulator(Project(from_date=DAYS[0], days=len(DAYS), events_per_day=300), latency=1, limits=True) as simulator:
        yield simulator


@pytest.fixture
def sim(week, monkeypatch, tmp_path):
    week.reset()
    for name, value in {
        "MP_API_BASE_URL": week.url,
        "MP_USERNAME": "demo.sa.mp-service-account",
        "MP_SECRET": "demo-secret",
        "MP_PROJECT_ID": "12345",
        "MP_CONFIG_PATH": str(tmp_path / "none.toml"),
        "RAY_USAGE_STATS_ENABLED": "0",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    return week


@pytest.fixture
def con(tmp_path):
    connection = duckdb.connect(config={"allow_unsigned_extensions": "true", "extension_directory": str(tmp_path / "extensions")})
    connection.execute(f"LOAD '{EXTENSION}'")
    yield connection
    connection.close()


def spread(first: str, last: str, *options: str) -> subprocess.CompletedProcess:
    command = [sys.executable, EXAMPLE, "--from-date", first, "--to-date", last, "--store", "store", "--extension", EXTENSION, *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=240)


def asked(simulator) -> Counter:
    """How often each window was asked for since this was called last, and answered with what."""
    requests = simulator.settled()
    simulator.clear()
    return Counter((request.params["from_date"], request.params["to_date"]) for request in requests)


def differ(con, one: str, other: str) -> int:
    return con.execute(f"SELECT count(*) FROM (({one} EXCEPT ALL {other}) UNION ALL ({other} EXCEPT ALL {one}))").fetchone()[0]


def test_the_store_is_one_plain_export(sim, con):
    ended = spread(DAYS[0], DAYS[-1], "--workers", "2")
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.startswith(f"1800 rows, {len(DAYS)} requests, 2 workers")
    assert asked(sim) == {(day, day): 1 for day in DAYS}

    sim.reset()
    con.execute(f"CREATE TABLE plain AS FROM mixpanel_export(from_date := '{DAYS[0]}', to_date := '{DAYS[-1]}')")
    con.execute(f"CREATE TABLE stored AS {STORE}")
    assert con.execute("SELECT count(*) FROM stored").fetchone() == (1800,)
    assert differ(con, "FROM plain", "SELECT * EXCLUDE day FROM stored") == 0
    assert con.execute("SELECT DISTINCT day::VARCHAR FROM stored WHERE day = event_time::DATE ORDER BY 1").fetchall() == [(day,) for day in DAYS]
    assert not list(Path("store").glob("_staged*"))

    # The last two days again, of which one has changed: they are replaced, the others stay.
    asked(sim)
    sim.set_day(DAYS[-1], ['{"event":"Late","properties":{"time":1736150400,"distinct_id":"late","$insert_id":"late"}}'])
    before = sorted(Path("store", f"day={DAYS[0]}").iterdir())
    ended = spread(DAYS[-2], DAYS[-1], "--workers", "3")
    assert ended.returncode == 0, ended.stderr
    assert asked(sim) == {(day, day): 1 for day in DAYS[-2:]}
    assert con.execute(f"SELECT event_name, distinct_id FROM ({STORE}) WHERE day = '{DAYS[-1]}'").fetchall() == [("Late", "late")]
    kept = f"SELECT * FROM stored WHERE day < '{DAYS[-1]}'"
    assert differ(con, kept, f"SELECT * FROM ({STORE}) WHERE day < '{DAYS[-1]}'") == 0
    assert sorted(Path("store", f"day={DAYS[0]}").iterdir()) == before


def test_when_a_worker_fails_the_store_is_as_it_was(sim, con):
    Path("store", f"day={DAYS[0]}").mkdir(parents=True)
    con.execute(f"COPY (SELECT 'before' AS event_name) TO 'store/day={DAYS[0]}/before.parquet'")
    sim.add_fault("status", status=403, match={"from_date": DAYS[1]})
    ended = spread(DAYS[0], DAYS[2])
    assert ended.returncode != 0 and "[PERMISSION_DENIED]" in ended.stderr
    assert [path.name for path in Path("store").rglob("*.parquet")] == ["before.parquet"]
    assert not list(Path("store").glob("_staged*"))


def test_files_that_are_not_there_replace_nothing(monkeypatch, con, tmp_path):
    """As where the workers' store is another folder than the driver's."""
    monkeypatch.syspath_prepend(EXAMPLE.parent)
    from spread_export import publish

    (tmp_path / f"day={DAYS[0]}").mkdir()
    con.execute(f"COPY (SELECT 'before' AS event_name) TO '{tmp_path}/day={DAYS[0]}/before.parquet'")
    day = date.fromisoformat(DAYS[0])
    with pytest.raises(SystemExit, match="nothing was published"):
        publish(tmp_path / "_staged", tmp_path, day, day, rows=1)
    assert list(tmp_path.rglob("before.parquet"))


def test_more_requests_than_the_workers_may_make_are_not_begun(sim):
    ended = spread("2024-01-01", "2024-12-31", "--max-requests", "20")
    assert ended.returncode != 0 and "46 requests" in ended.stderr and "none was made" in ended.stderr
    assert not asked(sim)


def test_ducklake_as_the_page_has_it(sim, con):
    con.execute(f"COPY (SELECT *, event_time::DATE AS day FROM mixpanel_export(from_date := '{DAYS[0]}', to_date := '{DAYS[-1]}')) TO 'store' "
                "(FORMAT parquet, PARTITION_BY (day), WRITE_PARTITION_COLUMNS true)")  # fmt: skip
    [package] = [file for file in importlib.metadata.files("duckdb-extension-ducklake") if file.suffix == ".duckdb_extension"]
    con.execute(f"INSTALL '{package.locate()}'")
    [block] = re.findall(r"^<!-- not run: .* -->\n```sql\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    for times in (1, 2):
        # The second time nothing is doubled.
        con.execute(block if times == 1 else block[block.index("BEGIN"):])
        assert differ(con, STORE, "FROM lake.events") == 0
    assert con.execute("SELECT count(*) FROM lake.events").fetchone() == (1800,)
    files = con.execute("SELECT count(DISTINCT data_file) FROM ducklake_list_files('lake', 'events')").fetchone()[0]
    assert files >= len(DAYS)
