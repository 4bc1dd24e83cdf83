#!/usr/bin/env python3
"""Measures speed and memory, each figure as a ratio to an anchor measured in the same run.

A figure is the median of the ratios of neighbouring runs (ours, anchor, ours,
anchor, ...), so that a machine that is slower for a while is slower for both.
Nothing here is a test: machines are noisy, so a bound that is missed is
printed, not failed.

    make bench                      everything
    make bench BENCH="table scan"   some of it
"""
from __future__ import annotations

import argparse
import contextlib
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(ROOT / "test"))

from pairs import NEWEST, extension  # noqa: E402  the path is set above

DAYS, EVENTS_PER_DAY = 30, 20_000
FROM_DATE, TO_DATE = "2025-01-01", "2025-01-30"


@contextlib.contextmanager
def simulator(*options: str):
    """A warm simulator in a process of its own."""
    command = [sys.executable, str(ROOT / "test" / "simulator"), "--from-date", FROM_DATE, "--days", str(DAYS)]
    command += ["--events-per-day", str(EVENTS_PER_DAY), "--today", "2025-06-01", "--weird-rate", "0", "--warm"]
    # Of an option that is given twice, the last one counts.
    command += ["--cache-dir", str(ROOT / "build" / "bench"), *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            line = process.stdout.readline()
            yield line.removeprefix("listening on ").strip()
        finally:
            process.terminate()


def python(version: str) -> pathlib.Path:
    return ROOT / "build" / "venv" / f"duckdb-{version}" / "bin" / "python"


def measure(version: str, extension: pathlib.Path, url: str, task: str, *words: object) -> dict:
    """Runs one task of measure.py in the environment of that DuckDB."""
    environment = os.environ | {
        "MP_API_BASE_URL": url,
        "MP_USERNAME": "demo.sa.mp-service-account",
        "MP_SECRET": "demo-secret",
        "MP_PROJECT_ID": "12345",
        "MP_RATE_LIMITS": "off",
    }
    command = [str(python(version)), str(HERE / "measure.py"), str(extension), task, FROM_DATE, TO_DATE, *map(str, words)]
    output = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True)
    if output.returncode:
        sys.exit(f"{task} failed on DuckDB {version}")
    return json.loads(output.stdout.splitlines()[-1])


def download(url: str, folder: pathlib.Path) -> None:
    """The anchor's files: the same bytes as the extension gets, on local disk."""
    for day in range(1, DAYS + 1):
        date = f"2025-01-{day:02}"
        request = urllib.request.Request(
            f"{url}/api/2.0/export?project_id=12345&from_date={date}&to_date={date}&time_in_ms=true",
            headers={"Accept-Encoding": "gzip", "Authorization": "Bearer demo-token"},
        )
        with urllib.request.urlopen(request) as answer:
            (folder / f"{date}.json.gz").write_bytes(answer.read())


def ideal_seconds(sizes: list[int], workers: int, latency: float, bytes_per_second: float) -> float:
    """When the last of these downloads ends if each free worker takes the oldest one at once."""
    free = [0.0] * workers
    for size in sizes:
        worker = free.index(min(free))
        free[worker] += latency + size / bytes_per_second
    return max(free)


def row(what: str, figure: float, bound: float, unit: str = "") -> None:
    verdict = "ok" if figure <= bound else "MISSED"
    print(f"| {what:<62} | {figure:>8.2f}{unit} | {bound:>8.2f}{unit} | {verdict:<6} |", flush=True)


def ratio_rows(files: pathlib.Path, build: pathlib.Path, url: str, runs: int, parts: set[str]) -> None:
    rows = {
        "table": [(NEWEST["v2"], "v2", "table", f"CREATE TABLE AS, DuckDB {NEWEST['v2']}", 0.45)],
        "table-1.5": [(NEWEST["v1"], "v1", "table", f"CREATE TABLE AS, DuckDB {NEWEST['v1']}", 0.70)],
        "scan": [
            (NEWEST["v2"], "v2", "count", f"SELECT count(*), DuckDB {NEWEST['v2']}", 0.22),
            (NEWEST["v2"], "v2", "two", f"event_name and event_time, DuckDB {NEWEST['v2']}", 0.35),
        ],
    }
    for part in [part for part in rows if part in parts]:
        for version, host, task, what, bound in rows[part]:
            times = measure(version, extension(build, version, host), url, task, files, runs)
            ratios = [ours / anchor for ours, anchor in zip(times["ours"], times["anchor"])]
            row(f"{what} / read_json of the same files", statistics.median(ratios), bound)
            print(f"  medians: ours {statistics.median(times['ours']):.2f} s, anchor {statistics.median(times['anchor']):.2f} s")


def archive_rows(files: pathlib.Path, extension: pathlib.Path, url: str, runs: int) -> None:
    for task, what, bound in [
        ("archive", "CREATE TABLE AS out of the archive / read_json of the same files", 0.25),
        ("keeping", "CREATE TABLE AS with the archive on / with it off", 1.15),
    ]:
        with tempfile.TemporaryDirectory() as folder:
            os.environ["MP_ARCHIVE"] = folder
            times = measure(NEWEST["v2"], extension, url, task, files, runs)
            del os.environ["MP_ARCHIVE"]
        row(what, statistics.median(ours / other for ours, other in zip(times["ours"], times["anchor"])), bound)
        print(f"  medians: ours {statistics.median(times['ours']):.2f} s, other {statistics.median(times['anchor']):.2f} s")


def kept_rows(extension: pathlib.Path, url: str, runs: int) -> None:
    for task, what, bound in [
        ("fetch", "managed fetch into a file / CREATE TABLE AS into the same", 1.6),
        ("append", "append of all duplicates / the plain fetch", 1.5),
        ("sync", "sync of one new day into 600,000 rows / fetching that day", 1.3),
    ]:
        times = measure(NEWEST["v2"], extension, url, task, runs)
        row(what, statistics.median(ours / anchor for ours, anchor in zip(times["ours"], times["anchor"])), bound)
        print(f"  medians: ours {statistics.median(times['ours']):.2f} s, anchor {statistics.median(times['anchor']):.2f} s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("parts", nargs="*", default=["table", "table-1.5", "scan", "keys", "archive", "kept", "latency", "memory"])
    arguments = parser.parse_args()
    parts, build = set(arguments.parts), arguments.build.resolve()
    v2 = extension(build, NEWEST["v2"], "v2")
    print(f"| {'what':<62} | {'figure':>8} | {'bound':>8} |        |")
    with tempfile.TemporaryDirectory() as folder, simulator() as url:
        files = pathlib.Path(folder)
        download(url, files)
        sizes = [path.stat().st_size for path in sorted(files.iterdir())]
        ratio_rows(files, build, url, arguments.runs, parts)
        if "keys" in parts:
            times = measure(NEWEST["v2"], v2, url, "keys", arguments.runs)
            ratios = [ours / made for ours, made in zip(times["ours"], times["anchor"])]
            row("mixpanel_property_keys / CREATE TABLE AS of those rows", statistics.median(ratios), 1.0)
            print(f"  medians: ours {statistics.median(times['ours']):.2f} s, CREATE TABLE AS {statistics.median(times['anchor']):.2f} s")
        if "archive" in parts:
            archive_rows(files, v2, url, arguments.runs)
    if "kept" in parts:
        with simulator("--days", str(DAYS + 1)) as url:
            kept_rows(v2, url, arguments.runs)
    if "latency" in parts:
        with simulator("--latency-ms", "300", "--bytes-per-second", "5000000") as url:
            seconds = statistics.median(measure(NEWEST["v2"], v2, url, "once", 3)["ours"])
        row("30 windows, 300 ms, 5 MB/s each / ideal schedule of 8", seconds / ideal_seconds(sizes, 8, 0.3, 5e6), 1.25)
    if "memory" in parts:
        with simulator("--repeat-blocks", "10") as url:
            memory = measure(NEWEST["v2"], v2, url, "memory")
        row(f"peak memory of {memory['rows']:,} rows, {memory['bytes'] / 1e9:.1f} GB of JSON", memory["megabytes"], 300, " MB")


if __name__ == "__main__":
    main()
