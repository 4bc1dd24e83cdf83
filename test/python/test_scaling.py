"""Runs the commands of `docs/scaling.md` that move files into the store."""
from __future__ import annotations

import subprocess

from conftest import ROOT, rows
from documented import as_documented, blocks, days_of_last_week, january, last_week  # noqa: F401  fixtures are known by their names

PAGE = ROOT / "docs" / "scaling.md"


def test_the_latest_days_take_the_place_of_the_old_ones(con, as_documented, tmp_path, monkeypatch):  # noqa: F811
    monkeypatch.chdir(tmp_path)
    last_week(as_documented)
    *_, other, emptied = days_of_last_week()
    made, latest = [block.text for block in blocks(PAGE) if "COPY (" in block.text][:2]
    con.execute(made)
    [move] = [block.text for block in blocks(PAGE, "sh") if "latest" in block.text]
    stored = "FROM read_parquet('store/*/*.parquet', hive_partitioning = false) ORDER BY ALL"
    before = rows(con, stored)
    # One of the days has other rows than before, the other none any more: one that the store has and `latest` hasn't.
    con.execute(latest)
    for path in (tmp_path / "latest" / f"day={emptied}").iterdir():
        path.unlink()
    (tmp_path / "latest" / f"day={emptied}").rmdir()
    con.execute(f"COPY (SELECT * REPLACE ('new' AS insert_id) FROM read_parquet('store/day={other}/*.parquet', hive_partitioning = false) LIMIT 1) TO 'latest/day={other}/more.parquet'")
    subprocess.run(["sh", "-eu"], input=move, text=True, check=True)
    after = rows(con, stored)
    fresh = [row for row in after if row[3] == "new"]
    assert len(fresh) == 1 and [row for row in after if row[3] != "new"] == [row for row in before if row[5] != emptied]
    assert not (tmp_path / "latest").exists() and not (tmp_path / "replaced").exists()
