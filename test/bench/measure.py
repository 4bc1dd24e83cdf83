"""Measures for bench.py in the environment of one DuckDB, and prints the figures as one line of JSON."""
import contextlib
import datetime
import json
import os
import resource
import sys
import tempfile
import time

import duckdb

EXPORT = "mixpanel_export(from_date := '{from_date}', to_date := '{to_date}', window_days := 1)"

# The same five columns of the same files: what users have without the extension.
ANCHOR = """
CREATE OR REPLACE TABLE anchor AS
SELECT event AS event_name,
       make_timestamp((properties->>'$.time')::BIGINT * 1000) AS event_time,
       properties->>'$.distinct_id' AS distinct_id,
       properties->>'$."$insert_id"' AS insert_id,
       properties
FROM read_json('{files}/*.json.gz', format = 'newline_delimited', columns = {{event: 'VARCHAR', properties: 'JSON'}},
               maximum_object_size = 33554432)
"""

TASKS = {
    "table": "CREATE OR REPLACE TABLE events AS SELECT * FROM {export}",
    "count": "SELECT count(*) FROM {export}",
    "two": "SELECT event_name, date_trunc('hour', event_time) AS hour, count(*) FROM {export} GROUP BY ALL",
    "archive": "CREATE OR REPLACE TABLE events AS SELECT * FROM {export}",
    "keeping": "CREATE OR REPLACE TABLE events AS SELECT * FROM {export}",
    "keys": "FROM mixpanel_property_keys('events')",
    "once": "CREATE OR REPLACE TABLE events AS SELECT * FROM {export}",
}


def timed(connection, statement: str) -> float:
    start = time.perf_counter()
    connection.execute(statement).fetchall()
    return time.perf_counter() - start


@contextlib.contextmanager
def database(extension: str, path: str = ":memory:"):
    with duckdb.connect(path, config={"allow_unsigned_extensions": "true"}) as connection:
        connection.execute(f"LOAD '{extension}'")
        yield connection


def kept(connection, task: str, from_date: str, to_date: str, runs: int) -> dict:
    """A table of all days in a file, and what is added to it: the same days again, or the day after them."""
    new = datetime.date.fromisoformat(to_date) + datetime.timedelta(days=1)
    fetch = "PRAGMA mixpanel_fetch_events('{}', from_date = '{}', to_date = '{}', {} = true)"
    connection.execute(fetch.format("events", from_date, to_date, "replace"))
    rows = lambda table: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: E731
    count = rows("events")
    if task == "append":
        ours, anchor = fetch.format("events", from_date, to_date, "append"), fetch.format("plain", from_date, to_date, "replace")
    else:
        ours = f"PRAGMA mixpanel_sync_events('events', to_date = '{new}', lookback_days = 0)"
        anchor = fetch.format("plain", new, new, "replace")
    times = []
    for _ in range(runs + 1):
        times.append((timed(connection, ours), timed(connection, anchor)))
        assert rows("events") == count + (rows("plain") if task == "sync" else 0)
        # As it was before, for the next run.
        connection.execute(f"DELETE FROM events WHERE event_time >= '{new}'; DELETE FROM _metadata WHERE from_date >= '{new}'; CHECKPOINT")
        assert rows("events") == count
    return {"ours": [ours for ours, _ in times[1:]], "anchor": [anchor for _, anchor in times[1:]]}


def fetched(connection, from_date: str, to_date: str, runs: int) -> dict:
    """A kept table and a plain one, each made anew in the same file."""
    export = EXPORT.format(from_date=from_date, to_date=to_date)
    ours = f"PRAGMA mixpanel_fetch_events('events', from_date = '{from_date}', to_date = '{to_date}', window_days = 1, replace = true)"
    anchor = f"CREATE OR REPLACE TABLE plain AS FROM {export}"
    times = []
    for _ in range(runs + 1):
        times.append((timed(connection, ours), timed(connection, anchor)))
        connection.execute("CHECKPOINT")
    return {"ours": [ours for ours, _ in times[1:]], "anchor": [anchor for _, anchor in times[1:]]}


def keeping(connection, statement: str, runs: int) -> dict:
    """The same export with the archive on, which has none of it, and with it off."""
    times = []
    for number in range(runs + 1):
        with tempfile.TemporaryDirectory() as folder:
            os.environ["MP_ARCHIVE"] = folder
            on = timed(connection, statement)
        os.environ["MP_ARCHIVE"] = "off"
        times.append((on, timed(connection, statement)))
    return {"ours": [on for on, _ in times[1:]], "anchor": [off for _, off in times[1:]]}


def peak_megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def memory(connection, export: str) -> dict:
    # Warm what DuckDB itself needs for such a query, so that the rest is ours.
    connection.execute("SELECT count(*), sum(strlen(x::VARCHAR)) FROM range(10_000_000) t(x)").fetchall()
    before = peak_megabytes()
    rows, bytes_ = connection.execute(f"SELECT count(*), sum(strlen(properties)) FROM {export}").fetchone()
    return {"megabytes": peak_megabytes() - before, "rows": rows, "bytes": int(bytes_)}


def main() -> None:
    extension, task, from_date, to_date, *words = sys.argv[1:]
    if task in ("fetch", "append", "sync"):
        with tempfile.TemporaryDirectory() as folder, database(extension, f"{folder}/kept.duckdb") as connection:
            runs = int(words[0])
            print(json.dumps(fetched(connection, from_date, to_date, runs) if task == "fetch" else kept(connection, task, from_date, to_date, runs)))
        return
    with database(extension) as connection:
        run(connection, task, from_date, to_date, words)


def run(connection, task: str, from_date: str, to_date: str, words: list[str]) -> None:
    export = EXPORT.format(from_date=from_date, to_date=to_date)
    if task == "memory":
        print(json.dumps(memory(connection, export)))
        return
    statement = TASKS[task].format(export=export)
    if task == "once":
        print(json.dumps({"ours": [timed(connection, statement) for _ in range(int(words[0]))]}))
        return
    if task == "keys":
        # The rows are made anew each time, and are what the next statement reads.
        make = TASKS["table"].format(export=export)
        pairs = [(timed(connection, make), timed(connection, statement)) for _ in range(int(words[0]) + 1)][1:]
        print(json.dumps({"ours": [ours for _, ours in pairs], "anchor": [made for made, _ in pairs]}))
        return
    files, runs = words[0], int(words[1])
    anchor = ANCHOR.format(files=files)
    if task == "keeping":
        print(json.dumps(keeping(connection, statement, runs)))
        return
    timed(connection, statement), timed(connection, anchor)
    pairs = [(timed(connection, statement), timed(connection, anchor)) for _ in range(runs)]
    print(json.dumps({"ours": [ours for ours, _ in pairs], "anchor": [anchor for _, anchor in pairs]}))


if __name__ == "__main__":
    main()
