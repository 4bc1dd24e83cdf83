"""Tests the DuckLake example of `docs/scaling.md`: `make test-slow`.

With DuckDB 1.5.5, because that is what a package of DuckLake can be had for."""
from __future__ import annotations

import importlib.metadata
import re
import sys
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "test"))

from pairs import extension  # noqa: E402  the path is set above
from simulator import Project, Simulator  # noqa: E402

EXTENSION = extension(ROOT / "build" / "release", duckdb.__version__, "v1")
PAGE = ROOT / "docs" / "scaling.md"
TODAY = duckdb.execute("SELECT current_date").fetchone()[0]
DAYS = [str(TODAY - timedelta(days=number)) for number in range(6, 0, -1)]
STORE = "FROM read_parquet('store/*/*.parquet', hive_partitioning = false)"


@pytest.fixture
def sim(monkeypatch, tmp_path):
    with Simulator(Project(from_date=DAYS[0], days=len(DAYS), events_per_day=300), limits=True) as simulator:
        for name, value in {
            "MP_API_BASE_URL": simulator.url,
            "MP_USERNAME": "demo.sa.mp-service-account",
            "MP_SECRET": "demo-secret",
            "MP_PROJECT_ID": "12345",
            "MP_CONFIG_PATH": str(tmp_path / "none.toml"),
        }.items():
            monkeypatch.setenv(name, value)
        monkeypatch.chdir(tmp_path)
        yield simulator


@pytest.fixture
def con(tmp_path):
    connection = duckdb.connect(config={"allow_unsigned_extensions": "true", "extension_directory": str(tmp_path / "extensions")})
    connection.execute(f"LOAD '{EXTENSION}'")
    yield connection
    connection.close()


def differ(con, one: str, other: str) -> int:
    return con.execute(f"SELECT count(*) FROM (({one} EXCEPT ALL {other}) UNION ALL ({other} EXCEPT ALL {one}))").fetchone()[0]


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
