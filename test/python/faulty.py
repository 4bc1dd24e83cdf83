"""Makes each place in the extension fail in each possible way, in a process of its own, for test_contained.py. The
database, its connection and another cursor must go on as if nothing had happened.

Prints what each failure told the user, one line of JSON each.
"""
from __future__ import annotations

import json
import os
import sys

import duckdb

KINDS = ["panic", "error", "internal"]
EXPORT = "mixpanel_export(from_date := '2025-01-01', to_date := '2025-01-05')"
COUNT = f"SELECT count(event_name) FROM {EXPORT}"

STATEMENTS = {
    "Bind": COUNT,
    "Scan": COUNT,
    "Thread": COUNT,
    "Rows": COUNT,
    "ReadAhead": COUNT,
    "Progress": COUNT,
    "Pushdown": f"{COUNT} WHERE event_name <> ''",
    "Scalar": "SELECT mixpanel_quote('a')",
    "Pragma": "PRAGMA mixpanel_fetch_events('events', from_date = '2025-01-01', to_date = '2025-01-01', replace = true)",
    "Setting": "SET mixpanel_region = 'us'",
    "Replacement": "SELECT count(*) FROM _metadata",
    "DropBound": COUNT,
    "DropScan": COUNT,
    "DropThread": COUNT,
}
"""What runs into the failure, and ends well without it."""


def opened() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(config={"allow_unsigned_extensions": "true"})
    # DuckDB asks for the progress of a query after each chunk then.
    connection.execute("SET enable_progress_bar = true; SET enable_progress_bar_print = false; SET progress_bar_time = 0")
    connection.execute("CREATE TABLE mine AS SELECT 42 AS answer")
    return connection


def told(connection, statement: str) -> dict | None:
    """The error of a statement, where it has one."""
    try:
        connection.execute(statement).fetchall()
    except Exception as error:  # noqa: BLE001  whichever it is, the test reads it
        return {"type": type(error).__name__, "message": str(error)}
    return None


def check(connection) -> None:
    for one in (connection, connection.cursor()):
        assert one.execute("SELECT answer FROM mine").fetchall() == [(42,)]
        assert one.execute("INSERT INTO mine SELECT 43 RETURNING answer").fetchall() == [(43,)]
        one.execute("DELETE FROM mine WHERE answer = 43")


def fail(connection, place: str, statement: str) -> None:
    for kind in KINDS:
        os.environ["MP_TEST_FAULT"] = f"{place} {kind}"
        error = told(connection, statement)
        os.environ["MP_TEST_FAULT"] = ""
        print(json.dumps({"kind": kind, "error": error}), flush=True)
        check(connection)
        assert (again := told(connection, statement)) is None, again


def fail_once(place: str, load: str) -> None:
    """What happens once in the life of a database has a new one for each way to fail."""
    for kind in KINDS:
        connection = opened()
        if place != "Load":
            connection.execute(load)
        os.environ["MP_TEST_FAULT"] = f"{place} {kind}"
        error = told(connection, load) if place == "Load" else connection.close()
        os.environ["MP_TEST_FAULT"] = ""
        print(json.dumps({"kind": kind, "error": error}), flush=True)
        if place == "Load":
            check(connection)
            connection.execute(load)
            assert connection.execute("SELECT mixpanel_quote('a')").fetchall() == [('"a"',)]


def main() -> None:
    extension, place = sys.argv[1:]
    load = f"LOAD '{extension}'"
    if place in ("Load", "DropFunction"):
        return fail_once(place, load)
    connection = opened()
    connection.execute(load)
    fail(connection, place, STATEMENTS[place])


if __name__ == "__main__":
    main()
