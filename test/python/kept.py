"""Shared by tests of managed tables: one function for the pragmas of DuckDB 2.x and the scripts of 1.x, and checks of a table."""
from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date, datetime, timedelta

from conftest import FIRST, HOST, LAST
from expected import TAKEN, fetched_rows, identifier, normal, readable
from simulator.rows import read_row

MIDNIGHT = 1_735_689_600_000
"""2025-01-01 in milliseconds."""
DAY = 86_400_000
RESULT = ["table_name", "rows_added", "rows_removed", "row_count", "requests", "failed_ranges", "seconds", "missing_days"]


def literal(value) -> str:
    """A value as SQL."""
    if isinstance(value, timedelta):
        return f"INTERVAL '{value.total_seconds()}' SECONDS"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{literal(name)}: {literal(field)}" for name, field in value.items()) + "}"
    if isinstance(value, list):
        return f"[{', '.join(map(literal, value))}]"
    if isinstance(value, (bool, int)) or value is None:
        return "NULL" if value is None else str(value).lower()
    return "'" + str(value).replace("'", "''") + "'"


def script(con, task: str, table: str, **arguments) -> str:
    """The text that a pragma expands to, as users of 1.x get it."""
    verb, kind = task.split("_")
    given = {"type": kind, "sync": verb == "sync", **arguments}
    words = "".join(f", {name} := {literal(value)}" for name, value in given.items())
    ((text,),) = con.execute(f"SELECT sql FROM mixpanel_fetch_sql({literal(table)}{words})").fetchall()
    return text


def pragma(task: str, table: str, **arguments) -> str:
    words = "".join(f", {name} = {literal(value)}" for name, value in arguments.items())
    return f"PRAGMA mixpanel_{task}({literal(table)}{words})"


def run(con, task: str, table: str, transaction: bool = False, **arguments) -> dict:
    """`PRAGMA mixpanel_<task>('table', ...)`, or the same script where there are no pragmas; what it answers.

    `transaction`: there is one already, which the script must not end."""
    if HOST == "v2":
        cursor = con.execute(pragma(task, table, **arguments))
    else:
        text = script(con, task, table, **arguments)
        cursor = run_script(con, text, transaction)
    names = [column[0] for column in cursor.description]
    (row,) = cursor.fetchall()
    return dict(zip(names, row))


def run_script(con, text: str, transaction: bool = False):
    if transaction:
        text = text.replace("BEGIN TRANSACTION;", "", 1).replace("\nCOMMIT;\n", "\n", 1)
    try:
        return con.execute(text)
    except Exception:
        if not transaction:
            try:
                con.rollback()
            except Exception:  # noqa: S110  it failed before it began
                pass
        raise


def fetch(con, table: str = "events", first: str = FIRST, last: str = LAST, **arguments) -> dict:
    return run(con, "fetch_events", table, from_date=first, to_date=last, **arguments)


def append(con, table: str = "events", first: str = FIRST, last: str = LAST, **arguments) -> dict:
    return fetch(con, table, first, last, append=True, **arguments)


def sync(con, table: str = "events", first: str | None = FIRST, last: str | None = LAST, **arguments) -> dict:
    """Asks for what was asked for too early however long that is ago, unless the arguments say otherwise."""
    arguments.setdefault("max_age", timedelta(0))
    return plain_sync(con, table, first, last, **arguments)


def plain_sync(con, table: str = "events", first: str | None = FIRST, last: str | None = LAST, **arguments) -> dict:
    days = {name: day for name, day in (("from_date", first), ("to_date", last)) if day is not None}
    return run(con, "sync_events", table, **days, **arguments)


def adopt(con, table: str = "events", transaction: bool = False, **arguments) -> dict:
    """`PRAGMA mixpanel_adopt(...)`, or the script of 1.x."""
    if HOST == "v2":
        cursor = con.execute(pragma("adopt", table, **arguments))
    else:
        words = "".join(f", {name} := {literal(value)}" for name, value in arguments.items())
        ((text,),) = con.execute(f"SELECT sql FROM mixpanel_fetch_sql({literal(table)}, adopt := true{words})").fetchall()
        cursor = run_script(con, text, transaction)
    names = [column[0] for column in cursor.description]
    (row,) = cursor.fetchall()
    return dict(zip(names, row))


def error(con, function, *arguments, **named) -> str:
    try:
        function(con, *arguments, **named)
    except Exception as problem:
        return str(problem)
    raise AssertionError("it did not fail")


def history(con, table: str = "events", metadata: str = "_metadata") -> list[dict]:
    """The rows of the history that are about the table, oldest first."""
    cursor = con.execute(f"SELECT * FROM {metadata} WHERE lower(table_name) = lower(?) ORDER BY fetched_at ASC, rowid ASC", [table])
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row)) for row in cursor.fetchall()]


def asked(sim) -> list[str]:
    """The days that were asked for since the last look, in order; every request must be for one."""
    requests = sim.settled()
    sim.clear()
    assert all(request.params["from_date"] == request.params["to_date"] for request in requests)
    return sorted(request.params["from_date"] for request in requests)


def days(first: str, last: str) -> list[str]:
    begin, end = date.fromisoformat(first), date.fromisoformat(last)
    return [str(begin + timedelta(days=number)) for number in range((end - begin).days + 1)]


def each_once(sim, first: str = FIRST, last: str = LAST) -> list[str]:
    """The archive's events of these days, each once by Mixpanel's own key, the one that was processed last, as `normal`
    shows them. Rows without an insert_id are events of their own."""
    chosen: dict[tuple, tuple[int, str]] = {}
    for number, line in enumerate(sim.archive.lines(date.fromisoformat(first), date.fromisoformat(last))):
        row = read_row(line)
        properties = {name: value for name, value in row.properties.items() if name not in TAKEN}
        ids = identifier(row.distinct_id), identifier(row.properties.get("$insert_id"))
        moment = None if row.time_ms is None else datetime(1970, 1, 1) + timedelta(milliseconds=row.time_ms)
        shown = normal(readable(row.event), moment, *ids, properties)
        key = (row.event, row.time_ms, *ids) if ids[1] else (number,)
        processed = properties.get("mp_processing_time_ms")
        processed = processed if isinstance(processed, int) else -1
        if key not in chosen or chosen[key][0] < processed:
            chosen[key] = processed, shown
    return sorted(shown for _, shown in chosen.values())


def event(user: str, insert_id: str | None, day: int = 0, hour: float = 12, name: str = "A", **more) -> str:
    """A line of an export: some days and hours after 2025-01-01."""
    ids = {} if insert_id is None else {"$insert_id": insert_id}
    properties = {"time": MIDNIGHT + day * DAY + int(hour * 3_600_000), "distinct_id": user, **ids, **more}
    return json.dumps({"event": name, "properties": properties}, separators=(",", ":"))


def users(con, source: str = "events") -> list:
    return [user for (user,) in con.execute(f"SELECT distinct_id FROM {source} ORDER BY ALL").fetchall()]


def tables(con) -> set[tuple]:
    found = "SELECT database_name, schema_name, table_name FROM duckdb_tables()"
    return set(con.execute(found).fetchall())


def same_rows(con, one: str, other: str) -> bool:
    return fetched_rows(con, one) == fetched_rows(con, other)


def set_days(sim, lines: dict[str, Iterable[str]]) -> None:
    for day, of_day in lines.items():
        sim.set_day(day, of_day)
