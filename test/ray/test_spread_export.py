"""Tests the example of `docs/scaling.md` that spreads an export over Ray's workers.

Takes a minute, most of it Ray's: `make test-slow`."""
from __future__ import annotations

import importlib.util
import itertools
import os
import shutil
import subprocess
import sys
from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "test"))

from pairs import extension  # noqa: E402  the path is set above
from simulator import Project, Simulator  # noqa: E402

EXTENSION = extension(ROOT / "build" / "release", duckdb.__version__, "v2")
EXAMPLE = ROOT / "docs" / "examples" / "spread_export.py"
found = importlib.util.spec_from_file_location("spread_export", EXAMPLE)
example = importlib.util.module_from_spec(found)
found.loader.exec_module(example)
DAYS = [f"2025-01-0{day}" for day in range(1, 7)]
SHOPS = "FROM read_parquet('shop''s store/*/*.parquet', hive_partitioning = false)"


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


def spread(first: str, last: str, *options: str, store: str = "store") -> subprocess.CompletedProcess:
    command = [sys.executable, EXAMPLE, "--from-date", first, "--to-date", last, "--store", store, "--extension", EXTENSION, *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=240)


def asked(simulator) -> Counter:
    """How often each window was asked for since this was called last, and answered with what."""
    requests = simulator.settled()
    simulator.clear()
    return Counter((request.params["from_date"], request.params["to_date"]) for request in requests)


def differ(con, one: str, other: str) -> int:
    return con.execute(f"SELECT count(*) FROM (({one} EXCEPT ALL {other}) UNION ALL ({other} EXCEPT ALL {one}))").fetchone()[0]


def test_the_store_is_one_plain_export(sim, con):
    ended = spread(DAYS[0], DAYS[-1], "--workers", "2", store="shop's store")
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.startswith(f"1800 rows, {len(DAYS)} requests, 2 workers")
    assert asked(sim) == {(day, day): 1 for day in DAYS}

    sim.reset()
    con.execute(f"CREATE TABLE plain AS FROM mixpanel_export(from_date := '{DAYS[0]}', to_date := '{DAYS[-1]}')")
    con.execute(f"CREATE TABLE stored AS {SHOPS}")
    assert con.execute("SELECT count(*) FROM stored").fetchone() == (1800,)
    assert differ(con, "FROM plain", "SELECT * EXCLUDE day FROM stored") == 0
    assert con.execute("SELECT DISTINCT day::VARCHAR FROM stored WHERE day = event_time::DATE ORDER BY 1").fetchall() == [(day,) for day in DAYS]
    assert not list(Path("shop's store").glob("_staged*"))

    # The last two days again, of which one has changed: they are replaced, the others stay.
    asked(sim)
    sim.set_day(DAYS[-1], ['{"event":"Late","properties":{"time":1736150400,"distinct_id":"late","$insert_id":"late"}}'])
    before = sorted(Path("shop's store", f"day={DAYS[0]}").iterdir())
    ended = spread(DAYS[-2], DAYS[-1], "--workers", "3", "--anew", store="shop's store")
    assert ended.returncode == 0, ended.stderr
    assert asked(sim) == {(day, day): 1 for day in DAYS[-2:]}
    assert con.execute(f"SELECT event_name, distinct_id FROM ({SHOPS}) WHERE day = '{DAYS[-1]}'").fetchall() == [("Late", "late")]
    kept = f"SELECT * FROM stored WHERE day < '{DAYS[-1]}'"
    assert differ(con, kept, f"SELECT * FROM ({SHOPS}) WHERE day < '{DAYS[-1]}'") == 0
    assert sorted(Path("shop's store", f"day={DAYS[0]}").iterdir()) == before


def test_when_a_worker_fails_the_store_is_as_it_was(sim, con):
    Path("store", f"day={DAYS[0]}").mkdir(parents=True)
    con.execute(f"COPY (SELECT 'before' AS event_name) TO 'store/day={DAYS[0]}/before.parquet'")
    sim.add_fault("status", status=403, match={"from_date": DAYS[1]})
    ended = spread(DAYS[0], DAYS[2])
    assert ended.returncode != 0 and "[PERMISSION_DENIED]" in ended.stderr
    assert [path.name for path in Path("store").rglob("*.parquet")] == ["before.parquet"]
    assert not list(Path("store").glob("_staged*"))

    # What came is in the archive that they share: the day that failed is asked for, and no day that was kept.
    asked(sim)
    archived = {path.name.split("_")[0] for path in Path("store", "_archive").rglob("*.jsonl.gz")}
    ended = spread(DAYS[0], DAYS[2])
    assert ended.returncode == 0, ended.stderr
    again = asked(sim)
    assert {first for first, _ in again} == {day for day in DAYS[:3] if day not in archived} and (DAYS[1], DAYS[1]) in again
    assert con.execute("SELECT count(*) FROM read_parquet('store/*/*.parquet', hive_partitioning = false)").fetchone() == (900,)


@pytest.fixture
def staged(tmp_path):
    """Three days that workers have brought, of which the store has the first two already."""
    folder = tmp_path / "store" / "_staged"
    for number, day in enumerate(DAYS[:3]):
        for place in [folder, *([folder.parent] if number < 2 else [])]:
            (place / f"day={day}").mkdir(parents=True)
            (place / f"day={day}" / ("new.parquet" if place == folder else "old.parquet")).touch()
    return folder


def publish(staged: Path, first: str = DAYS[0]) -> None:
    example.publish(staged, staged.parent, date.fromisoformat(first), date.fromisoformat(DAYS[2]))


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*.parquet"))


def test_days_that_are_published_take_the_place_of_those_that_were_there(staged):
    publish(staged)
    assert files(staged.parent) == [f"day={day}/new.parquet" for day in DAYS[:3]]
    assert not staged.exists()


def test_days_that_became_empty_are_taken_away(staged):
    shutil.rmtree(staged)
    publish(staged, first=DAYS[1])
    assert files(staged.parent) == [f"day={DAYS[0]}/old.parquet"]


def test_what_cannot_be_published_is_kept(staged, monkeypatch):
    """The disk fails at the second day: each file is still somewhere, and no day of the store has both."""
    rename, count = Path.rename, itertools.count(1)

    def failing(self, target):
        if next(count) == 4:
            raise OSError("no space left")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", failing)
    with pytest.raises(SystemExit, match=f"no space left\n.* is in {staged}"):
        publish(staged)
    assert files(staged.parent) == sorted([
        f"day={DAYS[0]}/new.parquet",
        *(f"_staged/replaced_day={day}/old.parquet" for day in DAYS[:2]),
        *(f"_staged/day={day}/new.parquet" for day in DAYS[1:3]),
    ])  # fmt: skip


def test_days_that_nobody_asked_for_are_not_published(staged):
    before = files(staged.parent)
    with pytest.raises(SystemExit, match=f"outside of the days.*{DAYS[0]}.*is all in {staged}"):
        publish(staged, first=DAYS[1])
    assert files(staged.parent) == before


def test_each_day_is_dealt_to_one_worker():
    for count in (1, 2, 3, 7, 365):
        days = [date(2024, 1, 1) + timedelta(days=number) for number in range(count)]
        for workers in (1, 2, 3):
            shares = example.deal(days, workers)
            assert list(itertools.chain(*shares)) == days and len(shares) == min(workers, count)
            assert max(map(len, shares)) - min(map(len, shares)) <= 1


def test_files_that_are_elsewhere_replace_nothing(staged, con):
    """As where the workers' store is another folder than the driver's."""
    con.execute(f"COPY (SELECT unnest([1, 2, 3])) TO '{staged}/day={DAYS[0]}/new.parquet'")
    for day in DAYS[1:3]:
        (staged / f"day={day}" / "new.parquet").unlink()
    example.check(staged, rows=3)
    with pytest.raises(SystemExit, match="wrote 5 rows, and 3 are in .* Nothing was published"):
        example.check(staged, rows=5)
    shutil.rmtree(staged)
    with pytest.raises(SystemExit, match="wrote 3 rows, and 0 are in"):
        example.check(staged, rows=3)


def test_the_workers_count_one_hour(sim):
    """With Mixpanel's limit in force, and none of its refusals."""
    ended = spread("2024-01-01", "2024-12-31", "--workers", "3")
    assert ended.returncode == 0, ended.stderr
    requests = [request.status for request in sim.settled()]
    assert set(requests) == {200} and len(requests) <= 60
    assert f"{len(requests)} requests, 3 workers" in ended.stdout
