"""One export, spread over the workers of a Ray cluster, into a store of Parquet files that all of them reach.

    python docs/examples/spread_export.py --from-date 2025-01-01 --to-date 2025-01-31 --store /shared/events --workers 2

    pip install duckdb ray          and, on every machine, the extension where LOAD mixpanel finds it (or --extension FILE),
                                    the store, and credentials in the environment or the accounts file

Each worker is a DuckDB that exports days of its own. They share an archive, in which the extension counts the hour for all of them and keeps what came.
Files are published when every worker is done: before that, and when one fails, the store is as it was, and the next run asks for what is missing."""
import argparse
import datetime
import os
import pathlib
import shutil
import time
import uuid

import duckdb
import ray


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def connect(extension: str) -> duckdb.DuckDBPyConnection:
    con = duckdb.connect(config={"allow_unsigned_extensions": "true"})
    con.execute(f"LOAD {quoted(extension)}")
    return con


def deal(days: list[datetime.date], workers: int) -> list[list[datetime.date]]:
    """A stretch of days for each worker, because one request may ask for several that follow each other."""
    size, more = divmod(len(days), workers)
    ends = [number * size + min(number, more) for number in range(workers + 1)]
    return [days[first:last] for first, last in zip(ends, ends[1:]) if last > first]


# A worker that dies is not started again by Ray: run the whole once more, and what came is there already.
@ray.remote(max_retries=0)
def fetch(extension: str, archive: str, days: list[datetime.date], anew: bool, folder: str, prefix: str) -> tuple[int, int]:
    """How many rows, and how many requests they took."""
    os.environ["MP_ARCHIVE"] = archive  # what came, who is asking for what, and what is left of the hour: for all workers
    con = connect(extension)
    listed = ", ".join(f"DATE '{day}'" for day in days)
    # One request at a time: the starts of a second are not counted together.
    more = "max_workers := 1" + (", max_age := INTERVAL 0 HOURS" if anew else "")
    [rows] = con.execute(f"""
        COPY (SELECT *, event_time::DATE AS day FROM mixpanel_export(days := [{listed}], {more}))
        TO {quoted(folder)} (FORMAT parquet, PARTITION_BY (day), WRITE_PARTITION_COLUMNS true, FILENAME_PATTERN '{prefix}_{{uuid}}', OVERWRITE_OR_IGNORE)
    """).fetchone()
    [requests] = con.execute("SELECT requests FROM mixpanel_fetches() ORDER BY id DESC LIMIT 1").fetchone()
    return rows, requests


def check(staged: pathlib.Path, rows: int) -> None:
    """What the workers say they wrote is where it is published from: days that were replaced by nothing would be lost."""
    files = [str(file) for file in staged.glob("day=*/*.parquet")]
    found = duckdb.execute("SELECT sum(num_rows) FROM parquet_file_metadata(?)", [files]).fetchone()[0] if files else 0
    if found != rows:
        raise SystemExit(f"the workers wrote {rows} rows, and {found} are in {staged}: is it the same folder for all? Nothing was published")


def publish(staged: pathlib.Path, store: pathlib.Path, first: datetime.date, last: datetime.date) -> None:
    """Puts the days that were fetched in the place of what the store had of them."""
    days = {f"day={first + datetime.timedelta(days=day)}" for day in range((last - first).days + 1)}
    if strange := {folder.name for folder in staged.glob("day=*")} - days:
        # Replacing these would take away what another export has brought.
        raise SystemExit(f"there are events outside of the days that were asked for: {sorted(strange)}; nothing was published, it is all in {staged}")
    try:
        staged.mkdir(exist_ok=True)  # no worker had an event
        # A day at a time, and what it replaces goes last: nothing is lost, and nothing doubled, wherever this ends.
        for day in sorted(days):
            if (store / day).exists():
                (store / day).rename(staged / f"replaced_{day}")
            if (staged / day).exists():
                (staged / day).rename(store / day)
    except OSError as error:
        raise SystemExit(f"{error}\nwhat is not published, and what it was to replace, is in {staged}") from None
    shutil.rmtree(staged, ignore_errors=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--from-date", type=datetime.date.fromisoformat, required=True)
    parser.add_argument("--to-date", type=datetime.date.fromisoformat, required=True)
    parser.add_argument("--store", type=pathlib.Path, required=True)
    parser.add_argument("--workers", type=int, default=2, choices=[1, 2, 3], help="Mixpanel allows three starts a second, whoever makes them")
    parser.add_argument("--archive", type=pathlib.Path, help="a folder that all workers reach; without it one in the store")
    parser.add_argument("--anew", action="store_true", help="ask also for what the archive has")
    parser.add_argument("--address", default="local", help="of the Ray cluster; 'local' starts one here")
    parser.add_argument("--extension", default="mixpanel")
    arguments = parser.parse_args()

    count = (arguments.to_date - arguments.from_date).days + 1
    shares = deal([arguments.from_date + datetime.timedelta(days=day) for day in range(count)], arguments.workers)

    # A worker need not run where this does.
    store = arguments.store.resolve()
    store.mkdir(parents=True, exist_ok=True)
    archive = (arguments.archive or store / "_archive").resolve()
    staged = store / f"_staged_{uuid.uuid4().hex}"
    ray.init(address=arguments.address, include_dashboard=False, logging_level="ERROR", **({"num_cpus": arguments.workers} if arguments.address == "local" else {}))
    began = time.monotonic()
    try:
        tasks = [
            fetch.remote(arguments.extension, str(archive), days, arguments.anew, str(staged), f"worker{number}")
            for number, days in enumerate(shares)
        ]
        rows, requests = map(sum, zip(*ray.get(tasks)))
    except BaseException:
        ray.shutdown()  # before that the others still write
        shutil.rmtree(staged, ignore_errors=True)
        raise
    ray.shutdown()
    check(staged, rows)
    publish(staged, store, arguments.from_date, arguments.to_date)
    print(f"{rows} rows, {requests} requests, {len(shares)} workers, {time.monotonic() - began:.1f} s")


if __name__ == "__main__":
    main()
